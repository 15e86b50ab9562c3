//! More allowed networks than fit into a network ACL or a security group.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

/// Networks with gaps between them, so that no two are one.
fn scattered(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("10.{}.{}.0/24", n / 64, n % 64 * 4)).collect()
}

fn allowed(product: &Product<'_>, count: u32) {
    let networks: Vec<_> = scattered(count).iter().map(|net| format!("{net:?}")).collect();
    product.write_plan(&format!(
        "name = \"prod\"\nrelease = \"5.0.0\"\n[access]\nallowed_cidrs = [{}]\n\
         [load_balancer]\ndeletion_protection = false\n",
        networks.join(", ")
    ));
}

/// Whom each security group of the load balancer admits at a port, by group.
fn admitted(read: &Value, port: u64) -> Vec<BTreeSet<String>> {
    let balancer = &read["elb"]["load_balancers"][0];
    let of_balancer = balancer["SecurityGroups"].as_array().expect("groups");
    let groups = read["ec2"]["security_groups"].as_array().expect("groups").iter();
    let groups = groups.filter(|group| of_balancer.contains(&group["GroupId"]));
    let mut admitted: Vec<BTreeSet<String>> = groups
        .map(|group| {
            let entries = group["IpPermissions"].as_array().expect("rules").iter();
            let at_port = entries.filter(|entry| entry["FromPort"] == port);
            let ranges = at_port.flat_map(|entry| entry["IpRanges"].as_array().expect("ranges"));
            ranges.map(|range| text(&range["CidrIp"]).to_owned()).collect()
        })
        .collect();
    admitted.sort_by_key(|nets| std::cmp::Reverse(nets.len()));
    admitted
}

fn number(cidr: &str) -> (u32, u32) {
    let (address, length) = cidr.split_once('/').expect("a network");
    let address: std::net::Ipv4Addr = address.parse().expect("an address");
    (address.into(), length.parse().expect("a length"))
}

fn contains(range: &str, net: &str) -> bool {
    let ((range, length), (net, longer)) = (number(range), number(net));
    longer >= length && (length == 0 || (range ^ net) >> (32 - length) == 0)
}

/// What the network ACL lets through at a port.
fn let_through(read: &Value, port: u64) -> Vec<String> {
    let vpcs = read["ec2"]["vpcs"].as_array().expect("VPCs").iter();
    let ours: Vec<_> = vpcs.filter(|vpc| vpc["CidrBlock"] == "172.16.0.0/16").map(|vpc| &vpc["VpcId"]).collect();
    let mut acls = read["ec2"]["network_acls"].as_array().expect("ACLs").iter();
    let acl = acls.find(|acl| ours.contains(&&acl["VpcId"])).expect("the ACL");
    let entries = acl["Entries"].as_array().expect("entries").iter();
    let at_port = entries.filter(|entry| entry["Egress"] == false && entry["PortRange"]["From"] == port);
    at_port.filter(|entry| entry["RuleAction"] == "allow").map(|entry| text(&entry["CidrBlock"]).to_owned()).collect()
}

fn warnings(product: &Product<'_>) -> Vec<String> {
    let plan = product.expect(0, &["plan", "FILE", "--output", "json"]).stdout;
    let plan: Value = serde_json::from_str(&plan).expect("JSON");
    let findings = plan["findings"].as_array().expect("findings").iter();
    findings.map(|finding| text(&finding["code"]).to_owned()).filter(|code| code.starts_with("access/")).collect()
}

#[test]
fn nine_networks_and_then_five_hundred() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    allowed(&product, 9);
    assert_eq!(warnings(&product), ["access/network-acl-covers"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let read = account.read();
    let nine: BTreeSet<_> = scattered(9).into_iter().collect();
    assert_eq!(admitted(&read, 443), std::slice::from_ref(&nine), "the group is exact");
    for port in [80, 443] {
        let ranges = let_through(&read, port);
        assert!(ranges.len() <= 6, "{ranges:?}");
        assert!(nine.iter().all(|net| ranges.iter().any(|range| contains(range, net))), "{ranges:?}");
    }

    // Five hundred take more rules than an interface may have by default: ranges that cover them, and the plan says so.
    allowed(&product, 500);
    assert_eq!(warnings(&product), ["access/covering-ranges", "access/network-acl-covers"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let groups = admitted(&account.read(), 80);
    assert_eq!(groups.iter().map(BTreeSet::len).collect::<Vec<_>>(), [30; 5]);
    assert!(scattered(500).iter().all(|net| groups.iter().flatten().any(|range| contains(range, net))));

    // With the quota that the plan names, each of them is admitted alone.
    account.post("settings", &json!({ "quota.rules_per_group": 200, "quota.acl_entries_per_direction": 40 }));
    assert_eq!(warnings(&product), ["access/network-acl-covers"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    for port in [80, 443] {
        let admitted: BTreeSet<_> = admitted(&account.read(), port).into_iter().flatten().collect();
        assert_eq!(admitted, scattered(500).into_iter().collect(), "port {port}");
    }

    // Full groups and a full ACL change in place, and further groups go again.
    allowed(&product, 499);
    product.expect(0, &["apply", "FILE", "--yes"]);
    allowed(&product, 9);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(admitted(&account.read(), 443), [nine]);
    let groups = account.read()["ec2"]["security_groups"].to_string();
    assert!(!groups.contains("load-balancer-2"), "{groups}");
    product.expect(0, &["plan", "FILE", "--exit-code"]);
}

#[test]
fn rules_for_a_foreign_ipv6_range_are_left_unchanged() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let script = r#"
vpc = find(ec2.describe_vpcs()["Vpcs"], "vpc/main")["VpcId"]
ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
acl = find(ec2.describe_network_acls()["NetworkAcls"], "default-network-acl/main")
print(sorted({entry["RuleNumber"] for entry in acl["Entries"] if "Ipv6CidrBlock" in entry}))
"#;
    assert_eq!(account.by_hand(script), "[101, 32768]");
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    // What somebody changes is still seen and repaired.
    account.by_hand(
        r#"
acl = find(ec2.describe_network_acls()["NetworkAcls"], "default-network-acl/main")["NetworkAclId"]
ec2.create_network_acl_entry(
    NetworkAclId=acl, RuleNumber=5, Protocol="-1", RuleAction="allow", Egress=False, Ipv6CidrBlock="::/0"
)
"#,
    );
    assert_eq!(crate::drift::steps(&product), ["update default-network-acl/main drifted"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
}
