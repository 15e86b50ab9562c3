//! What is said of an upgrade before it begins, and of one that is under way.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::blueprint::image_change::ImageChange;
use crate::blueprint::tests::image_change::{inventory, plan, running, text};
use crate::engine::address::Address;
use crate::engine::compare::Change;
use crate::engine::inventory::{Inventory, Phase};
use crate::engine::plan::{Action, Finding, Plan, Purpose, Reason, Severity, Step, Target};
use crate::engine::reference;
use crate::kinds::names::{self, Names};
use crate::planners::intent::{Intent, Mark, Work};
use crate::planners::upgrade::Upgrade;
use crate::session::consent::Consent;
use crate::session::intent::open_intent;

use super::{LATER, Planned, UpgradePlan, new_id, other_changes, point};

fn upgrade(from: &str, to: &str, rest: &str, phase: Phase, consent: &Consent) -> UpgradePlan {
    let mut running = running(&text(from, rest));
    running.service.phase = phase;
    let file = plan(&text(to, rest));
    let release = crate::release::Catalogue::builtin().get(file.release).unwrap();
    let images = crate::blueprint::images(&file, release).into_iter();
    let wanted: BTreeMap<_, _> = images.map(|(name, image)| (name, (image.as_str().to_owned(), None))).collect();
    let change = ImageChange::of(&running, file.release, &wanted).unwrap();
    let [deployment, account, region, partition] = ["prod", "111122223333", "us-east-1", "aws"].map(str::to_owned);
    let names = Names { deployment, account, region, partition };
    UpgradePlan::new(&file, names, running, change, BTreeMap::new(), &[], consent).unwrap()
}

fn shown(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| {
        let Finding { code, severity, message, hint, .. } = finding;
        format!("{severity:?} {code}: {message}\n  {}\n", hint.as_deref().unwrap_or_default())
    });
    lines.collect()
}

#[test]
fn what_is_found_before_an_upgrade() {
    let of = |from, to, rest: &str, phase| shown(&upgrade(from, to, rest, phase, &Consent::default()).findings);
    assert_eq!(of("4.2.0", "5.0.0", "", Phase::Ready), "");
    let own = "[images.override]\nui = \"corp.example/ui:mine\"\n";
    let all = [
        of("4.0.0", "5.0.0", "", Phase::Ready),
        of("5.0.0", "4.2.0", "", Phase::Ready),
        of("5.0.0", "5.0.1", "", Phase::Ready),
        of("4.2.0", "5.0.0", own, Phase::Ready),
        of("4.2.0", "5.0.0", "", Phase::Idle),
        of("4.2.0", "5.0.0", "", Phase::Failed("it keeps exiting".into())),
        of("4.2.0", "5.0.0", "", Phase::Pending("no task yet".into())),
    ];
    assert_snapshot!(all.join("\n"));
}

#[test]
fn other_changes_must_not_come_with_the_images() {
    let [deployment, account, region] = ["prod", "111122223333", "us-east-1"].map(str::to_owned);
    let target = Target { deployment, account, region };
    let with = |properties: &[&str]| {
        let mut plan = Plan::empty(Purpose::Apply, target.clone());
        let mut step = Step::new(Address::new("service", "main"), Action::Update, Reason::Missing);
        let change = |property: &&str| Change { property: (*property).to_owned(), from: 1.into(), to: 2.into() };
        step.changes = properties.iter().map(change).collect();
        plan.steps.push(step);
        shown(other_changes(&plan).as_slice())
    };
    assert_eq!(with(&["task_definition", "desired", "tags.owner"]), "");
    assert_snapshot!(with(&["task_definition", "load_balancer.port", "network.groups"]), @"
    Refusal upgrade/not-alone: load_balancer.port, network.groups of the service would change together with its images
      make one change at a time: first `ce-aws apply` with the release and the images that run
    ");
}

#[test]
fn the_intent_says_what_is_to_be_done_and_the_reader_what_going_back_costs() {
    let ready = |from, to, consent: &Consent| upgrade(from, to, "", Phase::Ready, consent).upgrade("1a2b3c4d");
    let first = ready("4.2.0", "5.0.0", &Consent::default());
    assert_eq!(
        first.intent.to_string(),
        "upgrade id=1a2b3c4d from=4.2.0 revision=7 to=5.0.0 count=1 backup=yes at=stop"
    );
    let Upgrade { opens, point, data_tasks, deadline, watch, consequence, .. } = first;
    assert!(opens && point.is_some() && data_tasks.len() == 1);
    assert_eq!((deadline, watch), (1200.0, 60.0));
    assert!(consequence.unwrap().contains("restores the recovery point"));
    let bare = Consent { no_backup: true, deadline: Some(30), watch: Some(5), ..Consent::default() };
    let bare = ready("4.2.0", "5.0.0", &bare);
    assert!(bare.point.is_none() && bare.intent.to_string().contains("backup=no"));
    assert_eq!((bare.deadline, bare.watch), (30.0, 5.0));
    assert!(bare.consequence.unwrap().contains("no rollback"));
}

#[test]
fn a_plan_is_the_same_under_whatever_number_it_is_carried_out() {
    let upgrade = upgrade("4.2.0", "5.0.0", "", Phase::Ready, &Consent::default());
    let known = inventory(&text("4.2.0", "")).known();
    let target = crate::engine::plan::Target { deployment: "prod".into(), account: "1".into(), region: "r".into() };
    let plan = crate::engine::plan::Plan::empty(crate::engine::plan::Purpose::Apply, target);
    let planned = Planned { plan, upgrade: Some(upgrade), known };
    let id = new_id();
    assert!(id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()), "{id}");
    let text = |plan: &crate::engine::plan::Plan| serde_json::to_string(plan).unwrap();
    assert_eq!(text(&planned.shown()), text(&planned.begin(&id)).replace(&id, LATER));
    assert!(planned.is_upgrade());
}

#[test]
fn a_recovery_point_is_of_the_file_system_in_our_vault() {
    let needed: Vec<_> = reference::references(&point(&plan(&text("5.0.0", "")))).into_iter().collect();
    let needed: Vec<_> = needed.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(needed, ["backup-vault/main", "file-system/main", "role/backup"]);
}

/// An inventory whose service carries this tag.
fn tagged(value: &str) -> Inventory {
    let mut inventory = inventory(&text("5.0.0", ""));
    let service = inventory.live.iter_mut().find(|live| live.address.kind() == "service").unwrap();
    service.tags.insert(names::INTENT.to_owned(), value.to_owned());
    inventory
}

#[test]
fn what_is_under_way_is_refused_with_the_command_that_ends_it() {
    assert!(open_intent(&Inventory::default()).is_none());
    assert!(open_intent(&inventory(&text("5.0.0", ""))).is_none());
    let of = |work, mark| {
        let (id, from, to) = ("1a2b3c4d".to_owned(), "4.2.0".to_owned(), "5.0.0".to_owned());
        let intent = Intent { id, work, from, to, revision: 7, count: 1, backup: true, point: None, mark };
        let point = (work == Work::Restore).then(|| "0a1b2c3d".to_owned());
        let intent = Intent { point, ..intent };
        shown(&open_intent(&tagged(&intent.to_string())).into_iter().collect::<Vec<_>>())
    };
    let marks = [Mark::Stop, Mark::Start, Mark::Back];
    let mut all: Vec<_> = marks.into_iter().map(|mark| of(Work::Upgrade, mark)).collect();
    all.extend(marks.into_iter().map(|mark| of(Work::Restore, mark)));
    all.push(shown(&open_intent(&tagged("of a later version")).into_iter().collect::<Vec<_>>()));
    assert_snapshot!(all.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_the_tag_is_taken_for_nothing(
        value in prop_oneof![".*", "(upgrade|restore|x)( (id|from|to|count|revision|backup|at)=[0-9a-z.]{0,12}){0,9}"],
    ) {
        let found = open_intent(&tagged(&value)).unwrap();
        prop_assert_eq!((found.code.as_str(), found.severity), ("upgrade/open", Severity::Refusal));
        prop_assert!(!found.message.is_empty() && found.hint.is_some());
    }
}
