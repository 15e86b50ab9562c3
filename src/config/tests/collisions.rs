//! Plan files side by side.

use crate::config::{Collision, PlanFile, collisions, load};

const VPC: &str =
    "existing.vpc = \"vpc-0a1b2c3d\"\nexisting.private_subnets = [\"subnet-0a1b2c3d\", \"subnet-0b1c2d3e\"]\n";
const GROUP: &str =
    "existing.target_group = \"arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/ce/73e2d6bc24d8a067\"\n";
const BALANCER: &str = "existing.load_balancer = \"arn:aws:elasticloadbalancing:us-east-1:111122223333:\
                        loadbalancer/app/lb/50dc6c495c0c9188\"\n";

fn plan(name: &str, rest: &str) -> PlanFile {
    let text = format!("name = \"{name}\"\nrelease = \"5.0.0\"\n{rest}");
    load("plan.toml", &text).map_err(|problems| problems.to_string()).unwrap()
}

fn among(files: &[PlanFile]) -> Vec<Collision> {
    const PATHS: [&str; 3] = ["plans/a.toml", "plans/b.toml", "plans/c.toml"];
    collisions(&PATHS.into_iter().zip(files).collect::<Vec<_>>())
}

fn codes(files: &[PlanFile]) -> Vec<&'static str> {
    among(files).iter().map(|collision| collision.code).collect()
}

#[test]
fn one_name_in_one_region_is_one_deployment() {
    let east = || plan("prod", "region = \"us-east-1\"");
    assert_eq!(codes(&[east(), plan("test", "region = \"us-east-1\"")]), [""; 0]);
    assert_eq!(codes(&[east(), plan("prod", "region = \"eu-west-1\"")]), [""; 0]);
    assert_eq!(codes(&[east(), east()]), ["plan-file/same-deployment"]);
    assert_eq!(codes(&[east(), plan("prod", "")]), ["plan-file/same-deployment"]);
    assert_eq!(codes(&[plan("prod", ""), plan("prod", "")]), ["plan-file/same-deployment"]);
}

#[test]
fn one_target_group_has_one_deployment() {
    let behind = |name| plan(name, &format!("{VPC}{GROUP}"));
    assert_eq!(codes(&[behind("a"), behind("b")]), ["plan-file/same-target-group"]);
    assert_eq!(codes(&[behind("a"), plan("b", "")]), [""; 0]);
}

#[test]
fn one_port_of_a_load_balancer_has_one_deployment() {
    let behind = |name, port| plan(name, &format!("{VPC}{BALANCER}{port}"));
    assert_eq!(codes(&[behind("a", ""), behind("b", "load_balancer.port = 80")]), ["plan-file/same-listener"]);
    assert_eq!(codes(&[behind("a", ""), behind("b", "load_balancer.port = 8080")]), [""; 0]);
}

#[test]
fn what_people_see() {
    let prod = || plan("prod", "");
    let files = [
        vec![prod(), plan("prod", "region = \"us-east-1\""), prod()],
        vec![plan("a", &format!("{VPC}{GROUP}")), plan("b", &format!("{VPC}{GROUP}"))],
        vec![plan("a", &format!("{VPC}{BALANCER}")), plan("b", &format!("{VPC}{BALANCER}"))],
    ];
    let line =
        |collision: &Collision| format!("{}: {}\n  hint: {}\n", collision.code, collision.message, collision.hint);
    let shown = files.iter().map(|files| among(files).iter().map(line).collect::<String>());
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_file_does_not_collide_with_itself() {
    let prod = plan("prod", "");
    assert_eq!(collisions(&[("plans/a.toml", &prod), ("plans/a.toml", &prod)]), []);
}
