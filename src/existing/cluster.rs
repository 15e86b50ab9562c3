//! An ECS cluster of the user's.

use aws_sdk_ecs::types::{self, ClusterField, ClusterSetting, ClusterSettingName};

use crate::aws::error::{on, unless_gone};
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::Named;
use super::lookup::{named, only};

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    pub arn: String,
    pub name: String,
    /// `ACTIVE`, or what else ECS says.
    pub status: String,
    pub container_insights: bool,
}

/// As many as one call describes (ECS API reference, DescribeClusters).
const AT_ONCE: usize = 100;

/// Clusters: those of these names or ARNs that there are, or all of the region. One call for a hundred; to know them all,
/// one more for each page of the list.
///
/// # Errors
///
/// Whatever a call meets.
pub async fn clusters(context: &Context, names: Option<&[String]>) -> Result<Vec<Cluster>, Failure> {
    let listed = match names {
        Some(names) => names.to_vec(),
        None => {
            let pages = context.aws.ecs.list_clusters().into_paginator().items().send();
            pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ecs ListClusters"))?
        }
    };
    let mut found = Vec::new();
    for names in listed.chunks(AT_ONCE) {
        let call =
            context.aws.ecs.describe_clusters().set_clusters(Some(names.to_vec())).include(ClusterField::Settings);
        // One that is not there is among the answer's failures, unless its name is not even one.
        let answer = unless_gone(call.send().await.map_err(on("ecs DescribeClusters")))?;
        found.extend(answer.iter().flat_map(|answer| answer.clusters()).map(read));
    }
    Ok(found)
}

/// The cluster of this name or ARN.
///
/// # Errors
///
/// Whatever a call meets, but for its not being there or our not being allowed to read it.
pub async fn cluster(context: &Context, name: &str) -> Result<Named<Cluster>, Failure> {
    named(name, clusters(context, Some(&[name.to_owned()])).await.and_then(|found| only(found, name)))
}

fn read(cluster: &types::Cluster) -> Cluster {
    let insights = cluster.settings().iter().find(|s| s.name() == Some(&ClusterSettingName::ContainerInsights));
    Cluster {
        arn: cluster.cluster_arn().unwrap_or_default().to_owned(),
        name: cluster.cluster_name().unwrap_or_default().to_owned(),
        status: cluster.status().unwrap_or_default().to_owned(),
        container_insights: insights.and_then(ClusterSetting::value).is_some_and(|value| value != "disabled"),
    }
}
