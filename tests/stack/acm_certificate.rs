//! A certificate that is requested from ACM and validated through DNS.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::product::Product;

pub const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\n[dns]\nname = \"ce.example.com\"\n\
    zone = \"example.com\"\ncertificate = true\n";

/// Makes a hosted zone: its id.
pub fn zone(account: &Account, name: &str) -> String {
    account.by_hand(&format!(
        r#"
names = client("route53")
print(names.create_hosted_zone(Name="{name}", CallerReference="{name}")["HostedZone"]["Id"].split("/")[-1])
"#
    ))
}

fn change(account: &Account, zone: &str, action: &str, record: &str) {
    account.by_hand(&format!(
        r#"
batch = {{"Changes": [{{"Action": "{action}", "ResourceRecordSet": {record}}}]}}
client("route53").change_resource_record_sets(HostedZoneId="{zone}", ChangeBatch=batch)
"#
    ));
}

fn caa(value: &str) -> String {
    format!(
        r#"{{"Name": "example.com", "Type": "CAA", "TTL": 60, "ResourceRecords": [{{"Value": '0 issue "{value}"'}}]}}"#
    )
}

/// Name and state of each certificate, in order.
pub fn certificates(account: &Account) -> Vec<String> {
    let read = account.read();
    let all = read["acm"]["certificates"].as_array().expect("a list").iter();
    let mut all: Vec<_> = all.map(|one| format!("{} {}", text(&one["DomainName"]), text(&one["Status"]))).collect();
    all.sort();
    all
}

/// The CNAME records of all zones: the name without its first label, and the end of the value.
fn validations(account: &Account) -> Vec<String> {
    let read = account.read();
    let zones = read["route53"]["hosted_zones"].as_array().expect("a list");
    let records = zones.iter().flat_map(|zone| zone["Records"].as_array().expect("a list"));
    let of = |record: &Value| {
        let name = text(&record["Name"]).split_once('.').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        let value = text(&record["ResourceRecords"][0]["Value"]);
        format!("{name} {}", value.rsplit('.').nth(2).unwrap_or_default())
    };
    let mut all: Vec<_> = records.filter(|record| record["Type"] == "CNAME").map(of).collect();
    all.sort();
    all
}

/// Port, action and certificate's name of each listener of the deployment.
pub fn listeners(account: &Account) -> Vec<String> {
    let read = account.read();
    let names = |arn: &str| {
        let all = read["acm"]["certificates"].as_array().expect("a list").iter();
        all.filter(|one| one["CertificateArn"] == arn).map(|one| text(&one["DomainName"]).to_owned()).next()
    };
    let balancers = read["elb"]["load_balancers"].as_array().expect("a list");
    let ours = balancers.iter().find(|one| one["LoadBalancerName"] == "ce-prod").expect("the deployment's");
    let all = ours["Listeners"].as_array().expect("a list").iter();
    let of = |one: &Value| {
        let name = names(text(&one["Certificates"][0]["CertificateArn"])).unwrap_or_default();
        format!("{} {} {name}", one["Port"], text(&one["DefaultActions"][0]["Type"])).trim_end().to_owned()
    };
    let mut all: Vec<_> = all.map(of).collect();
    all.sort();
    all
}

/// How many certificates have been requested, successfully, since the account began.
pub fn requests(account: &Account) -> usize {
    let calls = account.every_call(0);
    let arns: std::collections::BTreeSet<_> = calls
        .iter()
        .filter(|call| call["operation"] == "RequestCertificate" && call["error"].is_null())
        .map(|call| call["request"]["IdempotencyToken"].to_string())
        .collect();
    arns.len()
}

/// Applies a plan in which a certificate takes the place of another one: it is requested before the listener leaves that
/// one, and only then does that go.
pub fn replaces(product: &Product<'_>, name: &str) {
    let account = product.account;
    let before = account.journal(0).len();
    product.expect(0, &["apply", "FILE", "--yes"]);
    let calls = account.mutations(before);
    let at = |operation: &str| calls.iter().position(|call| call.contains(operation));
    assert!(
        at("RequestCertificate") < at("ModifyListener") && at("ModifyListener") < at("DeleteCertificate"),
        "{calls:?}"
    );
    assert_eq!(certificates(account), [format!("{name} ISSUED")]);
    assert_eq!(listeners(account), [format!("443 forward {name}"), "80 redirect".to_owned()]);
    assert_eq!(steps(product), [""; 0]);
}

#[test]
fn a_certificate_comes_with_the_first_apply_and_goes_with_the_deployment() {
    let account = Account::new(SCALE);
    zone(&account, "example.com");
    let product = Product::with_plan(&account, PLAN);
    let applied = product.expect(0, &["apply", "FILE", "--yes"]);
    assert!(applied.stdout.contains("https://ce.example.com"), "{}", applied.stdout);
    assert_eq!(certificates(&account), ["ce.example.com ISSUED"]);
    assert_eq!(validations(&account), ["ce.example.com. acm-validations"]);
    assert_eq!(listeners(&account), ["443 forward ce.example.com", "80 redirect"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let status = product.expect(0, &["status", "FILE"]).stdout;
    assert!(status.contains("certificate ce.example.com, issued by ACM, valid until 20"), "{status}");
    assert!(status.contains("https://ce.example.com"), "{status}");
    product.expect(0, &["doctor", "FILE"]);
    product.expect(0, &["cost", "FILE"]);

    // Without the record ACM could not renew it: drift, which apply repairs.
    account.by_hand(
        r#"
names = client("route53")
zone = names.list_hosted_zones()["HostedZones"][0]["Id"]
for record in names.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]:
    if record["Type"] == "CNAME":
        batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
        names.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
"#,
    );
    assert_eq!(steps(&product), ["update certificate/ce-example-com drifted"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(validations(&account), ["ce.example.com. acm-validations"]);
    assert_eq!(requests(&account), 1);

    let before = account.journal(0).len();
    let destroy = ["destroy", "--name", "prod", "--yes", "--unprotect", "--delete-data"];
    let destroyed = product.expect(0, &destroy);
    let said = format!("{}{}", destroyed.stdout, destroyed.stderr);
    assert!(said.contains("ce.example.com stays: other certificates may need it"), "{said}");
    let calls = account.journal(before);
    let at = |operation: &str| {
        let done = |call: &&Value| call["operation"] == operation && call["error"].is_null();
        calls.iter().filter(done).filter_map(|call| call["n"].as_u64()).max()
    };
    assert!(at("DeleteListener") < at("DeleteCertificate"), "{:?} {:?}", at("DeleteListener"), at("DeleteCertificate"));
    assert!(at("DeleteListener").is_some() && at("DeleteCertificate") < at("DeleteSecurityGroup"));
    assert_eq!(certificates(&account), [""; 0]);
    assert_eq!(validations(&account), ["ce.example.com. acm-validations"], "others may need it");
}

#[test]
fn a_certificate_is_switched_on_renamed_and_off() {
    let account = Account::new(SCALE);
    zone(&account, "example.com");
    let plan = PLAN.replace("certificate = true\n", "");
    let product = Product::with_plan(&account, &plan);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(listeners(&account), ["80 forward"]);

    product.write_plan(PLAN);
    let on =
        ["create certificate/ce-example-com missing", "create listener/https missing", "update listener/http changed"];
    assert_eq!(steps(&product), on);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(listeners(&account), ["443 forward ce.example.com", "80 redirect"]);
    assert_eq!(steps(&product), [""; 0]);

    // Another name: the listener keeps the former certificate until the new one is issued.
    let renamed = PLAN.replace("ce.example.com", "exchange.example.com");
    product.write_plan(&renamed);
    replaces(&product, "exchange.example.com");

    // One of the user's own instead, and back.
    let theirs = account.by_hand(
        r#"
import time
acm, names = client("acm"), client("route53")
arn = acm.request_certificate(DomainName="ce.example.com", ValidationMethod="DNS")["CertificateArn"]
while (live := acm.describe_certificate(CertificateArn=arn)["Certificate"])["Status"] != "ISSUED":
    time.sleep(0.2)
print(arn)
"#,
    );
    let own = format!("{plan}[load_balancer]\ncertificate_arn = \"{theirs}\"\n");
    product.write_plan(&own);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(listeners(&account), ["443 forward ce.example.com", "80 redirect"]);
    assert_eq!(certificates(&account), ["ce.example.com ISSUED"]);
    product.write_plan(&renamed);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(listeners(&account), ["443 forward exchange.example.com", "80 redirect"]);

    product.write_plan(&plan);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(listeners(&account), ["80 forward"]);
    assert_eq!(certificates(&account), ["ce.example.com ISSUED"], "theirs stays");
    assert_eq!(steps(&product), [""; 0]);
    let groups = account.read()["ec2"]["security_groups"].to_string();
    assert!(!groups.contains("ce-aws:certificates"), "{groups}");
}

/// Whatever happens to the request, there is one certificate in the end.
#[test]
fn a_cut_between_request_and_record_makes_no_second_certificate() {
    // The answer is lost; then a run is killed while it waits for the answer.
    for kind in ["lost", "hold"] {
        let account = Account::new(SCALE);
        zone(&account, "example.com");
        let product = Product::with_plan(&account, PLAN);
        account
            .post("faults", &json!({ "service": "acm", "operation": "RequestCertificate", "kind": kind, "times": 1 }));
        if kind == "hold" {
            product.is_killed_at_the_fault();
        }
        product.expect(0, &["apply", "FILE", "--yes"]);
        assert_eq!(certificates(&account), ["ce.example.com ISSUED"], "{kind}");
        assert_eq!(requests(&account), 1, "{kind}");
        assert_eq!(steps(&product), [""; 0]);
    }
}

#[test]
fn a_certificate_that_caa_records_forbid_says_what_to_do() {
    let account = Account::new(SCALE);
    let parent = zone(&account, "example.com");
    zone(&account, "ce.example.com");
    change(&account, &parent, "CREATE", &caa("letsencrypt.org"));
    // In the zone itself the records are seen before anything is made.
    let product = Product::with_plan(&account, PLAN);
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("certificate/caa") && said.contains("letsencrypt.org"), "{said}");
    // Above it they are not.
    let narrow = PLAN.replace("zone = \"example.com\"", "zone = \"ce.example.com\"");
    product.write_plan(&narrow);
    let failed = product.expect(3, &["apply", "FILE", "--yes"]);
    let said = format!("{}{}", failed.stdout, failed.stderr);
    assert!(said.contains("CAA_ERROR") && said.contains("0 issue \"amazon.com\""), "{said}");
    let status = product.expect(0, &["status", "FILE"]).stdout;
    assert!(status.contains("certificate ce.example.com, failed: ACM has refused it (CAA_ERROR)"), "{status}");
    change(&account, &parent, "DELETE", &caa("letsencrypt.org"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(certificates(&account), ["ce.example.com ISSUED"]);
    assert_eq!(listeners(&account), ["443 forward ce.example.com", "80 redirect"]);
}

#[test]
fn a_strangers_record_is_not_replaced() {
    let account = Account::new(SCALE);
    let there = zone(&account, "example.com");
    let name = account.by_hand(
        r#"
import time
acm = client("acm")
arn = acm.request_certificate(DomainName="ce.example.com", ValidationMethod="DNS")["CertificateArn"]
option = {}
while "ResourceRecord" not in option:
    time.sleep(0.2)
    option = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]
acm.delete_certificate(CertificateArn=arn)
print(option["ResourceRecord"]["Name"])
"#,
    );
    let value = r#"[{"Value": "elsewhere.example.org."}]"#;
    let theirs = format!(r#"{{"Name": "{name}", "Type": "CNAME", "TTL": 60, "ResourceRecords": {value}}}"#);
    change(&account, &there, "CREATE", &theirs);
    let product = Product::with_plan(&account, PLAN);
    let failed = product.expect(3, &["apply", "FILE", "--yes"]);
    let said = format!("{}{}", failed.stdout, failed.stderr);
    assert!(said.contains("has another record already (CNAME elsewhere.example.org)"), "{said}");
    change(&account, &there, "DELETE", &theirs);
    // Somebody deletes the certificate meanwhile: the token of its request may still stand for it.
    account.by_hand(
        r#"
acm = client("acm")
for one in acm.list_certificates()["CertificateSummaryList"]:
    acm.delete_certificate(CertificateArn=one["CertificateArn"])
"#,
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(certificates(&account), ["ce.example.com ISSUED"]);
    assert_eq!(requests(&account), 3, "theirs, the deleted one and ours");
}

#[test]
fn a_private_zone_needs_a_public_one_beside_it() {
    let account = Account::new(SCALE);
    zone(&account, "example.com");
    let private = "name = \"prod\"\nrelease = \"5.0.0\"\n[dns]\nname = \"ce.example.com\"\ncertificate = true\n";
    let product = Product::with_plan(&account, private);
    let refused = product.expect(64, &["apply", "FILE", "--yes"]);
    assert!(refused.stderr.contains("plan-file/no-public-zone"), "{}", refused.stderr);
    let hidden = account.by_hand(
        r#"
vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
made = client("route53").create_hosted_zone(
    Name="example.com", CallerReference="hidden", VPC={"VPCRegion": "us-east-1", "VPCId": vpc})
print(made["HostedZone"]["Id"].split("/")[-1])
"#,
    );
    product.write_plan(&format!("{private}zone = \"{hidden}\"\n"));
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("certificate/private-zone") && said.contains("validation_zone"), "{said}");
    // By name only a public zone can be meant.
    product.write_plan(&format!("{private}validation_zone = \"example.com\"\n"));
    let applied = product.expect(0, &["apply", "FILE", "--yes"]);
    assert!(applied.stdout.contains("https://ce.example.com"), "{}", applied.stdout);
    assert_eq!(validations(&account), ["ce.example.com. acm-validations"]);
    assert_eq!(steps(&product), [""; 0]);
}
