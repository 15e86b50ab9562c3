//! The main job: deploy, plan empty, destroy, deploy again with the kept data.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::product::Product;
use crate::properties;

/// Fast enough for a test, slow enough that a busy machine does not run into the product's own deadlines.
pub const SCALE: u32 = 60;

#[test]
fn a_deployment_has_every_property_and_planning_again_finds_nothing() {
    let account = Account::new(SCALE);
    // Its usual three seconds are fifty milliseconds here: where the answer to creating it takes as long, one look is
    // enough.
    account.post("settings", &json!({ "efs.access_point_available": 60 }));
    // Calls are counted: those that are made again while roles spread depend on the machine (see `propagation.rs`).
    account.post("settings", &json!({ "iam.propagation": 0, "iam.pass_role": 0, "s3.policy_propagation": 0 }));
    let product = Product::new(&account);
    let applied = product.expect(0, &["apply", "FILE", "--yes"]);
    for words in ["http://", "cluster     ce-prod", "aws ssm start-session"] {
        assert!(applied.stdout.contains(words), "{words:?} is not in\n{}", applied.stdout);
    }
    let calls = account.journal(0);
    let deploying = calls.iter().filter(|call| !is_poll(call)).count();
    polls_are_apart(&calls);
    properties::check(&account.read(), &account.id);

    let before = account.journal(0).len();
    let plan = product.expect(0, &["plan", "FILE", "--exit-code"]);
    assert!(plan.stdout.contains("no changes"), "{}", plan.stdout);
    assert_eq!(account.mutations(before), [""; 0]);
    let planning = account.journal(before).len();
    println!("calls: apply {deploying} besides polls, plan {planning}");
    assert!(planning <= 76, "plan made {planning} calls");
    // Some thirty of them ask about quotas and names, before the first thing is made.
    assert!(deploying <= 170, "apply made {deploying} calls besides polls");

    let before = account.journal(0).len();
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(account.mutations(before), [""; 0], "a second apply changes nothing");
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

/// No kind is looked at more often than every two seconds of AWS time.
fn polls_are_apart(calls: &[Value]) {
    for operation in ["DescribeNatGateways", "DescribeMountTargets", "DescribeServices", "DescribeAccessPoints"] {
        let looks = calls.iter().filter(|call| call["operation"] == operation);
        let times: Vec<f64> = looks.filter_map(|call| call["time"].as_f64()).collect();
        assert!(times.len() > 1, "{operation} was not watched");
        for pair in times.windows(2) {
            assert!(pair[1] - pair[0] >= 2.0, "{operation} after {} s", pair[1] - pair[0]);
        }
    }
}

#[test]
fn destroy_keeps_the_data_and_apply_adopts_it() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let (first, secrets) = (account.read(), account.inventory(&["secrets"]));

    let before = account.journal(0).len();
    let refused = product.expect(5, &["destroy", "FILE", "--yes"]);
    assert!(refused.stderr.contains("--unprotect"), "{}", refused.stderr);
    assert_eq!(account.mutations(before), [""; 0], "a refused destroy touches nothing");

    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    let kept = remaining(&account.read());
    assert_eq!(
        kept,
        [
            "bucket ce-prod-ACCOUNT-us-east-1-access-logs",
            "bucket ce-prod-ACCOUNT-us-east-1-alb-logs",
            "file system",
            "secret ce-aws/prod/credentials",
        ]
        .map(|line| line.replace("ACCOUNT", &account.id)),
    );

    product.expect(0, &["apply", "FILE", "--yes"]);
    let second = account.read();
    let id = |read: &Value| text(&read["efs"]["file_systems"][0]["FileSystemId"]).to_owned();
    assert_eq!(id(&first), id(&second), "the same file system");
    assert_eq!(secrets, account.inventory(&["secrets"]), "the same secrets");
    product.expect(0, &["plan", "FILE", "--exit-code"]);

    product.expect(0, &["destroy", "--name", "prod", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!(remaining(&account.read()), ["secret ce-aws/prod/credentials (in its recovery window)"]);

    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(secrets, account.inventory(&["secrets"]), "the secret is restored, not created again");
}

#[test]
fn a_file_system_without_its_secret_is_refused() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    account.by_hand(
        "client('secretsmanager').delete_secret(SecretId='ce-aws/prod/credentials', ForceDeleteWithoutRecovery=True)",
    );
    let before = account.journal(0).len();
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    assert!(refused.stderr.contains("data/secret-missing"), "{}", refused.stderr);
    assert_eq!(account.mutations(before), [""; 0], "nothing is touched");
}

#[test]
fn a_saved_plan_is_applied_as_it_is_or_refused_when_stale() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["plan", "FILE", "--out", "saved.json"]);
    assert_eq!(account.mutations(0), [""; 0], "a plan writes nothing");
    product.expect(0, &["apply", "saved.json", "--yes"]);
    let stale = product.expect(5, &["apply", "saved.json", "--yes"]);
    assert!(stale.stderr.contains("stale"), "{}", stale.stderr);
    let status = product.expect(0, &["status", "FILE", "--output", "json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert!(status.to_string().contains("HEALTHY"), "{status}");
}

#[test]
fn a_certificate_enables_https_and_a_redirect() {
    let account = Account::new(SCALE);
    let arn = account.by_hand(
        r#"
import datetime
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ce.example.com")])
start = datetime.datetime(2020, 1, 1)
certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(1).not_valid_before(start).not_valid_after(start.replace(year=2090)).sign(key, hashes.SHA256()))
pem = serialization.Encoding.PEM
private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
print(client("acm").import_certificate(Certificate=certificate.public_bytes(pem), PrivateKey=private)["CertificateArn"])
"#,
    );
    let plan = format!("name = \"prod\"\nrelease = \"5.0.0\"\n[load_balancer]\ncertificate_arn = \"{arn}\"\n");
    let product = Product::with_plan(&account, &plan);
    let applied = product.expect(0, &["apply", "FILE", "--yes"]);
    assert!(applied.stdout.contains("https://"), "{}", applied.stdout);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let read = account.read();
    let mut listeners = read["elb"]["load_balancers"][0]["Listeners"].as_array().expect("listeners").clone();
    listeners.sort_by_key(|listener| listener["Port"].as_u64());
    let [http, https] = listeners.as_slice() else { panic!("two listeners: {listeners:?}") };
    let redirect = &http["DefaultActions"][0]["RedirectConfig"];
    assert_eq!((text(&redirect["Protocol"]), text(&redirect["StatusCode"])), ("HTTPS", "HTTP_301"));
    assert_eq!((https["Port"].as_u64(), text(&https["Certificates"][0]["CertificateArn"])), (Some(443), arn.as_str()));
    assert_eq!(text(&https["SslPolicy"]), "ELBSecurityPolicy-TLS13-1-2-2021-06");
    assert_eq!(text(&https["DefaultActions"][0]["Type"]), "forward");
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
