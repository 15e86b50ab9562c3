//! The permissions to read existing resources that the plan file names.

use crate::aws::grant::{Grant, Use};
use crate::config::PlanFile;
use crate::kinds::place::Place;

use super::contents::secrets;

const VPC: [&str; 11] = [
    "DescribeVpcs",
    "DescribeVpcAttribute",
    "DescribeSubnets",
    "DescribeRouteTables",
    "DescribeVpcEndpoints",
    "DescribeNetworkAcls",
    "DescribeSecurityGroups",
    "DescribeFlowLogs",
    "DescribeDhcpOptions",
    "DescribeNatGateways",
    "GetManagedPrefixListEntries",
];

const BALANCER: [&str; 6] = [
    "DescribeLoadBalancers",
    "DescribeLoadBalancerAttributes",
    "DescribeListeners",
    "DescribeRules",
    "DescribeTargetGroups",
    "DescribeTargetHealth",
];

/// For [`super::survey::survey`] and [`super::backup::opted_in`].
pub fn grants(plan: &PlanFile, place: &Place) -> Vec<Grant> {
    let ask = |service: &str, actions: &[&str]| Grant::new(Use::Ask, service, actions);
    let wanted = &plan.existing;
    let mut all = vec![Grant::new(Use::Ask, "backup", &["DescribeRegionSettings"])];
    if wanted.vpc.is_some() {
        all.push(ask("ec2", &VPC));
    }
    if wanted.cluster.is_some() {
        all.push(ask("ecs", &["DescribeClusters"]));
    }
    if wanted.load_balancer.is_some() || wanted.target_group.is_some() {
        // Only the load balancer itself tells which bucket its logs go to.
        let buckets = format!("arn:{}:s3:::*", place.names.partition);
        all.push(ask("elasticloadbalancing", &BALANCER));
        all.push(ask("ec2", &["DescribeSecurityGroups"]));
        all.push(ask("s3", &["GetBucketLogging", "GetBucketNotification"]).on([buckets]));
        // The address of the UI.
        all.push(Grant::new(Use::Open, "elasticloadbalancing", &["DescribeRules"]));
    }
    let roles = [&wanted.task_role, &wanted.execution_role, &wanted.backup_role];
    let policies = plan.identity.task_policy_arns.iter().chain(&plan.identity.permissions_boundary);
    let mut named = |service: &str, actions: &[&str], arns: Vec<String>| {
        all.extend((!arns.is_empty()).then(|| ask(service, actions).on(arns)));
    };
    let roles = roles.into_iter().flatten().map(ToString::to_string);
    named("iam", &["GetRole", "SimulatePrincipalPolicy"], roles.collect());
    named("iam", &["GetPolicy"], policies.map(ToString::to_string).collect());
    named("secretsmanager", &["DescribeSecret"], secrets(plan).into_iter().map(|(_, arn)| arn).collect());
    let certificates = plan.load_balancer.certificate_arn.iter().chain(plan.client_vpn.certificates());
    named("acm", &["DescribeCertificate"], certificates.map(ToString::to_string).collect());
    named("kms", &["DescribeKey"], place.key.iter().cloned().collect());
    let zone = place.dns.as_ref().filter(|dns| !dns.own_zone).map(|dns| &dns.zone);
    let validation = place.dns.as_ref().and_then(|dns| dns.validation.as_ref());
    let of_zone = |id: &Option<String>| format!("hostedzone/{}", id.as_deref().unwrap_or("*"));
    let zones: Vec<_> =
        zone.into_iter().chain(validation).map(|id| place.names.arn_bare("route53", &of_zone(id))).collect();
    named("route53", &["GetHostedZone", "ListResourceRecordSets"], zones.clone());
    named("sns", &["GetTopicAttributes"], place.topic.iter().cloned().collect());
    // Which key a topic of the user's has is only known from it.
    let any_key = place.topic.as_ref().map(|_| place.any_key());
    named("kms", &["DescribeKey", "GetKeyPolicy"], place.topic_key.iter().cloned().chain(any_key).collect());
    all.extend((!zones.is_empty()).then(|| ask("route53", &["ListHostedZonesByName"])));
    all
}
