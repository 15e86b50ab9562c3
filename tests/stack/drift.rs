//! Edits of the plan file and manual changes in AWS: exactly these are detected and applied or repaired.

use serde_json::Value;

use crate::account::{Account, text};
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
fn manual_changes_are_reported_and_repaired() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let before = account.read();

    account.by_hand(
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
    let journal = account.journal(0).len();
    product.expect(0, &["apply", "FILE", "--yes"]);
    let mut mutations = account.mutations(journal);
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
    let after = account.read();
    for place in ["route_tables", "security_groups", "network_acls", "nat_gateways", "subnets", "vpcs"] {
        let ids = |read: &Value| read["ec2"][place].as_array().map(Vec::len);
        assert_eq!(ids(&before), ids(&after), "{place}");
    }
    assert_eq!(before["ecs"]["clusters"][0]["Tasks"], after["ecs"]["clusters"][0]["Tasks"], "the task was left alone");
}

#[test]
fn only_edits_of_the_plan_file_are_applied() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
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

/// Registers a copy of the revision in force, changed by `change` (Python, about `wanted`), and says its ARN.
fn registered(account: &Account, change: &str) -> String {
    let script = r#"
service = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"][0]
wanted = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
for key in [
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy"
]:
    wanted.pop(key, None)
core = next(one for one in wanted["containerDefinitions"] if one["name"] == "core")
"#;
    let register = r#"
print(ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"])
"#;
    account.by_hand(&format!("{script}{change}{register}"))
}

fn run_by_hand(account: &Account, definition: &str) {
    account.by_hand(&format!(
        r#"ecs.update_service(cluster="ce-prod", service="ce-prod", taskDefinition="{definition}")"#
    ));
}

#[test]
fn a_manually_changed_task_definition_is_drift() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);

    // Registered and not run: nothing that is ours has changed.
    let change = "core['environment'].append({'name': 'BY_HAND', 'value': 'yes'})\nwanted['memory'] = '20480'\n";
    let by_hand = registered(&account, change);
    assert_eq!(steps(&product), [""; 0]);

    run_by_hand(&account, &by_hand);
    let fenced = ["stop service/main one-writer", "update service/main drifted"];
    assert_eq!(steps(&product), [fenced[0], fenced[1], "update task-definition/main drifted"]);
    let plan = product.expect(0, &["plan", "FILE"]).stdout;
    for words in ["memory: 20480 → 16384", "core - env BY_HAND=yes", "drifted in AWS"] {
        assert!(plan.contains(words), "{words:?} is not in\n{plan}");
    }
    assert!(!plan.contains("missing") && !plan.contains("changed in the plan file"), "{plan}");
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);

    // With the plan file edited as well, that is what is reported.
    let by_hand = registered(&account, "core['cpu'] = 512\n");
    run_by_hand(&account, &by_hand);
    product.edit("# debug = false", "debug = true");
    assert_eq!(steps(&product), [fenced[0], "update service/main changed", "update task-definition/main changed"]);
    product.edit("debug = true", "debug = false");
    product.expect(0, &["apply", "FILE", "--yes"]);

    // Another family, and another count.
    let theirs = registered(&account, "wanted['family'] = 'theirs'\n");
    run_by_hand(&account, &theirs);
    assert_eq!(steps(&product), fenced);
    let plan = product.expect(0, &["plan", "FILE"]).stdout;
    assert!(plan.contains("task_definition: ") && plan.contains("theirs:1"), "{plan}");
    account.by_hand(r#"ecs.update_service(cluster="ce-prod", service="ce-prod", desiredCount=0)"#);
    let plan = product.expect(0, &["plan", "FILE"]).stdout;
    assert!(plan.contains("desired: 0 → 1"), "{plan}");
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
}

#[test]
fn a_manually_changed_image_is_drift() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let by_hand =
        registered(&account, "core['image'] = 'registry.example/core5:mine'\ncore.pop('dockerLabels', None)\n");
    run_by_hand(&account, &by_hand);
    let plan = product.expect(0, &["plan", "FILE"]).stdout;
    assert!(plan.contains("drifted in AWS") && plan.contains("core image registry.example/core5:mine"), "{plan}");
    assert!(!plan.contains("changed in the plan file"), "{plan}");
}
