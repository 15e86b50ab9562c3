//! Tags removed by hand: untagged resources are found by what they are attached to, and nothing is duplicated.

use serde_json::Value;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

/// The codes and addresses of a plan's refusals, and all of their hints.
fn refusals(product: &Product<'_>) -> (Vec<String>, String) {
    let plan = product.run(&["plan", "FILE", "--output", "json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap_or_else(|error| panic!("{error}: {plan:?}"));
    let findings = plan["findings"].as_array().expect("findings").iter();
    let refused: Vec<_> = findings.filter(|finding| finding["severity"] == "refusal").collect();
    let mut codes: Vec<_> =
        refused.iter().map(|finding| format!("{} {}", text(&finding["code"]), text(&finding["address"]))).collect();
    codes.sort();
    let hints: Vec<_> = refused.iter().map(|finding| text(&finding["hint"])).collect();
    (codes, hints.join("\n"))
}

/// Removes every tag of what has this address, and gives its id.
fn strip(account: &Account, address: &str) -> String {
    account.by_hand(&format!(
        r#"
address = "{address}"
efs = client("efs")
kind = address.split("/")[0]
listed = {{
    "vpc": lambda: [(i, i["VpcId"]) for i in ec2.describe_vpcs()["Vpcs"]],
    "subnet": lambda: [(i, i["SubnetId"]) for i in ec2.describe_subnets()["Subnets"]],
    "internet-gateway": lambda: [
        (i, i["InternetGatewayId"]) for i in ec2.describe_internet_gateways()["InternetGateways"]
    ],
    "elastic-ip": lambda: [(i, i["AllocationId"]) for i in ec2.describe_addresses()["Addresses"]],
    "nat-gateway": lambda: [(i, i["NatGatewayId"]) for i in ec2.describe_nat_gateways()["NatGateways"]],
    "route-table": lambda: [(i, i["RouteTableId"]) for i in ec2.describe_route_tables()["RouteTables"]],
    "flow-log": lambda: [(i, i["FlowLogId"]) for i in ec2.describe_flow_logs()["FlowLogs"]],
    "access-point": lambda: [(i, i["AccessPointId"]) for i in efs.describe_access_points()["AccessPoints"]],
    "listener": lambda: [
        ({{"Tags": elb.describe_tags(ResourceArns=[i["ListenerArn"]])["TagDescriptions"][0]["Tags"]}}, i["ListenerArn"])
        for b in elb.describe_load_balancers()["LoadBalancers"]
        for i in elb.describe_listeners(LoadBalancerArn=b["LoadBalancerArn"])["Listeners"]
    ],
}}[kind]()
(tags, id), = [(i["Tags"], id) for i, id in listed
               if {{"Key": "ce-aws:address", "Value": address}} in (i.get("Tags") or [])]
keys = [tag["Key"] for tag in tags]
if kind == "access-point":
    efs.untag_resource(ResourceId=id, TagKeys=keys)
elif kind == "listener":
    elb.remove_tags(ResourceArns=[id], TagKeys=keys)
else:
    ec2.delete_tags(Resources=[id], Tags=[{{"Key": key}} for key in keys])
print(id)
"#
    ))
}

/// Does what the plan says: the two tags, on that id, with that call.
fn give_back(account: &Account, hints: &str) {
    for command in hints.lines().filter_map(|hint| hint.split("aws ").nth(1)) {
        let words: Vec<&str> = command.split(';').next().unwrap_or_default().split(' ').collect();
        let tags: Vec<String> = words
            .iter()
            .filter_map(|word| word.strip_prefix("Key="))
            .map(|tag| {
                let (key, value) = tag.split_once(",Value=").expect("a tag");
                format!("{{'Key': '{key}', 'Value': '{value}'}}")
            })
            .collect();
        let (id, tags) = (words[3], tags.join(", "));
        account.by_hand(&match (words[0], words[1]) {
            ("ec2", "create-tags") => format!("ec2.create_tags(Resources=['{id}'], Tags=[{tags}])"),
            ("efs", "tag-resource") => format!("client('efs').tag_resource(ResourceId='{id}', Tags=[{tags}])"),
            ("elbv2", "add-tags") => format!("elb.add_tags(ResourceArns=['{id}'], Tags=[{tags}])"),
            other => panic!("{other:?}: {hints}"),
        });
    }
}

/// How many there are of each kind of thing.
fn counts(account: &Account) -> Vec<(String, usize)> {
    let read = account.read();
    let mut counts = Vec::new();
    for service in ["ec2", "efs", "elb"] {
        for (name, items) in read[service].as_object().expect("lists") {
            counts.push((format!("{service} {name}"), items.as_array().map_or(0, Vec::len)));
        }
    }
    counts
}

#[test]
fn untagged_resources_are_refused_and_can_be_adopted() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let before = counts(&account);
    let together: &[&[&str]] = &[
        &["nat-gateway/a"],
        &["elastic-ip/b"],
        &["nat-gateway/b", "elastic-ip/a"],
        &["internet-gateway/main"],
        &["subnet/private-a", "subnet/public-b"],
        &["route-table/private-b", "route-table/public"],
        &["flow-log/vpc"],
        &["access-point/mongo-data", "listener/http"],
        &["vpc/main"],
    ];
    for addresses in together {
        let ids: Vec<String> = addresses.iter().map(|address| strip(&account, address)).collect();
        let (codes, hints) = refusals(&product);
        let mut expected: Vec<_> = addresses.iter().map(|address| format!("name/taken {address}")).collect();
        expected.sort();
        assert_eq!(codes, expected, "{hints}");
        assert!(ids.iter().all(|id| hints.contains(id.as_str())), "{ids:?}: {hints}");
        let journal = account.journal(0).len();
        product.expect(5, &["apply", "FILE", "--yes"]);
        assert_eq!(account.mutations(journal), [""; 0], "{addresses:?}");
        give_back(&account, &hints);
        assert_eq!(refusals(&product).0, [""; 0], "{addresses:?}");
    }
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    assert_eq!(counts(&account), before, "no duplicates");
}
