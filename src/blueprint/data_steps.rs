//! One-shot tasks between two releases, or before a restored file system is used.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::reference::{Need, Ref};
use crate::kinds::access_point::AccessPoint;
use crate::kinds::data_step::{self, DataStep};
use crate::kinds::names::Names;
use crate::kinds::task_definition::container::{Container, Mount};
use crate::kinds::task_definition::{EfsVolume, TaskDefinition, TaskVolume};
use crate::release::{self, Release, Settings, Side, StepContainer};

use super::image_change::Running;
use super::storage;

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
    let Ground { plan, running, intent, .. } = ground;
    let settings = Settings {
        tls_version: plan.service.tls_version.as_str().to_owned(),
        debug: plan.service.debug,
        package: plan.package,
    };
    let steps = new.data_steps_from(old.version);
    let tasks = steps.filter_map(|step| {
        let wanted = step.render(old, new, &settings)?;
        let side = if wanted.mounts_of == Side::Old { old } else { new };
        // The images that run now are known exactly; those to run come from the plan file and the registries.
        let before = || running.of_definition.containers.get(wanted.image_of.as_deref()?);
        let (image, digest) = match (wanted.mounts_of, before()) {
            (Side::Old, Some(live)) => (live.image.clone(), live.digest.clone()),
            _ => {
                let name = wanted.image_of.clone().unwrap_or_default();
                (plan.images.apply(&name, &wanted.image).as_str().to_owned(), digests.get(&name).cloned())
            }
        };
        let container = Container { image, digest, ..container(running, &wanted) };
        let volumes = wanted.mounts.iter().filter_map(|mount| {
            let point = side.access_point(&mount.volume)?;
            Some((mount.volume.clone(), volume(&point.resource_name(), true)))
        });
        Some(Task {
            address: data_step::address(&step.name, intent),
            about: step.about.clone(),
            timeout: step.timeout,
            changes_data: step.changes_data,
            spec: spec(ground, container, volumes.collect()),
            tools: Vec::new(),
        })
    });
    tasks.collect()
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
    let container = Container {
        user: Some("0:0".to_owned()),
        entry_point: vec!["/bin/sh".to_owned(), "-c".to_owned()],
        command: vec![UNPACK.to_owned()],
        mounts: BTreeMap::from([("/restored".to_owned(), Mount { volume: "restored".to_owned(), read_only: false })]),
        ..bare(
            running,
            host.map(|host| host.image.clone()).unwrap_or_default(),
            host.and_then(|host| host.digest.clone()),
        )
    };
    let volumes = BTreeMap::from([("restored".to_owned(), volume(&root, false))]);
    Task {
        address: data_step::address("unpack", intent),
        about: "move what was restored to where it was".to_owned(),
        timeout: UNPACK_TIMEOUT,
        changes_data: false,
        spec: spec(ground, container, volumes),
        tools: vec![(Address::new("access-point", &root), serde_json::to_value(tool).unwrap_or_default())],
    }
}

fn volume(point: &str, iam: bool) -> TaskVolume {
    TaskVolume::Efs(EfsVolume {
        file_system: Ref::output(Address::new("file-system", "main"), "id", Need::Ready),
        access_point: Ref::output(Address::new("access-point", point), "id", Need::Ready),
        iam,
        transit_encryption: true,
        root: "/".to_owned(),
    })
}

fn container(running: &Running, wanted: &StepContainer) -> Container {
    let mount = |mount: &release::Mount| {
        (mount.path.clone(), Mount { volume: mount.volume.clone(), read_only: mount.read_only })
    };
    Container {
        user: wanted.user.clone(),
        entry_point: wanted.entry_point.clone(),
        command: wanted.command.clone(),
        mounts: wanted.mounts.iter().map(mount).collect(),
        environment: wanted.environment.clone(),
        secrets: wanted
            .secrets
            .iter()
            .map(|(name, key)| (name.clone(), storage::from_secret(*key, Need::Ready)))
            .collect(),
        ..bare(running, String::new(), None)
    }
}

fn bare(running: &Running, image: String, digest: Option<String>) -> Container {
    Container {
        image,
        digest,
        essential: true,
        user: None,
        memory: None,
        entry_point: Vec::new(),
        command: Vec::new(),
        ports: Vec::new(),
        start_timeout: None,
        // The most that Fargate allows: a database may have to shut down.
        stop_timeout: Some(120),
        depends_on: BTreeMap::new(),
        health_check: None,
        mounts: BTreeMap::new(),
        environment: BTreeMap::new(),
        secrets: BTreeMap::new(),
        logs: running.of_definition.containers.values().find_map(|container| container.logs.clone()),
    }
}

fn spec(ground: Ground<'_>, container: Container, volumes: BTreeMap<String, TaskVolume>) -> Value {
    let Running { of_service, of_definition, .. } = ground.running;
    let step = DataStep {
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
