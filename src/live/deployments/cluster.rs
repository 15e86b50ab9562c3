//! The services of one cluster: each deployment's own has one, a cluster of the user's may have several, among others.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{self as sdk, ClusterField};
use futures::future::OptionFuture;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::aws::answer::Answer;
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::inventory::Live;
use crate::kinds::context::Context;
use crate::kinds::convert::{number, signed};
use crate::kinds::names::{DEPLOYMENT, Names};
use crate::kinds::service::{self, read};
use crate::kinds::tags;
use crate::live::sweep;

use super::{AT_ONCE, Definitions, Depth, Service};

/// How many clusters one call takes (ECS API reference, DescribeClusters).
const CLUSTERS_AT_ONCE: usize = 100;
/// How many tasks or services one page lists (ECS API reference, ListTasks and ListServices).
const PAGE: u32 = 100;

/// A cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Cluster {
    pub arn: String,
    /// The deployment that it was made for.
    pub owner: Option<String>,
    /// How many ACTIVE services it has.
    pub services: u32,
    /// How many tasks are RUNNING, or on their way there.
    pub tasks: u32,
}

/// Every cluster of the region.
pub(super) async fn clusters(context: &Context) -> Result<Vec<Cluster>, Failure> {
    let pages = context.aws.ecs.list_clusters().into_paginator().items().send();
    let arns = pages.try_collect().await.answer()?;
    let call = || context.aws.ecs.describe_clusters().include(ClusterField::Tags);
    let calls = arns.chunks(CLUSTERS_AT_ONCE).map(|arns| call().set_clusters(Some(arns.to_vec())).send());
    let answers: Vec<_> = stream::iter(calls).buffered(AT_ONCE).try_collect().await.answer()?;
    let live = answers.iter().flat_map(|answer| answer.clusters()).filter(|one| one.status() != Some("INACTIVE"));
    let read = |live: &sdk::Cluster| Cluster {
        arn: live.cluster_arn().unwrap_or_default().to_owned(),
        owner: tags::read(live.tags()).remove(DEPLOYMENT),
        services: number(Some(live.active_services_count())),
        tasks: number(Some(live.running_tasks_count().saturating_add(live.pending_tasks_count()))),
    };
    Ok(live.map(read).collect())
}

/// A deployment's service with the tasks of the same cluster, as far as one cluster tells.
pub(super) struct InCluster {
    /// The deployment's own names, and its cluster if it is not its own.
    context: Context,
    live: Option<sdk::Service>,
    tasks: Vec<sdk::Task>,
}

impl Cluster {
    pub fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// Our services in it, with their tasks; for its owner also tasks without a service.
    pub async fn read(&self, context: &Context) -> Result<Vec<InCluster>, Failure> {
        let live = self.services(context).await?;
        let mut ours: BTreeMap<String, Option<sdk::Service>> =
            self.owner.iter().map(|name| (name.clone(), None)).collect();
        for service in live {
            if let Some(name) = tags::read(service.tags()).remove(DEPLOYMENT) {
                ours.insert(name, Some(service));
            }
        }
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        let together = match self.is_read_whole(ours.len()) {
            true => Some(read::tasks(&Context { cluster: None, ..context.clone() }, &self.arn).await?),
            false => None,
        };
        let mut all = Vec::new();
        for (name, live) in ours {
            let is_own = self.owner.as_ref() == Some(&name);
            let context = self.context_of(context, name, is_own);
            let is_its_own = |task: &&sdk::Task| is_own || read::is_of_family(&context, task);
            let tasks = match &together {
                Some(tasks) => tasks.iter().filter(is_its_own).cloned().collect(),
                None => read::tasks(&context, &self.arn).await?,
            };
            all.push(InCluster { context, live, tasks });
        }
        Ok(all)
    }

    /// Whether all its tasks are read, and not only ours by service and families: that takes several calls for each,
    /// and is less only beside many tasks of others.
    fn is_read_whole(&self, ours: usize) -> bool {
        self.owner.is_some() || self.tasks as usize <= PAGE as usize * ours
    }

    fn context_of(&self, context: &Context, name: String, is_own: bool) -> Context {
        let names = Names { deployment: name, ..context.names.clone() };
        Context { names, cluster: (!is_own).then(|| self.arn.clone()), ..context.clone() }
    }

    /// The services that may be ours, which are named `ce-<deployment>` (see `kinds::names`). The owner's is asked for
    /// by name: in its cluster services are listed only where there are more.
    async fn services(&self, context: &Context) -> Result<Vec<sdk::Service>, Failure> {
        let stack = |name: &String| Names { deployment: name.clone(), ..context.names.clone() }.stack();
        let own: Vec<String> = self.owner.iter().map(stack).collect();
        let mut found = read::services(context, &self.arn, &own).await?;
        let active = found.iter().filter(|live| live.status() == Some("ACTIVE")).count();
        if self.owner.is_none() || self.services as usize > active {
            let call = context.aws.ecs.list_services().cluster(&self.arn).max_results(signed(PAGE));
            let arns = call.into_paginator().items().send().try_collect().await.unless_gone()?;
            let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
            let mut others = arns.unwrap_or_default();
            others.retain(|arn| name(arn).starts_with("ce-") && !own.contains(&name(arn)));
            found.extend(read::services(context, &self.arn, &others).await?);
        }
        Ok(found)
    }
}

impl InCluster {
    pub fn deployment(&self) -> &str {
        &self.context.names.deployment
    }

    /// With what AWS tells of each one alone, and why some of that is missing. No service if there is neither one nor a
    /// task that may still write.
    pub async fn complete(self, depth: Depth, known: &Definitions) -> (Option<Service>, Option<Failure>) {
        let Self { context, live, tasks } = self;
        let target_group = live.as_ref().and_then(read::target_group).map(str::to_owned);
        let is_any_wanted = tasks.iter().any(|task| task.desired_status() == Some("RUNNING"));
        let group = target_group.as_deref().filter(|_| depth == Depth::Targets && is_any_wanted);
        let targets = OptionFuture::from(group.map(|group| read::targets_of(&context, group)));
        let revision = live.as_ref().and_then(|live| live.task_definition());
        let definition = OptionFuture::from(revision.map(|arn| definition(&context, arn, known)));
        let (targets, definition) = tokio::join!(targets, definition);
        let (targets, no_targets) = parted(targets);
        let (definition, no_definition) = parted(definition);
        let described = match read::of_parts(&context, live, tasks, targets.unwrap_or_default()).await {
            Ok(described) => described,
            Err(failure) => return (None, Some(failure)),
        };
        let found = service::found(&context, &described).map(|found| found.at(Address::new("service", "main")));
        let live = found.and_then(|found| found.live(&context));
        let definition = definition.flatten();
        let service = live.map(|live| Service { live, view: described.view, definition, target_group });
        (service, no_targets.or(no_definition))
    }
}

/// What was read, and why it was not.
fn parted<T>(read: Option<Result<T, Failure>>) -> (Option<T>, Option<Failure>) {
    match read {
        Some(Ok(read)) => (Some(read), None),
        Some(Err(failure)) => (None, Some(failure)),
        None => (None, None),
    }
}

async fn definition(context: &Context, arn: &str, known: &Definitions) -> Result<Option<Live>, Failure> {
    match known.get(arn) {
        Some(live) => Ok(Some(live.clone())),
        None => sweep::revision(context, arn).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_picked_out_of_a_cluster_only_beside_many_tasks_of_others() {
        let cluster =
            |owner: Option<&str>, tasks| Cluster { owner: owner.map(str::to_owned), tasks, ..Cluster::default() };
        assert!(cluster(Some("prod"), 5000).is_read_whole(1));
        assert!(cluster(None, 100).is_read_whole(1) && cluster(None, 200).is_read_whole(2));
        assert!(!cluster(None, 101).is_read_whole(1));
    }
}
