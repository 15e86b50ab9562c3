//! The ECS cluster.

use async_trait::async_trait;
use aws_sdk_ecs::types::{ClusterField, ClusterSetting, ClusterSettingName};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::Failure;
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::tags;

/// A cluster. Outputs: `id` and `arn` (the ARN), `name`.
///
/// Its name must be `context.names.stack()`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cluster {
    pub name: String,
    pub container_insights: bool,
}

impl Spec for Cluster {
    const KIND: Kind = Kind { immutable: &["name"], gone_after: &["service"], ..Kind::new("cluster", Part::Service) };
}

#[async_trait]
impl Resource for Cluster {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let call = context.aws.ecs.describe_clusters().clusters(context.names.stack());
        let call = call.include(ClusterField::Settings).include(ClusterField::Tags);
        let answer = call.send().await.map_err(on("ecs DescribeClusters"))?;
        let mut found = Vec::new();
        // A deleted cluster is described as INACTIVE for a while (ECS API reference, DeleteCluster).
        for cluster in answer.clusters().iter().filter(|cluster| cluster.status() != Some("INACTIVE")) {
            let tags = tags::ecs::read(cluster.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let arn = required("ecs DescribeClusters", "clusterArn", cluster.cluster_arn())?;
            let name = cluster.cluster_name().unwrap_or_default();
            let insights = cluster.settings().iter().find(|s| s.name() == Some(&ClusterSettingName::ContainerInsights));
            let spec = Self {
                name: name.to_owned(),
                container_insights: insights.and_then(ClusterSetting::value).is_some_and(|value| value != "disabled"),
            };
            let entry = Found::new(address, arn).output("arn", arn).output("name", name);
            found.push(entry.phase(phase(cluster.status().unwrap_or_default())).spec(spec).tags(tags));
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context.aws.ecs.create_cluster().cluster_name(&self.name).settings(self.insights());
        let answer =
            call.set_tags(Some(tags::ecs::write(&target.tags))).send().await.map_err(on("ecs CreateCluster"))?;
        let arn = answer.cluster().and_then(|cluster| cluster.cluster_arn());
        let arn = required("ecs CreateCluster", "clusterArn", arn)?;
        Ok(made(arn, &[("arn", arn), ("name", &self.name)]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context.aws.ecs.update_cluster_settings().cluster(&target.id).settings(self.insights());
        call.send().await.map_err(on("ecs UpdateClusterSettings"))?;
        Ok(made(&target.id, &[("arn", &target.id), ("name", &self.name)]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ecs.delete_cluster().cluster(&target.id).send().await.map_err(on("ecs DeleteCluster"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ecs::set(context, &target.id, set, remove).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let named = format!("cluster/{}", place.names.stack());
        place
            .grants("ecs", &[&named])
            .see(&["DescribeClusters"])
            .create("CreateCluster")
            .change(&["UpdateClusterSettings"])
            .remove(&["DeleteCluster"])
            .done()
    }
}

impl Cluster {
    fn insights(&self) -> ClusterSetting {
        let value = if self.container_insights { "enabled" } else { "disabled" };
        ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value(value).build()
    }
}

fn phase(status: &str) -> Phase {
    match status {
        "ACTIVE" => Phase::Ready,
        "DEPROVISIONING" => Phase::Deleting(status.to_lowercase()),
        "FAILED" => Phase::Failed("its status is FAILED".to_owned()),
        other => Phase::Pending(other.to_lowercase()),
    }
}
