//! One-shot tasks between two releases, or before a restored file system is used.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::reference::{Need, Ref};
use crate::kinds::access_point::AccessPoint;
use crate::kinds::data_step;
use crate::kinds::names::Names;
use crate::kinds::task_definition::container::{Container, Logs, Mount};
use crate::kinds::task_definition::{TaskDefinition, TaskVolume};
use crate::release::{DataStep, Release, Side, StepContainer};

use super::containers::{container, volume};
use super::image_change::Running;

/// A one-shot task.
#[derive(Clone, Debug)]
pub struct Task {
    pub address: Address,
    pub about: String,
    /// Seconds from its start.
    pub timeout: u32,
    pub changes_data: bool,
    pub spec: Value,
    /// Resources that only this task needs.
    pub tools: Vec<(Address, Value)>,
}

/// What these tasks are derived from.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub plan: &'a PlanFile,
    pub names: &'a Names,
    /// The task that ran before: they use its network, roles and logs.
    pub running: &'a Running,
    /// Eight hexadecimal digits.
    pub intent: &'a str,
}

/// The data steps of a release, coming from another one. Digests of the new release's images by container.
pub fn data_steps(ground: Ground<'_>, old: &Release, new: &Release, digests: &BTreeMap<String, String>) -> Vec<Task> {
    new.data_steps_from(old.version).filter_map(|step| task(ground, step, old, new, digests)).collect()
}

/// The task of one step; `None` if its release has no such container.
pub(super) fn task(
    ground: Ground<'_>,
    step: &DataStep,
    old: &Release,
    new: &Release,
    digests: &BTreeMap<String, String>,
) -> Option<Task> {
    let Ground { plan, running, intent, .. } = ground;
    let StepContainer { container: wanted, image_of, mounts_of } = step.render(old, new, &plan.settings())?;
    let side = if mounts_of == Side::Old { old } else { new };
    // The images that run now are known exactly; those to run come from the plan file and the registries.
    let before = || running.of_definition.containers.get(image_of.as_deref()?);
    let (image, digest) = match (mounts_of, before()) {
        (Side::Old, Some(live)) => (live.image.clone(), live.digest.clone()),
        _ => {
            let name = image_of.clone().unwrap_or_default();
            (plan.images.apply(&name, &wanted.image).to_string(), digests.get(&name).cloned())
        }
    };
    let container = Container { image, digest, ..container(&wanted, plan.package, Need::Ready, logs(running)) };
    let volumes = wanted.mounts.iter().filter_map(|mount| {
        let point = side.access_point(&mount.volume)?;
        Some((mount.volume.clone(), volume_of(&point.resource_name(), true)))
    });
    Some(Task {
        address: data_step::address(&step.name, intent),
        about: step.about.clone(),
        timeout: step.timeout,
        changes_data: step.changes_data,
        spec: spec(ground, container, volumes.collect()),
        tools: Vec::new(),
    })
}

/// Moves what AWS Backup has restored to where it was. It can be run again after an interruption: what has been moved
/// is no longer in the folder.
///
/// Source: AWS Backup developer guide, "Restore an Amazon EFS file system": a directory `aws-backup-restore_<datetime>`
/// below the root.
pub(super) const UNPACK: &str = r#"set -eu
cd /restored
for folder in aws-backup-restore_*; do
    [ -d "$folder" ] || continue
    for entry in "$folder"/* "$folder"/.[!.]* "$folder"/..?*; do
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        name=${entry##*/}
        if [ -e "$name" ] || [ -L "$name" ]; then echo "$name is there already"; exit 1; fi
        mv "$entry" "$name"
    done
    rmdir "$folder"
done
if [ ! -d data ]; then echo "nothing was restored here"; exit 1; fi
ls -l"#;

/// Seconds. Renaming within one file system; a few entries.
const UNPACK_TIMEOUT: u32 = 600;

/// The task that moves everything restored to where it was. It runs as root: the file system has no policy yet.
pub fn unpack(ground: Ground<'_>) -> Task {
    let Ground { running, intent, .. } = ground;
    let root = format!("restored-{intent}");
    let tool = AccessPoint {
        file_system: Ref::output(Address::new("file-system", "main"), "id", Need::Ready),
        path: "/".to_owned(),
        uid: 0,
        gid: 0,
        owner_uid: 0,
        owner_gid: 0,
        permissions: "0755".to_owned(),
    };
    let containers = &running.of_definition.containers;
    // Any image with a shell, preferably the smallest.
    let host =
        containers.get("init-container").or_else(|| containers.get("core")).or_else(|| containers.values().next());
    let (image, digest) = host.map(|host| (host.image.clone(), host.digest.clone())).unwrap_or_default();
    let container = Container {
        image,
        digest,
        essential: true,
        user: Some("0:0".to_owned()),
        entry_point: vec!["/bin/sh".to_owned(), "-c".to_owned()],
        command: vec![UNPACK.to_owned()],
        mounts: BTreeMap::from([("/restored".to_owned(), Mount { volume: "restored".to_owned(), read_only: false })]),
        stop_timeout: Some(120),
        logs: logs(running),
        ..Container::default()
    };
    let volumes = BTreeMap::from([("restored".to_owned(), volume_of(&root, false))]);
    Task {
        address: data_step::address("unpack", intent),
        about: "move what was restored to where it was".to_owned(),
        timeout: UNPACK_TIMEOUT,
        changes_data: false,
        spec: spec(ground, container, volumes),
        tools: vec![(Address::new("access-point", &root), serde_json::to_value(tool).unwrap_or_default())],
    }
}

/// The volume of one of the deployment's access points.
fn volume_of(point: &str, iam: bool) -> TaskVolume {
    let point = Ref::output(Address::new("access-point", point), "id", Need::Ready);
    volume(Ref::output(Address::new("file-system", "main"), "id", Need::Ready), point, iam)
}

fn logs(running: &Running) -> Option<Logs> {
    running.of_definition.containers.values().find_map(|container| container.logs.clone())
}

fn spec(ground: Ground<'_>, container: Container, volumes: BTreeMap<String, TaskVolume>) -> Value {
    let Running { of_service, of_definition, .. } = ground.running;
    let step = data_step::DataStep {
        cluster: of_service.cluster.text().to_owned(),
        definition: TaskDefinition {
            family: ground.names.data_family(),
            cpu: of_definition.cpu,
            memory: of_definition.memory,
            execution_role: of_definition.execution_role.clone(),
            task_role: of_definition.task_role.clone(),
            system: of_definition.system.clone(),
            architecture: of_definition.architecture.clone(),
            containers: BTreeMap::from([(data_step::CONTAINER.to_owned(), container)]),
            volumes,
        },
        platform_version: of_service.platform_version.clone(),
        subnets: of_service.subnets.texts(),
        groups: of_service.groups.texts(),
    };
    // Specifications of kinds always serialize.
    serde_json::to_value(step).unwrap_or_default()
}
