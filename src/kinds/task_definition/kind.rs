//! The task definition: every change of it is a new revision.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    self as sdk, Compatibility, CpuArchitecture, NetworkMode, OsFamily, RuntimePlatform, TaskDefinitionField,
    TaskDefinitionStatus,
};

use crate::kinds::prelude::*;
use crate::kinds::role::Role;

use super::container::Container;
use super::volume::TaskVolume;

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

/// How many revisions before the one in force stay active, for rolling back by hand.
const KEPT: usize = 2;

/// How many revisions without our tags are skipped in the search for the newest one that has them.
const FOREIGN: usize = 20;

/// One revision, or the latest active one of a family, if it is of this deployment.
pub async fn read(context: &Context, which: &str) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let found = describe(context, which).await?;
    Ok(found.and_then(|found| {
        let address = tags::address_of(context, TaskDefinition::KIND.name, &found.tags)?;
        Some(found.at(address))
    }))
}

/// The revision that the service runs, if it is of our family, whoever registered it. One registered by hand has no
/// record of what was wanted last: `recorded`, our own newest revision, has it.
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
        describe(context, arn).await?.filter(|found| found.outputs.get("family") == Some(&context.names.stack()));
    let Some(found) = revision else { return Ok(None) };
    if let Some(address) = tags::address_of(context, TaskDefinition::KIND.name, &found.tags) {
        return Ok(Some(found.at(address)));
    }
    Ok(Some(match recorded {
        Some((address, tags)) => found.at(address.clone()).tags(tags.clone()),
        None => found.at(Address::new(TaskDefinition::KIND.name, "main")),
    }))
}

async fn describe(context: &Context, which: &str) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let call = context.aws.ecs.describe_task_definition().task_definition(which).include(TaskDefinitionField::Tags);
    let Some(answer) = call.send().await.unless_gone()? else { return Ok(None) };
    Ok(answer.task_definition().map(|live| {
        let made = made_of(live);
        let found = Found::new(made.id.as_str()).spec(TaskDefinition::read(live)).tags(tags::read(answer.tags()));
        Found { outputs: made.outputs, ..found }
    }))
}

/// The newest active revision of ours, older than those that somebody has registered by hand.
async fn newest_of_ours(context: &Context) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let mut active = active(context, &context.names.stack()).await?;
    active.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
    for arn in active.iter().take(FOREIGN) {
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
    let call = context.aws.ecs.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
    call.into_paginator().items().send().try_collect().await.answer()
}

/// The active revisions that are newer than one.
async fn newer(context: &Context, target: &Target) -> Result<Vec<String>, Failure> {
    let mut active = active(context, &context.names.stack()).await?;
    active.retain(|arn| number(arn) > number(&target.id));
    Ok(active)
}

async fn deregister(context: &Context, arn: &str) -> Result<(), Failure> {
    context.aws.ecs.deregister_task_definition().task_definition(arn).send().await.done()
}

/// The number at the end of a revision's ARN.
pub fn number(arn: &str) -> u32 {
    arn.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[async_trait]
impl Resource for TaskDefinition {
    const TAGGING: Tagging = Tagging::Ecs;

    async fn list(context: &Context, _depth: Depth) -> Result<Listing<Self>, Failure> {
        let stack = context.names.stack();
        let found = match describe(context, &stack).await? {
            Some(newest) if tags::address_of(context, Self::KIND.name, &newest.tags).is_none() => {
                newest_of_ours(context).await?
            }
            newest => newest,
        };
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        self.register(context, target).await
    }

    /// A revision cannot be changed: there is a new one, and whoever refers to it sees another ARN. What an earlier
    /// attempt has registered, in this run or in one that was interrupted, nothing runs: it is deregistered first.
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        for arn in newer(context, target).await? {
            deregister(context, &arn).await?;
        }
        self.register(context, target).await
    }

    /// Every active revision of the family. Inactive ones stay with AWS indefinitely.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let family = target.outputs.get("family").cloned().unwrap_or_else(|| context.names.stack());
        for family in [family, context.names.data_family()] {
            for arn in active(context, &family).await? {
                deregister(context, &arn).await?;
            }
        }
        Ok(())
    }

    /// Deregisters what is newer than the revision in force, which was never verified, and all but some of the older
    /// ones; and the revisions of data steps.
    async fn act(context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        if action != Action::Prune {
            return Err(target.no_step(action));
        }
        let newer = newer(context, target).await?;
        let mut old = active(context, &context.names.stack()).await?;
        old.retain(|arn| number(arn) < number(&target.id));
        old.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
        let of_data_steps = active(context, &context.names.data_family()).await?;
        for arn in newer.into_iter().chain(old.into_iter().skip(KEPT)).chain(of_data_steps) {
            deregister(context, &arn).await?;
        }
        Ok(target.as_known())
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
        let size = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
        let platform = live.runtime_platform();
        let system = platform.and_then(RuntimePlatform::operating_system_family).map_or("LINUX", OsFamily::as_str);
        let architecture =
            platform.and_then(RuntimePlatform::cpu_architecture).map_or("X86_64", CpuArchitecture::as_str);
        Self {
            family: text(live.family()),
            cpu: size(live.cpu()),
            memory: size(live.memory()),
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
    pub async fn register(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let containers = self.containers.iter().map(|(name, container)| container.write(name));
        let volumes = self.volumes.iter().map(|(name, volume)| volume.write(name));
        let platform = RuntimePlatform::builder()
            .operating_system_family(self.system.as_str().into())
            .cpu_architecture(self.architecture.as_str().into());
        let ecs = &context.aws.ecs;
        let call = ecs
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
            .set_tags(Some(tags::write(&target.tags)));
        let answer = call.send().await.answer()?;
        member(&answer, "taskDefinitionArn", |answer| answer.task_definition()?.task_definition_arn())?;
        Ok(answer.task_definition().map(made_of).unwrap_or_default())
    }
}

fn made_of(live: &sdk::TaskDefinition) -> Made {
    let arn = live.task_definition_arn().unwrap_or_default();
    let revision = live.revision().to_string();
    made(arn, &[("arn", arn), ("family", live.family().unwrap_or_default()), ("revision", &revision)])
}
