//! What AWS's own Reachability Analyzer says about the way between two network interfaces. It evaluates more than this
//! program sees: peering connections, transit gateways and firewalls of the account's region. AWS charges for every
//! analysis, so that none is made unasked.
//!
//! Source: Reachability Analyzer guide, "How Reachability Analyzer works" and "Explanation codes"; Amazon EC2 API
//! reference, StartNetworkInsightsAnalysis.

use aws_sdk_ec2::types::{
    AnalysisStatus, Explanation, NetworkInsightsAnalysis, NetworkInsightsPath, Protocol, ResourceType,
};
use serde::Serialize;

use crate::aws::answer::{Answer, member};
use crate::engine::clock::Clock;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::{Context, Tags};
use crate::kinds::convert::text;
use crate::kinds::ec2::{at_creation, ours};
use crate::kinds::names;

/// Seconds from one look at the analysis to the next.
const PAUSE: f64 = 5.0;

/// Seconds after which an analysis has failed.
const PATIENCE: f64 = 900.0;

/// The way to analyse: the IDs of two network interfaces, and the TCP port of the second.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub port: u16,
}

/// What an analysis has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Analysis {
    pub reached: bool,
    /// What stops the traffic; there may be more.
    pub reasons: Vec<Reason>,
}

/// One of AWS's explanations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// AWS's code: `ENI_SG_RULES_MISMATCH`.
    pub code: String,
    /// The IDs of what it is about.
    pub components: Vec<String>,
}

/// Makes an analysis, and waits for it. [`clean_up`] deletes it, also where this has failed or was given up.
///
/// # Errors
///
/// AWS refuses, or does not come to an end.
pub async fn analyze(context: &Context, clock: &Clock, way: Way<'_>) -> Result<Analysis, Failure> {
    let ec2 = &context.aws.ec2;
    let tags = Tags::from([
        (names::DEPLOYMENT.to_owned(), context.names.deployment.clone()),
        (names::RUN.to_owned(), context.run.clone()),
    ]);
    let path = ec2
        .create_network_insights_path()
        .client_token(&context.run)
        .source(way.from)
        .destination(way.to)
        .protocol(Protocol::Tcp)
        .destination_port(way.port.into())
        .tag_specifications(at_creation(ResourceType::NetworkInsightsPath, &tags));
    let path = path.send().await.answer()?;
    let path = member(&path, "NetworkInsightsPathId", |made| made.network_insights_path()?.network_insights_path_id())?;
    let call = ec2.start_network_insights_analysis().client_token(&context.run).network_insights_path_id(path);
    let call = call.tag_specifications(at_creation(ResourceType::NetworkInsightsAnalysis, &tags));
    let started = call.send().await.answer()?;
    let id = member(&started, "NetworkInsightsAnalysisId", |answer| {
        answer.network_insights_analysis()?.network_insights_analysis_id()
    })?;
    let end = clock.now() + PATIENCE;
    while clock.now() < end {
        tokio::time::sleep(clock.real(PAUSE)).await;
        let answer =
            ec2.describe_network_insights_analyses().network_insights_analysis_ids(id).send().await.answer()?;
        if let Some(result) = answer.network_insights_analyses().first().and_then(result) {
            return result;
        }
    }
    Err(Failure::of(Cause::Unsettled, format!("the analysis {id} has not ended after {} minutes", PATIENCE / 60.0)))
}

/// What it has found; none while it goes on.
fn result(live: &NetworkInsightsAnalysis) -> Option<Result<Analysis, Failure>> {
    match live.status() {
        Some(AnalysisStatus::Succeeded) => Some(Ok(Analysis {
            reached: live.network_path_found() == Some(true),
            reasons: live.explanations().iter().map(reason).collect(),
        })),
        Some(AnalysisStatus::Failed) => {
            let why = live.status_message().unwrap_or("AWS does not say why");
            Some(Err(Failure::of(Cause::Unsettled, format!("the analysis failed: {why}"))))
        }
        _ => None,
    }
}

fn reason(explanation: &Explanation) -> Reason {
    let one = [
        explanation.acl(),
        explanation.component(),
        explanation.elastic_load_balancer_listener(),
        explanation.network_interface(),
        explanation.route_table(),
        explanation.security_group(),
        explanation.subnet(),
        explanation.transit_gateway(),
        explanation.vpc_peering_connection(),
    ];
    let all = one.into_iter().flatten().chain(explanation.security_groups());
    let mut components: Vec<String> = all.filter_map(|component| component.id()).map(str::to_owned).collect();
    components.sort();
    components.dedup();
    Reason { code: text(explanation.explanation_code()), components }
}

/// Deletes what analyses of this deployment have left, those of an interrupted run included: an account has 100 paths
/// and 1,000 analyses a region (Reachability Analyzer guide, "Quotas").
///
/// # Errors
///
/// AWS refuses.
pub async fn clean_up(context: &Context) -> Result<(), Failure> {
    let ec2 = &context.aws.ec2;
    let analyses = ec2.describe_network_insights_analyses().filters(ours(context)).into_paginator().items().send();
    let analyses: Vec<NetworkInsightsAnalysis> = analyses.try_collect().await.answer()?;
    for id in analyses.iter().filter_map(|analysis| analysis.network_insights_analysis_id()) {
        ec2.delete_network_insights_analysis().network_insights_analysis_id(id).send().await.done_or_gone()?;
    }
    let paths = ec2.describe_network_insights_paths().filters(ours(context)).into_paginator().items().send();
    let paths: Vec<NetworkInsightsPath> = paths.try_collect().await.answer()?;
    for id in paths.iter().filter_map(|path| path.network_insights_path_id()) {
        ec2.delete_network_insights_path().network_insights_path_id(id).send().await.done_or_gone()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::AnalysisComponent;

    use super::*;

    fn component(id: &str) -> AnalysisComponent {
        AnalysisComponent::builder().id(id).build()
    }

    #[test]
    fn a_running_analysis_has_no_result() {
        let running = NetworkInsightsAnalysis::builder().status(AnalysisStatus::Running).network_path_found(false);
        assert!(result(&running.build()).is_none());
    }

    #[test]
    fn what_stops_the_traffic_is_named_once() {
        let mismatch = Explanation::builder()
            .explanation_code("ENI_SG_RULES_MISMATCH")
            .network_interface(component("eni-1"))
            .security_groups(component("sg-2"))
            .security_groups(component("sg-1"))
            .component(component("sg-1"));
        let live = NetworkInsightsAnalysis::builder()
            .status(AnalysisStatus::Succeeded)
            .network_path_found(false)
            .explanations(mismatch.build())
            .build();
        let components = ["eni-1", "sg-1", "sg-2"].map(str::to_owned).to_vec();
        let reasons = vec![Reason { code: "ENI_SG_RULES_MISMATCH".to_owned(), components }];
        assert_eq!(result(&live).unwrap().unwrap(), Analysis { reached: false, reasons });
    }

    #[test]
    fn a_failed_analysis_says_what_aws_says() {
        let failed = NetworkInsightsAnalysis::builder().status(AnalysisStatus::Failed).status_message("no permission");
        let failure = result(&failed.build()).unwrap().unwrap_err();
        assert_eq!((failure.cause, failure.message.as_str()), (Cause::Unsettled, "the analysis failed: no permission"));
    }
}
