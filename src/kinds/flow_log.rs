//! Flow logs.

use aws_sdk_ec2::types::{Filter, FlowLogsResourceType, LogDestinationType, ResourceType, TrafficType};

use super::ec2;
use super::prelude::*;
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
    /// Seconds that are aggregated in one record: 60 or 600.
    pub aggregation: i32,
}

impl Spec for FlowLog {
    const KIND: Kind = Kind {
        immutable: &["vpc", "traffic", "log_group", "role", "aggregation"],
        replaceable: Some("traffic in the meantime is not logged"),
        ..Kind::new("flow-log", Part::Network)
    };
}

#[async_trait]
impl Resource for FlowLog {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        describe(context, &[ec2::ours(context)]).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let ec2 = &context.aws.ec2;
        let call = ec2
            .create_flow_logs()
            .resource_type(FlowLogsResourceType::Vpc)
            .resource_ids(self.vpc.text())
            .traffic_type(TrafficType::from(self.traffic.as_str()))
            .log_destination_type(LogDestinationType::CloudWatchLogs)
            .log_group_name(self.log_group.text())
            .deliver_logs_permission_arn(self.role.text())
            .max_aggregation_interval(self.aggregation)
            .client_token(&target.token)
            .tag_specifications(ec2::at_creation(ResourceType::VpcFlowLog, &target.tags));
        let answer = call.send().await.answer()?;
        ec2::all_done(&answer, |answer| answer.unsuccessful())?;
        Ok(made(answer.flow_log_ids().first().map(String::as_str), &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let answer = context.aws.ec2.delete_flow_logs().flow_log_ids(&target.id).send().await.answer()?;
        ec2::all_done(&answer, |answer| answer.unsuccessful())
    }

    /// Another one of the VPC into the same log group, which AWS refuses.
    async fn candidates(&self, context: &Context, _ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        if self.vpc.text().is_empty() || self.log_group.text().is_empty() {
            return Ok(Vec::new());
        }
        let filters = [("resource-id", self.vpc.text()), ("log-group-name", self.log_group.text())];
        describe(context, &filters.map(|(name, value)| ec2::filter(name, [value]))).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        let role = place.passing(Use::Make, [place.own_roles()], principals::FLOW_LOGS, "PassRoleToFlowLogs");
        Grants::new(place, "ec2", &["vpc-flow-log/*"])
            .see(&["DescribeFlowLogs"])
            .create("CreateFlowLogs")
            .remove(&["DeleteFlowLogs"])
            .at(&["vpc/*"])
            .change(&["CreateFlowLogs"])
            .also(role)
    }
}

async fn describe(context: &Context, which: &[Filter]) -> Result<Vec<Found<FlowLog>>, Failure> {
    let call = context.aws.ec2.describe_flow_logs().set_filter(Some(which.to_vec()));
    let logs = call.into_paginator().items().send().try_collect().await.answer()?;
    let found = logs.into_iter().map(|log| {
        Found::new(log.flow_log_id()).tags(tags::read(log.tags())).spec(FlowLog {
            vpc: log.resource_id().unwrap_or_default().into(),
            traffic: log.traffic_type().map(TrafficType::as_str).unwrap_or_default().to_owned(),
            log_group: log.log_group_name().unwrap_or_default().into(),
            role: log.deliver_logs_permission_arn().unwrap_or_default().into(),
            aggregation: log.max_aggregation_interval().unwrap_or_default(),
        })
    });
    Ok(found.collect())
}
