//! All deployments of an account and region, from tags alone.
//!
//! One call with its pages serves all of them wherever AWS answers for several: clusters, file systems and VPCs. What
//! it answers only by cluster, revision or target group is asked once for each, a few at a time, because AWS throttles.
//! What a destroy keeps is found too.

mod cluster;

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt as _};

use crate::aws::answer::Answer;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::Failure;
use crate::engine::inventory::{Inventory, Live};
use crate::kinds::context::{Context, Tags};
use crate::kinds::ec2;
use crate::kinds::names::DEPLOYMENT;
use crate::kinds::service::view::ServiceView;
use crate::kinds::tags;

/// So many clusters or deployments are read at once: few enough for the SDK's retry quota to last where AWS throttles
/// all of them.
const AT_ONCE: usize = 8;

/// What there is of one deployment.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    pub name: String,
    /// The service with its tasks, or tasks that outlive it.
    pub service: Option<Service>,
    /// Kinds of what else was found: `file-system`, `vpc`.
    pub kinds: BTreeSet<&'static str>,
    /// Why not all of its service and tasks could be read.
    pub unread: Option<Failure>,
}

/// A deployment's service.
#[derive(Clone, Debug)]
pub struct Service {
    pub live: Live,
    pub view: ServiceView,
    /// The revision in force.
    pub definition: Option<Live>,
    /// The ARN of the target group that its task is registered in.
    pub target_group: Option<String>,
}

impl Service {
    /// Whether it is more than tasks that outlive it.
    pub fn is_there(&self) -> bool {
        self.view.service.is_some()
    }

    pub fn tags(&self) -> &Tags {
        &self.live.tags
    }

    /// The same, as a sweep over the deployment would find it.
    pub fn inventory(&self) -> Inventory {
        Inventory::new([self.live.clone()].into_iter().chain(self.definition.clone()).collect())
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Deployments {
    /// By name.
    pub found: Vec<Deployment>,
    /// What could not be read, by kind or, of a single cluster, by its name; some deployments may be missing.
    pub unread: BTreeMap<String, Failure>,
}

impl Deployments {
    /// The first thing that could not be read.
    pub fn failure(&self) -> Option<&Failure> {
        self.unread.values().chain(self.found.iter().filter_map(|one| one.unread.as_ref())).next()
    }
}

/// Revisions of task definitions that were read before. They never change.
pub type Definitions = BTreeMap<String, Live>;

/// What is asked about each service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What runs.
    Tasks,
    /// The health of the load balancers' targets too.
    Targets,
}

/// All of them. `known` holds revisions that need not be read again, and takes those that were.
///
/// # Errors
///
/// A failure that every call would meet, or one of the lists of clusters. What else cannot be read is noted.
pub async fn all(context: &Context, depth: Depth, known: &mut Definitions) -> Result<Deployments, Failure> {
    let (clusters, file_systems, vpcs) = tokio::join!(cluster::clusters(context), file_systems(context), vpcs(context));
    let clusters = clusters?;
    let mut all = Gathered::default();
    all.kind("cluster", Ok(clusters.iter().filter_map(|cluster| cluster.owner.clone()).collect()))?;
    all.kind("file-system", file_systems)?;
    all.kind("vpc", vpcs)?;
    let mut services = Vec::new();
    let read = stream::iter(&clusters).map(|cluster| async move { (cluster, cluster.read(context).await) });
    for (cluster, found) in read.buffered(AT_ONCE).collect::<Vec<_>>().await {
        match (found, &cluster.owner) {
            (Ok(found), _) => services.extend(found),
            (Err(failure), Some(name)) => all.at(name).unread = Some(noted(failure)?),
            (Err(failure), None) => drop(all.unread.insert(cluster.name().to_owned(), noted(failure)?)),
        }
    }
    let definitions = &*known;
    let read = stream::iter(services).map(|service| async move {
        let name = service.deployment().to_owned();
        (name, service.complete(depth, definitions).await)
    });
    for (name, (service, failure)) in read.buffered(AT_ONCE).collect::<Vec<_>>().await {
        let deployment = all.at(&name);
        if let Some(failure) = failure {
            deployment.unread = Some(noted(failure)?);
        }
        // A deployment that has moved may have tasks in one cluster and its service in another.
        if service.as_ref().is_some_and(Service::is_there) || deployment.service.is_none() {
            deployment.service = service;
        }
    }
    let found: Vec<_> = all.found.into_values().collect();
    let definitions = found.iter().filter_map(|one| one.service.as_ref()?.definition.clone());
    *known = definitions.map(|live| (live.id.clone(), live)).collect();
    Ok(Deployments { found, unread: all.unread })
}

/// Their names alone: one call a kind, with its pages. What cannot be read is left out.
///
/// # Errors
///
/// The clusters cannot be listed.
pub async fn names(context: &Context) -> Result<BTreeSet<String>, Failure> {
    let (clusters, file_systems, vpcs) = tokio::join!(cluster::clusters(context), file_systems(context), vpcs(context));
    let owners = clusters?.into_iter().filter_map(|cluster| cluster.owner);
    Ok(owners.chain(file_systems.unwrap_or_default()).chain(vpcs.unwrap_or_default()).collect())
}

/// What is known so far.
#[derive(Default)]
struct Gathered {
    found: BTreeMap<String, Deployment>,
    unread: BTreeMap<String, Failure>,
}

impl Gathered {
    fn at(&mut self, name: &str) -> &mut Deployment {
        let new = || Deployment { name: name.to_owned(), ..Deployment::default() };
        self.found.entry(name.to_owned()).or_insert_with(new)
    }

    /// Which deployments have something of a kind.
    fn kind(&mut self, kind: &'static str, names: Result<BTreeSet<String>, Failure>) -> Result<(), Failure> {
        match names {
            Ok(names) => names.iter().for_each(|name| self.at(name).kinds.extend([kind])),
            Err(failure) => drop(self.unread.insert(kind.to_owned(), noted(failure)?)),
        }
        Ok(())
    }
}

/// A failure that need not end the whole.
fn noted(failure: Failure) -> Result<Failure, Failure> {
    if failure.concerns_every_call() { Err(failure) } else { Ok(failure) }
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

const ELB: [&str; 5] =
    ["DescribeListeners", "DescribeLoadBalancers", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth"];

/// What [`all`] asks, and for the addresses of the load balancers [`crate::existing::ingress::listened`].
pub fn grants() -> Vec<Grant> {
    vec![
        Grant::new(Use::List, "ecs", &ECS),
        Grant::new(Use::List, "elasticloadbalancing", &ELB),
        Grant::new(Use::List, "elasticfilesystem", &["DescribeFileSystems"]),
        Grant::new(Use::List, "ec2", &["DescribeVpcs"]),
    ]
}
