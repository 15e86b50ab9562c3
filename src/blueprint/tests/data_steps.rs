//! The tasks between two releases, as ECS will be asked for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::image_change::{plan, running, text};
use crate::blueprint::data_steps::{Ground, Task, data_steps, unpack};
use crate::engine::reference;
use crate::kinds::names::Names;
use crate::release::{Catalogue, Release};

fn release(version: &str) -> &'static Release {
    Catalogue::builtin().get(version.parse().unwrap()).unwrap()
}

/// With a mirror, and images of the user's own where a step takes an image of the new release.
fn steps(old: &str, new: &str, rest: &str) -> Vec<Task> {
    let digests = ["core-init-container", "rabbitmq-stats"].map(|name| (name.to_owned(), format!("sha256:new-{name}")));
    with(old, new, rest, |ground| data_steps(ground, release(old), release(new), &digests.into()))
}

fn with<T>(old: &str, new: &str, rest: &str, make: impl FnOnce(Ground<'_>) -> T) -> T {
    let mut running = running(&text(old, ""));
    for (name, container) in &mut running.of_definition.containers {
        container.digest = Some(format!("sha256:old-{name}"));
    }
    let [deployment, account, region, partition] = ["prod", "111122223333", "us-east-1", "aws"].map(str::to_owned);
    let names = Names { deployment, account, region, partition };
    let plan = plan(&text(new, rest));
    make(Ground { plan: &plan, names: &names, running: &running, intent: "1a2b3c4d" })
}

/// A task as text: its script is under snapshot where it is written.
fn shown(task: &Task) -> String {
    let mut spec = task.spec.clone();
    for container in spec["definition"]["containers"].as_object_mut().unwrap().values_mut() {
        let lines = container["command"][0].as_str().unwrap_or_default().lines().count();
        container["command"] = Value::from(format!("({lines} lines)"));
    }
    let Task { address, about, timeout, changes_data, tools, .. } = task;
    let spec = serde_json::to_string_pretty(&spec).unwrap();
    let tools: Vec<_> = tools.iter().map(|(address, spec)| format!("tool {address}: {spec}\n")).collect();
    format!("{address}: {about}\n{timeout} s, changes data: {changes_data}\n{}{spec}\n", tools.concat())
}

#[test]
fn the_tasks_of_the_vendors_chain() {
    let steps_of = [("4.0.0", "4.1.0"), ("4.1.0", "4.2.0"), ("4.2.0", "5.0.0"), ("5.1.1", "5.1.2")];
    let all = steps_of.into_iter().map(|(old, new)| {
        let tasks: Vec<_> = steps(old, new, "").iter().map(shown).collect();
        format!("--- {old} to {new}\n{}", tasks.concat())
    });
    insta::assert_snapshot!(all.collect::<String>());
}

#[test]
fn the_task_that_unpacks() {
    insta::assert_snapshot!(shown(&with("4.2.0", "4.2.0", "", unpack)));
}

#[test]
fn a_container_of_the_old_release_is_the_one_that_runs_and_one_of_the_new_follows_the_plan_file() {
    let image = |task: &Task| {
        let container = &task.spec["definition"]["containers"]["data-step"];
        [&container["image"], &container["digest"]].map(|value| value.as_str().unwrap_or_default().to_owned())
    };
    let own =
        "[images]\nregistry = \"corp.example\"\n[images.override]\ncore-init-container = \"corp.example/mine:1\"\n";
    let images: Vec<_> = steps("4.1.0", "4.2.0", own).iter().map(image).collect();
    assert_eq!(images[0], ["corp.example/mine:1", "sha256:new-core-init-container"]);
    assert!(images[1][0].starts_with("corp.example/netskope/"), "{images:?}");
    // Whatever the plan file says by now, the old broker is the one that wrote the data.
    let old: Vec<_> = steps("4.2.0", "5.0.0", own.replace("core-init-container", "rabbitmq-stats").as_str())
        .iter()
        .map(image)
        .collect();
    assert_eq!(old[0][1], "sha256:old-rabbitmq-stats");
    assert!(old[0][0].contains("rabbitmq:3.11"), "{old:?}");
}

#[test]
fn a_task_names_nothing_but_what_there_is_while_it_runs() {
    for (old, new) in [("4.0.0", "4.1.0"), ("4.1.0", "4.2.0"), ("4.2.0", "5.0.0"), ("5.1.1", "5.1.2")] {
        for task in steps(old, new, "") {
            let points: BTreeMap<_, _> = [release(old), release(new)]
                .into_iter()
                .flat_map(|release| &release.access_points)
                .map(|point| (format!("access-point/{}", point.resource_name()), ()))
                .collect();
            for (address, _) in reference::references(&task.spec) {
                let is_there = points.contains_key(address.as_str())
                    || ["file-system/main", "secret/credentials"].contains(&address.as_str());
                assert!(is_there, "{} of {new} needs {address}", task.address);
            }
        }
    }
}
