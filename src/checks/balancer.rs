//! Checks of an existing load balancer, whichever listener leads to Cloud Exchange.

use ipnet::Ipv4Net;

use crate::engine::plan::Finding;
use crate::existing::ingress::{AccessLogs, Group, LoadBalancer, LogBucket, Rule};

use super::finding::{refusal, unread_parts, warning};

/// What the deployment needs of an existing load balancer or target group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The deployment's name.
    pub deployment: String,
    /// The VPC of the task: `vpc-…`.
    pub vpc: String,
    /// The VPC's ranges, in CIDR notation; empty if unknown.
    pub networks: Vec<String>,
    /// The zones of the task's subnets; empty if unknown.
    pub zones: Vec<String>,
    /// The port of the deployment's listener on an existing load balancer. Unused for a target group.
    pub port: u16,
    /// The task's port for the UI: 3000.
    pub web_port: u16,
    /// Whether the UI's own web server speaks HTTPS.
    pub web_tls: bool,
    /// The networks that may reach the UI, in CIDR notation; empty if unknown.
    pub allowed: Vec<String>,
    /// Addresses of the deployment's own tasks, which are registered in the target group.
    pub tasks: Vec<String>,
}

impl Wanted {
    /// What the UI's own web server speaks.
    pub(super) const fn web_protocol(&self) -> &'static str {
        if self.web_tls { "HTTPS" } else { "HTTP" }
    }
}

/// Checks its state, zones, security groups and access logs. `ports`: those of the listeners that lead to Cloud
/// Exchange.
pub fn findings(balancer: &LoadBalancer, ports: &[u16], wanted: &Wanted) -> Vec<Finding> {
    let arn = &balancer.arn;
    let mut findings = Vec::new();
    // An impaired one serves requests, but cannot scale (Elastic Load Balancing API reference, LoadBalancerState).
    if !["active", "active_impaired"].contains(&balancer.state.as_str()) {
        findings.push(refusal(
            "load-balancer/not-active",
            format!("the load balancer {arn} is {}, not active", balancer.state),
            "wait until it is active, or find the reason in the EC2 console",
        ));
    }
    let outside: Vec<_> = wanted.zones.iter().filter(|zone| !balancer.zones.contains(zone)).cloned().collect();
    if !outside.is_empty() {
        let (outside, inside) = (outside.join(" and "), balancer.zones.join(" and "));
        findings.push(refusal(
            "load-balancer/zones",
            format!(
                "the load balancer {arn} is not enabled in {outside}, where the task may run: it would get no requests \
                 there"
            ),
            format!("enable it there (aws elbv2 set-subnets), or name private subnets in {inside}"),
        ));
    }
    if balancer.scheme == "internet-facing" {
        findings.push(warning(
            "load-balancer/internet-facing",
            format!("the load balancer {arn} is internet-facing: Cloud Exchange must never be public"),
            "use an internal one, and reach it through a VPN, Direct Connect or Netskope Private Access",
        ));
    }
    findings.extend(not_checked(balancer));
    if let Some(groups) = balancer.groups.as_deref().filter(|groups| !groups.is_empty()) {
        findings.extend(closed(balancer, groups, ports, wanted));
        findings.extend(group_egress(balancer, groups, wanted));
    }
    findings.extend(logs(balancer));
    findings
}

fn not_checked(balancer: &LoadBalancer) -> Option<Finding> {
    let unknown_logs = balancer.access_logs == AccessLogs::Unknown;
    let (what, actions) = unread_parts([
        (balancer.groups.is_none(), "security groups", "ec2:DescribeSecurityGroups"),
        (unknown_logs, "access logs", "elasticloadbalancing:DescribeLoadBalancerAttributes"),
    ])?;
    Some(warning(
        "load-balancer/not-checked",
        format!("the caller may not read the {} of the load balancer {}", what.join(" and the "), balancer.arn),
        format!("grant the caller {}, or check yourself", actions.join(" and ")),
    ))
}

fn closed(balancer: &LoadBalancer, groups: &[Group], ports: &[u16], wanted: &Wanted) -> Option<Finding> {
    if ports.is_empty() || wanted.allowed.is_empty() {
        return None;
    }
    let admits = |rule: &Rule| ports.iter().any(|port| covers(rule, *port)) && meets(rule, &wanted.allowed);
    let closed = !groups.iter().flat_map(|group| &group.ingress).any(admits);
    closed.then(|| {
        let (none, arn) = (none_of(groups), &balancer.arn);
        let ports = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
        let allowed = wanted.allowed.join(" or ");
        warning(
            "load-balancer/group-closed",
            format!(
                "{none} of the load balancer {arn} allows port {ports} from {allowed}: nobody could reach Cloud \
                 Exchange"
            ),
            format!("add an inbound rule for TCP {ports}; ce-aws changes only its own groups"),
        )
    })
}

fn group_egress(balancer: &LoadBalancer, groups: &[Group], wanted: &Wanted) -> Option<Finding> {
    let leads = |rule: &Rule| covers(rule, wanted.web_port) && meets(rule, &wanted.networks);
    let closed = !groups.iter().flat_map(|group| &group.egress).any(leads);
    closed.then(|| {
        let (none, arn, Wanted { web_port, vpc, .. }) = (none_of(groups), &balancer.arn, wanted);
        refusal(
            "load-balancer/group-egress",
            format!(
                "{none} of the load balancer {arn} allows outbound traffic to port {web_port} in {vpc}: the task would \
                 never become healthy"
            ),
            format!("add an outbound rule for TCP {web_port} to the VPC's ranges; ce-aws changes only its own groups"),
        )
    })
}

fn covers(rule: &Rule, port: u16) -> bool {
    ["tcp", "6", "all"].contains(&rule.protocol.as_str()) && (rule.from..=rule.to).contains(&port)
}

/// Whether the peer may be in one of the networks. The members of a group or prefix list are unknown, and count as in
/// it.
fn meets(rule: &Rule, networks: &[String]) -> bool {
    let Ok(peer) = rule.peer.parse::<Ipv4Net>() else { return !rule.peer.contains(':') };
    let known: Vec<Ipv4Net> = networks.iter().filter_map(|network| network.parse().ok()).collect();
    known.is_empty() || known.iter().any(|network| network.contains(&peer) || peer.contains(network))
}

fn none_of(groups: &[Group]) -> String {
    match groups {
        [one] => format!("no rule of the security group {}", one.id),
        many => {
            let ids: Vec<_> = many.iter().map(|group| group.id.as_str()).collect();
            format!("no rule of the security groups {}", ids.join(", "))
        }
    }
}

fn logs(balancer: &LoadBalancer) -> Vec<Finding> {
    let arn = &balancer.arn;
    match &balancer.access_logs {
        AccessLogs::Unknown => Vec::new(),
        AccessLogs::Off => vec![warning(
            "load-balancer/no-access-logs",
            format!("the access logs of the load balancer {arn} are off"),
            format!(
                "turn them on: aws elbv2 modify-load-balancer-attributes --load-balancer-arn {arn} --attributes \
                 Key=access_logs.s3.enabled,Value=true Key=access_logs.s3.bucket,Value=BUCKET"
            ),
        )],
        AccessLogs::To(bucket) => log_bucket(balancer, bucket),
    }
}

fn log_bucket(balancer: &LoadBalancer, bucket: &LogBucket) -> Vec<Finding> {
    let LogBucket { name, access_logged, notifies } = bucket;
    let bucket = format!("the bucket {name}, which holds the access logs of the load balancer {}", balancer.arn);
    let mut findings = Vec::new();
    if *access_logged == Some(false) {
        findings.push(warning(
            "log-bucket/no-access-logs",
            format!("{bucket}, has no server access logging"),
            "turn it on: aws s3api put-bucket-logging",
        ));
    }
    if *notifies == Some(false) {
        findings.push(warning(
            "log-bucket/no-notifications",
            format!("{bucket}, sends no event notifications"),
            format!(
                "turn them on: aws s3api put-bucket-notification-configuration --bucket {name} \
                 --notification-configuration '{{\"EventBridgeConfiguration\":{{}}}}'"
            ),
        ));
    }
    if access_logged.is_none() || notifies.is_none() {
        findings.push(warning(
            "log-bucket/not-checked",
            format!("the caller may not read the settings of {bucket}"),
            "grant the caller s3:GetBucketLogging and s3:GetBucketNotification on it, or check yourself that it has \
             server access logging and event notifications",
        ));
    }
    findings
}
