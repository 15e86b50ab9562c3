//! What may be deleted by name, and what not.

use serde_json::{Value, json};

use super::account::live;
use super::samples::{steps, target};
use crate::engine::address::Address;
use crate::engine::inventory::{Inventory, Live};
use crate::engine::plan::{Plan, Reason};
use crate::kinds::backup_vault::view::{BackupView, Owner, PointView, VaultView};
use crate::kinds::{names, registry};
use crate::planners::discard::{self, Refusal};
use crate::planners::teardown::{Options, teardown};
use crate::planners::upstream::upstream;

const OPEN: &str = "restore id=1a2b3c4d from=5.0.0 revision=3 to=5.0.0 count=1 backup=yes at=start";

fn of(file_system: &str) -> Value {
    json!({ "file_system": file_system })
}

/// A deployment whose file system has been restored.
fn restored() -> Vec<Live> {
    vec![
        live("file-system/main", "fs-new", json!({})),
        live("access-point/mongo-data", "fsap-new", of("fs-new")),
        live("file-system/kept-1a2b3c4d", "fs-old", json!({})),
        live("access-point/kept-1a2b3c4d-mongo-data", "fsap-old", of("fs-old")),
        live("mount-target/kept-1a2b3c4d-private-a", "fsmt-old", of("fs-old")),
        live("file-system-policy/kept-1a2b3c4d", "fs-old", of("fs-old")),
        live("task-definition/main", "arn:3", json!({ "volumes": { "data": { "file_system": "fs-new" } } })),
        live("service/main", "arn:service", json!({})),
    ]
}

fn dropped(live: Vec<Live>, id: &str) -> Result<Plan, Refusal> {
    discard::file_system(&Inventory::new(live), target(), &registry::facts(), id)
}

#[test]
fn a_former_file_system_is_deleted_after_its_children_and_nothing_else_is() {
    let plan = dropped(restored(), "fs-old").unwrap();
    assert_eq!(
        steps(&plan),
        [
            "delete access-point/kept-1a2b3c4d-mongo-data",
            "delete file-system-policy/kept-1a2b3c4d",
            "delete file-system/kept-1a2b3c4d",
            "delete mount-target/kept-1a2b3c4d-private-a",
        ]
    );
    assert_eq!(upstream(&plan.steps, 2), [0, 1, 2, 3].into());
    assert!(plan.steps.iter().all(|step| step.reason == Reason::Unwanted));
    // Its children are found through it until they are deleted.
    assert!(plan.known.contains_key(&Address::new("file-system", "kept-1a2b3c4d")));
}

#[test]
fn a_file_system_in_use_or_needed_for_a_rollback_is_not_deleted() {
    let in_use = |result: Result<Plan, Refusal>| match result {
        Err(Refusal::InUse(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(in_use(dropped(restored(), "fs-new")).contains("is the file system in use"));
    assert_eq!(dropped(restored(), "fs-other").unwrap_err(), Refusal::Unknown);
    let mut mounted = restored();
    mounted[6].spec = json!({ "volumes": { "data": { "file_system": "fs-old" } } });
    assert!(in_use(dropped(mounted, "fs-old")).contains("still mounted by task-definition/main"));
    let mut open = restored();
    open[7].tags.insert(names::INTENT.to_owned(), OPEN.to_owned());
    assert!(in_use(dropped(open, "fs-old")).contains("may be needed for a rollback"));
}

#[test]
fn a_recovery_point_is_deleted_by_its_arn_from_our_vault_only() {
    let point = |number: u8, vault: &str, intent: Option<&str>| PointView {
        arn: format!("arn:aws:backup:eu-west-1:1:recovery-point:{number}"),
        vault: vault.to_owned(),
        intent: intent.map(str::to_owned),
        ..PointView::default()
    };
    let vault = |name: &str, owner| VaultView {
        name: name.to_owned(),
        owner,
        denials: Vec::new(),
        policy_hidden: None,
        why_hidden: None,
    };
    let view = BackupView {
        points: vec![point(1, "ce-demo", Some("1a2b3c4d")), point(2, "ce-demo", None), point(3, "corp", None)],
        vaults: vec![vault("ce-demo", Owner::Ours), vault("corp", Owner::Others)],
        ..BackupView::default()
    };
    let drop =
        |live: &[Live], name: &str| discard::recovery_point(&Inventory::new(live.to_vec()), target(), &view, name);
    let plan = drop(&restored(), "1").unwrap();
    assert_eq!(steps(&plan), ["delete recovery-point/1a2b3c4d"]);
    assert_eq!(plan.steps[0].id.as_deref(), Some("arn:aws:backup:eu-west-1:1:recovery-point:1"));
    assert_eq!(steps(&drop(&restored(), &view.points[1].arn).unwrap()), ["delete recovery-point/other"]);
    assert_eq!(drop(&restored(), "3").unwrap_err(), Refusal::NotOurs("corp".to_owned()));
    assert_eq!(drop(&restored(), "4").unwrap_err(), Refusal::Unknown);
    let mut open = restored();
    open[7].tags.insert(names::INTENT.to_owned(), OPEN.to_owned());
    assert!(matches!(drop(&open, "1"), Err(Refusal::InUse(_))));
    assert!(drop(&open, "2").is_ok(), "another backup than the one to go back to");
}

#[test]
fn a_teardown_names_a_former_file_system_as_such() {
    let plan = teardown(&Inventory::new(restored()), target(), &registry::facts(), Options::default(), &[]);
    let kept: Vec<_> = plan.kept.iter().map(|kept| (kept.address.as_str(), kept.why.as_str())).collect();
    let former = "a former file system, with its data; `ce-aws backup drop` deletes it";
    assert_eq!(
        kept,
        [("file-system/kept-1a2b3c4d", former), ("file-system/main", "data; a later apply uses it again")]
    );
}
