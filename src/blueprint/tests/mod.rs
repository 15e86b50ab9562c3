//! The graph of a plan file, as text: what there is, and what waits for what.

mod certificates;
mod client_vpn;
mod data_steps;
mod flows;
pub mod image_change;
mod kept;
mod reachability;
mod release_6;
mod ui_certificate;
mod unpack;

use std::collections::BTreeMap;

use crate::config::{self, PlanFile};
use crate::engine::graph::Graph;
use crate::engine::reference::Need;
use crate::existing::cluster::Cluster;
use crate::existing::ingress::{LoadBalancer, TargetGroup};
use crate::existing::network::Vpc;
use crate::existing::{Existing, Lookup, Named};
use crate::kinds::names::Names;
use crate::release::{Catalogue, Release};

use super::certificates::Generations;
use super::{Facts, graph};

/// The graph of a plan file in us-east-1 that borrows nothing.
pub fn graph_of(plan: &str) -> Graph {
    graph_with(plan, &Existing::default(), &BTreeMap::new())
}

/// The graph of a plan file in us-east-1.
pub fn graph_with(plan: &str, existing: &Existing, digests: &BTreeMap<String, String>) -> Graph {
    graph_for(plan, existing, digests, false)
}

fn graph_for(plan: &str, existing: &Existing, digests: &BTreeMap<String, String>, backup: bool) -> Graph {
    let plan = config::load("plan.toml", plan).unwrap();
    let release = Catalogue::builtin().get(plan.release).unwrap();
    graph_at(&plan, release, 1, existing, digests, backup)
}

fn names_of(plan: &PlanFile) -> Names {
    Names {
        deployment: plan.name.as_str().to_owned(),
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
    }
}

fn graph_at(
    plan: &PlanFile,
    release: &Release,
    certificate_generation: u32,
    existing: &Existing,
    digests: &BTreeMap<String, String>,
    backup: bool,
) -> Graph {
    let names = names_of(plan);
    let zones = ["us-east-1a".to_owned(), "us-east-1b".to_owned()];
    let facts = Facts {
        release,
        names: &names,
        zones,
        existing,
        digests,
        generations: Generations { internal: certificate_generation, of_ui: certificate_generation },
        backup,
    };
    graph(plan, &facts).unwrap()
}

const SMALLEST: &str = "name = \"prod\"\nrelease = \"5.0.0\"\n";

#[test]
fn the_smallest_plan_file_makes_the_whole_stack() {
    let graph = graph_of(SMALLEST);
    let lines = graph.nodes().map(|node| {
        let needs = node.needs.iter().map(|(address, need)| match need {
            Need::Exists => address.to_string(),
            Need::Ready => format!("{address}!"),
        });
        let needs = needs.collect::<Vec<_>>().join(" ");
        format!("{}{}{needs}\n", node.address, if needs.is_empty() { "" } else { " <- " })
    });
    insta::assert_snapshot!(lines.collect::<String>());
}

#[test]
fn backups_need_a_vault_and_a_role_that_the_user_may_bring() {
    let backup = |plan: &str, backup| {
        let graph = graph_for(plan, &Existing::default(), &BTreeMap::new(), backup);
        let nodes = graph.nodes().map(|node| node.address.to_string());
        nodes.filter(|address| address.contains("backup")).collect::<Vec<_>>()
    };
    let theirs = "[existing]\nbackup_role = \"arn:aws:iam::111122223333:role/backup\"\n";
    assert_eq!(backup(SMALLEST, false), [""; 0]);
    assert_eq!(backup(SMALLEST, true), ["backup-vault/main", "role/backup"]);
    assert_eq!(backup(&format!("{SMALLEST}{theirs}"), true), ["backup-vault/main"]);
    let bounded = format!("{SMALLEST}[identity]\npermissions_boundary = \"arn:aws:iam::aws:policy/PowerUserAccess\"\n");
    let graph = graph_for(&bounded, &Existing::default(), &BTreeMap::new(), true);
    let role = &graph.get(&super::backup::role_address()).unwrap().spec;
    assert_eq!(role["boundary"], "arn:aws:iam::aws:policy/PowerUserAccess");
    assert_eq!(role["trust"]["Statement"][0]["Principal"]["Service"], crate::existing::identity::BACKUP);
    assert_eq!(role["managed"].as_array().map(Vec::len), Some(2));
}

#[test]
fn no_value_of_a_secret_could_be_in_a_specification() {
    let text = serde_json::to_string(&graph_of(SMALLEST)).unwrap();
    for key in ["MONGODB_PASSWORD", "JWT_SECRET", "RABBITMQERLCOOKIE"] {
        assert!(text.contains(key), "{key} is injected");
        assert!(!text.contains(&format!("\"{key}\":\"")), "{key} is not a plain variable");
    }
    for default in ["cteadmin:", "verysercterdyuri18"] {
        let leaked = text.replace("cteadmin:{password}", "").contains(default);
        assert!(!leaked, "the vendor's public default {default} is in the graph");
    }
}

#[test]
fn options_add_and_take_away_whole_resources() {
    let addresses = |plan: &str| {
        let graph = graph_of(&format!("{SMALLEST}{plan}"));
        graph.nodes().map(|node| node.address.to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    let all = addresses("");
    let without = |plan: &str| all.difference(&addresses(plan)).cloned().collect::<Vec<_>>();
    assert_eq!(without("[network]\nflow_logs = false\n"), ["flow-log/vpc", "log-group/flow", "role/flow-log"]);
    assert_eq!(without("[network]\nharden = false\n"), ["default-network-acl/main", "default-security-group/main"]);
    assert_eq!(without("[load_balancer]\naccess_logs = false\n"), ["bucket/access-logs", "bucket/alb-logs"]);
    let certificate = "[load_balancer]\ncertificate_arn = \
        \"arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\"\n";
    assert_eq!(addresses(certificate).difference(&all).collect::<Vec<_>>(), ["listener/https"]);
    let requested = "[dns]\nname = \"ce.example.com\"\nzone = \"Z0123456789\"\ncertificate = true\n";
    let more = ["certificate/ce-example-com", "dns-record/ui", "listener/https"];
    // The zone is only known to be there once AWS has shown it.
    let made = addresses(requested).difference(&all).filter(|one| *one != "dns-zone/main").cloned().collect::<Vec<_>>();
    assert_eq!(made, more);
    let graph = graph_of(&format!("{SMALLEST}{requested}"));
    let https = graph.get(&"listener/https".parse().unwrap()).unwrap();
    let issued = ("certificate/ce-example-com".parse().unwrap(), Need::Ready);
    assert!(https.needs.contains(&issued), "{:?}", https.needs);
    let http = graph.get(&"listener/http".parse().unwrap()).unwrap();
    assert!(http.needs.contains(&("listener/https".parse().unwrap(), Need::Exists)), "{:?}", http.needs);
}

#[test]
fn a_tag_of_the_plan_file_is_on_everything_that_carries_tags() {
    let graph = graph_of(&format!("{SMALLEST}[tags]\nteam = \"security\"\n"));
    for node in graph.nodes().filter(|node| node.kind.tagged) {
        assert_eq!(node.tags.get("team").map(String::as_str), Some("security"), "{}", node.address);
        assert!(node.tags.contains_key("Name"), "{}", node.address);
    }
}

/// The existing resources of a plan file, as AWS would report them.
fn existing() -> Existing {
    fn named<T>(name: &str, found: T) -> Option<Named<T>> {
        Some(Named { name: name.to_owned(), lookup: Lookup::Found(found) })
    }
    let balancer = LoadBalancer { group_ids: vec!["sg-theirs".to_owned()], ..LoadBalancer::default() };
    let group = TargetGroup { load_balancer: Some(balancer.clone()), ..TargetGroup::default() };
    let arn = "arn:aws:ecs:us-east-1:111122223333:cluster/corp".to_owned();
    Existing {
        vpc: named("vpc-0a1b2c3d", Vpc { cidrs: vec!["10.1.0.0/16".to_owned()], ..Vpc::default() }),
        cluster: named("corp", Cluster { arn, ..Cluster::default() }),
        load_balancer: named("balancer", balancer),
        target_group: named("group", group),
        ..Existing::default()
    }
}

const THEIR_VPC: &str = "vpc = \"vpc-0a1b2c3d\"\nprivate_subnets = [\"subnet-0a1b2c3d\", \"subnet-1a2b3c4d\"]\n";

/// The addresses of a plan file's graph, and its whole text.
fn drawn(plan: &str) -> (Vec<String>, String) {
    let graph = graph_with(&format!("{SMALLEST}{plan}"), &existing(), &BTreeMap::new());
    let addresses = graph.nodes().map(|node| node.address.to_string()).collect();
    (addresses, serde_json::to_string(&graph).unwrap())
}

#[test]
fn of_what_the_user_brings_nothing_is_in_the_graph() {
    let role = "arn:aws:iam::111122223333:role/corp/ce";
    let all = format!(
        "[existing]\n{THEIR_VPC}cluster = \"corp\"\ntask_role = \"{role}\"\nexecution_role = \"{role}\"\n\
         target_group = \"arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/corp/0123456789abcdef\"\n"
    );
    let (addresses, text) = drawn(&all);
    let kinds: std::collections::BTreeSet<_> =
        addresses.iter().map(|address| address.split('/').next().unwrap_or_default()).collect();
    let expected = [
        "access-point",
        "file-system",
        "file-system-policy",
        "log-group",
        "mount-target",
        "secret",
        "security-group",
        "service",
        "service-linked-role",
        "task-definition",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
    assert!(addresses.contains(&"mount-target/subnet-1a2b3c4d".to_owned()), "{addresses:?}");
    for used in ["vpc-0a1b2c3d", "cluster/corp", role, "targetgroup/corp", "sg-theirs"] {
        assert!(text.contains(used), "{used}");
    }
    assert!(text.contains("\"ce-aws:cluster\":\"arn:aws:ecs:us-east-1:111122223333:cluster/corp\""));
}

#[test]
fn without_a_load_balancer_the_allowed_networks_reach_the_task() {
    let rules = |plan: &str| {
        let graph = graph_with(&format!("{SMALLEST}{plan}"), &existing(), &BTreeMap::new());
        let group = graph.get(&"security-group/task".parse().unwrap()).unwrap();
        serde_json::to_string(&group.spec["ingress"]).unwrap()
    };
    let none = rules("[load_balancer]\nenabled = false\n[access]\nallowed_cidrs = [\"10.9.0.0/16\"]\n");
    assert!(none.contains("10.9.0.0/16") && !none.contains("security-group"), "{none}");
    let theirs = rules(&format!("[load_balancer]\nenabled = false\n[existing]\n{THEIR_VPC}"));
    assert!(theirs.contains("10.1.0.0/16"), "the VPC's own range is read from AWS: {theirs}");
}

#[test]
fn a_nat_gateway_for_both_zones_or_none() {
    let nat = |plan: &str| {
        let (addresses, _) = drawn(plan);
        addresses
            .into_iter()
            .filter(|a| {
                ["nat-gateway", "elastic-ip", "internet-gateway"].contains(&a.split('/').next().unwrap_or_default())
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(nat("[network]\nnat = \"single\"\n"), ["elastic-ip/a", "internet-gateway/main", "nat-gateway/a"]);
    assert_eq!(nat("[network]\nnat = \"none\"\n"), [""; 0]);
}

#[test]
fn a_listener_of_ours_on_a_load_balancer_of_the_users() {
    let plan = format!(
        "[load_balancer]\nport = 8443\n[existing]\n{THEIR_VPC}\
         load_balancer = \"arn:aws:elasticloadbalancing:us-east-1:111122223333:\
         loadbalancer/app/corp/0123456789abcdef\"\n"
    );
    let (addresses, text) = drawn(&plan);
    let front: Vec<_> = addresses
        .iter()
        .filter(|a| a.contains("listener/") || a.contains("target-group/") || a.contains("balancer/"))
        .collect();
    assert_eq!(front, ["listener/shared", "target-group/ui"]);
    assert!(text.contains("\"port\":8443"));
}

#[test]
fn proxy_certificates_and_digests_reach_the_containers_that_take_them() {
    let plan = "[proxy]\nhttp = \"http://10.0.0.5:3128\"\nhttps = \"http://10.0.0.5:3128\"\n\
     no_proxy = [\"siem.corp\"]\n\
        [ca]\nsecret = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:corp-ca-a1B2c3\"\n";
    let digests = BTreeMap::from([("ui".to_owned(), "sha256:0123".to_owned())]);
    let graph = graph_with(&format!("{SMALLEST}{plan}"), &existing(), &digests);
    let task = graph.get(&"task-definition/main".parse().unwrap()).unwrap();
    let containers = task.spec["containers"].as_object().unwrap();
    let who = |has: &dyn Fn(&serde_json::Value) -> bool| -> Vec<&str> {
        containers.iter().filter(|(_, container)| has(container)).map(|(name, _)| name.as_str()).collect()
    };
    assert_eq!(who(&|c| c["environment"]["HTTPS_PROXY"] == "http://10.0.0.5:3128"), ["core", "mongodb-primary"]);
    let except = containers["core"]["environment"]["NO_PROXY"].as_str().unwrap();
    assert!(except.contains("169.254.170.2") && except.contains("siem.corp"), "{except}");
    assert_eq!(who(&|c| !c["secrets"]["CA_CERTIFICATE"].is_null()), ["init-container"]);
    assert_eq!(who(&|c| c["digest"] == "sha256:0123"), ["ui"]);
    let role = graph.get(&"role/execution".parse().unwrap()).unwrap();
    assert!(role.spec.to_string().contains("corp-ca-a1B2c3"));
}

#[test]
fn the_task_role_decrypts_sessions_of_a_cluster_that_encrypts_them() {
    let role = |key: Option<&str>| {
        let mut seen = existing();
        let cluster = Cluster {
            name: "corp".to_owned(),
            session_key: key.map(str::to_owned),
            status: "ACTIVE".to_owned(),
            ..Cluster::default()
        };
        seen.cluster = Some(Named { name: "corp".to_owned(), lookup: Lookup::Found(cluster) });
        let graph = graph_with(&format!("{SMALLEST}[existing]\ncluster = \"corp\"\n"), &seen, &BTreeMap::new());
        graph.get(&"role/task".parse().unwrap()).unwrap().spec.to_string()
    };
    assert!(!role(None).contains("kms:"));
    let of_key = role(Some("1234abcd"));
    assert!(
        of_key.contains("\"kms:Decrypt\"") && of_key.contains(":kms:us-east-1:111122223333:key/1234abcd\""),
        "{of_key}"
    );
    assert!(of_key.contains(r#""kms:EncryptionContext:aws:ssm:TargetId":"ecs:corp_*""#), "{of_key}");
    assert!(role(Some("alias/exec")).contains(":kms:us-east-1:111122223333:key/*\""));
}

#[test]
fn a_retirement_is_told_of_this_service_in_this_region_only() {
    let pattern = |plan: &str| {
        let graph = graph_with(&format!("{SMALLEST}{plan}[alarms]\nenabled = true\n"), &existing(), &BTreeMap::new());
        graph.get(&"event-rule/task-retired".parse().unwrap()).unwrap().spec["pattern"].clone()
    };
    let own = pattern("");
    assert_eq!(
        (&own["resources"][0], &own["detail"]["eventRegion"][0]),
        (&"ce-prod|ce-prod".into(), &"us-east-1".into())
    );
    assert_eq!(pattern("[existing]\ncluster = \"corp\"\n")["resources"][0], "corp|ce-prod");
}
