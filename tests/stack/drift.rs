//! Edits of the plan file, and edits in AWS by hand: exactly those are seen, exactly those are repaired.

use serde_json::Value;

use crate::bed::{Bed, text};
use crate::deploy::SCALE;
use crate::product::Product;

/// The steps of a plan as `action address reason`, without those that change nothing.
pub fn steps(product: &Product<'_>) -> Vec<String> {
    let plan = product.run(&["plan", "FILE", "--output", "json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap_or_else(|error| panic!("{error}: {plan:?}"));
    let steps = plan["steps"].as_array().expect("a list of steps").iter();
    let changing = steps.filter(|step| !["await", "prove"].contains(&text(&step["action"])));
    let shown =
        |step: &Value| format!("{} {} {}", text(&step["action"]), text(&step["address"]), text(&step["reason"]));
    let mut steps: Vec<String> = changing.map(shown).collect();
    steps.sort();
    steps
}

#[test]
fn what_is_changed_by_hand_is_reported_and_repaired_and_nothing_else() {
    let bed = Bed::new(SCALE);
    let product = Product::new(&bed);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let before = bed.read();

    bed.by_hand(
        r#"
table = find(ec2.describe_route_tables()["RouteTables"], "route-table/private-a")
ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
group = find(ec2.describe_security_groups()["SecurityGroups"], "security-group/task")
ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[
    {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
target = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
elb.modify_target_group_attributes(TargetGroupArn=target, Attributes=[
    {"Key": "deregistration_delay.timeout_seconds", "Value": "300"}])
iam.put_role_policy(RoleName="ce-prod-us-east-1-task", PolicyName="extra", PolicyDocument=
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}')
balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
elb.delete_listener(ListenerArn=elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"])
logs.put_retention_policy(logGroupName="/ce-aws/prod/task", retentionInDays=7)
"#,
    );
    assert_eq!(
        steps(&product),
        [
            "create listener/http missing",
            "update log-group/task drifted",
            "update role/task drifted",
            "update route-table/private-a drifted",
            "update security-group/task drifted",
            "update target-group/ui drifted",
        ]
    );
    let journal = bed.journal(0).len();
    product.expect(0, &["apply", "FILE", "--yes"]);
    let mut mutations = bed.mutations(journal);
    mutations.sort();
    mutations.dedup();
    assert_eq!(
        mutations,
        [
            "ec2 CreateRoute",
            "ec2 RevokeSecurityGroupIngress",
            "elbv2 CreateListener",
            "elbv2 ModifyTargetGroupAttributes",
            "iam DeleteRolePolicy",
            "logs PutRetentionPolicy",
        ]
    );
    assert_eq!(steps(&product), [""; 0]);
    let after = bed.read();
    for place in ["route_tables", "security_groups", "network_acls", "nat_gateways", "subnets", "vpcs"] {
        let ids = |read: &Value| read["ec2"][place].as_array().map(Vec::len);
        assert_eq!(ids(&before), ids(&after), "{place}");
    }
    assert_eq!(before["ecs"]["clusters"][0]["Tasks"], after["ecs"]["clusters"][0]["Tasks"], "the task was left alone");
}

#[test]
fn what_is_changed_in_the_plan_file_changes_and_nothing_else() {
    let bed = Bed::new(SCALE);
    let product = Product::new(&bed);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.edit("# retention_days = 365 ", "retention_days = 30 ");
    product.edit("# flow_log_retention_days = 365 ", "flow_log_retention_days = 365 ");
    product.edit("#+ allowed_cidrs = ", "allowed_cidrs = ");
    assert_eq!(
        steps(&product),
        [
            "update default-network-acl/main changed",
            "update log-group/task changed",
            "update security-group/load-balancer changed",
        ]
    );
    assert_eq!(product.run(&["plan", "FILE", "--exit-code"]).code, 2);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(product.run(&["plan", "FILE", "--exit-code"]).code, 0);
}
