//! The ECS cluster.

use aws_sdk_ecs::types::{ClusterField, ClusterSetting, ClusterSettingName};

use super::prelude::*;

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
    const TAGGING: Tagging = Tagging::Ecs;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let call = context.aws.ecs.describe_clusters().clusters(context.names.stack());
        let answer = call.include(ClusterField::Settings).include(ClusterField::Tags).send().await.answer()?;
        // A deleted cluster is described as INACTIVE for a while (ECS API reference, DeleteCluster).
        let active = answer.clusters().iter().filter(|cluster| cluster.status() != Some("INACTIVE"));
        let found = active.map(|cluster| {
            let (arn, name) = (cluster.cluster_arn(), cluster.cluster_name().unwrap_or_default());
            let insights = cluster.settings().iter().find(|s| s.name() == Some(&ClusterSettingName::ContainerInsights));
            let spec = Self {
                name: name.to_owned(),
                container_insights: insights.and_then(ClusterSetting::value).is_some_and(|value| value != "disabled"),
            };
            let found = Found::new(arn).output("arn", arn).output("name", name).spec(spec);
            found.phase(phase(cluster.status().unwrap_or_default())).tags(tags::read(cluster.tags()))
        });
        Ok(found.collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context.aws.ecs.create_cluster().cluster_name(&self.name).settings(self.insights());
        let answer = call.set_tags(Some(tags::write(&target.tags))).send().await.answer()?;
        let arn = answer.cluster().and_then(|cluster| cluster.cluster_arn()).unwrap_or_default();
        Ok(made(arn, &[("arn", arn), ("name", &self.name)]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ecs.update_cluster_settings().cluster(&target.id).settings(self.insights());
        call.send().await.done()
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ecs.delete_cluster().cluster(&target.id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let named = format!("cluster/{}", place.names.stack());
        Grants::new(place, "ecs", &[&named])
            .see(&["DescribeClusters"])
            .create("CreateCluster")
            .change(&["UpdateClusterSettings"])
            .remove(&["DeleteCluster"])
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
