//! When going back to the old images alone would be wrong.

use crate::blueprint::tests::image_change::{inventory, running, text};
use crate::engine::inventory::{Inventory, Live};
use crate::kinds::service::view::{ContainerView, DeploymentView, ServiceFacts, ServiceView, TaskView};
use crate::planners::intent::{Intent, Mark, Work};
use crate::upgrade::open_operation::OpenOperation;

use super::may_have_changed_data;

const NEW: &str = "arn:new:8";

/// From one release to another one, with other images in the plan file.
fn operation(from: &str, to: &str, rest: &str, mark: Mark) -> OpenOperation {
    let before = running(&text(from, ""));
    let newest = running(&text(to, rest)).definition;
    OpenOperation {
        deployment: "prod".to_owned(),
        inventory: inventory(&text(from, "")),
        service: before.service,
        intent: Intent {
            id: "1a2b3c4d".to_owned(),
            work: Work::Upgrade,
            from: from.to_owned(),
            to: to.to_owned(),
            revision: 7,
            count: 1,
            backup: true,
            point: None,
            mark,
        },
        before: before.definition,
        of_before: before.of_definition,
        newest: Some(Live { id: NEW.to_owned(), ..newest }),
        has_steps: false,
    }
}

/// A container that is pulled, that runs, or that has ended.
fn container(name: &str, status: &str, exit_code: Option<i32>) -> ContainerView {
    ContainerView { name: name.into(), status: status.into(), exit_code, ..ContainerView::default() }
}

fn task(definition: &str, containers: &[ContainerView]) -> TaskView {
    TaskView { task_definition: definition.into(), containers: containers.to_vec(), ..TaskView::default() }
}

fn step(name: &str, status: &str) -> TaskView {
    let started_by = format!("ce-aws/{name}-1a2b3c4d");
    TaskView { started_by, ..task("arn:data:1", &[container("data-step", status, None)]) }
}

fn view(tasks: Vec<TaskView>, deployments: Vec<DeploymentView>) -> ServiceView {
    let desired = deployments.iter().map(|deployment| deployment.desired).sum();
    let service = Some(ServiceFacts { desired, deployments, ..ServiceFacts::default() });
    ServiceView { service, tasks, ..ServiceView::default() }
}

fn deployment(desired: u32, failed: u32) -> DeploymentView {
    DeploymentView { task_definition: NEW.into(), desired, failed, ..DeploymentView::default() }
}

fn says(now: &OpenOperation, tasks: &[TaskView], deployments: &[DeploymentView]) -> bool {
    may_have_changed_data(now, &view(tasks.to_vec(), deployments.to_vec()))
}

#[test]
fn before_the_new_release_may_start_nothing_can_have_changed() {
    let now = operation("4.2.0", "5.0.0", "", Mark::Stop);
    assert!(!says(&now, &[], &[]));
    // The data step of this release writes nothing that the old broker could not read.
    assert!(!says(&now, &[step("rabbitmq-feature-flags", "RUNNING")], &[]));
    assert!(!says(&now, &[task("arn:old:7", &[container("core", "RUNNING", None)])], &[]), "the old one");
}

#[test]
fn a_container_that_migrates_has_started_or_not() {
    let now = operation("4.2.0", "5.0.0", "", Mark::Start);
    let all = [
        ("its image cannot be pulled", container("core", "STOPPED", None), false),
        ("it waits for others", container("core", "PENDING", None), false),
        ("it runs", container("core", "RUNNING", None), true),
        ("it has ended", container("core", "STOPPED", Some(1)), true),
        ("the database alone", container("mongodb-primary", "RUNNING", None), true),
        ("another one", container("ui", "RUNNING", None), false),
    ];
    for (what, container, wanted) in all {
        assert_eq!(says(&now, &[task(NEW, &[container])], &[deployment(1, 1)]), wanted, "{what}");
    }
    let ran = [task(NEW, &[container("core", "STOPPED", Some(0))])];
    assert!(says(&operation("4.2.0", "5.0.0", "", Mark::Back), &ran, &[]), "during a rollback too");
}

#[test]
fn whose_tasks_are_forgotten_may_have_started() {
    let now = operation("4.2.0", "5.0.0", "", Mark::Start);
    assert!(!says(&now, &[], &[deployment(1, 0)]), "no task was launched yet");
    assert!(says(&now, &[], &[deployment(1, 2)]), "they failed");
    // A rollback stopped it an hour ago and was interrupted.
    assert!(says(&operation("4.2.0", "5.0.0", "", Mark::Back), &[], &[deployment(0, 0)]));
    let other = DeploymentView { task_definition: "arn:old:7".into(), ..deployment(1, 3) };
    assert!(!says(&now, &[], &[other]));
}

#[test]
fn a_data_step_that_changes_data_has_run_or_not() {
    let now = operation("5.1.1", "5.1.2", "", Mark::Stop);
    assert!(!says(&now, &[], &[]));
    assert!(!says(&now, &[step("mongodb-compatibility-7", "PENDING")], &[]));
    assert!(says(&now, &[step("mongodb-compatibility-7", "RUNNING")], &[]));
    let of_another = TaskView { started_by: "ce-aws/mongodb-compatibility-7-99999999".into(), ..step("", "RUNNING") };
    assert!(!says(&now, &[of_another], &[]));
    assert!(says(&operation("5.1.1", "5.1.2", "", Mark::Start), &[], &[]), "behind the mark every step has run");
    // It ran an hour ago, and ECS has forgotten it, but neither the mark nor the revision.
    let forgotten = OpenOperation { has_steps: true, ..operation("5.1.1", "5.1.2", "", Mark::Stop) };
    assert!(says(&forgotten, &[], &[]));
    assert!(!says(&forgotten, &[step("mongodb-compatibility-6", "PENDING")], &[]), "ECS still lists it");
    assert!(says(&operation("5.1.1", "5.1.2", "", Mark::Data), &[], &[]));
    // Those before the first that changes data are followed by the mark, so that alone they have changed nothing.
    let harmless = ["rabbitmq-feature-flags", "mongodb-compatibility-6"].map(|name| step(name, "RUNNING"));
    assert!(!says(&forgotten, &harmless, &[]));
    assert!(!says(&forgotten, &[harmless.as_slice(), &[step("mongodb-compatibility-7", "PENDING")]].concat(), &[]));
    assert!(says(&forgotten, &[harmless.as_slice(), &[step("mongodb-compatibility-7", "RUNNING")]].concat(), &[]));
    // ECS has forgotten the one before it, which changes data.
    assert!(says(&operation("4.1.0", "4.2.0", "", Mark::Stop), &[step("rabbitmq-leftovers", "RUNNING")], &[]));
    assert!(says(&operation("5.1.1", "5.1.2", "", Mark::Stop), &[step("of-another-version", "RUNNING")], &[]));
    assert!(!says(&operation("4.2.0", "5.0.0", "", Mark::Data), &[], &[]), "no step of it changes data");
}

#[test]
fn of_what_is_not_known_the_worst_is_assumed() {
    let mut now = operation("4.2.0", "5.0.0", "", Mark::Stop);
    now.intent.to = "9.9.9".to_owned();
    assert!(says(&now, &[], &[]), "a release that this version does not know");
    let mut now = operation("5.0.0", "5.0.0", "", Mark::Start);
    now.intent.from = "unknown".to_owned();
    let ran = [task(NEW, &[container("core", "RUNNING", None)])];
    assert!(says(&now, &ran, &[]), "nobody knows what ran before");
}

#[test]
fn without_another_release_the_images_decide() {
    let ran = [task(NEW, &[container("core", "RUNNING", None), container("ui", "RUNNING", None)])];
    let own = |name: &str| format!("[images.override]\n{name} = \"corp.example/{name}:2\"\n");
    assert!(!says(&operation("5.0.0", "5.0.0", &own("ui"), Mark::Start), &ran, &[]));
    assert!(says(&operation("5.0.0", "5.0.0", &own("core"), Mark::Start), &ran, &[]));
    let mut now = operation("5.0.0", "5.0.0", "", Mark::Start);
    assert!(!says(&now, &ran, &[]));
    // The same tag, which means another image by now.
    now.newest.as_mut().unwrap().spec["containers"]["core"]["digest"] = "sha256:0123".into();
    assert!(says(&now, &ran, &[]));
}

#[test]
fn what_was_started_counts_although_its_revision_is_gone() {
    let mut now = operation("4.2.0", "5.0.0", "", Mark::Start);
    now.newest = None;
    assert!(!says(&now, &[], &[]));
    assert!(!says(&now, &[], &[deployment(1, 0)]), "no task was launched yet");
    assert!(says(&now, &[], &[deployment(1, 1)]));
    assert!(says(&now, &[task(NEW, &[container("core", "RUNNING", None)])], &[]));
    // The family of data steps counts its own revisions.
    let step = TaskView { task_definition: "arn:data:9".into(), ..step("rabbitmq-feature-flags", "RUNNING") };
    assert!(!says(&now, &[step], &[]));
}

#[test]
fn a_restored_file_system_is_known_by_its_token() {
    let mut now = operation("4.2.0", "5.0.0", "", Mark::Back);
    let mut with = |token: &str| {
        let mut live = now.inventory.live.clone();
        let main = live.iter_mut().find(|live| live.address.as_str() == "file-system/main").unwrap();
        main.spec["creation_token"] = token.into();
        now.inventory = Inventory::new(live);
        now.is_restored()
    };
    assert!(!with("ce-aws-prod-main"));
    assert!(!with("ce-aws-prod-99999999"));
    assert!(with("ce-aws-prod-1a2b3c4d"));
    assert!(with("ce-aws-prod-1a2b3c4d-1"), "a second attempt");
}
