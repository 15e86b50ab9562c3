//! How a certificate of ACM's ends: not renewed in time, never validated, or used by others too.

use serde_json::json;

use crate::account::Account;
use crate::acm_certificate::{PLAN, certificates, listeners, replaces, requests, zone};
use crate::certificates::both;
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::product::Product;

const DAY: u32 = 24 * 60 * 60;

fn advance(account: &Account, seconds: u32) {
    account.post("clock", &json!({ "advance": seconds }));
}

#[test]
fn one_that_acm_could_not_renew_is_replaced() {
    let account = Account::new(SCALE);
    account.post("settings", &json!({ "acm.valid": 20 * DAY }));
    zone(&account, "example.com");
    let product = Product::with_plan(&account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    // Nobody sees the record any more: the registrar names other servers.
    account.post("settings", &json!({ "acm.delegated": false }));
    let warned = both(&product.expect(0, &["plan", "FILE"]));
    assert!(warned.contains("certificate/expires-soon") && warned.contains("registrar"), "{warned}");
    advance(&account, 21 * DAY);
    assert_eq!(certificates(&account), ["ce.example.com EXPIRED"]);
    assert_eq!(
        steps(&product),
        [
            "create certificate/ce-example-com missing",
            "delete certificate/ce-example-com-expired unwanted",
            "update listener/https changed"
        ]
    );
    account.post("settings", &json!({ "acm.delegated": true }));
    replaces(&product, "ce.example.com");
}

#[test]
fn one_that_nobody_could_validate_is_requested_again() {
    let account = Account::new(SCALE);
    account.post("settings", &json!({ "acm.delegated": false }));
    zone(&account, "example.com");
    let product = Product::with_plan(&account, PLAN);
    let failed = both(&product.expect(3, &["apply", "FILE", "--yes"]));
    assert!(failed.contains("ce.example.com in public DNS yet"), "{failed}");
    // Before ACM gives up, another run goes on with the same request.
    advance(&account, DAY);
    product.expect(3, &["apply", "FILE", "--yes"]);
    assert_eq!((certificates(&account), requests(&account)), (vec!["ce.example.com PENDING_VALIDATION".to_owned()], 1));
    advance(&account, 2 * DAY);
    let status = both(&product.run(&["status", "FILE"]));
    assert!(status.contains("within 72 hours"), "{status}");
    account.post("settings", &json!({ "acm.delegated": true }));
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!((certificates(&account), requests(&account)), (vec!["ce.example.com ISSUED".to_owned()], 2));
    assert_eq!(listeners(&account), ["443 forward ce.example.com", "80 redirect"]);
}

#[test]
fn one_that_others_use_stays_until_they_let_it_go() {
    let account = Account::new(SCALE);
    zone(&account, "example.com");
    let product = Product::with_plan(&account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let listener = account.by_hand(
        r#"
elb, acm = client("elbv2"), client("acm")
vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
subnets = [
    ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
    for n, zone in enumerate("ab")
]
balancer = elb.create_load_balancer(Name="theirs", Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
print(elb.create_listener(
    LoadBalancerArn=balancer["LoadBalancerArn"], Port=443, Protocol="HTTPS",
    Certificates=[{"CertificateArn": acm.list_certificates()["CertificateSummaryList"][0]["CertificateArn"]}],
    DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
)["Listeners"][0]["ListenerArn"])
"#,
    );
    product.write_plan(&PLAN.replace("certificate = true\n", ""));
    let failed = both(&product.expect(3, &["apply", "FILE", "--yes"]));
    assert!(failed.contains("loadbalancer/app/theirs/") && failed.contains("another certificate"), "{failed}");
    assert_eq!(listeners(&account), ["80 forward"], "everything else is done");
    account.by_hand(&format!("client('elbv2').delete_listener(ListenerArn='{listener}')"));
    advance(&account, 60);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!((certificates(&account).len(), steps(&product).len()), (0, 0));
}
