//! Existing resources are listed and judged, and a plan file can be made of them.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::existing::ExistingResources;
use crate::product::Product;

/// Things beside the user's resources that Cloud Exchange cannot use.
const UNUSABLE: &str = r#"
import json
vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "old \u202e"}])
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.1.0/28", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
network = elb.create_load_balancer(Name="other", Subnets=[subnet], Scheme="internal", Type="network")
target = elb.create_target_group(Name="other", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="instance")
iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
asked = client("acm").request_certificate(DomainName="other.example.com", ValidationMethod="DNS")
print(json.dumps({
    "vpc": vpc, "subnets": subnet, "load-balancers": network["LoadBalancers"][0]["LoadBalancerArn"],
    "target-groups": target["TargetGroups"][0]["TargetGroupArn"], "certificates": asked["CertificateArn"],
}))
"#;

fn discover(product: &Product<'_>, arguments: &[&str]) -> Value {
    let arguments = [&["discover"], arguments, &["--output", "json"]].concat();
    let ran = product.expect(0, &arguments);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

fn one<'a>(listing: &'a Value, id: &str) -> &'a Value {
    let items = listing["items"].as_array().expect("a list of items");
    items.iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("{id} is not there: {listing:#}"))
}

fn refusals(item: &Value) -> Vec<&str> {
    let findings = item["findings"].as_array().expect("a list of findings").iter();
    findings.filter(|finding| finding["severity"] == "refusal").map(|finding| text(&finding["code"])).collect()
}

#[test]
fn each_kind_is_listed_with_what_makes_it_unusable() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    for kind in ["clusters", "load-balancers", "target-groups", "certificates"] {
        assert_eq!(discover(&product, &[kind])["items"], json!([]), "{kind}");
        let ran = product.expect(0, &["discover", kind]);
        assert!(ran.stdout.starts_with("no "), "{ran:?}");
    }
    let resources = ExistingResources::new(&account);
    let bad: Value = serde_json::from_str(&account.by_hand(UNUSABLE)).expect("the script prints JSON");
    let cases = [
        ("vpc", &resources.vpc, "vpc/dns", "vpc = "),
        ("subnets", &resources.subnets[0], "subnet/no-egress", "private_subnets = ["),
        ("target-groups", &resources.target_group, "target-group/wrong-target-type", "target_group = "),
        ("load-balancers", &resources.load_balancer, "load-balancer/wrong-type", "load_balancer = "),
        ("certificates", &resources.certificate, "certificate/not-issued", "certificate_arn = "),
    ];
    for (kind, good, code, line) in cases {
        let listing = discover(&product, &[kind]);
        assert_eq!((text(&listing["account"]), text(&listing["what"])), (account.id.as_str(), kind));
        let good = one(&listing, good);
        assert_eq!((&good["usable"], refusals(good)), (&json!(true), vec![]), "{kind}");
        let bad = one(&listing, text(&bad[kind]));
        assert_eq!(bad["usable"], json!(false), "{kind}: {bad:#}");
        assert!(refusals(bad).contains(&code), "{kind}: {bad:#}");
        let ran = product.expect(0, &["discover", kind]);
        assert!(ran.stdout.contains(text(&bad["id"])) && ran.stdout.contains(line), "{kind}\n{}", ran.stdout);
        assert!(!ran.stdout.contains('\u{202e}'), "{kind}\n{}", ran.stdout);
    }
    for (kind, good) in [("clusters", "corp"), ("roles", resources.task_role.as_str())] {
        let listing = discover(&product, &[kind]);
        assert_eq!(one(&listing, good)["usable"], json!(true), "{kind}");
        assert!(listing["items"].as_array().is_some_and(|items| items.iter().all(|item| item["name"] != "other")));
    }
    let inside = discover(&product, &["subnets", "--vpc", &resources.vpc]);
    assert_eq!(inside["items"].as_array().map(Vec::len), Some(4), "{inside:#}");
    assert!(
        inside["items"].as_array().is_some_and(|items| items.iter().all(|item| item["vpc"] == resources.vpc.as_str()))
    );
    let mut pair = resources.subnets.clone();
    pair.sort();
    let line = text(&inside["plan_file"][2]);
    assert!(pair.iter().all(|subnet| line.contains(subnet.as_str())), "{line}");
    resources.assert_untouched(&account);
}

#[test]
fn a_plan_file_from_discover_can_be_planned() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let resources = ExistingResources::new(&account);
    let calls = account.journal(0).len();
    let [first, second] = &resources.subnets;
    let options = [
        "init",
        "made.toml",
        "--yes",
        "--name",
        "made",
        "--vpc",
        &resources.vpc,
        "--subnet",
        first,
        "--subnet",
        second,
        "--target-group",
        &resources.target_group,
        "--cluster",
        "corp",
        "--task-role",
        &resources.task_role,
        "--execution-role",
        &resources.execution_role,
    ];
    let ran = product.expect(0, &options);
    assert!(ran.stdout.contains("ce-aws plan made.toml"), "{ran:?}");
    assert_eq!(account.journal(calls), Vec::<Value>::new(), "--yes asks nobody");
    let made = std::fs::read_to_string(product.folder().join("made.toml")).expect("the plan file is there");
    assert!(made.contains("region = \"us-east-1\""), "{made}");
    product.expect(0, &["validate", "made.toml"]);
    // --yes consents to no label: the line that init prints does.
    assert!(ran.stdout.contains("ce-aws plan made.toml --allow unsupported"), "{ran:?}");
    product.expect(5, &["plan", "made.toml"]);
    product.expect(0, &["plan", "made.toml", "--allow", "unsupported"]);
    let again = product.expect(64, &options);
    assert!(again.stderr.contains("--force"), "{again:?}");
    let kept = std::fs::read_to_string(product.folder().join("made.toml")).expect("the plan file is there");
    assert_eq!(made, kept);
    product.expect(0, &["init", "made.toml", "--yes", "--force"]);
    resources.assert_untouched(&account);
}
