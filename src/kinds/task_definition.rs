//! The task definition: every change of it is a new revision.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    self as sdk, Compatibility, CpuArchitecture, EfsAuthorizationConfig, EfsAuthorizationConfigIam,
    EfsTransitEncryption, EfsVolumeConfiguration, NetworkMode, OsFamily, RuntimePlatform, TaskDefinitionField,
    TaskDefinitionStatus, Volume,
};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::{incomplete, on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::plan::Action;
use crate::engine::reference::Ref;
use crate::engine::run::Made;
use crate::partition::principals;

use super::access_point::AccessPoint;
use super::container::Container;
use super::file_system::FileSystem;
use super::place::Place;
use super::resource::{At, Cx, Depth, Found, Resource, Seen, Tags, made};
use super::role::Role;
use super::tags;

/// A task definition for Fargate. Outputs: `id` and `arn` (the revision's ARN), `family`, `revision` (a number).
///
/// The family must be `cx.names.stack()`; what is listed is its latest active revision that is of this deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskDefinition {
    pub family: String,
    /// In units of 1/1024 vCPU.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
    /// The roles' `arn`: what starts the task, and what runs in it.
    pub execution_role: Ref<Role>,
    pub task_role: Ref<Role>,
    /// `LINUX` and `X86_64`.
    pub system: String,
    pub architecture: String,
    /// By name.
    pub containers: BTreeMap<String, Container>,
    /// By name.
    pub volumes: BTreeMap<String, TaskVolume>,
}

/// What a container can mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TaskVolume {
    Efs(EfsVolume),
    Bind(BindMount),
}

/// Where a bind mount lies; on Fargate there is one place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindMount {
    /// On the task's ephemeral storage: empty when it starts, gone when it stops.
    EphemeralStorage,
}

/// A directory of a file system as a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EfsVolume {
    /// The file system's `id`.
    pub file_system: Ref<FileSystem>,
    /// The access point's `id`.
    pub access_point: Ref<AccessPoint>,
    /// Whether the task role decides about access.
    pub iam: bool,
    pub transit_encryption: bool,
    /// `/`, which is the access point's own root.
    pub root: String,
}

impl Spec for TaskDefinition {
    const KIND: Kind = Kind {
        immutable: &["family"],
        renews: true,
        gone_after: &["service"],
        ..Kind::new("task-definition", Part::Service)
    };
}

/// How many revisions before the one in force stay active, for people who want to go back by hand.
const KEPT: usize = 2;

/// How many revisions without our tags are looked past for the newest one that has them.
const STRANGE: usize = 20;

/// One revision, or the latest active one of a family, if it is of this deployment.
pub async fn read(cx: &Cx, which: &str) -> Result<Option<Found<TaskDefinition>>, Failure> {
    Ok(describe(cx, which).await?.and_then(|revision| revision.ours(cx)))
}

/// The revision that the service runs, if it is of our family, whoever registered it. What somebody has registered by
/// hand has no record of what was wanted last: that is the one of `recorded`, our own newest revision.
///
/// # Errors
///
/// Whatever the call meets; what does not exist is no error.
pub async fn in_force(
    cx: &Cx,
    arn: &str,
    recorded: Option<(&Address, &Tags)>,
) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let revision = describe(cx, arn).await?.filter(|revision| revision.live.family() == Some(&cx.names.stack()));
    let Some(Revision { live, tags }) = revision else { return Ok(None) };
    if let Some(address) = tags::address_of(cx, TaskDefinition::KIND.name, &tags) {
        return Ok(Some(found(address, &live, tags)));
    }
    Ok(Some(match recorded {
        Some((address, tags)) => found(address.clone(), &live, tags.clone()),
        None => found(Address::new(TaskDefinition::KIND.name, "main"), &live, tags),
    }))
}

/// A revision as AWS tells it.
struct Revision {
    live: sdk::TaskDefinition,
    tags: Tags,
}

impl Revision {
    fn ours(self, cx: &Cx) -> Option<Found<TaskDefinition>> {
        let address = tags::address_of(cx, TaskDefinition::KIND.name, &self.tags)?;
        Some(found(address, &self.live, self.tags))
    }
}

async fn describe(cx: &Cx, which: &str) -> Result<Option<Revision>, Failure> {
    let call = cx.aws.ecs.describe_task_definition().task_definition(which).include(TaskDefinitionField::Tags);
    let answer = unless_gone(call.send().await.map_err(on("ecs DescribeTaskDefinition")))?;
    let Some(answer) = answer else { return Ok(None) };
    let tags = tags::ecs::read(answer.tags());
    Ok(answer.task_definition.map(|live| Revision { live, tags }))
}

fn found(address: Address, live: &sdk::TaskDefinition, tags: Tags) -> Found<TaskDefinition> {
    let made = made_of(live);
    let mut found = Found::new(address, &made.id).spec(TaskDefinition::read(live)).tags(tags);
    found.outputs = made.outputs;
    found
}

/// The newest active revision of ours, behind those that somebody has registered by hand.
async fn newest_of_ours(cx: &Cx) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let mut active = active(cx, &cx.names.stack()).await?;
    active.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
    for arn in active.iter().take(STRANGE) {
        if let Some(found) = read(cx, arn).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The active revisions of a family, by ARN.
///
/// # Errors
///
/// Whatever the call meets.
pub async fn active(cx: &Cx, family: &str) -> Result<Vec<String>, Failure> {
    let pages = cx.aws.ecs.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
    let arns = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    arns.map_err(on("ecs ListTaskDefinitions"))
}

/// The active revisions that are newer than one.
async fn newer(cx: &Cx, at: &At) -> Result<Vec<String>, Failure> {
    let mut active = active(cx, &cx.names.stack()).await?;
    active.retain(|arn| number(arn) > number(&at.id));
    Ok(active)
}

async fn deregister(cx: &Cx, arn: &str) -> Result<(), Failure> {
    let call = cx.aws.ecs.deregister_task_definition().task_definition(arn);
    call.send().await.map_err(on("ecs DeregisterTaskDefinition"))?;
    Ok(())
}

/// The number at the end of a revision's ARN.
pub fn number(arn: &str) -> u32 {
    arn.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[async_trait]
impl Resource for TaskDefinition {
    async fn list(cx: &Cx, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let Some(newest) = describe(cx, &cx.names.stack()).await? else { return Ok(Vec::new().into()) };
        let found = match newest.ours(cx) {
            Some(found) => Some(found),
            None => newest_of_ours(cx).await?,
        };
        Ok(found.into_iter().collect::<Vec<_>>().into())
    }

    async fn create(&self, cx: &Cx, at: &At) -> Result<Made, Failure> {
        self.register(cx, at).await
    }

    /// A revision cannot be changed: there is a new one, and whoever refers to it sees another ARN. What an attempt before has
    /// registered, in this run or in one that was cut off, nobody runs: it goes first.
    async fn update(&self, cx: &Cx, at: &At) -> Result<Made, Failure> {
        for arn in newer(cx, at).await? {
            deregister(cx, &arn).await?;
        }
        self.register(cx, at).await
    }

    /// Every active revision of the family. Inactive ones stay with AWS, which has no end for them.
    async fn delete(cx: &Cx, at: &At) -> Result<(), Failure> {
        let family = at.outputs.get("family").cloned().unwrap_or_else(|| cx.names.stack());
        for family in [family, cx.names.data_family()] {
            for arn in active(cx, &family).await? {
                deregister(cx, &arn).await?;
            }
        }
        Ok(())
    }

    async fn retag(cx: &Cx, at: &At, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ecs::set(cx, &at.id, set, remove).await
    }

    /// Deregisters what is newer than the revision in force, which was never proven, and all but some of the older ones;
    /// and the revisions of data steps.
    async fn act(cx: &Cx, at: &At, action: Action) -> Result<Made, Failure> {
        if action != Action::Prune {
            return Err(Failure::of(Cause::Internal, format!("{} has no step {action:?}", at.address)));
        }
        let newer = newer(cx, at).await?;
        let mut old = active(cx, &cx.names.stack()).await?;
        old.retain(|arn| number(arn) < number(&at.id));
        old.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
        for arn in newer.into_iter().chain(old.into_iter().skip(KEPT)).chain(active(cx, &cx.names.data_family()).await?)
        {
            deregister(cx, &arn).await?;
        }
        Ok(Made { id: at.id.clone(), outputs: at.outputs.clone() })
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let named = format!("task-definition/{}:*", place.names.stack());
        let own = place.own_task_roles.then(|| place.own_roles());
        let roles = place.task_roles.iter().cloned().chain(own);
        // AWS restricts the last of them to nothing (Service Authorization Reference, Amazon ECS).
        place
            .grants("ecs", &[&named])
            .see(&["DescribeTaskDefinition", "ListTaskDefinitions"])
            .create("RegisterTaskDefinition")
            .also(place.passing(Use::Make, roles, principals::ECS_TASKS, "PassRolesToTasks"))
            .also(Grant::new(Use::Remove, "ecs", &["DeregisterTaskDefinition"]))
            .done()
    }
}

impl TaskDefinition {
    fn read(live: &sdk::TaskDefinition) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
        let platform = live.runtime_platform();
        let system = platform.and_then(RuntimePlatform::operating_system_family).map_or("LINUX", OsFamily::as_str);
        let architecture =
            platform.and_then(RuntimePlatform::cpu_architecture).map_or("X86_64", CpuArchitecture::as_str);
        Self {
            family: text(live.family()),
            cpu: number(live.cpu()),
            memory: number(live.memory()),
            execution_role: text(live.execution_role_arn()).into(),
            task_role: text(live.task_role_arn()).into(),
            system: system.to_owned(),
            architecture: architecture.to_owned(),
            containers: live
                .container_definitions()
                .iter()
                .map(|container| (text(container.name()), Container::read(container)))
                .collect(),
            volumes: live.volumes().iter().map(|volume| (text(volume.name()), TaskVolume::read(volume))).collect(),
        }
    }

    /// A new revision of its family.
    pub(super) async fn register(&self, cx: &Cx, at: &At) -> Result<Made, Failure> {
        let containers = self.containers.iter().map(|(name, container)| container.write(name));
        let volumes = self.volumes.iter().map(|(name, volume)| volume.write(name));
        let platform = RuntimePlatform::builder()
            .operating_system_family(self.system.as_str().into())
            .cpu_architecture(self.architecture.as_str().into());
        let call = cx
            .aws
            .ecs
            .register_task_definition()
            .family(&self.family)
            .requires_compatibilities(Compatibility::Fargate)
            .network_mode(NetworkMode::Awsvpc)
            .cpu(self.cpu.to_string())
            .memory(self.memory.to_string())
            .execution_role_arn(self.execution_role.text())
            .task_role_arn(self.task_role.text())
            .runtime_platform(platform.build())
            .set_container_definitions(Some(containers.collect::<Result<_, _>>()?))
            .set_volumes(Some(volumes.collect::<Result<_, _>>()?))
            .set_tags(Some(tags::ecs::write(&at.tags)));
        let answer = call.send().await.map_err(on("ecs RegisterTaskDefinition"))?;
        let revision = answer.task_definition();
        let arn = revision.and_then(|revision| revision.task_definition_arn());
        required("ecs RegisterTaskDefinition", "taskDefinitionArn", arn)?;
        Ok(revision.map(made_of).unwrap_or_default())
    }
}

fn made_of(live: &sdk::TaskDefinition) -> Made {
    let arn = live.task_definition_arn().unwrap_or_default();
    let revision = live.revision().to_string();
    made(arn, &[("arn", arn), ("family", live.family().unwrap_or_default()), ("revision", &revision)])
}

impl TaskVolume {
    /// ECS gives a bind mount back with an empty `host`. What is neither of the two is read as an EFS volume of nothing,
    /// which differs from anything that could be wanted.
    fn read(live: &Volume) -> Self {
        let elsewhere = live.host().is_some_and(|host| host.source_path().is_some())
            || live.docker_volume_configuration().is_some()
            || live.fsx_windows_file_server_volume_configuration().is_some()
            || live.efs_volume_configuration().is_some()
            || live.configured_at_launch() == Some(true);
        if elsewhere { Self::Efs(EfsVolume::read(live)) } else { Self::Bind(BindMount::EphemeralStorage) }
    }

    fn write(&self, name: &str) -> Result<Volume, Failure> {
        match self {
            Self::Efs(volume) => volume.write(name),
            Self::Bind(BindMount::EphemeralStorage) => Ok(Volume::builder().name(name).build()),
        }
    }
}

impl EfsVolume {
    fn read(live: &Volume) -> Self {
        let efs = live.efs_volume_configuration();
        let authorization = efs.and_then(EfsVolumeConfiguration::authorization_config);
        let encryption = efs.and_then(EfsVolumeConfiguration::transit_encryption);
        Self {
            file_system: efs.map(EfsVolumeConfiguration::file_system_id).unwrap_or_default().into(),
            access_point: authorization.and_then(EfsAuthorizationConfig::access_point_id).unwrap_or_default().into(),
            iam: authorization.and_then(EfsAuthorizationConfig::iam) == Some(&EfsAuthorizationConfigIam::Enabled),
            transit_encryption: encryption == Some(&EfsTransitEncryption::Enabled),
            root: efs.and_then(EfsVolumeConfiguration::root_directory).unwrap_or("/").to_owned(),
        }
    }

    fn write(&self, name: &str) -> Result<Volume, Failure> {
        let iam = if self.iam { EfsAuthorizationConfigIam::Enabled } else { EfsAuthorizationConfigIam::Disabled };
        let encryption =
            if self.transit_encryption { EfsTransitEncryption::Enabled } else { EfsTransitEncryption::Disabled };
        let authorization = EfsAuthorizationConfig::builder().access_point_id(self.access_point.text()).iam(iam);
        let efs = EfsVolumeConfiguration::builder()
            .file_system_id(self.file_system.text())
            .root_directory(&self.root)
            .transit_encryption(encryption)
            .authorization_config(authorization.build());
        Ok(Volume::builder().name(name).efs_volume_configuration(efs.build().map_err(incomplete)?).build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn efs() -> EfsVolume {
        EfsVolume {
            file_system: "fs-1".into(),
            access_point: "fsap-1".into(),
            iam: true,
            transit_encryption: true,
            root: "/".to_owned(),
        }
    }

    fn definition() -> TaskDefinition {
        TaskDefinition {
            family: "ce-prod".to_owned(),
            cpu: 8192,
            memory: 16384,
            execution_role: "arn:execution".into(),
            task_role: "arn:task".into(),
            system: "LINUX".to_owned(),
            architecture: "X86_64".to_owned(),
            containers: BTreeMap::new(),
            volumes: BTreeMap::from([
                ("certs".to_owned(), TaskVolume::Bind(BindMount::EphemeralStorage)),
                ("data".to_owned(), TaskVolume::Efs(efs())),
            ]),
        }
    }

    #[test]
    fn volumes_survive_the_way_to_aws_and_back() {
        for (name, volume) in definition().volumes {
            let mut live = volume.write(&name).unwrap();
            assert_eq!((live.name(), TaskVolume::read(&live)), (Some(name.as_str()), volume.clone()));
            if matches!(volume, TaskVolume::Bind(_)) {
                live.host = Some(sdk::HostVolumeProperties::builder().build());
                assert_eq!(TaskVolume::read(&live), volume, "ECS adds an empty host");
                live.host = Some(sdk::HostVolumeProperties::builder().source_path("/srv").build());
                assert_ne!(TaskVolume::read(&live), volume);
                live.host = None;
                live.configured_at_launch = Some(true);
                assert_ne!(TaskVolume::read(&live), volume);
            }
        }
    }

    #[test]
    fn the_recorded_form_of_an_efs_volume_has_not_changed() {
        let recorded = serde_json::to_value(efs()).unwrap();
        assert_eq!(serde_json::to_value(TaskVolume::Efs(efs())).unwrap(), recorded);
        let whole = serde_json::to_value(definition()).unwrap();
        assert_eq!(whole["volumes"]["data"], recorded);
        assert_eq!(whole["volumes"]["certs"], "ephemeral-storage");
        let back: TaskDefinition = serde_json::from_value(whole).unwrap();
        assert_eq!(back.volumes, definition().volumes);
    }
}
