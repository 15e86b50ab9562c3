//! The main job: deploy, find nothing to do, take down, take the data back.

use serde_json::Value;

use crate::bed::{Bed, text};
use crate::product::Product;
use crate::properties;

/// Fast enough for a test, slow enough that a busy machine does not run into the product's own deadlines.
pub const SCALE: u32 = 60;

#[test]
fn a_deployment_has_every_property_and_planning_again_finds_nothing() {
    let bed = Bed::new(SCALE);
    let product = Product::new(&bed);
    let applied = product.expect(0, &["apply", "FILE", "--yes"]);
    assert!(applied.stdout.contains("http://"), "no address of the UI in\n{}", applied.stdout);
    properties::check(&bed.read(), &bed.account);
    let calls = bed.journal(0);
    let deploying = calls.iter().filter(|call| !is_poll(call)).count();

    let before = calls.len();
    let plan = product.expect(0, &["plan", "FILE", "--exit-code"]);
    assert!(plan.stdout.contains("no changes"), "{}", plan.stdout);
    assert_eq!(bed.mutations(before), [""; 0]);
    let planning = bed.journal(before).len() - 1;
    println!("calls: apply {deploying} besides polls, plan {planning}");
    assert!(planning <= 75, "plan made {planning} calls");

    let before = bed.journal(0).len();
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(bed.mutations(before), [""; 0], "a second apply changes nothing");
}

/// A look that was repeated: one of the operations with which settling resources are watched.
fn is_poll(call: &Value) -> bool {
    const POLLS: [&str; 8] = [
        "DescribeNatGateways",
        "DescribeFileSystems",
        "DescribeMountTargets",
        "DescribeAccessPoints",
        "DescribeLoadBalancers",
        "DescribeServices",
        "ListTasks",
        "DescribeTasks",
    ];
    POLLS.contains(&text(&call["operation"])) || call["operation"] == "DescribeTargetHealth"
}

#[test]
fn destroy_keeps_the_data_and_apply_takes_it_back() {
    let bed = Bed::new(SCALE);
    let product = Product::new(&bed);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let (first, secrets) = (bed.read(), bed.reader(&["secrets"]));

    let before = bed.journal(0).len();
    let refused = product.expect(5, &["destroy", "FILE", "--yes"]);
    assert!(refused.stderr.contains("--unprotect"), "{}", refused.stderr);
    assert_eq!(bed.mutations(before), [""; 0], "a refused destroy touches nothing");

    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    let kept = remaining(&bed.read());
    assert_eq!(
        kept,
        [
            "bucket ce-prod-ACCOUNT-us-east-1-access-logs",
            "bucket ce-prod-ACCOUNT-us-east-1-alb-logs",
            "file system",
            "secret ce-aws/prod/credentials",
        ]
        .map(|line| line.replace("ACCOUNT", &bed.account)),
    );

    product.expect(0, &["apply", "FILE", "--yes"]);
    let second = bed.read();
    let id = |read: &Value| text(&read["efs"]["file_systems"][0]["FileSystemId"]).to_owned();
    assert_eq!(id(&first), id(&second), "the same file system");
    assert_eq!(secrets, bed.reader(&["secrets"]), "the same secrets");
    product.expect(0, &["plan", "FILE", "--exit-code"]);

    product.expect(0, &["destroy", "--name", "prod", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!(remaining(&bed.read()), ["secret ce-aws/prod/credentials (in its recovery window)"]);

    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(secrets, bed.reader(&["secrets"]), "the secret is restored, not made anew");
}

/// What is left in an account, by whole-service listing, besides what AWS puts into every account.
pub fn remaining(read: &Value) -> Vec<String> {
    let mut left = Vec::new();
    let mut list = |items: &Value, line: &dyn Fn(&Value) -> Option<String>| {
        left.extend(items.as_array().into_iter().flatten().filter_map(line));
    };
    let ec2 = &read["ec2"];
    list(&ec2["vpcs"], &|vpc| (vpc["IsDefault"] != true).then(|| format!("vpc {}", text(&vpc["VpcId"]))));
    list(&ec2["subnets"], &|subnet| {
        (subnet["DefaultForAz"] != true).then(|| format!("subnet {}", text(&subnet["SubnetId"])))
    });
    list(&ec2["addresses"], &|address| Some(format!("address {}", text(&address["AllocationId"]))));
    list(&ec2["nat_gateways"], &|nat| {
        (nat["State"] != "deleted").then(|| format!("NAT gateway {}", text(&nat["NatGatewayId"])))
    });
    list(&ec2["security_groups"], &|group| {
        (group["GroupName"] != "default").then(|| format!("security group {}", text(&group["GroupName"])))
    });
    list(&ec2["internet_gateways"], &|gateway| {
        let attached = gateway["Attachments"].as_array().is_some_and(|list| !list.is_empty());
        let tagged = gateway["Tags"].as_array().is_some_and(|list| !list.is_empty());
        (tagged || !attached).then(|| format!("internet gateway {}", text(&gateway["InternetGatewayId"])))
    });
    list(&ec2["network_interfaces"], &|card| Some(format!("interface {}", text(&card["Description"]))));
    list(&ec2["flow_logs"], &|log| Some(format!("flow log {}", text(&log["FlowLogId"]))));
    list(&read["iam"]["roles"], &|role| {
        let shared = text(&role["Path"]).starts_with("/aws-service-role/");
        (!shared).then(|| format!("role {}", text(&role["RoleName"])))
    });
    list(&read["elb"]["load_balancers"], &|one| Some(format!("load balancer {}", text(&one["LoadBalancerName"]))));
    list(&read["elb"]["target_groups"], &|one| Some(format!("target group {}", text(&one["TargetGroupName"]))));
    list(&read["ecs"]["clusters"], &|one| {
        (one["status"] == "ACTIVE").then(|| format!("cluster {}", text(&one["clusterName"])))
    });
    list(&read["ecs"]["task_definitions"], &|one| {
        (one["status"] == "ACTIVE").then(|| format!("revision {}", text(&one["taskDefinitionArn"])))
    });
    list(&read["logs"]["log_groups"], &|one| Some(format!("log group {}", text(&one["logGroupName"]))));
    list(&read["s3"]["buckets"], &|one| Some(format!("bucket {}", text(&one["Name"]))));
    list(&read["efs"]["file_systems"], &|_| Some("file system".to_owned()));
    list(&read["efs"]["access_points"], &|one| Some(format!("access point {}", text(&one["AccessPointId"]))));
    list(&read["secrets"]["secrets"], &|one| {
        let window = if one["DeletedDate"].is_null() { "" } else { " (in its recovery window)" };
        Some(format!("secret {}{window}", text(&one["Name"])))
    });
    left.sort();
    left
}
