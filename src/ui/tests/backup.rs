use insta::assert_snapshot;

use super::fixture::{address, target};
use crate::kinds::backup_vault::view::{BackupView, Denial, FileSystemView, Owner, PointView, VaultView};
use crate::ui::backup::{created, dropped, list};
use crate::ui::style::plain;

fn point(number: u8, vault: &str, file_system: &str) -> PointView {
    PointView {
        arn: format!("arn:aws:backup:eu-central-1:123456789012:recovery-point:0000000{number}"),
        vault: vault.to_owned(),
        file_system: file_system.to_owned(),
        state: "COMPLETED".to_owned(),
        created: format!("2026-11-2{number}T04:05:06Z"),
        ..PointView::default()
    }
}

fn vault(name: &str, owner: Owner) -> VaultView {
    VaultView { name: name.to_owned(), owner, denials: Vec::new(), policy_hidden: None, why_hidden: None }
}

fn view() -> BackupView {
    let file_system =
        |name: &str, id: &str, former| FileSystemView { address: address(name), id: id.to_owned(), former };
    let denial =
        |action: &str| Denial { action: action.to_owned(), principals: vec!["*".to_owned()], conditional: false };
    BackupView {
        file_systems: vec![
            file_system("file-system/main", "fs-0a1b", false),
            file_system("file-system/kept-1a2b3c4d", "fs-0c2d", true),
        ],
        points: vec![
            PointView {
                bytes: Some(104_857_600),
                intent: Some("1a2b3c4d".to_owned()),
                ..point(3, "ce-prod", "fs-0c2d")
            },
            PointView {
                bytes: Some(900),
                expires: Some("2026-12-27T05:00:00Z".to_owned()),
                ..point(2, "aws/efs/automatic-backup-vault", "fs-0a1b")
            },
            PointView { state: "EXPIRED\u{1b}[2J".to_owned(), ..point(1, "corp", "fs-0a1b") },
        ],
        vaults: vec![
            VaultView {
                denials: vec![denial("backup:StartRestoreJob"), denial("backup:DeleteRecoveryPoint")],
                ..vault("aws/efs/automatic-backup-vault", Owner::Automatic)
            },
            vault("ce-prod", Owner::Ours),
            VaultView {
                policy_hidden: Some("backup GetBackupVaultAccessPolicy failed: AccessDeniedException: no".to_owned()),
                why_hidden: Some("backup ListRecoveryPointsByBackupVault failed: AccessDeniedException: no".to_owned()),
                ..vault("corp", Owner::Others)
            },
        ],
    }
}

#[test]
fn every_recovery_point_is_listed_with_what_can_be_done_with_it() {
    assert_snapshot!(plain(&list(&target(), &view(), "prod.toml")));
}

#[test]
fn no_backups() {
    assert_snapshot!(plain(&list(&target(), &BackupView::default(), "prod.toml")), @r"
    Backups of prod in account 123456789012, region eu-central-1
    there are no recovery points
    ");
}

#[test]
fn one_line_says_what_was_done() {
    let said =
        [created("arn:aws:backup:x:1:recovery-point:1", "ce-prod"), dropped("fs-0c2d", 0), dropped("fs-0c2d", 2)];
    assert_snapshot!(said.concat(), @r"
    recovery point arn:aws:backup:x:1:recovery-point:1 is complete in vault ce-prod
    deleted fs-0c2d
    deleted fs-0c2d; it still has 2 recovery points
    ");
}
