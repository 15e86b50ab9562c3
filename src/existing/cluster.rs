//! Existing ECS clusters.

use aws_sdk_ecs::types::{self, ClusterField, ClusterSetting, ClusterSettingName};

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::convert::text;
use crate::kinds::names::DEPLOYMENT;
use crate::kinds::tags;

use super::Named;
use super::lookup::only;

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    pub arn: String,
    pub name: String,
    /// `ACTIVE`, or another status.
    pub status: String,
    pub container_insights: bool,
    /// The KMS key that sessions in its containers are encrypted with, if any: its id or ARN, or an alias.
    pub session_key: Option<String>,
    /// The deployment that its tags name.
    pub deployment: Option<String>,
}

/// How many clusters one call describes (ECS API reference, DescribeClusters).
const AT_ONCE: usize = 100;

/// The clusters with these names or ARNs that exist, or all of the region. One call describes a hundred; listing them
/// all takes one more for each page.
pub async fn clusters(context: &Context, names: Option<&[String]>) -> Result<Vec<Cluster>, Failure> {
    let listed = match names {
        Some(names) => names.to_vec(),
        None => context.aws.ecs.list_clusters().into_paginator().items().send().try_collect().await.answer()?,
    };
    let mut found = Vec::new();
    for names in listed.chunks(AT_ONCE) {
        let call = context.aws.ecs.describe_clusters().set_clusters(Some(names.to_vec()));
        let call =
            call.include(ClusterField::Configurations).include(ClusterField::Settings).include(ClusterField::Tags);
        // The answer lists a missing cluster among its failures; an invalid name is an error.
        let answer = call.send().await.unless_gone()?;
        found.extend(answer.iter().flat_map(|answer| answer.clusters()).map(read));
    }
    Ok(found)
}

/// The cluster of this name or ARN.
pub async fn cluster(context: &Context, name: &str) -> Result<Named<Cluster>, Failure> {
    only(name, clusters(context, Some(&[name.to_owned()])).await)
}

fn read(cluster: &types::Cluster) -> Cluster {
    let exec = cluster.configuration().and_then(|configuration| configuration.execute_command_configuration());
    let insights = cluster.settings().iter().find(|s| s.name() == Some(&ClusterSettingName::ContainerInsights));
    Cluster {
        arn: text(cluster.cluster_arn()),
        name: text(cluster.cluster_name()),
        status: text(cluster.status()),
        container_insights: insights.and_then(ClusterSetting::value).is_some_and(|value| value != "disabled"),
        session_key: exec.and_then(|exec| exec.kms_key_id()).filter(|key| !key.is_empty()).map(str::to_owned),
        deployment: tags::read(cluster.tags()).remove(DEPLOYMENT),
    }
}
