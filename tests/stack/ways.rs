//! Ways to the UI: routes of the plan file.

use serde_json::Value;

use crate::account::Account;
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::product::Product;

/// A transit gateway that serves the deployment's VPC: its id.
fn transit_gateway(account: &Account) -> String {
    account.by_hand(
        r#"
vpc = find(ec2.describe_vpcs()["Vpcs"], "vpc/main")["VpcId"]
subnets = [find(ec2.describe_subnets()["Subnets"], f"subnet/private-{zone}")["SubnetId"] for zone in "ab"]
gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=subnets)
print(gateway)
"#,
    )
}

/// Destination and target of the private tables' routes to transit gateways.
fn routes(account: &Account) -> Vec<String> {
    let read = account.read();
    let tables = read["ec2"]["route_tables"].as_array().cloned().unwrap_or_default();
    let all = tables.iter().flat_map(|table| table["Routes"].as_array().cloned().unwrap_or_default());
    let to = all.filter(|route| route["TransitGatewayId"].is_string());
    let mut all: Vec<String> = to.map(|route| shown(&route)).collect();
    all.sort();
    all
}

fn shown(route: &Value) -> String {
    let text = |key: &str| route[key].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("DestinationCidrBlock"), text("State"))
}

const MARK: &str = "#+ route = [{ to = \"10.0.0.0/8\", via = \"tgw-0a1b2c3d4e5f67890\" }]";

#[test]
fn routes_of_the_plan_file_come_and_go_and_others_stay() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let gateway = transit_gateway(&account);
    let by_hand = |call: &str, block: &str| {
        account.by_hand(&format!(
            r#"
for zone in "ab":
    table = find(ec2.describe_route_tables()["RouteTables"], f"route-table/private-{{zone}}")["RouteTableId"]
    ec2.{call}(RouteTableId=table, DestinationCidrBlock="{block}"{})
"#,
            if call == "delete_route" { String::new() } else { format!(", TransitGatewayId=\"{gateway}\"") }
        ));
    };
    // A stranger's, which stays whatever happens.
    by_hand("create_route", "192.168.0.0/16");
    assert_eq!(steps(&product), [""; 0]);

    let wanted = |networks: &[&str]| {
        let routes = networks.iter().map(|net| format!("{{ to = \"{net}\", via = \"{gateway}\" }}"));
        format!("route = [{}]", routes.collect::<Vec<_>>().join(", "))
    };
    let two = wanted(&["10.0.0.0/8", "10.200.0.0/16"]);
    product.edit(MARK, &two);
    let both = ["update route-table/private-a changed", "update route-table/private-b changed"];
    assert_eq!(steps(&product), both);
    let plan = product.expect(0, &["plan", "FILE"]).stdout;
    assert!(
        plan.contains("10.0.0.0/8") && plan.contains("may open") || plan.contains("route/nobody-allowed"),
        "{plan}"
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    let there = |networks: &[&str]| {
        let mut all: Vec<_> = networks.iter().flat_map(|net| vec![format!("{net} active"); 2]).collect();
        all.sort();
        all
    };
    assert_eq!(routes(&account), there(&["10.0.0.0/8", "10.200.0.0/16", "192.168.0.0/16"]));
    assert_eq!(steps(&product), [""; 0]);

    // Drift is repaired.
    by_hand("delete_route", "10.0.0.0/8");
    assert_eq!(steps(&product), ["update route-table/private-a drifted", "update route-table/private-b drifted"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(routes(&account), there(&["10.0.0.0/8", "10.200.0.0/16", "192.168.0.0/16"]));

    // One that leaves the file is deleted, and then all.
    product.edit(&two, &wanted(&["10.0.0.0/8"]));
    assert_eq!(steps(&product), both);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(routes(&account), there(&["10.0.0.0/8", "192.168.0.0/16"]));
    product.edit(&wanted(&["10.0.0.0/8"]), "route = []");
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(routes(&account), there(&["192.168.0.0/16"]));
    assert_eq!(steps(&product), [""; 0]);
    let tables = account.read()["ec2"]["route_tables"].to_string();
    assert!(!tables.contains("ce-aws:routes"), "{tables}");

    // A route to the same network by hand is theirs from then on, and one elsewhere is not replaced.
    by_hand("create_route", "10.0.0.0/8");
    assert_eq!(steps(&product), [""; 0]);
    product.edit("route = []", "route = [{ to = \"10.0.0.0/8\", via = \"tgw-0a1b2c3d4e5f67890\" }]");
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    assert!(refused.stdout.contains("route/taken") || refused.stderr.contains("route/taken"), "{refused:?}");
}

#[test]
fn a_gateway_that_does_not_serve_the_vpc_is_explained() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.edit(MARK, "route = [{ to = \"10.0.0.0/8\", via = \"tgw-0a1b2c3d4e5f67890\" }]");
    let failed = product.run(&["apply", "FILE", "--yes"]);
    assert_eq!(failed.code, 3, "{failed:?}");
    let said = format!("{}{}", failed.stdout, failed.stderr);
    for words in ["tgw-0a1b2c3d4e5f67890", "attach the deployment's VPC to it"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    // What was recorded does not make a route of ours.
    product.edit("route = [{ to = \"10.0.0.0/8\", via = \"tgw-0a1b2c3d4e5f67890\" }]", "route = []");
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
}

/// Names and targets of the records in all zones, without those that every zone has.
fn records(account: &Account) -> Vec<String> {
    let read = account.read();
    let zones = read["route53"]["hosted_zones"].as_array().cloned().unwrap_or_default();
    let all = zones.iter().flat_map(|zone| zone["Records"].as_array().cloned().unwrap_or_default());
    let mut all: Vec<String> = all
        .filter(|record| !["NS", "SOA"].contains(&record["Type"].as_str().unwrap_or_default()))
        .map(|record| {
            let target = record["AliasTarget"]["DNSName"].as_str().or(record["ResourceRecords"][0]["Value"].as_str());
            let target = target.unwrap_or_default().split('.').next().unwrap_or_default().to_owned();
            format!("{} {target}", record["Name"].as_str().unwrap_or_default())
        })
        .collect();
    all.sort();
    all
}

fn balancer(account: &Account) -> String {
    let name = account.by_hand(r#"print(elb.describe_load_balancers()["LoadBalancers"][0]["DNSName"].split(".")[0])"#);
    name.to_lowercase()
}

const NAME: &str = "#+ name = \"ce.example.com\"";
const ZONE: &str = "#+ zone = \"example.com\"";

#[test]
fn a_name_in_an_existing_zone_comes_and_goes() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let zone = account.by_hand(
        r#"
import time
names = client("route53")
zone = names.create_hosted_zone(Name="example.com", CallerReference="theirs")["HostedZone"]["Id"].split("/")[-1]
record = {"Name": "www.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
names.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
print(zone)
"#,
    );
    product.edit(NAME, "name = \"ce.example.com\"");
    product.edit(ZONE, "zone = \"example.com\"");
    assert_eq!(steps(&product), ["create dns-record/ui missing"]);
    let applied = product.expect(0, &["apply", "FILE", "--yes"]);
    assert!(applied.stdout.contains("http://ce.example.com"), "{}", applied.stdout);
    let ours = format!("ce.example.com. {}", balancer(&account));
    let theirs = "www.example.com. 192";
    assert_eq!(records(&account), [ours.as_str(), theirs]);
    assert_eq!(steps(&product), [""; 0]);

    // Drift: gone, and changed in what is compared.
    let by_hand = |action: &str, evaluate: &str| {
        account.by_hand(&format!(
            r#"
names = client("route53")
there = names.list_resource_record_sets(HostedZoneId="{zone}", StartRecordName="ce.example.com", MaxItems="1")
record = there["ResourceRecordSets"][0]
record["AliasTarget"]["EvaluateTargetHealth"] = {evaluate}
if "{action}" == "UPSERT":
    record["AliasTarget"]["DNSName"] = "dualstack." + record["AliasTarget"]["DNSName"].removeprefix("dualstack.")
batch = {{"Changes": [{{"Action": "{action}", "ResourceRecordSet": record}}]}}
names.change_resource_record_sets(HostedZoneId="{zone}", ChangeBatch=batch)
"#
        ));
    };
    by_hand("UPSERT", "False");
    assert_eq!(steps(&product), [""; 0], "the name with dualstack is the same load balancer");
    by_hand("UPSERT", "True");
    assert_eq!(steps(&product), ["update dns-record/ui drifted"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    by_hand("DELETE", "False");
    assert_eq!(steps(&product), ["create dns-record/ui missing"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(records(&account), [ours.as_str(), theirs]);

    // Another name: the record moves. Without the name it goes.
    product.edit("name = \"ce.example.com\"", "name = \"exchange.example.com\"");
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(records(&account), [ours.replace("ce.", "exchange.").as_str(), theirs]);
    product.edit("name = \"exchange.example.com\"", NAME);
    product.edit("zone = \"example.com\"", ZONE);
    assert_eq!(steps(&product), ["delete dns-record/ui unwanted"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(records(&account), [theirs]);
    assert_eq!(steps(&product), [""; 0]);
    let groups = account.read()["ec2"]["security_groups"].to_string();
    assert!(!groups.contains("ce-aws:dns-record"), "{groups}");

    // A record of others is neither replaced nor deleted.
    product.edit(NAME, "name = \"www.example.com\"");
    product.edit(ZONE, &format!("zone = \"{zone}\""));
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("www.example.com has a record of type A already"), "{said}");
    assert_eq!(records(&account), [theirs]);
}

#[test]
fn a_zone_of_its_own_goes_without_the_plan_file() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.edit(NAME, "name = \"ce.example.internal\"");
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(records(&account), [format!("ce.example.internal. {}", balancer(&account))]);
    let read = account.read();
    let zone = &read["route53"]["hosted_zones"][0];
    assert_eq!(
        (zone["Name"].as_str(), zone["Config"]["PrivateZone"].as_bool()),
        (Some("ce.example.internal."), Some(true))
    );
    assert_eq!(steps(&product), [""; 0]);
    let status = product.expect(0, &["status", "--name", "prod"]);
    assert!(status.stdout.contains("http://ce.example.internal"), "{}", status.stdout);

    let destroy = ["destroy", "--name", "prod", "--yes", "--unprotect", "--delete-data"];
    product.expect(0, &destroy);
    assert_eq!(account.read()["route53"]["hosted_zones"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_way_from_a_network_is_judged_place_by_place() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let nothing = product.expect(64, &["path", "FILE", "--from", "10.20.0.0/16"]);
    assert!(nothing.stderr.contains("nothing of prod is deployed"), "{}", nothing.stderr);
    product.edit("#+ allowed_cidrs = ", "allowed_cidrs = ");
    product.expect(0, &["apply", "FILE", "--yes"]);

    let inside = product.expect(0, &["path", "FILE", "--from", "172.16.0.0/16"]);
    assert!(inside.stdout.contains("172.16.0.0/16 reaches the load balancer ce-prod, port 80"), "{}", inside.stdout);
    // Admitted, but there is no route back.
    let from = |code: i32| {
        let said = product.expect(code, &["path", "FILE", "--from", "10.20.0.7", "--output", "json"]);
        serde_json::from_str::<Value>(&said.stdout).expect("JSON")
    };
    let refused = from(5);
    assert_eq!(refused["result"], "stopped");
    let stopped = refused["hops"].as_array().expect("hops").iter().filter(|hop| hop["result"] != "passes");
    let places: Vec<_> = stopped.map(|hop| hop["place"].as_str().unwrap_or_default()).collect();
    assert_eq!(places, ["route", "route"], "{refused}");
    let gateway = transit_gateway(&account);
    product.edit(MARK, &format!("route = [{{ to = \"10.0.0.0/8\", via = \"{gateway}\" }}]"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(from(0)["result"], "passes");
    let elsewhere = product.expect(5, &["path", "FILE", "--from", "192.168.0.0/16"]);
    assert!(elsewhere.stdout.contains("no rule admits TCP port 80 from 192.168.0.0/16"), "{}", elsewhere.stdout);
    let wrong = product.expect(64, &["path", "FILE", "--from", "somewhere"]);
    assert!(wrong.stderr.contains("usage/bad-origin"), "{}", wrong.stderr);

    // A machine in the VPC, by its network interface.
    let interface = account.by_hand(
        r#"
subnet = find(ec2.describe_subnets()["Subnets"], "subnet/private-a")["SubnetId"]
print(ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"])
"#,
    );
    product.expect(0, &["path", "FILE", "--from", &interface]);

    // AWS's own analysis of it. The interface has the VPC's default group, whose address the load balancer admits.
    let analyzed = |code: i32| {
        let said = product.expect(code, &["path", "FILE", "--from", &interface, "--analyze", "--output", "json"]);
        serde_json::from_str::<Value>(&said.stdout).expect("JSON")
    };
    assert_eq!(analyzed(0)["analysis"], serde_json::json!({ "reached": true, "reasons": [] }));
    let group = account.by_hand(
        r#"
balancer = elb.describe_load_balancers()["LoadBalancers"][0]
group = balancer["SecurityGroups"][0]
rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)
print(group)
"#,
    );
    let stopped = analyzed(5);
    assert_eq!(stopped["analysis"]["reasons"][0]["code"], "ENI_SG_RULES_MISMATCH", "{stopped}");
    let components = stopped["analysis"]["reasons"][0]["components"].to_string();
    assert!(components.contains(&group), "{components}");
    let shown = product.expect(5, &["path", "FILE", "--from", &interface, "--analyze"]).stdout;
    assert!(shown.contains("Reachability Analyzer finds no way"), "{shown}");
    assert!(shown.contains("ENI_SG_RULES_MISMATCH"), "{shown}");
    // Nothing is left of them.
    let left = account.by_hand(
        "print(len(ec2.describe_network_insights_paths()['NetworkInsightsPaths']), \
         len(ec2.describe_network_insights_analyses()['NetworkInsightsAnalyses']))",
    );
    assert_eq!(left, "0 0");
    let network = product.expect(64, &["path", "FILE", "--from", "10.20.0.0/16", "--analyze"]);
    assert!(network.stderr.contains("begins at a network interface"), "{}", network.stderr);
}
