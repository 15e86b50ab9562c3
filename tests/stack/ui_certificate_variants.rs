//! HTTPS by the UI's own web server behind a load balancer or target group of the user's, and through upgrades.

use crate::account::Account;
use crate::certificates::both;
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::existing::ExistingResources;
use crate::product::Product;
use crate::single_writer::{never_two, never_two_deployments};
use crate::ui_certificate::shape;
use crate::upgrade::is_well_at;
use crate::upgrade_failures::exits;

const TABLE: &str = "[ui_certificate]\nself_signed = true\n";

/// A plan file for the VPC of `resources`.
fn inside(resources: &ExistingResources, more: &str) -> String {
    format!("name = \"prod\"\nrelease = \"5.0.0\"\n{}{more}", resources.network())
}

#[test]
fn on_a_load_balancer_of_the_users_our_listener_moves() {
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let off =
        inside(&resources, &format!("load_balancer = \"{}\"\n[load_balancer]\nport = 8080\n", resources.load_balancer));
    let product = Product::with_plan(&account, &off);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let plain = "ce-prod-ui HTTP HTTP healthy\ncorp-ce HTTP HTTP\nlistener HTTP corp-ce\nlistener HTTP ce-prod-ui\n\
                 service ce-prod-ui\nui http";
    assert_eq!(shape(&account), plain);
    product.write_plan(&format!("{off}{TABLE}"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let over_tls = "ce-prod-ui-https HTTPS HTTPS healthy\ncorp-ce HTTP HTTP\nlistener HTTP corp-ce\n\
                    listener HTTP ce-prod-ui-https\nservice ce-prod-ui-https\nui https\n\
                    note ce-aws/prod/ui-certificate";
    assert_eq!(shape(&account), over_tls);
    product.write_plan(&off);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!((shape(&account).as_str(), steps(&product).len()), (plain, 0));
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    resources.assert_untouched(&account);
    never_two(&account);
}

#[test]
fn a_target_group_of_the_users_has_to_speak_https_itself() {
    let account = Account::new(SCALE);
    let over_tls = r#"
over_tls = elb.create_target_group(
    Name="corp-ce-https", Protocol="HTTPS", Port=3000, VpcId=vpc, TargetType="ip", HealthCheckPath="/",
    HealthCheckProtocol="HTTPS", Matcher={"HttpCode": "200"},
)["TargetGroups"][0]["TargetGroupArn"]
listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
elb.create_rule(
    ListenerArn=listener, Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/ce/*"]}],
    Actions=[{"Type": "forward", "TargetGroupArn": over_tls}],
)
"#;
    let resources = ExistingResources::beside(&account, over_tls);
    let of = |group: &str, more: &str| inside(&resources, &format!("target_group = \"{group}\"\n{more}"));
    let product = Product::with_plan(&account, &of(&resources.target_group, ""));
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.write_plan(&of(&resources.target_group, TABLE));
    let refused = both(&product.expect(5, &["apply", "FILE", "--yes"]));
    assert!(refused.contains("target-group/wrong-protocol"), "{refused}");
    let other = account.by_hand(
        "print(client('elbv2').describe_target_groups(Names=['corp-ce-https'])['TargetGroups'][0]['TargetGroupArn'])",
    );
    product.write_plan(&of(&other, TABLE));
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let now = shape(&account);
    assert!(
        now.contains("corp-ce-https HTTPS HTTPS healthy") && now.contains("service corp-ce-https\nui https"),
        "{now}"
    );
    // And back: the group that speaks HTTP, without the table.
    product.write_plan(&of(&resources.target_group, ""));
    product.expect(0, &["apply", "FILE", "--yes"]);
    let now = shape(&account);
    assert!(now.contains("corp-ce HTTP HTTP healthy") && now.contains("service corp-ce\nui http"), "{now}");
    assert!(!now.contains("note"), "{now}");
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    resources.assert_untouched(&account);
    never_two(&account);
}

fn plan_of(release: &str, more: &str) -> String {
    format!("name = \"prod\"\nrelease = \"{release}\"\nregion = \"us-east-1\"\n{more}")
}

#[test]
fn upgrades_keep_it_and_a_failed_one_goes_back_to_it() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &plan_of("4.1.0", TABLE));
    product.expect(0, &["apply", "FILE", "--yes"]);
    let over_tls = shape(&account);
    assert!(over_tls.contains("ce-prod-ui-https HTTPS HTTPS healthy") && over_tls.contains("ui https"), "{over_tls}");
    product.expect(0, &["upgrade", "FILE", "--to", "4.2.0", "--yes"]);
    is_well_at(&product, "4.2.0");
    assert_eq!(shape(&account), over_tls);
    exits(&account);
    product.expect(6, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    account.delete("images");
    is_well_at(&product, "4.2.0");
    assert_eq!(shape(&account), over_tls);
    product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    is_well_at(&product, "5.0.0");
    assert_eq!(shape(&account), over_tls);
    never_two_deployments(&account);
}

#[test]
fn it_is_not_switched_in_one_go_with_an_upgrade() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &plan_of("4.2.0", ""));
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.write_plan(&plan_of("5.0.0", TABLE));
    let refused = both(&product.expect(5, &["apply", "FILE", "--yes"]));
    assert!(refused.contains("upgrade/not-alone"), "{refused}");
    // As it says: one after the other.
    product.write_plan(&plan_of("4.2.0", TABLE));
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    is_well_at(&product, "5.0.0");
    assert!(shape(&account).contains("ui https"));
    never_two(&account);
}

#[test]
fn a_lost_note_is_written_again() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &plan_of("5.0.0", TABLE));
    product.expect(0, &["apply", "FILE", "--yes"]);
    let before = shape(&account);
    account.by_hand(
        r#"
for group in ec2.describe_security_groups()["SecurityGroups"]:
    ec2.delete_tags(Resources=[group["GroupId"]], Tags=[{"Key": "ce-aws:ui-certificate"}])
"#,
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!((shape(&account), steps(&product).len()), (before, 0));
    never_two(&account);
}
