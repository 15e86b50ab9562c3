//! How the task definition is listed, registered and pruned: every change of it is a new revision.

use aws_sdk_ecs::types::{Compatibility, NetworkMode, RuntimePlatform};

use crate::kinds::prelude::*;

use super::properties::TaskDefinition;
use super::revision::{active, deregister, describe, made_of, newest_of_ours, number};

/// How many revisions before the one in force stay active, for rolling back by hand.
const KEPT: usize = 2;

#[async_trait]
impl Resource for TaskDefinition {
    const TAGGING: Tagging = Tagging::Ecs;
    const ACT: Option<Action> = Some(Action::Prune);

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let stack = context.names.stack();
        let found = match describe(context, &stack).await? {
            Some(newest) if tags::address_of(context, Self::KIND.name, &newest.tags).is_none() => {
                newest_of_ours(context).await?
            }
            newest => newest,
        };
        Ok(found.into_iter().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        self.register(context, target).await
    }

    /// What an earlier attempt has registered, in this run or in one that was interrupted, nothing runs: it is
    /// deregistered before another revision is registered.
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        for arn in newer(context, target).await? {
            deregister(context, &arn).await?;
        }
        Ok(())
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
    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        let newer = newer(context, target).await?;
        let mut old = active(context, &context.names.stack()).await?;
        old.retain(|arn| number(arn) < number(&target.id));
        old.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
        let of_data_steps = active(context, &context.names.data_family()).await?;
        for arn in newer.into_iter().chain(old.into_iter().skip(KEPT)).chain(of_data_steps) {
            deregister(context, &arn).await?;
        }
        Ok(())
    }

    fn grants(place: &Place) -> Grants<'_> {
        let named = format!("task-definition/{}:*", place.names.stack());
        // AWS restricts the last of them to nothing (Service Authorization Reference, Amazon ECS).
        Grants::new(place, "ecs", &[&named])
            .see(&["DescribeTaskDefinition", "ListTaskDefinitions"])
            .create("RegisterTaskDefinition")
            .also(place.passing_to_tasks(Use::Make))
            .also(Grant::new(Use::Remove, "ecs", &["DeregisterTaskDefinition"]))
    }
}

impl TaskDefinition {
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

/// The active revisions that are newer than one.
async fn newer(context: &Context, target: &Target) -> Result<Vec<String>, Failure> {
    let mut active = active(context, &context.names.stack()).await?;
    active.retain(|arn| number(arn) > number(&target.id));
    Ok(active)
}
