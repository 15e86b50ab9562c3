//! All deployments of an account and region, from tags alone.
//!
//! One sweep of a few kinds, side by side: services, clusters, file systems and VPCs. What a destroy keeps is
//! among them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{ClusterField, ServiceField};
use futures::future::{try_join_all, try_join3};

use crate::aws::answer::Answer;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::Failure;
use crate::engine::inventory::Live;
use crate::kinds::context::{Context, Tags};
use crate::kinds::ec2;
use crate::kinds::names::{DEPLOYMENT, Names};
use crate::kinds::service::read;
use crate::kinds::service::view::ServiceView;
use crate::kinds::tags;

use super::sweep;

/// What there is of one deployment.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    pub name: String,
    pub service: Option<Service>,
    /// Kinds of what else was found: `file-system`, `vpc`.
    pub kinds: BTreeSet<&'static str>,
}

/// A deployment's service.
#[derive(Clone, Debug)]
pub struct Service {
    pub tags: Tags,
    pub view: ServiceView,
    /// The revision in force.
    pub definition: Option<Live>,
}

/// All of them, by name.
pub async fn all(context: &Context) -> Result<Vec<Deployment>, Failure> {
    let (in_clusters, file_systems, vpcs) = try_join3(ecs(context), file_systems(context), vpcs(context)).await?;
    let (clusters, services) = in_clusters;
    let mut all = BTreeMap::<String, Deployment>::new();
    for (kind, names) in [("cluster", clusters), ("file-system", file_systems), ("vpc", vpcs)] {
        for name in names {
            all.entry(name).or_default().kinds.insert(kind);
        }
    }
    for (name, service) in services {
        all.entry(name).or_default().service = Some(service);
    }
    Ok(all.into_iter().map(|(name, deployment)| Deployment { name, ..deployment }).collect())
}

/// Deployments that have clusters of their own, and the services of all, which may be in clusters of the user's.
async fn ecs(context: &Context) -> Result<(BTreeSet<String>, Vec<(String, Service)>), Failure> {
    let pages = context.aws.ecs.list_clusters().into_paginator().items().send();
    let arns = pages.try_collect().await.answer()?;
    let own = clusters(context, &arns);
    let services = try_join_all(arns.iter().map(|cluster| in_cluster(context, cluster)));
    let (own, services) = tokio::try_join!(own, services)?;
    Ok((own, services.into_iter().flatten().collect()))
}

/// How many services one call takes (ECS API reference, DescribeServices).
const AT_ONCE: usize = 10;

/// Our services are named `ce-<deployment>` (see `kinds::names`).
async fn in_cluster(context: &Context, cluster: &str) -> Result<Vec<(String, Service)>, Failure> {
    let pages = context.aws.ecs.list_services().cluster(cluster).into_paginator().items().send();
    let arns = pages.try_collect().await.unless_gone()?;
    let is_ours = |arn: &String| arn.rsplit('/').next().is_some_and(|name| name.starts_with("ce-"));
    let arns: Vec<String> = arns.unwrap_or_default().into_iter().filter(is_ours).collect();
    let call = || context.aws.ecs.describe_services().cluster(cluster).include(ServiceField::Tags);
    let calls = arns.chunks(AT_ONCE).map(|arns| call().set_services(Some(arns.to_vec())).send());
    let answers = try_join_all(calls).await.answer()?;
    let live = answers.iter().flat_map(|answer| answer.services()).filter(|live| live.status() != Some("INACTIVE"));
    let ours = live.filter_map(|live| {
        let tags = tags::read(live.tags());
        Some((tags.get(DEPLOYMENT)?.clone(), tags, live.task_definition().map(str::to_owned)))
    });
    try_join_all(ours.map(|(name, tags, definition)| async move {
        let names = Names { deployment: name.clone(), ..context.names.clone() };
        let context = Context { names, cluster: Some(cluster.to_owned()), ..context.clone() };
        let revision = async {
            match definition {
                Some(arn) => sweep::revision(&context, &arn).await,
                None => Ok(None),
            }
        };
        let (view, definition) = tokio::try_join!(read::snapshot(&context), revision)?;
        Ok((name, Service { tags, view, definition }))
    }))
    .await
}

async fn clusters(context: &Context, arns: &[String]) -> Result<BTreeSet<String>, Failure> {
    let call = || context.aws.ecs.describe_clusters().include(ClusterField::Tags);
    // As many as one call takes (ECS API reference, DescribeClusters).
    let calls = arns.chunks(100).map(|arns| call().set_clusters(Some(arns.to_vec())).send());
    let answers = try_join_all(calls).await.answer()?;
    let live = answers.iter().flat_map(|answer| answer.clusters()).filter(|one| one.status() != Some("INACTIVE"));
    Ok(live.filter_map(|one| tags::read(one.tags()).remove(DEPLOYMENT)).collect())
}

async fn file_systems(context: &Context) -> Result<BTreeSet<String>, Failure> {
    let pages = context.aws.efs.describe_file_systems().into_paginator().items().send();
    let all = pages.try_collect().await.answer()?;
    let tags = all.iter().map(|one| tags::read(one.tags()));
    Ok(tags.filter_map(|mut tags| tags.remove(DEPLOYMENT)).collect())
}

async fn vpcs(context: &Context) -> Result<BTreeSet<String>, Failure> {
    let call = context.aws.ec2.describe_vpcs().filters(ec2::filter("tag-key", [DEPLOYMENT]));
    let all = call.into_paginator().items().send().try_collect().await.answer()?;
    Ok(all.iter().filter_map(|vpc| tags::read(vpc.tags()).remove(DEPLOYMENT)).collect())
}

const ECS: [&str; 7] = [
    "DescribeClusters",
    "DescribeServices",
    "DescribeTaskDefinition",
    "DescribeTasks",
    "ListClusters",
    "ListServices",
    "ListTasks",
];

/// What [`all`] asks.
pub fn grants() -> Vec<Grant> {
    vec![
        Grant::new(Use::List, "ecs", &ECS),
        Grant::new(Use::List, "elasticloadbalancing", &["DescribeTargetHealth"]),
        Grant::new(Use::List, "elasticfilesystem", &["DescribeFileSystems"]),
        Grant::new(Use::List, "ec2", &["DescribeVpcs"]),
    ]
}
