//! The task definition: every change of it is a new revision.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    self as sdk, Compatibility, CpuArchitecture, NetworkMode, OsFamily, RuntimePlatform, TaskDefinitionField,
    TaskDefinitionStatus,
};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::{on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::plan::Action;
use crate::engine::reference::Ref;
use crate::engine::run::Made;
use crate::partition::principals;

use super::container::Container;
use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::role::Role;
use super::tags;

pub use super::task_volume::{BindMount, EfsVolume, TaskVolume};

/// A task definition for Fargate. Outputs: `id` and `arn` (the revision's ARN), `family`, `revision` (a number).
///
/// The family must be `context.names.stack()`; what is listed is its latest active revision that is of this deployment.
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
pub async fn read(context: &Context, which: &str) -> Result<Option<Found<TaskDefinition>>, Failure> {
    Ok(describe(context, which).await?.and_then(|revision| revision.ours(context)))
}

/// The revision that the service runs, if it is of our family, whoever registered it. What somebody has registered by
/// hand has no record of what was wanted last: that is the one of `recorded`, our own newest revision.
///
/// # Errors
///
/// Whatever the call meets; what does not exist is no error.
pub async fn in_force(
    context: &Context,
    arn: &str,
    recorded: Option<(&Address, &Tags)>,
) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let revision =
        describe(context, arn).await?.filter(|revision| revision.live.family() == Some(&context.names.stack()));
    let Some(Revision { live, tags }) = revision else { return Ok(None) };
    if let Some(address) = tags::address_of(context, TaskDefinition::KIND.name, &tags) {
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
    fn ours(self, context: &Context) -> Option<Found<TaskDefinition>> {
        let address = tags::address_of(context, TaskDefinition::KIND.name, &self.tags)?;
        Some(found(address, &self.live, self.tags))
    }
}

async fn describe(context: &Context, which: &str) -> Result<Option<Revision>, Failure> {
    let call = context.aws.ecs.describe_task_definition().task_definition(which).include(TaskDefinitionField::Tags);
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
async fn newest_of_ours(context: &Context) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let mut active = active(context, &context.names.stack()).await?;
    active.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
    for arn in active.iter().take(STRANGE) {
        if let Some(found) = read(context, arn).await? {
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
pub async fn active(context: &Context, family: &str) -> Result<Vec<String>, Failure> {
    let pages = context.aws.ecs.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
    let arns = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    arns.map_err(on("ecs ListTaskDefinitions"))
}

/// The active revisions that are newer than one.
async fn newer(context: &Context, target: &Target) -> Result<Vec<String>, Failure> {
    let mut active = active(context, &context.names.stack()).await?;
    active.retain(|arn| number(arn) > number(&target.id));
    Ok(active)
}

async fn deregister(context: &Context, arn: &str) -> Result<(), Failure> {
    let call = context.aws.ecs.deregister_task_definition().task_definition(arn);
    call.send().await.map_err(on("ecs DeregisterTaskDefinition"))?;
    Ok(())
}

/// The number at the end of a revision's ARN.
pub fn number(arn: &str) -> u32 {
    arn.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[async_trait]
impl Resource for TaskDefinition {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let Some(newest) = describe(context, &context.names.stack()).await? else { return Ok(Vec::new().into()) };
        let found = match newest.ours(context) {
            Some(found) => Some(found),
            None => newest_of_ours(context).await?,
        };
        Ok(found.into_iter().collect::<Vec<_>>().into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        self.register(context, target).await
    }

    /// A revision cannot be changed: there is a new one, and whoever refers to it sees another ARN. What an attempt before has
    /// registered, in this run or in one that was cut off, nobody runs: it goes first.
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        for arn in newer(context, target).await? {
            deregister(context, &arn).await?;
        }
        self.register(context, target).await
    }

    /// Every active revision of the family. Inactive ones stay with AWS, which has no end for them.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let family = target.outputs.get("family").cloned().unwrap_or_else(|| context.names.stack());
        for family in [family, context.names.data_family()] {
            for arn in active(context, &family).await? {
                deregister(context, &arn).await?;
            }
        }
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ecs::set(context, &target.id, set, remove).await
    }

    /// Deregisters what is newer than the revision in force, which was never proven, and all but some of the older ones;
    /// and the revisions of data steps.
    async fn act(context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        if action != Action::Prune {
            return Err(Failure::of(Cause::Internal, format!("{} has no step {action:?}", target.address)));
        }
        let newer = newer(context, target).await?;
        let mut old = active(context, &context.names.stack()).await?;
        old.retain(|arn| number(arn) < number(&target.id));
        old.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
        for arn in newer
            .into_iter()
            .chain(old.into_iter().skip(KEPT))
            .chain(active(context, &context.names.data_family()).await?)
        {
            deregister(context, &arn).await?;
        }
        Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
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
    pub(super) async fn register(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let containers = self.containers.iter().map(|(name, container)| container.write(name));
        let volumes = self.volumes.iter().map(|(name, volume)| volume.write(name));
        let platform = RuntimePlatform::builder()
            .operating_system_family(self.system.as_str().into())
            .cpu_architecture(self.architecture.as_str().into());
        let call = context
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
            .set_tags(Some(tags::ecs::write(&target.tags)));
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
