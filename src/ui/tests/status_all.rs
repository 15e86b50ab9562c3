//! `status --all`, at the widths of usual and of small terminals.

use insta::assert_snapshot;

use crate::engine::plan::Target;
use crate::kinds::service::view::{ContainerView, ServiceView, TargetView, TaskView};
use crate::ui::layout::fit;
use crate::ui::list::{Holder, State as Listed};
use crate::ui::status::State;
use crate::ui::status::all::{Deployment, Statuses, line, text};
use crate::ui::style::plain;
use crate::ui::whereabouts::Whereabouts;

const NOW: f64 = 1_764_432_125.0;

fn task(id: &str, health: &str) -> TaskView {
    TaskView {
        arn: format!("arn:aws:ecs:eu-central-1:123456789012:task/ce-prod/{id}"),
        last: "RUNNING".into(),
        health: health.into(),
        containers: vec![ContainerView { name: "core".into(), health: health.into(), ..Default::default() }],
        ..TaskView::default()
    }
}

fn target(state: &str, reason: &str) -> TargetView {
    let (address, state, reason) = ("172.16.1.20".into(), state.into(), reason.into());
    TargetView { address, port: 3000, state, reason, ..TargetView::default() }
}

fn deployment(name: &str, state: State, listed: Listed) -> Deployment {
    let url = format!("http://internal-ce-{name}-1234567890.eu-central-1.elb.amazonaws.com");
    Deployment {
        target: Target { deployment: name.into(), account: "123456789012".into(), region: "eu-central-1".into() },
        state: Some(state),
        whereabouts: Whereabouts { url: Some(url), ..Whereabouts::default() },
        release: Some("5.0.0".into()),
        writers: 1,
        since: Some("2025-11-29T13:57:05Z".into()),
        service: ServiceView {
            tasks: vec![task("1f2e3d4c5b6a", "HEALTHY")],
            targets: vec![target("healthy", "")],
            ..ServiceView::default()
        },
        notes: Vec::new(),
        kinds: vec!["cluster".into(), "file-system".into()],
        holder: None,
        unread: None,
        listed,
        began: Some(1_764_424_625.0),
    }
}

/// Without a task.
fn idle(name: &str, state: State, listed: Listed) -> Deployment {
    Deployment { writers: 0, service: ServiceView::default(), ..deployment(name, state, listed) }
}

/// Of which AWS tells nothing more.
fn bare(name: &str, listed: Listed) -> Deployment {
    let (whereabouts, release, since, began) = Default::default();
    Deployment { whereabouts, release, since, began, ..idle(name, State::Absent, listed) }
}

fn all(deployments: Vec<Deployment>) -> Statuses {
    let (account, region) = ("123456789012".into(), "eu-central-1".into());
    Statuses { account, region, deployments, unread: Default::default(), now: NOW }
}

fn everything() -> Statuses {
    let open = "an upgrade from 4.2.0 to 5.0.0 is not finished: finish it with `ce-aws upgrade FILE --resume`, or roll \
                it back with `ce-aws upgrade FILE --rollback`";
    let mut upgrade = idle("berlin", State::Stopped, Listed::UpgradeOpen);
    upgrade.notes = vec![open.into()];
    upgrade.holder = Some(Holder {
        user: "arn:aws:iam::123456789012:user/jo".into(),
        host: "desk\u{1b}[2J".into(),
        command: "upgrade plan.toml --to 5.0.0".into(),
        run: "0123456789abcdef".into(),
    });
    let why = "2 tasks overlap: task 1f2e3d4c is DEACTIVATING, task 0a1b2c3d is RUNNING";
    let mut twice = deployment("london", State::Starting(why.into()), Listed::Running);
    twice.writers = 2;
    twice.service.tasks = vec![task("1f2e3d4c5b6a", "HEALTHY"), task("0a1b2c3d4e5f", "UNKNOWN")];
    twice.service.targets = vec![target("draining", ""), target("initial", "")];
    let why = "target unhealthy: Target.Timeout";
    let mut sick = deployment("madrid", State::Starting(why.into()), Listed::Running);
    sick.service.targets = vec![target("unhealthy", "Target.Timeout")];
    let mut idle = idle("oslo", State::Stopped, Listed::Stopped);
    idle.notes = vec!["stopped by request: 2025-11-29T13:57:05Z by arn:aws:iam::123456789012:user/jo".into()];
    let mut denied = bare("paris", Listed::Incomplete);
    let why = "ecs ListTasks failed: AccessDeniedException: not authorized";
    (denied.state, denied.unread) = (None, Some(why.into()));
    let mut all = all(vec![
        deployment("athens", State::Healthy, Listed::Running),
        upgrade,
        twice,
        sick,
        idle,
        denied,
        bare("rome", Listed::DataKept),
    ]);
    let why = "s3 ListObjectsV2 failed: AccessDenied: not authorized";
    all.unread = [("lease".to_owned(), why.to_owned())].into();
    all
}

#[test]
fn everything_at_100_columns() {
    assert_snapshot!(plain(&fit(&text(&everything()), Some(100))));
}

#[test]
fn everything_at_60_columns() {
    assert_snapshot!(plain(&fit(&text(&everything()), Some(60))));
}

#[test]
fn nothing_is_said_to_be_nothing_and_all_healthy_to_be_healthy() {
    let none = "no deployments in account 123456789012, region eu-central-1\n";
    assert_eq!(plain(&text(&all(Vec::new()))), none);
    let healthy = || deployment("athens", State::Healthy, Listed::Running);
    assert!(plain(&text(&all(vec![healthy(), healthy()]))).ends_with("\n2 deployments, all healthy\n"));
}

#[test]
fn a_poll_is_a_line_for_each() {
    assert_snapshot!(plain(&line(&everything())));
    assert_eq!(line(&all(Vec::new())), "2025-11-29T16:02:05Z no deployments\n");
}

#[test]
fn scripts_find_the_fields_of_status_and_of_list() {
    let value = serde_json::to_value(everything()).unwrap();
    let one = |name: &str| {
        let all = value["deployments"].as_array().unwrap();
        all.iter().find(|one| one["deployment"] == name).unwrap()
    };
    assert_eq!(value["region"], "eu-central-1");
    assert_eq!(one("athens")["state"], "healthy");
    assert!(one("athens")["whereabouts"]["url"].as_str().unwrap().starts_with("http://"));
    assert_eq!(one("madrid")["why"], "target unhealthy: Target.Timeout");
    assert_eq!(one("madrid")["service"]["targets"][0]["state"], "unhealthy");
    assert_eq!(one("london")["writers"], 2);
    assert_eq!(one("berlin")["holder"]["command"], "upgrade plan.toml --to 5.0.0");
    assert_eq!((&one("rome")["state"], &one("rome")["kinds"][1]), (&"absent".into(), &"file-system".into()));
    let denied = one("paris");
    assert!(denied.get("state").is_none() && denied["unread"].as_str().unwrap().contains("ListTasks"), "{denied:#}");
    assert!(one("athens").get("unread").is_none());
}
