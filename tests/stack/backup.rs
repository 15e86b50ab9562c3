//! Backups: created, listed, deleted, kept by a destroy.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::{SCALE, remaining};
use crate::product::Product;

/// The last line of a stream of JSON.
fn last(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().unwrap_or_default()).expect("a line of JSON")
}

/// Makes a backup; gives the ARN of the recovery point.
fn create(product: &Product<'_>) -> String {
    let made = last(&product.expect(0, &["backup", "create", "FILE", "--yes", "--output", "json"]).stdout);
    assert_eq!(made["code"], "backed-up", "{made}");
    text(&made["recovery_point"]).to_owned()
}

fn list(product: &Product<'_>) -> Value {
    serde_json::from_str(&product.expect(0, &["backup", "list", "FILE", "--output", "json"]).stdout).expect("JSON")
}

fn jobs(account: &Account) -> usize {
    account.by_hand("print(len(client('backup').list_backup_jobs()['BackupJobs']))").parse().expect("a number")
}

#[test]
fn a_full_vault_quota_refuses_before_any_change() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let vaults = "print(len(client('backup').list_backup_vaults()['BackupVaultList']))";
    let there: u32 = account.by_hand(vaults).parse().expect("a number");
    account.post("settings", &json!({ "quota.backup_vaults": there }));
    let before = account.journal(0).len();
    let refused = product.expect(5, &["backup", "create", "FILE", "--yes"]);
    let words = format!("backup vaults: quota {there}, {there} used, 1 wanted");
    assert!(
        refused.stderr.contains("refused[quota/exceeded]") && refused.stderr.contains(&words),
        "{}",
        refused.stderr
    );
    assert_eq!(account.mutations(before), [""; 0]);
    account.post("settings", &json!({ "quota.backup_vaults": there + 1 }));
    create(&product);
}

#[test]
fn backup_creates_its_vault_and_role_and_lists_and_deletes() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let nothing_yet = product.expect(5, &["backup", "create", "FILE", "--yes"]);
    assert!(nothing_yet.stderr.contains("refused/nothing-there"), "{}", nothing_yet.stderr);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert!(!account.mutations(0).iter().any(|call| call.starts_with("backup")), "a first apply makes no vault");

    let before = account.journal(0).len();
    let asked = product.expect(5, &["backup", "create", "FILE"]);
    for words in ["create     backup-vault/main", "create     role/backup", "backup/running", "unconfirmed"] {
        assert!(asked.stderr.contains(words), "{words:?} is not in\n{}", asked.stderr);
    }
    assert_eq!(account.mutations(before), [""; 0], "nothing without consent");

    let arn = create(&product);
    let own = account.by_hand(&format!(
        "point = client('backup').describe_recovery_point(BackupVaultName='ce-prod', RecoveryPointArn='{arn}')\n\
         print(point['Status'], point['IamRoleArn'].rsplit('/')[-1])"
    ));
    assert_eq!(own, "COMPLETED ce-prod-us-east-1-backup");

    // A shell completes what is in AWS. On a busy machine the answer may be too late for it, and nothing is offered.
    let is_offered =
        |words: &[&str], wanted: &str| (0..5).any(|_| product.completed(words).iter().any(|one| one == wanted));
    let id = arn.rsplit(':').next().expect("an ARN").to_owned();
    for words in
        [&["backup", "restore", "FILE", ""], &["backup", "restore", "FILE", &id[..4]], &["backup", "drop", "FILE", ""]]
    {
        assert!(is_offered(words, &id), "{words:?}: {:?}", product.completed(words));
    }
    assert_eq!(product.completed(&["backup", "restore", "FILE", "no-such"]), [""; 0]);
    assert!(is_offered(&["status", "--name", ""], "prod"));
    account.post("faults", &json!({ "operation": "ListClusters", "kind": "hold" }));
    assert_eq!(product.completed(&["status", "--name", "p"]), [""; 0], "it gives up");
    account.delete("faults");

    // Nothing to do afterwards: what the backup made stays.
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let before = account.journal(0).len();
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let planning = account.journal(before).len();
    println!("calls: plan with a vault {planning}");

    // EFS makes one of its own in a day.
    account.post("clock", &json!({ "advance": 90_000 }));
    let seen = list(&product);
    let points = seen["points"].as_array().expect("points");
    let vaults: Vec<&str> = points.iter().map(|point| text(&point["vault"])).collect();
    assert_eq!(vaults, ["aws/efs/automatic-backup-vault", "ce-prod"], "{seen}");
    assert_eq!((text(&points[1]["arn"]), text(&points[1]["state"])), (arn.as_str(), "COMPLETED"));
    assert_eq!(text(&points[1]["intent"]).len(), 8, "{seen}");
    let said = product.expect(0, &["backup", "list", "--name", "prod"]).stdout;
    for words in ["they cannot be deleted by hand", "denies backup:StartRestoreJob to everybody"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }

    let automatic = text(&points[0]["arn"]).to_owned();
    let foreign = product.expect(5, &["backup", "drop", "FILE", &automatic, "--yes"]);
    assert!(foreign.stderr.contains("refused/not-ours"), "{}", foreign.stderr);
    let main = text(&seen["file_systems"][0]["id"]).to_owned();
    let in_use = product.expect(5, &["backup", "drop", "FILE", &main, "--yes"]);
    assert!(in_use.stderr.contains("is the file system in use"), "{}", in_use.stderr);
    product.expect(64, &["backup", "drop", "FILE", "fs-0123456789abcdef0", "--yes"]);
    product.expect(0, &["backup", "drop", "FILE", &arn, "--yes"]);
    let left = list(&product);
    assert_eq!(left["points"].as_array().map(Vec::len), Some(1), "{left}");
    crate::single_writer::never_two(&account);
}

#[test]
fn destroy_keeps_the_vault_unless_data_is_deleted() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    create(&product);
    create(&product);
    let planned = product.expect(5, &["plan", "FILE", "--destroy", "--delete-data"]).stdout;
    assert!(planned.contains("the data in it is lost: 2 recovery points"), "{planned}");

    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    let points = |account: &Account| {
        let all = account.get("recovery-points");
        all.as_array().expect("points").iter().filter(|point| point["vault"] == "ce-prod").count()
    };
    assert_eq!(points(&account), 2, "kept");
    assert!(!remaining(&account.read()).contains(&"role ce-prod-us-east-1-backup".to_owned()));

    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    assert_eq!(list(&product)["points"].as_array().map(Vec::len), Some(2), "taken back");

    product.expect(0, &["destroy", "--name", "prod", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!(points(&account), 0);
    let vaults = "names = [v['BackupVaultName'] for v in client('backup').list_backup_vaults()['BackupVaultList']]\n\
                  print([name for name in names if name.startswith('ce-')])";
    assert_eq!(account.by_hand(vaults), "[]");
}

#[test]
fn a_region_not_opted_in_refuses_before_any_change() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    account.by_hand("client('backup').update_region_settings(ResourceTypeOptInPreference={'EFS': False})");
    let before = account.journal(0).len();
    let refused = product.expect(5, &["backup", "create", "FILE", "--yes"]);
    for words in ["backup/not-opted-in", "--resource-type-opt-in-preference EFS=true"] {
        assert!(refused.stderr.contains(words), "{words:?} is not in\n{}", refused.stderr);
    }
    assert_eq!(account.mutations(before), [""; 0]);
    product.expect(0, &["apply", "FILE", "--yes"]);
}

#[test]
fn an_existing_role_is_used_and_left_unchanged() {
    let account = Account::new(SCALE);
    let arn = account.by_hand(
        r#"
import json
def role(name, service):
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    may = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "elasticfilesystem:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="efs", PolicyDocument=json.dumps(may))
    return made
role("corp-tasks", "ecs-tasks.amazonaws.com")
print(role("corp-backup", "backup.amazonaws.com"))
"#,
    );
    let plan = |arn: &str| format!("name = \"prod\"\nrelease = \"5.0.0\"\n[existing]\nbackup_role = \"{arn}\"\n");
    let product = Product::with_plan(&account, &plan(&arn.replace("corp-backup", "corp-tasks")));
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    assert!(refused.stderr.contains("does not trust backup.amazonaws.com"), "{}", refused.stderr);
    product.write_plan(&plan(&arn));
    product.expect(0, &["apply", "FILE", "--yes"]);
    create(&product);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let roles =
        account.by_hand("print(*[r['RoleName'] for r in iam.list_roles()['Roles'] if 'backup' in r['RoleName']])");
    assert_eq!(roles, "corp-backup");
    let used = account.by_hand("print(client('backup').list_backup_jobs()['BackupJobs'][0]['IamRoleArn'])");
    assert_eq!(used, arn);
}

#[test]
fn a_lost_response_starts_no_second_backup() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    account.post("faults", &json!({ "service": "backup", "operation": "StartBackupJob", "kind": "lost", "times": 2 }));
    account
        .post("faults", &json!({ "service": "backup", "operation": "CreateBackupVault", "kind": "lost", "times": 1 }));
    create(&product);
    let faults = account.get("faults");
    let lost: u64 = faults.as_array().expect("rules").iter().filter_map(|rule| rule["hits"].as_u64()).sum();
    assert_eq!((lost, jobs(&account)), (3, 1));
    product.expect(0, &["plan", "FILE", "--exit-code"]);
}

#[test]
fn a_failed_backup_is_explained_and_changes_nothing() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    account.post("settings", &json!({ "backup.fail_next": 1 }));
    let failed = product.expect(3, &["backup", "create", "FILE", "--yes"]);
    assert!(failed.stderr.contains("FAILED: The backup failed"), "{}", failed.stderr);
    product.expect(0, &["status", "FILE"]);
    create(&product);
}

/// As a restore leaves it: beside the file system in use there is one that it has taken the place of.
#[test]
fn a_former_file_system_is_reported_until_it_is_dropped() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let former = account.by_hand(
        r#"
efs = client("efs")
def tags(address):
    return [{"Key": "ce-aws:deployment", "Value": "prod"}, {"Key": "ce-aws:address", "Value": address}]
kept = tags("file-system/kept-1a2b3c4d")
print(efs.create_file_system(CreationToken="former", Encrypted=True, Tags=kept)["FileSystemId"])
"#,
    );
    account.post("clock", &json!({ "advance": 60 }));
    account.by_hand(&format!(
        r#"
efs = client("efs")
systems = [one["FileSystemId"] for one in efs.describe_file_systems()["FileSystems"]]
used = [system for system in systems if system != "{former}"][0]
for target in efs.describe_mount_targets(FileSystemId=used)["MountTargets"]:
    efs.create_mount_target(FileSystemId="{former}", SubnetId=target["SubnetId"])
efs.create_access_point(FileSystemId="{former}", Tags=[
    {{"Key": "ce-aws:deployment", "Value": "prod"}}, {{"Key": "ce-aws:address", "Value": "access-point/mongo-data"}}])
"#
    ));
    account.post("clock", &json!({ "advance": 300 }));
    let planned = product.expect(2, &["plan", "FILE", "--exit-code"]).stdout;
    for words in ["delete     mount-target/kept-1a2b3c4d-private-a", "`ce-aws backup drop` deletes it"] {
        assert!(planned.contains(words), "{words:?} is not in\n{planned}");
    }
    assert!(
        product
            .expect(0, &["status", "FILE"])
            .stdout
            .contains(&format!("delete it with `ce-aws backup drop FILE {former}`"))
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let systems = |account: &Account| account.read()["efs"]["file_systems"].as_array().map(Vec::len);
    assert_eq!(systems(&account), Some(2), "its data stays");
    product.expect(0, &["backup", "drop", "FILE", &former, "--yes"]);
    assert_eq!(systems(&account), Some(1));
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    crate::single_writer::never_two(&account);
}
