//! Restoring a recovery point by hand, also where a rollback is not possible.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;
use crate::single_writer::never_two_deployments;
use crate::upgrade::{deployed, intent, is_well_at};
use crate::upgrade_failures::exits;

/// Recovery points, the oldest first.
fn points(account: &Account) -> Vec<Value> {
    let all = account.get("recovery-points");
    all.as_array().expect("points").iter().filter(|point| point["vault"] == "ce-prod").cloned().collect()
}

/// Makes a backup; gives the end of its ARN.
fn create(product: &Product<'_>) -> String {
    product.expect(0, &["backup", "create", "FILE", "--yes"]);
    let points = points(product.account);
    let arn = text(&points.last().expect("a point")["arn"]).to_owned();
    arn.rsplit(':').next().expect("an id").to_owned()
}

/// What the file system in use was restored from.
fn in_use(product: &Product<'_>) -> Value {
    let listed = product.expect(0, &["backup", "list", "FILE", "--output", "json"]).stdout;
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let used = &listed["file_systems"][0];
    assert_eq!((&used["address"], &used["former"]), (&json!("file-system/main"), &json!(false)), "{listed}");
    let systems = product.account.get("file-systems");
    let one = systems.as_array().expect("file systems").iter().find(|one| one["id"] == used["id"]);
    one.expect("it is there")["restored_from"].clone()
}

fn is_restored_from(product: &Product<'_>, point: &str) {
    let from = in_use(product);
    assert!(text(&from).ends_with(point), "{from} is not {point}");
}

#[test]
fn a_restore_uses_the_recovery_point_and_keeps_the_former_data() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    let first = create(&product);
    create(&product);
    let asked = product.expect(5, &["backup", "restore", "FILE", &first]);
    for words in ["restore/", "is kept", "unconfirmed"] {
        assert!(asked.stderr.contains(words), "{words:?} is not in\n{}", asked.stderr);
    }
    product.expect(5, &["backup", "restore", "FILE", "no-such-point", "--yes"]);
    assert_eq!(in_use(&product), Value::Null, "nothing without consent");

    product.expect(0, &["backup", "restore", "FILE", &first, "--yes"]);
    is_well_at(&product, "5.0.0");
    is_restored_from(&product, &first);
    assert_eq!(account.get("file-systems").as_array().map(Vec::len), Some(2), "the one before is kept");
    never_two_deployments(&account);
}

/// A job makes its file system as its first act; that it says which one only later is an assumption.
#[test]
fn a_lost_response_resumes_the_restore_job() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    let point = create(&product);
    account.post("settings", &json!({ "backup.pending": 0, "restore.named_after": 30 }));
    account.post("faults", &json!({ "service": "backup", "operation": "StartRestoreJob", "kind": "lost", "times": 1 }));
    product.expect(0, &["backup", "restore", "FILE", &point, "--yes"]);
    assert_eq!(account.get("faults")[0]["hits"], 1);
    is_well_at(&product, "5.0.0");
    is_restored_from(&product, &point);
    assert_eq!(account.by_hand("print(len(client('backup').list_restore_jobs()['RestoreJobs']))"), "1");
    never_two_deployments(&account);
}

#[test]
fn a_failed_restore_rolls_back() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    let point = create(&product);
    account.post("settings", &json!({ "restore.fail_next": 1 }));
    let failed = product.expect(6, &["backup", "restore", "FILE", &point, "--yes"]);
    assert!(failed.stderr.contains("the restore has failed"), "{}", failed.stderr);
    is_well_at(&product, "5.0.0");
    assert_eq!(in_use(&product), Value::Null);
    never_two_deployments(&account);
}

#[test]
fn a_bad_recovery_point_can_be_replaced_by_another() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    let (good, bad) = (create(&product), create(&product));
    exits(&account);
    let restore = |point: &str| product.run(&["backup", "restore", "FILE", point, "--yes", "--deadline", "600"]);
    let stuck = restore(&bad);
    assert_eq!(stuck.code, 7, "{stuck:?}");
    for words in ["needs your decision", "backup restore", "POINT"] {
        assert!(stuck.stderr.contains(words), "{words:?} is not in\n{}", stuck.stderr);
    }
    assert!(intent(&account).starts_with("restore "), "{}", intent(&account));
    account.delete("images");
    let left = restore(&good);
    assert_eq!(left.code, 0, "{left:?}");
    assert!(left.stderr.contains("this ends it, on another recovery point"), "{}", left.stderr);
    is_well_at(&product, "5.0.0");
    is_restored_from(&product, &good);
    never_two_deployments(&account);
}

#[test]
fn a_recovery_point_of_another_release_needs_consent() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.2.0");
    product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    let refused = product.expect(5, &["backup", "restore", "FILE", "latest", "--yes"]);
    for words in ["backup/other-release", "of release 4.2.0", "--other-release"] {
        assert!(refused.stderr.contains(words), "{words:?} is not in\n{}", refused.stderr);
    }
    assert_eq!(in_use(&product), Value::Null);
    product.expect(0, &["backup", "restore", "FILE", "latest", "--other-release", "--yes"]);
    is_well_at(&product, "5.0.0");
    assert_ne!(in_use(&product), Value::Null);
    never_two_deployments(&account);
}

#[test]
fn an_upgrade_without_rollback_can_restore_an_older_point() {
    for onto_a_point in [true, false] {
        let account = Account::new(SCALE);
        let product = deployed(&account, "4.2.0");
        let point = create(&product);
        exits(&account);
        product.expect(7, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--no-backup"]);
        let barred = product.expect(7, &["upgrade", "FILE", "--rollback", "--yes"]);
        for words in ["there is no recovery point of this upgrade", "--no-backup", "backup restore"] {
            assert!(barred.stderr.contains(words), "{words:?} is not in\n{}", barred.stderr);
        }
        if onto_a_point {
            product.expect(0, &["backup", "restore", "FILE", &point, "--yes"]);
            is_restored_from(&product, &point);
        } else {
            product.expect(0, &["upgrade", "FILE", "--rollback", "--no-backup", "--yes"]);
            assert_eq!(in_use(&product), Value::Null);
        }
        is_well_at(&product, "4.2.0");
        never_two_deployments(&account);
    }
}

#[test]
fn a_resumed_upgrade_backs_up_what_ran_since() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.2.0");
    account.post("settings", &json!({ "backup.fail_next": 1 }));
    let upgrade = ["upgrade", "FILE", "--to", "5.0.0", "--yes", "--on-failure", "stop"];
    product.expect(7, &upgrade);
    assert_eq!(points(&account), [Value::Null; 0], "the first one failed");
    // Somebody starts it by hand, it writes, and the upgrade goes on.
    let before = account.get("file-systems")[0]["content"].as_u64().expect("a version");
    account.by_hand("ecs.update_service(cluster='ce-prod', service='ce-prod', desiredCount=1)");
    account.post("clock", &json!({ "advance": 600 }));
    product.expect(0, &["upgrade", "FILE", "--resume", "--yes"]);
    is_well_at(&product, "5.0.0");
    let points = points(&account);
    let [point] = points.as_slice() else { panic!("one recovery point: {points:?}") };
    assert_eq!(point["torn"], false);
    assert!(point["content"].as_u64() > Some(before), "{point} has not what was written after {before}");
    never_two_deployments(&account);
}

/// AWS answers a job that has failed once more, if it is asked for with the same token.
#[test]
fn a_failed_backup_is_repeated_when_the_upgrade_resumes() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.2.0");
    account.post("settings", &json!({ "backup.fail_next": 1 }));
    product.expect(7, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--on-failure", "stop"]);
    product.expect(0, &["upgrade", "FILE", "--resume", "--yes"]);
    is_well_at(&product, "5.0.0");
    assert_eq!(points(&account).len(), 1);
    never_two_deployments(&account);
}
