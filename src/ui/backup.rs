//! Recovery points, vaults and former file systems.

use crate::engine::plan::Target;
use crate::kinds::backup_vault::view::{BackupView, Denial, Owner, PointView, VaultView};

use super::style::{GOOD, TITLE, WARNING, paint};
use super::table::{self, Cell};
use super::text::{clean, count, minute, place};

/// The whole text, ended by a newline. `file`: how the plan file is called, if there is one.
pub fn list(target: &Target, view: &BackupView, file: &str) -> String {
    let title = paint(TITLE, format_args!("Backups of {}", clean(&target.deployment)));
    let mut lines = vec![format!("{title} in {}", place(&target.account, &target.region))];
    if view.points.is_empty() {
        lines.push("there are no recovery points".to_owned());
    } else {
        lines.push(String::new());
        let head = ["created (UTC)", "state", "size", "expires", "of", "vault", "made for", "recovery point"];
        let rows: Vec<Vec<Cell>> = view.points.iter().map(|point| row(point, view)).collect();
        lines.extend(table::lines(&head, &rows));
    }
    let former: Vec<_> = view.file_systems.iter().filter(|one| one.former).collect();
    if !former.is_empty() {
        lines.push(format!("\n{}", paint(TITLE, "Former file systems, kept with their data")));
        lines.extend(former.iter().map(|one| {
            let id = clean(&one.id);
            format!("  {id} ({}): delete it with `ce-aws backup drop {} {id}`", one.address, clean(file))
        }));
    }
    for vault in &view.vaults {
        lines.push(format!("\n{}: {}", paint(TITLE, clean(&vault.name)), whose(vault)));
        lines.extend(about(vault).into_iter().map(|line| format!("  {line}")));
    }
    lines.join("\n") + "\n"
}

fn row(point: &PointView, view: &BackupView) -> Vec<Cell> {
    let style = if point.state == "COMPLETED" { GOOD } else { WARNING };
    let owner = view.vaults.iter().find(|vault| vault.name == point.vault);
    let expires = match (&point.expires, owner.and_then(|vault| vault.why_hidden.as_ref())) {
        (Some(when), _) => minute(when),
        (None, None) => "never".to_owned(),
        (None, Some(_)) => "unknown".to_owned(),
    };
    vec![
        minute(&point.created).into(),
        Cell::styled(style, &point.state),
        point.bytes.map(size).unwrap_or_default().into(),
        expires.into(),
        format!("{} ({})", point.file_system, standing(&point.file_system, view)).into(),
        point.vault.as_str().into(),
        point.intent.as_deref().unwrap_or_default().into(),
        point.id().into(),
    ]
}

/// What a file system is to the deployment now.
fn standing(id: &str, view: &BackupView) -> &'static str {
    match view.file_systems.iter().find(|one| one.id == id) {
        Some(one) if one.former => "kept",
        Some(_) => "in use",
        None => "gone",
    }
}

fn whose(vault: &VaultView) -> &'static str {
    match vault.owner {
        Owner::Ours => "belongs to this deployment; `ce-aws backup drop` deletes recovery points in it",
        Owner::Automatic => "EFS's automatic backups, made daily and kept for 35 days; they cannot be deleted by hand",
        Owner::Others => "belongs to somebody else; ce-aws deletes nothing in it",
    }
}

/// What its access policy, or a lack of permissions, means for restores.
fn about(vault: &VaultView) -> Vec<String> {
    let mut lines: Vec<String> = vault.denials.iter().map(denial).collect();
    if vault.denials.iter().any(|denial| denial.action == RESTORE) {
        lines.push(format!(
            "to restore from it, somebody who may change that policy must remove {RESTORE}; it is shown by: aws backup \
             get-backup-vault-access-policy --backup-vault-name {}",
            clean(&vault.name)
        ));
    }
    let hidden =
        |what: &str, why: &Option<String>| why.as_ref().map(|why| format!("{what} cannot be read: {}", clean(why)));
    lines.extend(hidden("its access policy, which may deny restores,", &vault.policy_hidden));
    lines.extend(hidden("when its recovery points expire", &vault.why_hidden));
    lines
}

const RESTORE: &str = "backup:StartRestoreJob";

fn denial(denial: &Denial) -> String {
    let name = |principal: &String| if principal == "*" { "everybody".to_owned() } else { clean(principal) };
    let whom: Vec<String> = denial.principals.iter().map(name).collect();
    let conditions = if denial.conditional { ", under some conditions" } else { "" };
    format!("its access policy denies {} to {}{conditions}", clean(&denial.action), whom.join(", "))
}

/// `104.9 MB`, as AWS counts.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut rest = bytes as f64;
    let mut unit = 0;
    while rest >= 999.95 && unit + 1 < UNITS.len() {
        rest /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{rest:.1} {}", UNITS[unit]) }
}

/// What a backup has created.
pub fn created(arn: &str, vault: &str) -> String {
    format!("recovery point {} is complete in vault {}\n", clean(arn), clean(vault))
}

/// What a drop has deleted, and what is left.
pub fn dropped(what: &str, points: usize) -> String {
    let left = if points == 0 { String::new() } else { format!("; it still has {}", count(points, "recovery point")) };
    format!("deleted {}{left}\n", clean(what))
}
