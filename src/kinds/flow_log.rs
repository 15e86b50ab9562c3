//! Flow logs.

use async_trait::async_trait;
use aws_sdk_ec2::types::{FlowLogsResourceType, LogDestinationType, ResourceType, TrafficType, UnsuccessfulItem};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::{on, reported};
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;
use crate::partition::principals;

use super::place::Place;
use super::resource::{Context, Depth, Found, Neighbour, Resource, Seen, Tags, Target, made};
use super::tags;
use super::vpc::Vpc;

/// A log of a VPC's traffic, in CloudWatch Logs. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlowLog {
    pub vpc: Ref<Vpc>,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic: String,
    /// The log group, by name.
    pub log_group: Ref,
    /// The role with which the log is written, by ARN.
    pub role: Ref,
    /// Seconds that are put together in one record: 60 or 600.
    pub aggregation: i32,
}

impl Spec for FlowLog {
    const KIND: Kind = Kind {
        immutable: &["vpc", "traffic", "log_group", "role", "aggregation"],
        replaceable: Some("traffic of the moments between is not logged"),
        ..Kind::new("flow-log", Part::Network)
    };
}

#[async_trait]
impl Resource for FlowLog {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let pages =
            context.aws.ec2.describe_flow_logs().filter(tags::ec2::ours(context)).into_paginator().items().send();
        let logs = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeFlowLogs"))?;
        let mut found = Vec::new();
        for log in &logs {
            let tags = tags::ec2::read(log.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let spec = Self {
                vpc: log.resource_id().unwrap_or_default().into(),
                traffic: log.traffic_type().map(TrafficType::as_str).unwrap_or_default().to_owned(),
                log_group: log.log_group_name().unwrap_or_default().into(),
                role: log.deliver_logs_permission_arn().unwrap_or_default().into(),
                aggregation: log.max_aggregation_interval().unwrap_or_default(),
            };
            found.push(
                Found::new(address, required("ec2 DescribeFlowLogs", "FlowLogId", log.flow_log_id())?)
                    .spec(spec)
                    .tags(tags),
            );
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .ec2
            .create_flow_logs()
            .resource_type(FlowLogsResourceType::Vpc)
            .resource_ids(self.vpc.text())
            .traffic_type(TrafficType::from(self.traffic.as_str()))
            .log_destination_type(LogDestinationType::CloudWatchLogs)
            .log_group_name(self.log_group.text())
            .deliver_logs_permission_arn(self.role.text())
            .max_aggregation_interval(self.aggregation)
            .client_token(&target.token)
            .tag_specifications(tags::ec2::at_creation(ResourceType::VpcFlowLog, &target.tags));
        let answer = call.send().await.map_err(on("ec2 CreateFlowLogs"))?;
        all_done("ec2 CreateFlowLogs", answer.unsuccessful())?;
        let id = answer.flow_log_ids().first().map(String::as_str);
        Ok(made(required("ec2 CreateFlowLogs", "FlowLogId", id)?, &[]))
    }

    async fn update(&self, _context: &Context, target: &Target) -> Result<Made, Failure> {
        Ok(made(&target.id, &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ec2.delete_flow_logs().flow_log_ids(&target.id);
        let answer = call.send().await.map_err(on("ec2 DeleteFlowLogs"))?;
        all_done("ec2 DeleteFlowLogs", answer.unsuccessful())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ec2::set(context, &target.id, set, remove).await
    }

    /// Another one of the VPC into the same log group, which AWS refuses.
    async fn neighbours(&self, context: &Context, _ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        if self.vpc.text().is_empty() || self.log_group.text().is_empty() {
            return Ok(Vec::new());
        }
        let one = |name: &str, value: &str| tags::ec2::filter(name, [value.to_owned()]);
        let call = context.aws.ec2.describe_flow_logs().filter(one("resource-id", self.vpc.text()));
        let call = call.filter(one("log-group-name", self.log_group.text()));
        let logs = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let logs = logs.map_err(on("ec2 DescribeFlowLogs"))?;
        Ok(logs.iter().map(|log| Neighbour::new(log.flow_log_id(), tags::ec2::read(log.tags()))).collect())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let role = place.passing(Use::Make, [place.own_roles()], principals::FLOW_LOGS, "PassRoleToFlowLogs");
        place
            .grants("ec2", &["vpc-flow-log/*"])
            .see(&["DescribeFlowLogs"])
            .create("CreateFlowLogs")
            .remove(&["DeleteFlowLogs"])
            .at(&["vpc/*"])
            .change(&["CreateFlowLogs"])
            .also(role)
            .done()
    }
}

/// These calls succeed as a whole and fail in their parts.
fn all_done(operation: &'static str, unsuccessful: &[UnsuccessfulItem]) -> Result<(), Failure> {
    match unsuccessful.first().and_then(UnsuccessfulItem::error) {
        Some(error) => Err(reported(operation, error.code().unwrap_or_default(), error.message().unwrap_or_default())),
        None => Ok(()),
    }
}
