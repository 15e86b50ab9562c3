//! Many deployments in one account and region: `list` and `status --all` share their calls.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::policy::operator::{Operator, without};
use crate::product::Product;

/// Copies of one deployment, which is there too.
const COPIES: usize = 99;
const ALL: usize = COPIES + 1;
/// How many of them are in one cluster of the user's. Each of the others has a cluster of its own.
const SHARING: usize = 5;
const CLUSTERS: usize = ALL - SHARING + 1;

/// How often each operation is called, and the document on standard output.
fn asked(product: &Product<'_>, arguments: &[&str]) -> (BTreeMap<String, usize>, Value) {
    let before = product.account.every_call(0).len();
    let ran = product.expect(0, &[arguments, &["--output", "json"]].concat());
    let mut calls = BTreeMap::new();
    for call in product.account.every_call(before) {
        *calls.entry(text(&call["operation"]).to_owned()).or_default() += 1;
    }
    // A lease is read where it was written lately, which depends on the machine.
    assert!(calls.remove("GetObject").is_none_or(|leases| leases == 1), "more leases than that of prod were read");
    (calls, serde_json::from_str(&ran.stdout).expect("JSON"))
}

fn calls(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|(operation, count)| ((*operation).to_owned(), *count)).collect()
}

fn states(document: &Value) -> BTreeMap<String, Vec<String>> {
    let mut states = BTreeMap::<_, Vec<_>>::new();
    for one in document["deployments"].as_array().expect("deployments") {
        let name = text(&one["deployment"]).to_owned();
        states.entry(text(&one["state"]).to_owned()).or_default().push(name);
    }
    states
}

#[test]
fn a_hundred_deployments_share_their_calls() {
    let account = Account::new(SCALE);
    account.post("settings", &json!({ "iam.propagation": 0, "iam.pass_role": 0, "quota.load_balancers": ALL }));
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    account.by_hand(&format!("COUNT, SHARING = {COPIES}, {SHARING}\n{}", include_str!("many_deployments.py")));
    account.post("clock", &json!({ "advance": 900 }));

    // One call for a kind, and one for what AWS answers only by cluster, revision, target group or load balancer.
    let of_list = calls(&[
        ("DescribeClusters", 1),
        ("DescribeFileSystems", 1),
        ("DescribeServices", CLUSTERS),
        ("DescribeTaskDefinition", ALL),
        ("DescribeTasks", CLUSTERS),
        ("DescribeVpcs", 1),
        ("GetCallerIdentity", 1),
        ("ListClusters", 1),
        ("ListObjectsV2", 1),
        ("ListServices", 1),
        ("ListTasks", 2 * CLUSTERS),
    ]);
    let (asked_by_list, listed) = asked(&product, &["list"]);
    assert_eq!(asked_by_list, of_list);
    assert_eq!(states(&listed)["running"].len(), ALL, "{:?}", states(&listed));
    let more = calls(&[
        ("DescribeListeners", ALL),
        ("DescribeLoadBalancers", 1),
        ("DescribeTargetGroups", 1),
        ("DescribeTargetHealth", ALL),
    ]);
    let of_status: BTreeMap<_, _> = of_list.into_iter().chain(more).collect();
    let (asked_by_status, all) = asked(&product, &["status", "--all"]);
    assert_eq!(asked_by_status, of_status);
    assert_eq!(states(&all)["healthy"].len(), ALL, "{:?}", states(&all));
    says_what_status_and_list_say(&product, &all, &listed);

    // Small pages, and throttled calls: more calls, and the same answer.
    account.post("settings", &json!({ "page.size": 7 }));
    for operation in ["DescribeTasks", "DescribeTargetHealth", "ListClusters"] {
        account.post("faults", &json!({ "operation": operation, "kind": "throttle", "nth": 5, "times": 3 }));
    }
    let (mut asked_in_pages, again) = asked(&product, &["status", "--all"]);
    account.delete("faults");
    let pages = |items: usize| items.div_ceil(7);
    for (operation, count) in [
        ("ListClusters", pages(CLUSTERS) + 3),
        ("DescribeFileSystems", pages(ALL)),
        ("DescribeTargetGroups", pages(ALL)),
        ("DescribeLoadBalancers", pages(ALL)),
        ("DescribeTasks", CLUSTERS + 3),
        ("DescribeTargetHealth", ALL + 3),
    ] {
        assert_eq!(asked_in_pages.remove(operation), Some(count), "{operation}");
    }
    let mut unpaged = of_status;
    unpaged.retain(|operation, _| asked_in_pages.contains_key(operation));
    assert_eq!(asked_in_pages, unpaged);
    assert_eq!(again["deployments"], all["deployments"]);
    account.post("settings", &json!({ "page.size": 0 }));

    what_is_wrong_is_seen_among_many(&product);
}

/// The same fields as in both, with the same values.
fn says_what_status_and_list_say(product: &Product<'_>, all: &Value, listed: &Value) {
    let alone = product.expect(0, &["status", "--name", "prod", "--output", "json"]).stdout;
    let alone: Value = serde_json::from_str(&alone).expect("JSON");
    let of = |document: &Value| {
        let all = document["deployments"].as_array().expect("deployments");
        all.iter().find(|one| one["deployment"] == "prod").expect("prod").clone()
    };
    let (one, listed) = (of(all), of(listed));
    for field in ["deployment", "account", "region", "state", "release", "since", "writers", "notes", "service"] {
        assert_eq!(one[field], alone[field], "{field}");
    }
    for field in ["url", "cluster", "service", "task", "private_ip"] {
        assert_eq!(one["whereabouts"][field], alone["whereabouts"][field], "{field}");
    }
    for field in ["deployment", "release", "since", "kinds", "holder"] {
        assert_eq!(one[field], listed[field], "{field}");
    }
}

fn what_is_wrong_is_seen_among_many(product: &Product<'_>) {
    let script = r#"
def tag(name, key, value):
    arn = ecs.describe_services(cluster="ce-" + name, services=["ce-" + name])["services"][0]["serviceArn"]
    ecs.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value}])
ecs.update_service(cluster="ce-d000", service="ce-d000", desiredCount=0)
tag("d000", "ce-aws:stopped", "2026-11-29T14:02:05Z by arn:aws:iam::111122223333:user/jo")
ecs.update_service(cluster="ce-d001", service="ce-d001", desiredCount=0)
tag("d001", "ce-aws:intent", "upgrade id=1a2b3c4d from=4.2.0 revision=1 to=5.0.0 count=1 backup=yes at=stop")
service = ecs.describe_services(cluster="ce-d002", services=["ce-d002"])["services"][0]
network = service["deployments"][0]["networkConfiguration"]
ecs.run_task(cluster="ce-d002", taskDefinition="ce-d002", launchType="FARGATE", networkConfiguration=network)
ecs.delete_service(cluster="ce-d003", service="ce-d003", force=True)
"#;
    product.account.by_hand(script);
    product.account.post("clock", &json!({ "advance": 900 }));
    let (_, all) = asked(product, &["status", "--all"]);
    let mut states = states(&all);
    assert_eq!(states.remove("healthy").map(|healthy| healthy.len()), Some(ALL - 4));
    let others =
        [("absent", "d003"), ("starting", "d002")].map(|(state, name)| (state.to_owned(), vec![name.to_owned()]));
    let stopped = ("stopped".to_owned(), vec!["d000".to_owned(), "d001".to_owned()]);
    assert_eq!(states, others.into_iter().chain([stopped]).collect());
    let said = product.expect(0, &["status", "--all"]).stdout;
    for words in [
        "d000: stopped by request: 2026-11-29T14:02:05Z by ",
        "d001: an upgrade from 4.2.0 to 5.0.0 is not finished: finish it with `ce-aws upgrade FILE --resume`",
        "d002: 2 tasks may write to the file system at once",
        "d003: `ce-aws apply` completes it",
        "100 deployments, 96 of them healthy\n",
    ] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    let twice = all["deployments"].as_array().expect("deployments").iter().find(|one| one["deployment"] == "d002");
    assert_eq!(twice.expect("d002")["writers"], 2);
}

#[test]
fn nothing_there_is_said_and_what_is_denied_too() {
    let account = Account::new(SCALE);
    let one = Operator::new(&account, crate::policy::NEW);
    let nothing = one.product.expect(0, &["status", "--all"]).stdout;
    assert_eq!(nothing, format!("no deployments in account {}, region us-east-1\n", account.id));
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.does("list", &["status", "--all"]);
    let printed = one.printed("list");
    for (action, words) in [
        ("elasticloadbalancing:DescribeTargetHealth", "prod: could not be read: elb DescribeTargetHealth failed: "),
        ("elasticloadbalancing:DescribeListeners", "load-balancer could not be read: elb DescribeListeners failed: "),
        ("ecs:DescribeTasks", "prod: could not be read: ecs DescribeTasks failed: "),
        ("elasticfilesystem:DescribeFileSystems", "file-system could not be read: efs DescribeFileSystems failed: "),
        ("s3:ListBucket", "lease could not be read: s3 ListObjectsV2 failed: "),
    ] {
        let ran = one.run_with(&without(&printed, action), &["status", "--all"]);
        assert_eq!(ran.code, 0, "{action}: {ran:?}");
        assert!(ran.stdout.contains(words), "{words:?} is not in\n{}", ran.stdout);
        assert!(ran.stdout.contains("\nprod "), "{}", ran.stdout);
    }
    // Without this nobody knows which deployments there are.
    let ran = one.run_with(&without(&printed, "ecs:ListClusters"), &["status", "--all"]);
    assert!(ran.code == 1 && ran.stderr.contains("ecs ListClusters failed: "), "{ran:?}");
    for arguments in [["status", "--all", "FILE"].as_slice(), &["status", "--all", "--name", "prod"]] {
        one.product.expect(64, arguments);
    }
}
