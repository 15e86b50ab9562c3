//! Checks of existing load balancers and target groups.

use crate::engine::plan::Finding;
use crate::existing::Named;
use crate::existing::ingress::{Listener, LoadBalancer, TargetGroup};

pub use super::balancer::Wanted;
use super::finding::{LOAD_BALANCER, TARGET_GROUP, refusal, warning};
use super::{balancer, matcher};

/// Checks the load balancer that gets a listener and a target group of ce-aws.
pub fn load_balancer(named: &Named<LoadBalancer>, wanted: &Wanted) -> Vec<Finding> {
    LOAD_BALANCER.check(named, |balancer| usable_balancer(balancer, wanted))
}

fn usable_balancer(balancer: &LoadBalancer, wanted: &Wanted) -> Vec<Finding> {
    let arn = &balancer.arn;
    if balancer.kind != "application" {
        return vec![refusal(
            "load-balancer/wrong-type",
            format!("the load balancer {arn} is a {} load balancer, not an application load balancer", balancer.kind),
            "name an application load balancer, or none: ce-aws then creates one",
        )];
    }
    let mut findings = Vec::new();
    let (there, here) = (&balancer.vpc, &wanted.vpc);
    if !here.is_empty() && there != here {
        findings.push(refusal(
            "load-balancer/wrong-vpc",
            format!(
                "the load balancer {arn} is in {there}, but the task in {here}: it can only forward to target groups \
                 of its own VPC"
            ),
            format!("name a load balancer in {here}, or deploy into {there}"),
        ));
    }
    findings.extend(port_taken(balancer, wanted));
    findings.extend(balancer::findings(balancer, &[wanted.port], wanted));
    findings
}

fn port_taken(balancer: &LoadBalancer, wanted: &Wanted) -> Option<Finding> {
    let (arn, port) = (&balancer.arn, wanted.port);
    let others = || balancer.listeners.iter().filter(|one| one.deployment.as_ref() != Some(&wanted.deployment));
    let Listener { arn: listener, protocol, deployment, .. } = others().find(|other| other.port == port)?;
    let taken: Vec<_> = others().map(|other| other.port.to_string()).collect();
    let whose = match deployment {
        Some(other) => format!("is taken by the {protocol} listener of the deployment {other}"),
        None => format!("is taken by a listener with protocol {protocol}"),
    };
    Some(refusal(
        "load-balancer/port-taken",
        format!("port {port} of the load balancer {arn} {whose} ({listener})"),
        format!("set load_balancer.port in the plan file to a port other than {}", taken.join(", ")),
    ))
}

/// Checks the target group and the load balancer that forwards to it.
pub fn target_group(named: &Named<TargetGroup>, wanted: &Wanted) -> Vec<Finding> {
    TARGET_GROUP.check(named, |group| usable_group(group, wanted))
}

fn usable_group(group: &TargetGroup, wanted: &Wanted) -> Vec<Finding> {
    let mut findings = immutable(group, wanted);
    findings.extend([no_listener(group), in_use(group, wanted), health_check(group, wanted)].into_iter().flatten());
    if let Some(balancer) = &group.load_balancer {
        let ports: Vec<_> = group.listeners().map(|listener| listener.port).collect();
        findings.extend(balancer::findings(balancer, &ports, wanted));
    }
    findings
}

/// What cannot be changed in a target group.
fn immutable(group: &TargetGroup, wanted: &Wanted) -> Vec<Finding> {
    let TargetGroup { arn, target_type, protocol, port, vpc, .. } = group;
    let (web_port, web_protocol, here) = (wanted.web_port, wanted.web_protocol(), &wanted.vpc);
    let mut wrong = Vec::new();
    if target_type != "ip" {
        let why = format!("has the target type {target_type}; Fargate tasks need the type ip");
        wrong.push(("target-group/wrong-target-type", why));
    }
    // A target group for functions has neither protocol, port nor VPC.
    if target_type != "lambda" {
        if protocol != web_protocol {
            let why = format!("has the protocol {protocol}; Cloud Exchange needs {web_protocol}");
            wrong.push(("target-group/wrong-protocol", why));
        }
        if !["", "HTTP1"].contains(&group.protocol_version.as_str()) {
            let why = format!("has the protocol version {}; Cloud Exchange needs HTTP1", group.protocol_version);
            wrong.push(("target-group/wrong-protocol-version", why));
        }
        if !["", "ipv4"].contains(&group.address_type.as_str()) {
            let why = format!("has the address type {}; the task needs ipv4", group.address_type);
            wrong.push(("target-group/wrong-address-type", why));
        }
        if *port != web_port {
            wrong.push((
                "target-group/wrong-port",
                format!("has the port {port}; Cloud Exchange listens on {web_port}"),
            ));
        }
        if !here.is_empty() && vpc != here {
            wrong.push(("target-group/wrong-vpc", format!("is in {vpc}, but the task in {here}")));
        }
    }
    let vpc = if here.is_empty() { "the task's VPC" } else { here };
    let hint = format!(
        "this cannot be changed: create one with target type ip, protocol {web_protocol} (HTTP1), IPv4 and port \
         {web_port} in {vpc}"
    );
    wrong.into_iter().map(|(code, why)| refusal(code, format!("the target group {arn} {why}"), hint.clone())).collect()
}

fn no_listener(group: &TargetGroup) -> Option<Finding> {
    let message = match &group.load_balancer {
        None => format!("no load balancer forwards to the target group {}", group.arn),
        Some(balancer) => {
            format!("no listener of the load balancer {} forwards to the target group {}", balancer.arn, group.arn)
        }
    };
    group.listeners().next().is_none().then_some(refusal(
        "target-group/no-listener",
        format!("{message}: ECS would refuse the service"),
        "add a listener or a rule that forwards to it; ce-aws adds none to an existing load balancer",
    ))
}

fn in_use(group: &TargetGroup, wanted: &Wanted) -> Option<Finding> {
    const SHOWN: usize = 5;
    let others: Vec<_> = group.targets.iter().filter(|target| !wanted.tasks.contains(target)).cloned().collect();
    let (first, rest) = others.split_at(others.len().min(SHOWN));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let (arn, ours, shown) = (&group.arn, &wanted.deployment, first.join(", "));
    (!first.is_empty()).then_some(refusal(
        "target-group/in-use",
        format!(
            "the target group {arn} has targets that do not belong to {ours}: {shown}{more}; they would share its \
                 requests"
        ),
        "name a target group that nothing else uses, or deregister them (aws elbv2 deregister-targets)",
    ))
}

fn health_check(group: &TargetGroup, wanted: &Wanted) -> Option<Finding> {
    let web_protocol = wanted.web_protocol();
    let TargetGroup { arn, health_port: port, health_protocol: protocol, health_path: path, .. } = group;
    let matcher = &group.health_matcher;
    let has_own_port = !["", "traffic-port"].contains(&port.as_str()) && port.parse() != Ok(group.port);
    let (what, options) = if group.target_type == "lambda" {
        return None;
    } else if has_own_port || ["HTTP", "HTTPS"].iter().any(|other| protocol == other && *other != web_protocol) {
        let answers = format!("Cloud Exchange answers {web_protocol} at its traffic port only");
        let options = format!(" --health-check-protocol {web_protocol} --health-check-port traffic-port");
        (format!("uses {protocol} at port {port}; {answers}"), options)
    } else if path != "/" || !matcher::accepts(matcher, 200) {
        (format!("requests {path} and expects {matcher}; Cloud Exchange answers / with 200"), String::new())
    } else {
        return None;
    };
    Some(warning(
        "target-group/health-check",
        format!("the health check of the target group {arn} {what}, and ECS would replace the task again and again"),
        format!(
            "aws elbv2 modify-target-group --target-group-arn {arn}{options} --health-check-path / --matcher \
             HttpCode=200"
        ),
    ))
}

/// The URLs of a target group's listeners, HTTPS first: `https://internal-x.elb.amazonaws.com:8443`.
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
