//! The plan that deletes a former file system, or one recovery point.

use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::inventory::{Inventory, Live};
use crate::engine::kind::Kind;
use crate::engine::plan::{Action, Plan, Purpose, Reason, Step, Target};
use crate::kinds::backup_vault::view::{BackupView, Owner};
use crate::kinds::document::texts;
use crate::kinds::{file_system, names, recovery_point};

use super::teardown::{Options, teardown};

/// Why something is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The deployment has nothing of that name.
    Unknown,
    /// What needs it, as the end of a sentence.
    InUse(String),
    /// It is in this vault, which is not the deployment's.
    NotOurs(String),
}

/// Deletes a file system that a restored one has replaced, with its mount targets and access points.
pub fn file_system(inventory: &Inventory, target: Target, kinds: &[Kind], id: &str) -> Result<Plan, Refusal> {
    let is_it = |live: &&Live| live.address.kind() == "file-system" && live.id == id;
    let live = inventory.live.iter().find(is_it).ok_or(Refusal::Unknown)?;
    if !file_system::is_former(&live.address) {
        let why = "is the file system in use: `ce-aws destroy --delete-data` deletes it with the deployment";
        return Err(Refusal::InUse(why.to_owned()));
    }
    if let Some(intent) = intent(inventory) {
        return Err(Refusal::InUse(format!("may be needed for a rollback: {intent}")));
    }
    let mounts =
        |live: &&Live| ["task-definition", "service"].contains(&live.address.kind()) && texts(&live.spec).contains(&id);
    if let Some(user) = inventory.live.iter().find(mounts) {
        return Err(Refusal::InUse(format!("is still mounted by {}: `ce-aws apply` first", user.address)));
    }
    let belongs = |live: &&Live| live.spec.get("file_system").and_then(Value::as_str) == Some(id);
    let part = inventory.live.iter().filter(|live| is_it(live) || belongs(live)).cloned().collect();
    let options = Options { delete_data: true, ..Options::default() };
    let mut plan = teardown(&Inventory::new(part), target, kinds, options, &[]);
    plan.purpose = Purpose::Apply;
    plan.known = inventory.known();
    plan.steps.iter_mut().for_each(|step| step.reason = Reason::Unwanted);
    Ok(plan)
}

/// Deletes a recovery point of the deployment's own vault, named by its ARN or the end of it.
pub fn recovery_point(inventory: &Inventory, target: Target, view: &BackupView, name: &str) -> Result<Plan, Refusal> {
    let mut named = view.points.iter().filter(|point| point.arn == name || point.id() == name);
    let (Some(point), None) = (named.next(), named.next()) else { return Err(Refusal::Unknown) };
    let is_ours = |vault: &str| view.vaults.iter().any(|one| one.name == vault && one.owner == Owner::Ours);
    if !is_ours(&point.vault) {
        return Err(Refusal::NotOurs(point.vault.clone()));
    }
    let needed = |intent: &&str| {
        let is_made_for = point.intent.as_deref().is_some_and(|id| intent.contains(&format!("id={id} ")));
        is_made_for || intent.ends_with(&format!(" point={}", point.id()))
    };
    if let Some(intent) = intent(inventory).filter(needed) {
        return Err(Refusal::InUse(format!("may be needed for a rollback: {intent}")));
    }
    let address = match &point.intent {
        Some(intent) => recovery_point::address(intent),
        // Somebody created it by hand.
        None => Address::new("recovery-point", "other"),
    };
    let lost = format!("the backup of {} made at {} is lost: {}", point.file_system, point.created, point.arn);
    let step = Step {
        id: Some(point.arn.clone()),
        consequences: vec![lost],
        ..Step::new(address, Action::Delete, Reason::Unwanted)
    };
    let mut plan = Plan::empty(Purpose::Apply, target);
    plan.known = inventory.known();
    plan.steps.push(step);
    Ok(plan)
}

/// The open operation of the deployment.
fn intent(inventory: &Inventory) -> Option<&str> {
    inventory.live.iter().find_map(|live| live.tags.get(names::INTENT)).map(String::as_str)
}
