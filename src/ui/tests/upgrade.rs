use insta::assert_snapshot;
use serde_json::json;

use super::fixture::*;
use crate::engine::kind::{Kind, Part, Seconds};
use crate::engine::plan::{Action, Plan, Purpose, Reason, Stage, Step, Until};
use crate::ui::plan::{View, plan as render};
use crate::ui::style::plain;
use crate::ui::upgrade::{queues, queues_not_checked};

fn staged(stage: Stage, address: &str, action: Action, why: &str) -> Step {
    Step { stage: Some(stage), ..step(address, action, Reason::Upgrade(why.into())) }
}

/// One step of each stage, in the order in which a planner puts them: what was planned before comes first.
fn upgrade() -> Plan {
    let intent = "tags.ce-aws:intent";
    let mut steps = vec![
        Step { stage: Some(Stage::Prepare), ..step("role/execution", Action::Update, Reason::Changed) },
        Step { stage: Some(Stage::Prepare), ..step("access-point/repos", Action::Create, Reason::Missing) },
        Step { stage: Some(Stage::Prepare), ..step("task-definition/main", Action::Update, Reason::Changed) },
        Step { stage: Some(Stage::Fence), ..step("service/main", Action::Stop, Reason::OneWriter) },
        Step { stage: Some(Stage::Start), ..step("service/main", Action::Update, Reason::Changed) },
        step("log-group/task", Action::Update, Reason::Changed),
        Step { stage: Some(Stage::Commit), ..step("access-point/old", Action::Delete, Reason::Unwanted) },
        staged(Stage::Record, "service/main", Action::Update, "so that it can be finished or undone, whatever happens"),
        staged(
            Stage::Backup,
            "recovery-point/new",
            Action::Create,
            "a recovery point, before anything touches the data",
        ),
        staged(
            Stage::Data,
            "data-step/mongodb-compatibility-7-new",
            Action::Run,
            "set MongoDB's feature compatibility version to 7.0",
        ),
        staged(Stage::Start, "service/main", Action::Update, "from here on the new release may change the data"),
        staged(Stage::Verify, "service/main", Action::Verify, "it has to stay healthy for 60 s"),
        staged(Stage::Commit, "service/main", Action::Update, "nothing is left to finish or to undo"),
        staged(Stage::Commit, "task-definition/main", Action::Prune, "revisions that no rollback needs"),
    ];
    steps[0].changes = vec![change("policies.pull.Resource", json!("old"), json!("new"))];
    steps[2].changes = vec![change("containers.core.image", json!("core:4.2.0"), json!("core:5.0.0"))];
    steps[3].consequences = vec!["Cloud Exchange is down until the new task is healthy".into()];
    steps[4].changes = vec![change("task_definition", json!("arn:7"), json!("arn:8"))];
    steps[4].consequences = vec!["the new images may change the data: a rollback restores the recovery point".into()];
    steps[7].changes = vec![change(intent, json!(null), json!("upgrade id=new"))];
    steps[9].consequences = vec!["writes what the older release may be unable to read".into()];
    steps[10].changes = vec![change(intent, json!("upgrade at=stop"), json!("upgrade at=start"))];
    steps[11].until = Until::STAYS_READY;
    steps[11].patience = Some(60.0);
    steps[12].changes = vec![change(intent, json!("upgrade at=start"), json!(null))];
    plan(Purpose::Upgrade, steps)
}

fn with_upgrades() -> Vec<Kind> {
    let slow = Seconds { create: 1.0, ready: 300.0, gone: 3.0, patience: 900.0 };
    let mut kinds = kinds();
    kinds.extend([
        Kind::new("access-point", Part::Storage),
        Kind::new("task-definition", Part::Service),
        Kind { job: true, seconds: slow, ..Kind::new("recovery-point", Part::Storage) },
        Kind { job: true, seconds: slow, ..Kind::new("data-step", Part::Service) },
        Kind { job: true, seconds: slow, ..Kind::new("restore", Part::Storage) },
    ]);
    kinds
}

#[test]
fn an_upgrade_is_shown_stage_by_stage() {
    assert_snapshot!(plain(&render(&upgrade(), &with_upgrades(), View::default())));
}

#[test]
fn a_rollback_that_restores_is_shown_as_such() {
    let mut plan = upgrade();
    plan.purpose = Purpose::Rollback;
    plan.steps = vec![
        staged(Stage::Record, "service/main", Action::Update, "so that it can be finished or undone, whatever happens"),
        staged(Stage::Fence, "service/main", Action::Stop, "every task must be confirmed stopped"),
        staged(
            Stage::Restore,
            "restore/1a2b3c4d",
            Action::Create,
            "into a new file system; the one in use stays as it is",
        ),
        staged(
            Stage::Restore,
            "restore/1a2b3c4d",
            Action::Promote,
            "the restored file system takes the place of the one in use",
        ),
    ];
    assert_snapshot!(plain(&render(&plan, &with_upgrades(), View::default())));
}

#[test]
fn the_longest_queues_come_first() {
    let all = [("celery", 3), ("empty", 0), ("a", 1), ("b", 120), ("c", 7), ("d", 8), ("e", 2)];
    let all: Vec<_> = all.into_iter().map(|(name, messages)| (name.to_owned(), messages)).collect();
    let said = [queues(141, &all), queues(0, &all[1..2]), queues(1, &all[2..3]), queues_not_checked("no task runs")];
    assert_snapshot!(plain(&said.concat()));
}

#[test]
fn a_queue_with_a_hostile_name_cannot_speak_to_the_terminal() {
    let text = plain(&queues(1, &[("\u{1b}[2J\rqueues are empty\n\u{202e}".to_owned(), 1)]));
    assert!(!text.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text:?}");
    assert!(!plain(&queues_not_checked("\u{1b}]0;x\u{7}")).contains('\u{1b}'));
}
