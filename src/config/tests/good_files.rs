//! What a valid file means.

use crate::{
    config::{GroupTarget, NetworkCidr, Traffic, examine, load, network::derive},
    release::Package,
};

fn head(rest: &str) -> String {
    format!("name = \"prod\"\nrelease = \"5.0.0\"\n{rest}")
}

fn cidr(text: &str) -> NetworkCidr {
    text.parse().unwrap()
}

#[test]
fn name_and_release_are_enough() {
    let plan = load("plan.toml", &head("")).unwrap();
    assert_eq!(plan.name.as_str(), "prod");
    assert_eq!(plan.package, Package::Medium);
    assert_eq!(plan.region, None);
    assert_eq!(plan.access.allowed_cidrs, None);
    assert_eq!(plan.logs.flow_log_retention_days.days(), 365);
}

#[test]
fn subnets_follow_the_vpc() {
    let plan = load("plan.toml", &head("network.cidr = \"10.8.0.0/16\"")).unwrap();
    assert_eq!(plan.network.private_subnets, [cidr("10.8.1.0/24"), cidr("10.8.2.0/24")]);
    assert_eq!(plan.network.public_subnets, [cidr("10.8.3.0/24"), cidr("10.8.4.0/24")]);
}

#[test]
fn derived_subnets_lie_apart_inside_every_vpc_that_is_large_enough() {
    for length in 16..=25 {
        let vpc = cidr(&format!("10.0.0.0/{length}"));
        let subnets = derive(vpc).unwrap();
        for (index, subnet) in subnets.iter().enumerate() {
            assert!(vpc.contains(*subnet) && subnet.net().prefix_len() <= 27, "{vpc}: {subnet}");
            assert!(subnets[..index].iter().all(|other| !other.overlaps(*subnet)), "{vpc}: {subnet}");
        }
    }
}

#[test]
fn the_template_default_is_what_deriving_gives() {
    let plan = load("plan.toml", &head("")).unwrap();
    let [a, b, c, d] = derive(plan.network.cidr).unwrap();
    assert_eq!((plan.network.private_subnets, plan.network.public_subnets), ([a, b], [c, d]));
    assert_eq!(plan.network, super::super::Network::default());
}

#[test]
fn flow_logs_are_kept_as_long_as_the_others_by_default() {
    let plan = load("plan.toml", &head("[logs]\nretention_days = 30")).unwrap();
    assert_eq!(plan.logs.flow_log_retention_days.days(), 30);
    let plan = load("plan.toml", &head("[logs]\nretention_days = 30\nflow_log_retention_days = 7")).unwrap();
    assert_eq!(plan.logs.flow_log_retention_days.days(), 7);
}

#[test]
fn rules_are_read_in_both_spellings_of_a_list_of_tables() {
    let text = head(
        r#"
        [network]
        extra_ingress = [{ protocol = "all", from = "10.1.0.0/16" }, { protocol = "udp", ports = 514, from = "10.2.0.0/16" }]
        [[access.extra_ingress]]
        to = "task"
        protocol = "tcp"
        ports = "8000-8010"
        from = "10.3.0.4/32"
        description = "health probe (team A)"
        "#,
    );
    let plan = load("plan.toml", &text).unwrap();
    assert_eq!(plan.network.extra_ingress[0].traffic, Traffic::All);
    assert_eq!(plan.network.extra_ingress[1].traffic.to_string(), "udp 514");
    let rule = &plan.access.extra_ingress[0];
    assert_eq!(rule.to, GroupTarget::Task);
    assert_eq!(rule.traffic.to_string(), "tcp 8000-8010");
    assert_eq!(rule.traffic.ports().map(|ports| (ports.from(), ports.to())), Some((8000, 8010)));
}

#[test]
fn a_file_from_windows_is_read_alike() {
    let text = head("[network]\nflow_logs = false\n");
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(load("plan.toml", &windows).unwrap(), load("plan.toml", &text).unwrap());
}

#[test]
fn a_warning_does_not_stop_the_file() {
    let examined = examine("plan.toml", &head("access.allowed_cidrs = [\"0.0.0.0/0\"]"), None);
    assert!(examined.plan.is_some());
    let codes: Vec<_> = examined.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["plan-file/open-to-all"]);
}

#[test]
fn forty_three_tags_are_accepted() {
    let tags: String = (1..=43).map(|number| format!("tag{number} = \"x\"\n")).collect();
    assert_eq!(load("plan.toml", &head(&format!("[tags]\n{tags}"))).unwrap().tags.len(), 43);
}
