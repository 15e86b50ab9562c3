//! Load balancers and target groups.

use insta::assert_snapshot;

use crate::checks::ingress::{Wanted, load_balancer, target_group, urls};
use crate::engine::plan::Finding;
use crate::existing::ingress::{AccessLogs, Group, Listener, LoadBalancer, LogBucket, Rule, TargetGroup};

use super::samples::{codes, denied, missing, named, text};

const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shared/50dc6c495c0c9188";
const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/ce/6d0ecf831eec9f09";

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn wanted() -> Wanted {
    Wanted {
        deployment: "prod".to_owned(),
        vpc: "vpc-0a1".to_owned(),
        networks: strings(&["10.20.0.0/16"]),
        zones: strings(&["eu-west-1a", "eu-west-1b"]),
        port: 443,
        web_port: 3000,
        web_tls: false,
        allowed: strings(&["10.0.0.0/8", "192.168.7.0/24"]),
        tasks: strings(&["10.20.1.7"]),
    }
}

fn rule(protocol: &str, from: u16, to: u16, peer: &str) -> Rule {
    Rule { protocol: protocol.to_owned(), from, to, peer: peer.to_owned() }
}

fn group(ingress: Rule, egress: Rule) -> Group {
    Group { id: "sg-05".to_owned(), ingress: vec![ingress], egress: vec![egress] }
}

fn listener(port: u16, protocol: &str) -> Listener {
    let arn = format!("{}/{port}", BALANCER.replace(":loadbalancer/", ":listener/"));
    Listener { arn, port, protocol: protocol.to_owned(), ..Listener::default() }
}

/// A load balancer without a finding.
fn balancer() -> LoadBalancer {
    LoadBalancer {
        arn: BALANCER.to_owned(),
        name: "shared".to_owned(),
        dns: "internal-shared-1.eu-west-1.elb.amazonaws.com".to_owned(),
        kind: "application".to_owned(),
        scheme: "internal".to_owned(),
        state: "active".to_owned(),
        vpc: "vpc-0a1".to_owned(),
        zones: strings(&["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        group_ids: vec!["sg-lb".to_owned()],
        groups: Some(vec![group(rule("tcp", 443, 443, "10.0.0.0/8"), rule("all", 0, 65535, "0.0.0.0/0"))]),
        listeners: vec![listener(80, "HTTP")],
        access_logs: AccessLogs::To(LogBucket {
            name: "logs".to_owned(),
            access_logged: Some(true),
            notifies: Some(true),
        }),
    }
}

/// A target group without a finding, behind a load balancer without one.
fn targets() -> TargetGroup {
    let leads = Listener { target_groups: strings(&["arn:other", GROUP]), ..listener(443, "HTTPS") };
    TargetGroup {
        arn: GROUP.to_owned(),
        name: "ce".to_owned(),
        target_type: "ip".to_owned(),
        protocol: "HTTP".to_owned(),
        protocol_version: "HTTP1".to_owned(),
        address_type: "ipv4".to_owned(),
        port: 3000,
        vpc: "vpc-0a1".to_owned(),
        health_port: "traffic-port".to_owned(),
        health_protocol: "HTTP".to_owned(),
        health_path: "/".to_owned(),
        health_matcher: "200-299".to_owned(),
        targets: strings(&["10.20.1.7"]),
        load_balancer: Some(LoadBalancer { listeners: vec![listener(80, "HTTP"), leads], ..balancer() }),
    }
}

fn balancer_with(change: impl FnOnce(&mut LoadBalancer)) -> Vec<Finding> {
    let mut balancer = balancer();
    change(&mut balancer);
    load_balancer(&named(BALANCER, balancer), &wanted())
}

fn group_with(change: impl FnOnce(&mut TargetGroup)) -> Vec<Finding> {
    let mut group = targets();
    change(&mut group);
    target_group(&named(GROUP, group), &wanted())
}

#[test]
fn suitable_resources_have_no_finding() {
    assert_eq!(codes(&balancer_with(|_| {})), [""; 0]);
    assert_eq!(codes(&group_with(|_| {})), [""; 0]);
}

#[test]
fn missing_or_unreadable_resources_are_refused() {
    let answer = "elb DescribeListeners failed: AccessDenied: User: ops is not authorized";
    let mut findings = load_balancer(&missing(BALANCER), &wanted());
    findings.extend(load_balancer(&denied(BALANCER, answer), &wanted()));
    findings.extend(target_group(&missing(GROUP), &wanted()));
    findings.extend(target_group(&denied(GROUP, answer), &wanted()));
    let expected = ["load-balancer/not-found", "load-balancer/denied", "target-group/not-found", "target-group/denied"];
    assert_eq!(codes(&findings), expected);
    assert_snapshot!("ingress_unknown", text(&findings));
}

#[test]
fn only_an_application_load_balancer_is_accepted() {
    let findings = balancer_with(|balancer| {
        balancer.kind = "network".to_owned();
        balancer.groups = Some(Vec::new());
    });
    assert_eq!(codes(&findings), ["load-balancer/wrong-type"]);
    assert_snapshot!("load_balancer_wrong_type", text(&findings));
}

#[test]
fn a_load_balancer_in_the_wrong_place_is_refused() {
    let findings = balancer_with(|balancer| {
        balancer.state = "failed".to_owned();
        balancer.vpc = "vpc-0b2".to_owned();
        balancer.zones = strings(&["eu-west-1a", "eu-west-1c"]);
    });
    assert_eq!(codes(&findings), ["load-balancer/wrong-vpc", "load-balancer/not-active", "load-balancer/zones"]);
    assert_snapshot!("load_balancer_place", text(&findings));
    assert!(balancer_with(|balancer| balancer.state = "active_impaired".to_owned()).is_empty());
}

#[test]
fn the_port_must_be_free_or_belong_to_the_deployment() {
    let taken_by = |deployment: Option<&str>| {
        let ours = Listener { deployment: deployment.map(str::to_owned), ..listener(443, "HTTPS") };
        balancer_with(|balancer| balancer.listeners.push(ours))
    };
    assert!(taken_by(Some("prod")).is_empty());
    let mut findings = taken_by(None);
    findings.extend(taken_by(Some("test")));
    assert_eq!(codes(&findings), ["load-balancer/port-taken"; 2]);
    assert_snapshot!("load_balancer_port_taken", text(&findings));
}

#[test]
fn cloud_exchange_must_not_be_public() {
    let public = |balancer: &mut LoadBalancer| balancer.scheme = "internet-facing".to_owned();
    let findings = balancer_with(public);
    assert_eq!(codes(&findings), ["load-balancer/internet-facing"]);
    assert_snapshot!("load_balancer_internet_facing", text(&findings));
    let behind = group_with(|group| public(group.load_balancer.as_mut().unwrap()));
    assert_eq!(codes(&behind), ["load-balancer/internet-facing"]);
}

#[test]
fn the_security_groups_must_allow_an_allowed_network() {
    let with = |rule: Rule| balancer_with(|balancer| balancer.groups.as_mut().unwrap()[0].ingress = vec![rule]);
    let open = [
        rule("tcp", 443, 443, "10.9.0.0/16"),
        rule("tcp", 1, 1000, "192.0.0.0/8"),
        rule("all", 0, 65535, "0.0.0.0/0"),
        rule("tcp", 443, 443, "sg-07"),
        rule("tcp", 443, 443, "pl-07"),
    ];
    assert!(open.into_iter().all(|rule| with(rule).is_empty()));
    let closed = [
        rule("tcp", 80, 80, "10.0.0.0/8"),
        rule("udp", 443, 443, "10.0.0.0/8"),
        rule("tcp", 443, 443, "172.16.0.0/12"),
        rule("tcp", 443, 443, "fd00::/8"),
    ];
    let findings: Vec<_> = closed.into_iter().flat_map(with).collect();
    assert_eq!(codes(&findings), ["load-balancer/group-closed"; 4]);
    assert_snapshot!("load_balancer_group_closed", text(&findings[..1]));
}

#[test]
fn the_security_groups_must_allow_outbound_traffic_to_the_task() {
    let with = |rule: Rule| balancer_with(|balancer| balancer.groups.as_mut().unwrap()[0].egress = vec![rule]);
    let open = [rule("tcp", 3000, 3000, "10.20.1.0/24"), rule("tcp", 1024, 65535, "sg-07")];
    assert!(open.into_iter().all(|rule| with(rule).is_empty()));
    let closed = [rule("tcp", 8080, 8080, "0.0.0.0/0"), rule("tcp", 3000, 3000, "10.30.0.0/16")];
    let findings: Vec<_> = closed.into_iter().flat_map(with).collect();
    assert_eq!(codes(&findings), ["load-balancer/group-egress"; 2]);
    assert_snapshot!("load_balancer_group_egress", text(&findings[..1]));
}

#[test]
fn missing_logs_are_a_warning() {
    let mut findings = balancer_with(|balancer| balancer.access_logs = AccessLogs::Off);
    let bucket = |access_logged, notifies| {
        let bucket = LogBucket { name: "logs".to_owned(), access_logged, notifies };
        balancer_with(|balancer| balancer.access_logs = AccessLogs::To(bucket))
    };
    findings.extend(bucket(Some(false), Some(false)));
    findings.extend(bucket(None, None));
    let expected = [
        "load-balancer/no-access-logs",
        "log-bucket/no-access-logs",
        "log-bucket/no-notifications",
        "log-bucket/not-checked",
    ];
    assert_eq!(codes(&findings), expected);
    assert_snapshot!("load_balancer_logs", text(&findings));
}

#[test]
fn unreadable_settings_are_only_a_warning() {
    let findings = balancer_with(|balancer| {
        balancer.groups = None;
        balancer.access_logs = AccessLogs::Unknown;
    });
    assert_eq!(codes(&findings), ["load-balancer/not-checked"]);
    assert_snapshot!("load_balancer_not_checked", text(&findings));
}

#[test]
fn an_unsuitable_target_group_is_refused() {
    let findings = group_with(|group| {
        group.target_type = "instance".to_owned();
        group.protocol = "HTTPS".to_owned();
        group.port = 8443;
        group.vpc = "vpc-0b2".to_owned();
    });
    let expected = [
        "target-group/wrong-target-type",
        "target-group/wrong-protocol",
        "target-group/wrong-port",
        "target-group/wrong-vpc",
    ];
    assert_eq!(codes(&findings), expected);
    assert_snapshot!("target_group_made_wrong", text(&findings));
}

#[test]
fn a_target_group_needs_a_listener() {
    let mut findings = group_with(|group| group.load_balancer = None);
    findings.extend(group_with(|group| {
        group.load_balancer.as_mut().unwrap().listeners.pop();
    }));
    assert_eq!(codes(&findings), ["target-group/no-listener"; 2]);
    assert_snapshot!("target_group_no_listener", text(&findings));
}

#[test]
fn a_target_group_with_other_targets_is_refused() {
    let findings = group_with(|group| group.targets.push("10.20.2.9".to_owned()));
    assert_eq!(codes(&findings), ["target-group/in-use"]);
    assert_snapshot!("target_group_in_use", text(&findings));
    let many = group_with(|group| group.targets = (1..=9).map(|last| format!("10.20.2.{last}")).collect());
    assert!(many[0].message.contains("10.20.2.5 and 4 more"), "{}", many[0].message);
}

#[test]
fn a_health_check_that_cloud_exchange_fails_is_warned_about() {
    let mut findings = group_with(|group| group.health_path = "/health".to_owned());
    assert_snapshot!("target_group_health_check", text(&findings));
    findings.extend(group_with(|group| group.health_matcher = "301-399".to_owned()));
    assert_eq!(codes(&findings), ["target-group/health-check"; 2]);
}

#[test]
fn the_urls_of_a_target_group_are_those_of_its_listeners() {
    let mut group = targets();
    assert_eq!(urls(&group), ["https://internal-shared-1.eu-west-1.elb.amazonaws.com"]);
    let listeners = [(8080, "HTTP"), (80, "HTTP"), (8443, "HTTPS")];
    let leads = |(port, protocol)| Listener { target_groups: strings(&[GROUP]), ..listener(port, protocol) };
    group.load_balancer.as_mut().unwrap().listeners = listeners.into_iter().map(leads).collect();
    let ends: Vec<_> =
        urls(&group).iter().map(|url| url.replace("internal-shared-1.eu-west-1.elb.amazonaws.com", "x")).collect();
    assert_eq!(ends, ["https://x:8443", "http://x", "http://x:8080"]);
    group.load_balancer = None;
    assert!(urls(&group).is_empty());
}

#[test]
fn immutable_properties_of_a_target_group_must_fit() {
    let mut findings = group_with(|group| group.protocol_version = "GRPC".to_owned());
    findings.extend(group_with(|group| group.protocol_version = "HTTP2".to_owned()));
    findings.extend(group_with(|group| group.address_type = "ipv6".to_owned()));
    let version = "target-group/wrong-protocol-version";
    assert_eq!(codes(&findings), [version, version, "target-group/wrong-address-type"]);
    let mut checks = group_with(|group| group.health_port = "8080".to_owned());
    checks.extend(group_with(|group| group.health_protocol = "HTTPS".to_owned()));
    assert_eq!(codes(&checks), ["target-group/health-check"; 2]);
    assert_eq!(group_with(|group| group.health_port = "3000".to_owned()), []);
    findings.extend(checks);
    assert_snapshot!("target_group_for_life", text(&findings));
}

#[test]
fn with_a_certificate_of_the_ui_the_target_group_speaks_https() {
    let over_tls = Wanted { web_tls: true, ..wanted() };
    let check = |group: TargetGroup| target_group(&named(GROUP, group), &over_tls);
    assert_eq!(codes(&check(targets())), ["target-group/wrong-protocol", "target-group/health-check"]);
    let https = || "HTTPS".to_owned();
    let right = TargetGroup { protocol: https(), health_protocol: https(), ..targets() };
    assert_eq!(codes(&check(right)), [""; 0]);
}
