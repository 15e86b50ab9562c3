//! A first apply that fails is undone: the account is what it was before.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::scenario::FIRST;
use super::{APPLY, Case, differences, live, sweep};
use crate::account::{Account, text};
use crate::product::Product;
use crate::upgrade_sweep::direction;

const APPLY_OR_UNDO: [&str; 5] = ["apply", "FILE", "--yes", "--on-failure", "rollback"];
/// In the sample: early, in the middle, at the end.
const SAMPLE: [&str; 3] = ["ec2 CreateNatGateway", "efs CreateMountTarget", "ecs CreateService"];

#[test]
fn a_first_apply_is_undone_whichever_call_fails() {
    let calls = FIRST.undisturbed().own().map(|call| (call.service.clone(), call.operation.clone()));
    let calls: Vec<_> = calls.collect::<BTreeSet<_>>().into_iter().collect();
    let names: Vec<String> = calls.iter().map(|(service, operation)| format!("{service} {operation}")).collect();
    let case = |(service, operation): (String, String)| {
        Case::new(format!("{service} {operation}"), move || {
            let account = Account::new(direction::SCALE);
            refuse(&account, &service, &operation);
            taken_back(&Product::new(&account))
        })
    };
    let cases = calls.into_iter().map(case).collect();
    sweep("first apply undone", cases, |number| SAMPLE.contains(&names[number].as_str()));
}

#[test]
fn a_first_apply_is_undone_if_its_task_fails() {
    let account = Account::new(direction::SCALE);
    account.post("images", &json!({ "*ui5*": { "behaviour": "denied" } }));
    assert_eq!(taken_back(&Product::new(&account)), "3");
}

#[test]
fn undo_keeps_data_of_an_earlier_deployment() {
    let account = Account::new(direction::SCALE);
    let product = Product::new(&account);
    product.expect(0, &APPLY);
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    refuse(&account, "ecs", "CreateService");
    let before = account.file_system_ids();
    assert_eq!(before.len(), 1, "the data is kept");
    assert_eq!(taken_back(&product), "3");
    assert_eq!(account.file_system_ids(), before);
}

#[test]
fn undo_leaves_an_existing_deployment_alone() {
    let account = Account::new(direction::SCALE);
    let product = Product::new(&account);
    product.expect(0, &APPLY);
    product.edit("#+ Owner = ", "Owner = ");
    let before = account.journal(0).len();
    let refused = product.expect(5, &APPLY_OR_UNDO);
    assert!(refused.stderr.contains("refused/not-first"), "{}", refused.stderr);
    assert_eq!(account.mutations(before), [""; 0]);
}

fn refuse(account: &Account, service: &str, operation: &str) {
    let refusal = json!({
        "service": service, "operation": operation, "kind": "error", "code": "AccessDeniedException", "status": 400,
        "message": "you are not authorized", "lacks": account.control_bucket()
    });
    account.post("faults", &refusal);
}

/// The exit codes; panics where anything is left of it, or lacks.
fn taken_back(product: &Product<'_>) -> String {
    let before = of_deployments(product.account);
    let ran = product.run(&APPLY_OR_UNDO);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing of this run is left"), "{}", ran.stderr);
    let differences = differences(&before, &of_deployments(product.account));
    assert!(differences.is_empty(), "not as before:\n{}\n{}", differences.join("\n"), ran.stderr);
    ran.code.to_string()
}

/// What there is, without what belongs to the account and to no deployment: the bucket of leases and of the history,
/// the service-linked roles, and the vault that EFS makes for its daily backups.
fn of_deployments(account: &Account) -> Value {
    let stays = [
        ("s3 buckets", "Name", "ce-aws-<account>-"),
        ("iam roles", "Path", "/aws-service-role/"),
        ("backup vaults", "BackupVaultName", "aws/efs/automatic-backup-vault"),
    ];
    let mut live = live(account);
    for (kind, field, begins) in stays {
        if let Some(things) = live[kind].as_array_mut() {
            things.retain(|thing| !text(&thing[field]).starts_with(begins));
        }
    }
    live
}
