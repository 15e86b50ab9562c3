//! What the plan file says.

use insta::assert_snapshot;
use proptest::option;
use proptest::prelude::*;

use crate::cli::init::answers::{Answers, Front, Network, POINTERS};
use crate::config::{PlanFile, Throughput, load, schema};

use super::fixture::defaults;

fn balancer(kind: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-west-1:111122223333:{kind}/0123456789abcdef")
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::111122223333:role/{name}")
}

#[test]
fn a_new_vpc() {
    assert_snapshot!(defaults("prod").text());
}

#[test]
fn everything_brought_along() {
    let answers = Answers {
        region: Some("eu-west-1".into()),
        package: "large".into(),
        network: Some(Network {
            vpc: "vpc-0a1b2c3d".into(),
            subnets: ["subnet-0a1b2c3d".into(), "subnet-0e1f2a3b".into()],
        }),
        front: Front::TargetGroup(balancer("targetgroup/ui")),
        cluster: Some("shared".into()),
        task_role: Some(role("ce-task")),
        execution_role: Some(role("ce-task")),
        allowed: vec!["10.0.0.0/8".into(), "192.168.7.0/24".into()],
        http_proxy: Some("http://proxy.example.com:3128".into()),
        https_proxy: Some("http://proxy.example.com:3128".into()),
        ca: Some("corp \"ca\".pem".into()),
        ..defaults("ce-eu-1")
    };
    assert_snapshot!(answers.text());
}

#[test]
fn it_points_at_keys_that_there_are() {
    let schema = schema();
    for (table, keys) in POINTERS {
        let reference = schema["properties"][table]["$ref"].as_str().unwrap();
        let known = schema.pointer(reference.trim_start_matches('#')).unwrap();
        for key in *keys {
            assert!(known["properties"].get(key).is_some(), "{table}.{key}");
        }
    }
}

/// Answers that the plan file's reader takes.
fn good() -> impl Strategy<Value = Answers> {
    let balancer = |kind: &'static str| "[A-Za-z0-9]{1,32}".prop_map(move |name| balancer(&format!("{kind}/{name}")));
    let role = || "[A-Za-z0-9/_+=,.@-]{0,40}[A-Za-z0-9_]".prop_map(|name| role(&name));
    let proxy = || "https?://[a-z0-9]{1,20}\\.example\\.com(:[1-9][0-9]{0,3})?";
    let network = ("vpc-[0-9a-f]{17}", "subnet-[0-9a-f]{8}", "subnet-[0-9a-f]{17}");
    let network = network.prop_map(|(vpc, a, b)| Network { vpc, subnets: [a, b] });
    let front = prop_oneof![
        Just(Front::New),
        Just(Front::Task),
        balancer("loadbalancer/app").prop_map(Front::LoadBalancer),
        balancer("targetgroup").prop_map(Front::TargetGroup),
    ];
    let allowed = prop::collection::btree_set((1u8..=254).prop_map(|octet| format!("10.{octet}.0.0/16")), 0..5);
    let head = (
        "[a-z0-9]([a-z0-9-]{0,17}[a-z0-9])?",
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec!["medium", "large"]),
    );
    let brought =
        (option::of(network), front, option::of("[A-Za-z0-9_-]{1,60}"), option::of(role()), option::of(role()));
    let certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/[a-f0-9-]{1,36}";
    let rest = (allowed, option::of(proxy()), option::of(proxy()), option::of(certificate));
    (head, brought, rest).prop_map(|((name, region, consent, bursting, package), brought, rest)| {
        let (network, front, cluster, task_role, execution_role) = brought;
        let (allowed, http_proxy, https_proxy, certificate) = rest;
        let in_a_vpc = matches!(front, Front::LoadBalancer(_) | Front::TargetGroup(_));
        let front = if in_a_vpc && network.is_none() { Front::New } else { front };
        let listens = matches!(front, Front::New | Front::LoadBalancer(_));
        Answers {
            allow: consent.then(|| "unsupported".to_owned()),
            region: region.then(|| "eu-west-1".to_owned()),
            package: package.to_owned(),
            throughput: bursting.then_some(Throughput::Bursting),
            certificate: certificate.filter(|_| listens),
            allowed: allowed.into_iter().collect(),
            network,
            front,
            cluster,
            task_role,
            execution_role,
            http_proxy,
            https_proxy,
            ..defaults(&name)
        }
    })
}

/// The answers that a plan file was made of.
fn answers(plan: &PlanFile) -> Answers {
    let text = |value: Option<&dyn std::fmt::Display>| value.map(ToString::to_string);
    macro_rules! text {
        ($value:expr) => {
            text($value.as_ref().map(|value| value as &dyn std::fmt::Display))
        };
    }
    let existing = &plan.existing;
    let front = match (&existing.load_balancer, &existing.target_group, plan.load_balancer.enabled) {
        (Some(arn), ..) => Front::LoadBalancer(arn.to_string()),
        (_, Some(arn), _) => Front::TargetGroup(arn.to_string()),
        (.., true) => Front::New,
        (.., false) => Front::Task,
    };
    let subnets = existing.private_subnets.as_ref().map(|subnets| subnets.each_ref().map(ToString::to_string));
    Answers {
        name: plan.name.to_string(),
        release: plan.release.to_string(),
        allow: text!(plan.allow),
        region: text!(plan.region),
        package: plan.package.to_string(),
        throughput: Some(plan.storage.throughput).filter(|throughput| *throughput == Throughput::Bursting),
        network: existing.vpc.as_ref().zip(subnets).map(|(vpc, subnets)| Network { vpc: vpc.to_string(), subnets }),
        front,
        certificate: text!(plan.load_balancer.certificate_arn),
        cluster: text!(existing.cluster),
        task_role: text!(existing.task_role),
        execution_role: text!(existing.execution_role),
        allowed: plan.access.allowed_cidrs.iter().flatten().map(ToString::to_string).collect(),
        http_proxy: text!(plan.proxy.http),
        https_proxy: text!(plan.proxy.https),
        ca: None,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_what_was_answered(written in good()) {
        let plan = load("ce-aws.toml", &written.text()).map_err(|problems| TestCaseError::fail(problems.to_string()))?;
        prop_assert_eq!(answers(&plan), written);
    }

    #[test]
    fn whatever_is_answered_stays_inside_its_quotes(name in any::<String>(), ca in any::<String>()) {
        let answers = Answers { ca: Some(ca.clone()), allowed: vec![name.clone()], ..defaults(&name) };
        let table: toml::Table = answers.text().parse().map_err(|error| TestCaseError::fail(format!("{error}")))?;
        prop_assert_eq!(table["name"].as_str(), Some(name.as_str()));
        prop_assert_eq!(table["ca"]["file"].as_str(), Some(ca.as_str()));
        prop_assert_eq!(table["access"]["allowed_cidrs"][0].as_str(), Some(name.as_str()));
    }
}
