//! Load balancers, target groups and certificates of the user's.

use crate::engine::plan::{Finding, Severity};
use crate::existing::Named;
use crate::existing::ingress::{LoadBalancer, TargetGroup};

pub use super::certificate::certificate;
use super::finding::{Thing, refusal, warning};
use super::{balancer, matcher};

/// What the deployment asks of what stands in front of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The deployment's name.
    pub deployment: String,
    /// The VPC of the task: `vpc-…`.
    pub vpc: String,
    /// The VPC's ranges, in CIDR notation; empty where they are not known.
    pub networks: Vec<String>,
    /// The zones of the task's subnets; empty where they are not known.
    pub zones: Vec<String>,
    /// The port of our listener on the user's load balancer. Unused for a target group.
    pub port: u16,
    /// The port of the task on which the UI is served: 3000.
    pub web_port: u16,
    /// The networks that should reach the UI, in CIDR notation; empty where they are not known.
    pub allowed: Vec<String>,
    /// Addresses of the deployment's own tasks, which are registered in the target group.
    pub tasks: Vec<String>,
}

const LOAD_BALANCER: Thing = Thing {
    code: "load-balancer",
    words: "load balancer",
    shown_by: "ce-aws discover load-balancers",
    actions: "elasticloadbalancing:Describe*",
    denied: Severity::Refusal,
};

const TARGET_GROUP: Thing = Thing {
    code: "target-group",
    words: "target group",
    shown_by: "ce-aws discover target-groups",
    actions: "elasticloadbalancing:Describe*",
    denied: Severity::Refusal,
};

/// The user's load balancer behind which we put a listener and a target group of our own.
pub fn load_balancer(named: &Named<LoadBalancer>, wanted: &Wanted) -> Vec<Finding> {
    let balancer = match LOAD_BALANCER.found(named) {
        Ok(balancer) => balancer,
        Err(finding) => return vec![finding],
    };
    let arn = &balancer.arn;
    if balancer.kind != "application" {
        return vec![refusal(
            "load-balancer/wrong-type",
            format!(
                "the load balancer {arn} is a {} load balancer; only an application one speaks HTTP",
                balancer.kind
            ),
            "name an application load balancer, or none: ce-aws then makes one",
        )];
    }
    let mut findings = Vec::new();
    if !wanted.vpc.is_empty() && balancer.vpc != wanted.vpc {
        findings.push(refusal(
            "load-balancer/wrong-vpc",
            format!(
                "the load balancer {arn} is in {}, the task in {}: a load balancer leads to target groups of its own VPC only",
                balancer.vpc, wanted.vpc
            ),
            format!("name a load balancer in {}, or deploy into {}", wanted.vpc, balancer.vpc),
        ));
    }
    findings.extend(port_taken(balancer, wanted));
    findings.extend(balancer::findings(balancer, &[wanted.port], wanted));
    findings
}

fn port_taken(balancer: &LoadBalancer, wanted: &Wanted) -> Option<Finding> {
    let (arn, port) = (&balancer.arn, wanted.port);
    let ours = Some(&wanted.deployment);
    let listener = balancer.listeners.iter().find(|listener| listener.port == port)?;
    if listener.deployment.as_ref() == ours {
        return None;
    }
    let taken: Vec<_> = balancer.listeners.iter().filter(|other| other.deployment.as_ref() != ours).collect();
    let taken: Vec<_> = taken.iter().map(|other| other.port.to_string()).collect();
    let whose = match &listener.deployment {
        Some(other) => {
            format!(
                "is taken by the {} listener of the deployment {other}: the two plan files collide",
                listener.protocol
            )
        }
        None => format!("is taken by a listener for {}", listener.protocol),
    };
    Some(refusal(
        "load-balancer/port-taken",
        format!("port {port} of the load balancer {arn} {whose} ({})", listener.arn),
        format!("set load_balancer.port in the plan file to a port other than {}", taken.join(", ")),
    ))
}

/// The user's target group, behind a load balancer of the user's.
pub fn target_group(named: &Named<TargetGroup>, wanted: &Wanted) -> Vec<Finding> {
    let group = match TARGET_GROUP.found(named) {
        Ok(group) => group,
        Err(finding) => return vec![finding],
    };
    let mut findings = made_wrong(group, wanted);
    findings.extend([no_listener(group), in_use(group, wanted), health_check(group)].into_iter().flatten());
    if let Some(balancer) = &group.load_balancer {
        let ports: Vec<_> = group.listeners().map(|listener| listener.port).collect();
        findings.extend(balancer::findings(balancer, &ports, wanted));
    }
    findings
}

/// What a target group is for life.
fn made_wrong(group: &TargetGroup, wanted: &Wanted) -> Vec<Finding> {
    let TargetGroup { arn, target_type, protocol, port, vpc, .. } = group;
    let (web_port, here) = (wanted.web_port, &wanted.vpc);
    let mut wrong = Vec::new();
    if target_type != "ip" {
        let why = format!("has targets of type {target_type}; a Fargate task is registered by its address, type ip");
        wrong.push(("target-group/wrong-target-type", why));
    }
    // Of functions AWS says neither protocol, port nor VPC.
    if target_type != "lambda" {
        if protocol != "HTTP" {
            let why = format!("speaks {protocol} to its targets; Cloud Exchange answers HTTP there");
            wrong.push(("target-group/wrong-protocol", why));
        }
        if !["", "HTTP1"].contains(&group.protocol_version.as_str()) {
            let why =
                format!("speaks {} to its targets; Cloud Exchange answers HTTP/1.1 there", group.protocol_version);
            wrong.push(("target-group/wrong-protocol-version", why));
        }
        if !["", "ipv4"].contains(&group.address_type.as_str()) {
            let why = format!("takes targets with {} addresses; the task has one of IPv4", group.address_type);
            wrong.push(("target-group/wrong-address-type", why));
        }
        if *port != web_port {
            wrong
                .push(("target-group/wrong-port", format!("is for port {port}; Cloud Exchange listens on {web_port}")));
        }
        if !here.is_empty() && vpc != here {
            wrong.push(("target-group/wrong-vpc", format!("is in {vpc}, the task in {here}")));
        }
    }
    let vpc = if here.is_empty() { "the task's VPC" } else { here };
    let hint = format!(
        "this cannot be changed: make one of type ip, HTTP (HTTP1), IPv4, port {web_port}, in {vpc}, and name that"
    );
    wrong.into_iter().map(|(code, why)| refusal(code, format!("the target group {arn} {why}"), hint.clone())).collect()
}

fn no_listener(group: &TargetGroup) -> Option<Finding> {
    let message = match &group.load_balancer {
        None => format!("no load balancer leads to the target group {}", group.arn),
        Some(balancer) => {
            format!("no listener of the load balancer {} leads to the target group {}", balancer.arn, group.arn)
        }
    };
    group.listeners().next().is_none().then(|| {
        refusal(
            "target-group/no-listener",
            format!("{message}: ECS refuses such a service"),
            "let a listener of your load balancer forward to it; ce-aws adds none to what is not its own",
        )
    })
}

fn in_use(group: &TargetGroup, wanted: &Wanted) -> Option<Finding> {
    const SHOWN: usize = 5;
    let others: Vec<_> = group.targets.iter().filter(|target| !wanted.tasks.contains(target)).cloned().collect();
    let (first, rest) = others.split_at(others.len().min(SHOWN));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    (!first.is_empty()).then(|| {
        refusal(
            "target-group/in-use",
            format!(
                "the target group {} has targets that are no task of {}: {}{more}; requests would go to either",
                group.arn,
                wanted.deployment,
                first.join(", ")
            ),
            "name a target group that nothing else uses, or deregister those (aws elbv2 deregister-targets)",
        )
    })
}

fn health_check(group: &TargetGroup) -> Option<Finding> {
    let TargetGroup { arn, health_path, health_matcher, .. } = group;
    let asks_elsewhere =
        !["", "traffic-port"].contains(&group.health_port.as_str()) && group.health_port.parse() != Ok(group.port);
    if (asks_elsewhere || group.health_protocol == "HTTPS") && group.target_type != "lambda" {
        return Some(warning(
            "target-group/health-check",
            format!(
                "the health check of the target group {arn} asks over {} at {}; Cloud Exchange answers HTTP at its traffic \
                 port only: ECS would stop and start its task for ever",
                group.health_protocol, group.health_port
            ),
            format!(
                "aws elbv2 modify-target-group --target-group-arn {arn} --health-check-protocol HTTP --health-check-port \
                 traffic-port --health-check-path / --matcher HttpCode=200"
            ),
        ));
    }
    let is_right = health_path == "/" && matcher::accepts(health_matcher, 200);
    (!is_right && group.target_type != "lambda").then(|| {
        warning(
            "target-group/health-check",
            format!(
                "the health check of the target group {arn} asks for {health_path} and takes {health_matcher} for \
                 healthy; Cloud Exchange answers / with 200: ECS would stop and start its task for ever"
            ),
            format!(
                "aws elbv2 modify-target-group --target-group-arn {arn} --health-check-path / --matcher HttpCode=200"
            ),
        )
    })
}

/// The addresses at which a target group is reached, HTTPS first: `https://internal-x.elb.amazonaws.com:8443`.
pub fn urls(group: &TargetGroup) -> Vec<String> {
    let dns = group.load_balancer.as_ref().map(|balancer| balancer.dns.as_str()).unwrap_or_default();
    let mut listeners: Vec<_> = group.listeners().collect();
    listeners.sort_by_key(|listener| (listener.protocol != "HTTPS", listener.port));
    let url = |protocol: &str, port: u16| match (protocol, port) {
        ("HTTPS", 443) => format!("https://{dns}"),
        ("HTTPS", _) => format!("https://{dns}:{port}"),
        (_, 80) => format!("http://{dns}"),
        _ => format!("http://{dns}:{port}"),
    };
    listeners.into_iter().map(|listener| url(&listener.protocol, listener.port)).collect()
}
