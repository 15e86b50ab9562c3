//! Roles and policies that have not propagated yet, and changes that AWS permits only rarely.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::failures::no_twins;
use crate::product::Product;
use crate::single_writer::never_two_deployments;
use crate::upgrade::{deployed, is_well_at};

/// `docs/aws-behaviour.md`: CreateFlowLogs alone has kept every first apply into a new VPC from its end.
#[test]
fn a_first_apply_outlasts_the_slowest_propagation() {
    let account = Account::new(SCALE);
    // Longer than AWS has been seen to take: on a busy machine many of these seconds pass between two calls.
    account.post("settings", &json!({ "iam.propagation": 40 }));
    let product = Product::new(&account);
    let applied = product.expect(0, &["apply", "FILE", "--yes"]);
    for words in
        ["Unable to assume given IAM role", "role/flow-log was changed", "may not have taken effect everywhere yet"]
    {
        assert!(applied.stderr.contains(words), "{words:?} is not in\n{}", applied.stderr);
    }
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    no_twins(&account);
}

/// What nobody may assume is reported at once, not after two minutes: the role is older than AWS needs.
#[test]
fn the_same_refusal_for_an_old_role_is_final() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    account.post("clock", &json!({ "advance": 600 }));
    // When the run before ended, its lease says by S3's clock, which nobody can set: without one it was long ago.
    account.by_hand(&format!(
        "client('s3').delete_object(Bucket='{}', Key='lease/prod.json')
ec2.delete_flow_logs(FlowLogIds=[ec2.describe_flow_logs()['FlowLogs'][0]['FlowLogId']])",
        account.control_bucket()
    ));
    let fault = json!({
        "operation": "CreateFlowLogs", "kind": "error", "code": "InvalidParameter", "status": 400,
        "message": "Unable to assume given IAM role: 'x'",
    });
    account.post("faults", &fault);
    let before = account.journal(0).len();
    let failed = product.expect(3, &["apply", "FILE", "--yes"]);
    for words in ["error[refused]", "role/flow-log: changed long enough ago", "trust policy"] {
        assert!(failed.stderr.contains(words), "{words:?} is not in\n{}", failed.stderr);
    }
    let calls = account.journal(before);
    let refused =
        calls.iter().filter(|call| call["operation"] == "CreateFlowLogs" && call["code"] == "InvalidParameter");
    assert_eq!(refused.count(), 1, "it is not tried again");
}

/// The role and the vault come with the first upgrade, and AWS Backup is handed them at once.
#[test]
fn a_backup_waits_for_a_new_role() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    account.post("settings", &json!({ "iam.propagation": 15 }));
    product.expect(0, &["backup", "create", "FILE", "--yes"]);
    let points = account.get("recovery-points");
    assert_eq!(points.as_array().map(Vec::len), Some(1), "{points}");
    let calls = account.journal(0);
    let jobs: Vec<&Value> = calls.iter().filter(|call| call["operation"] == "StartBackupJob").collect();
    assert_eq!(jobs.len(), 1, "the role was old enough by then: {jobs:?}");
}

/// 24 hours after a change EFS takes another one. Nothing else waits for that.
#[test]
fn a_throughput_change_that_must_wait_blocks_nothing() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let by_hand = |mode: &str| {
        account.by_hand(&format!(
            "efs = client('efs')\nsystem = efs.describe_file_systems()['FileSystems'][0]['FileSystemId']\n\
             efs.update_file_system(FileSystemId=system, ThroughputMode='{mode}')"
        ))
    };
    by_hand("bursting");
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    let later = product.expect(3, &["apply", "FILE", "--yes"]);
    for words in ["error[cooldown]", "run the same command again after 2", "almost done", "http://"] {
        let said = format!("{}{}", later.stdout, later.stderr);
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    let calls = account.journal(0);
    let refused = calls.iter().filter(|call| call["code"] == "TooManyRequests").count();
    assert_eq!(refused, 1, "it is not tried again");
    let status = product.expect(0, &["status", "FILE", "--output", "json"]);
    assert!(status.stdout.contains("\"HEALTHY\""), "{}", status.stdout);
    account.post("clock", &json!({ "advance": 90_000 }));
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
}

/// The first step makes access points that the second one's rollback makes again, on the restored file system, in the
/// same run.
#[test]
fn recreated_access_points_are_no_duplicates() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.0.0");
    // The step of 4.1.0 → 4.2.0 runs in an image of 4.2.0; what moves restored data, in one of what ran before.
    let images =
        json!({ "*core4:05242023*#data-step": { "behaviour": "exit", "exit_code": 1, "log": ["not this time"] } });
    account.post("images", &images);
    let failed = product.expect(6, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    assert!(failed.stderr.contains("not this time"), "{}", failed.stderr);
    is_well_at(&product, "4.1.0");
    never_two_deployments(&account);
    let read = account.read();
    let points = read["efs"]["access_points"].as_array().cloned().unwrap_or_default();
    assert!(points.iter().all(|point| text(&point["LifeCycleState"]) == "available"), "{points:?}");
}
