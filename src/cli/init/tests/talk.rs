//! Which questions are asked, and what becomes of the answers.

use std::collections::BTreeMap;
use std::path::Path;

use insta::assert_snapshot;

use crate::cli::init::answers::{Answers, Front, Network};
use crate::cli::init::ask::Nobody;
use crate::cli::init::{Options, consent, file};
use crate::config::Throughput;

use super::fixture::*;

const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/mine/0123456789abcdef";
const ROLE: &str = "arn:aws:iam::111122223333:role/ce";

fn account() -> Account {
    let subnet = |id: &str, zone: &str| item(id, "").fact("vpc", "vpc-0a1b2c3d").fact("zone", zone);
    let public = bad("subnet-00000003", "dmz", "the subnet subnet-00000003 is public");
    Account(Some(BTreeMap::from([
        ("vpc", vec![item("vpc-0a1b2c3d", "prod"), bad("vpc-00000000", "old", "the VPC vpc-00000000 has no DNS")]),
        (
            "subnets",
            vec![
                subnet("subnet-00000001", "eu-west-1a"),
                subnet("subnet-00000002", "eu-west-1b"),
                subnet("subnet-00000004", "eu-west-1a"),
                public.fact("vpc", "vpc-0a1b2c3d").fact("zone", "eu-west-1b"),
            ],
        ),
        ("load-balancers", vec![item(BALANCER, "mine").fact("vpc", "vpc-0a1b2c3d")]),
        ("clusters", vec![item("shared", "shared")]),
        ("roles", vec![item("arn:aws:iam::111122223333:role/another", "another"), item(ROLE, "ce")]),
    ])))
}

#[test]
fn return_all_the_way_gives_a_new_vpc() {
    let mut script = Script::new(&[]);
    let answers = talk(&mut script, &mut account(), &Options::default()).unwrap();
    assert_eq!(answers, Answers { region: Some("eu-west-1".into()), ..defaults("prod") });
    assert_snapshot!(script.transcript);
}

#[test]
fn what_there_is_is_offered_and_what_is_wrong_is_said() {
    let mut script = Script::new(&[
        ("VPC", "vpc-00000000"),
        ("anyway", "no,"),
        ("VPC", "vpc-0a1b2c3d"),
        ("First private subnet", "subnet-00000001"),
        ("Second private subnet", "dmz"),
        ("anyway", "yes"),
        ("Load balancer", "existing load balancer, with a listener"),
        ("Which load balancer", "mine"),
        ("ACM certificate", "not-an-arn"),
        ("ACM certificate", ""),
        ("ECS cluster", "another one"),
        ("ECS cluster", "other"),
        ("Task role", "role/ce"),
        ("Execution role", "role/ce"),
        ("Networks", "10.0.0.0/8, 10.0.0.0/8"),
        ("Networks", "10.0.0.0/8 192.168.0.0/16"),
        ("HTTP proxy URL,", "http://me:secret@proxy:3128"),
        ("HTTP proxy URL,", "http://proxy:3128"),
        ("PEM file", "no-such.pem"),
        ("PEM file", ""),
    ]);
    let answers = talk(&mut script, &mut account(), &Options::default()).unwrap();
    let network = Network { vpc: "vpc-0a1b2c3d".into(), subnets: ["subnet-00000001".into(), "subnet-00000003".into()] };
    let expected = Answers {
        region: Some("eu-west-1".into()),
        network: Some(network),
        front: Front::LoadBalancer(BALANCER.into()),
        cluster: Some("other".into()),
        task_role: Some(ROLE.into()),
        execution_role: Some(ROLE.into()),
        allowed: vec!["10.0.0.0/8".into(), "192.168.0.0/16".into()],
        http_proxy: Some("http://proxy:3128".into()),
        https_proxy: Some("http://proxy:3128".into()),
        ..defaults("prod")
    };
    assert_eq!(answers, expected);
    assert_snapshot!(script.transcript);
}

#[test]
fn without_credentials_ids_are_typed() {
    let mut script = Script::new(&[
        ("VPC", "my-vpc"),
        ("First private subnet", "subnet-00000001"),
        ("Second private subnet", "subnet-00000002"),
        ("VPC", "vpc-0a1b2c3d"),
        ("First private subnet", "subnet-00000001"),
        ("Second private subnet", "subnet-00000002"),
        ("Load balancer", "none"),
    ]);
    let answers = talk(&mut script, &mut Account(None), &Options::default()).unwrap();
    assert_eq!((answers.front, answers.network.unwrap().vpc), (Front::Task, "vpc-0a1b2c3d".into()));
    assert_snapshot!(script.transcript);
}

/// Every option that can stand beside the others.
fn options() -> Options {
    let some = |text: &str| Some(text.to_owned());
    Options {
        name: some("ce-1"),
        release: some("5.0.0"),
        region: some("eu-west-1"),
        package: some("large"),
        vpc: some("vpc-0a1b2c3d"),
        subnet: vec!["subnet-00000001".into(), "subnet-00000002".into()],
        cluster: some("shared"),
        load_balancer: some(BALANCER),
        certificate: some("arn:aws:acm:eu-west-1:111122223333:certificate/1234"),
        task_role: some(ROLE),
        execution_role: some(ROLE),
        allow: vec!["10.0.0.0/8".into()],
        http_proxy: some("http://proxy:3128"),
        https_proxy: some("http://proxy:3129"),
        ..Options::default()
    }
}

#[test]
fn an_option_answers_its_question() {
    let mut script = Script::new(&[]);
    let answers = talk(&mut script, &mut account(), &options()).unwrap();
    assert_eq!(script.transcript.matches("? ").count(), 1, "only the PEM file: {}", script.transcript);
    assert_eq!(answers, talk(&mut Nobody, &mut Account(Some(BTreeMap::new())), &options()).unwrap());
    assert_eq!((answers.name.as_str(), answers.front), ("ce-1", Front::LoadBalancer(BALANCER.into())));
    assert_eq!(answers.https_proxy.as_deref(), Some("http://proxy:3129"));
}

#[test]
fn the_events_choose_package_and_throughput() {
    let mut script = Script::new(&[("Events per minute", "many"), ("Events per minute", "5,000")]);
    let answers = talk(&mut script, &mut account(), &Options::default()).unwrap();
    assert_eq!((answers.package.as_str(), answers.throughput), ("medium", Some(Throughput::Bursting)));
    assert!(script.transcript.contains("write a number above zero"), "{}", script.transcript);
    assert!(script.transcript.contains("Task size (medium is enough for these events)"), "{}", script.transcript);
    let chosen = |events: f64, package: Option<&str>| {
        let package = package.map(str::to_owned);
        let options = Options { events_per_minute: Some(events), package, ..Options::default() };
        talk(&mut Nobody, &mut Account(Some(BTreeMap::new())), &options).unwrap()
    };
    let busy = chosen(120_000.0, None);
    assert_eq!((busy.package.as_str(), busy.throughput), ("large", None));
    assert_eq!(chosen(120_000.0, Some("medium")).package, "medium", "an option decides");
    let quiet = chosen(100.0, None);
    assert!(quiet.text().contains("[storage]\nthroughput = \"bursting\"\n"), "{}", quiet.text());
    let mut script = Script::new(&[]);
    talk(&mut script, &mut account(), &Options { events_per_minute: Some(1e9), ..Options::default() }).unwrap();
    assert!(script.transcript.contains("ask Netskope"), "{}", script.transcript);
}

#[test]
fn a_wrong_option_is_named() {
    let some = |text: &str| Some(text.to_owned());
    let wrong = [
        Options { name: some("No Name"), ..Options::default() },
        Options { release: some("1.0.0"), ..Options::default() },
        Options { region: some("mars-1"), ..Options::default() },
        Options { package: some("huge"), ..Options::default() },
        Options { vpc: some("vpc-x"), subnet: vec!["a".into(), "b".into()], ..Options::default() },
        Options { vpc: some("vpc-0a1b2c3d"), ..Options::default() },
        Options { cluster: some("a b"), ..Options::default() },
        Options { task_role: some("ce"), ..Options::default() },
        Options { allow: vec!["10.0.0.1/8".into()], ..Options::default() },
        Options { http_proxy: some("http://me:secret@proxy:3128"), ..Options::default() },
        Options { ca: Some("no-such.pem".into()), ..Options::default() },
    ];
    let mut said = String::new();
    for options in wrong {
        let error = talk(&mut Nobody, &mut Account(Some(BTreeMap::new())), &options).unwrap_err();
        assert_eq!(error.exit().code(), 64);
        said.push_str(&crate::ui::style::plain(&error.text()));
    }
    assert!(!said.contains("secret@"));
    assert_snapshot!(said);
}

#[test]
fn what_is_there_is_overwritten_only_with_consent() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("ce-aws.toml");
    assert!(!consent(&path, false, &mut Nobody).unwrap());
    file::write(&path, "kept", false).unwrap();
    let refused = consent(&path, false, &mut Nobody).unwrap_err();
    assert_eq!(refused.exit().code(), 64);
    assert!(refused.text().contains("--force"));
    assert!(consent(&path, false, &mut Script::new(&[])).is_err(), "no is the default");
    assert!(consent(&path, false, &mut Script::new(&[("Overwrite", "yes")])).unwrap());
    assert!(consent(&path, true, &mut Nobody).unwrap());
}

#[test]
fn the_ca_file_is_found_from_the_plan_file() {
    let seen = |folder: &str, path: &str| super::super::file::seen_from(Path::new(folder), Path::new(path));
    assert_eq!(seen("", "ca.pem"), "ca.pem");
    assert_eq!(seen("plans", "plans/ca.pem"), "ca.pem");
    assert_eq!(seen("plans", "/etc/ca.pem"), "/etc/ca.pem");
    assert!(Path::new(&seen("plans", "ca.pem")).is_absolute());
}
