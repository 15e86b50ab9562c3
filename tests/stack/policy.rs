//! The printed policies are enough, and nothing in them is too much: the bed judges every call by action, resource and
//! conditions, as the Service Authorization Reference has them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bed::{Bed, text};
use crate::borrowed::World;
use crate::deploy::SCALE;
use crate::product::{Product, Ran};
use crate::writers::never_two;

/// What is printed and no command of these tests has needed, each for a reason.
const UNUSED: &[(&str, &str)] = &[
    ("backup:StopBackupJob", "a backup of an interrupted run is still under way"),
    ("ec2:AuthorizeSecurityGroupEgress", "somebody took a rule away"),
    ("ec2:DeleteRoute", "somebody added a route"),
    ("ec2:ModifyNetworkInterfaceAttribute", "somebody changed the groups of a mount target"),
    ("ec2:ModifySubnetAttribute", "somebody gave a subnet public addresses"),
    ("ec2:ReplaceRoute", "somebody changed a route"),
    ("ec2:ReplaceRouteTableAssociation", "somebody gave a subnet another route table"),
    ("ec2:UpdateSecurityGroupRuleDescriptionsEgress", "somebody changed the words of a rule"),
    ("ec2:UpdateSecurityGroupRuleDescriptionsIngress", "somebody changed the words of a rule"),
    ("ecs:StopTask", "a task outlives its service"),
    ("elasticfilesystem:ModifyMountTargetSecurityGroups", "somebody changed the groups of a mount target"),
    ("elasticloadbalancing:ModifyListener", "a certificate comes or changes"),
    ("elasticloadbalancing:ModifyTargetGroup", "somebody changed the health check"),
    ("elasticloadbalancing:SetSecurityGroups", "somebody changed the groups of the load balancer"),
    ("elasticloadbalancing:SetSubnets", "somebody changed the subnets of the load balancer"),
    ("iam:UpdateAssumeRolePolicy", "somebody changed the trust of a role"),
    ("iam:UpdateRole", "somebody changed the words of a role"),
    ("logs:GetLogEvents", "a container fails, and its last words are shown"),
    ("s3:AbortMultipartUpload", "an upload was begun and never completed"),
    ("secretsmanager:RestoreSecret", "a deleted secret is taken back"),
    ("servicequotas:GetAWSDefaultServiceQuota", "a quota is none of those that the account has of its own"),
    ("secretsmanager:UpdateSecret", "somebody changed the words of a secret"),
];

/// An operator who may do what a policy says and nothing else.
struct Operator<'a> {
    bed: &'a Bed,
    product: Product<'a>,
}

impl<'a> Operator<'a> {
    fn new(bed: &'a Bed, plan: &str) -> Self {
        bed.post("settings", &json!({ "iam.caller": "user/op" }));
        Self { bed, product: Product::with_plan(bed, plan) }
    }

    /// What is printed for a purpose, by whoever may do everything.
    fn printed(&self, purpose: &str) -> Vec<Value> {
        self.bed.post("settings", &json!({ "iam.caller_policy": null }));
        let purpose = if purpose.is_empty() { vec![] } else { vec!["--for", purpose] };
        let arguments = [&["policy", "FILE", "--output", "json"], purpose.as_slice()].concat();
        let said = self.product.expect(0, &arguments).stdout;
        let said: Value = serde_json::from_str(&said).expect("JSON");
        said["policies"].as_array().expect("policies").iter().map(|one| one["document"].clone()).collect()
    }

    fn run_with(&self, policies: &[Value], arguments: &[&str]) -> Ran {
        self.bed.post("settings", &json!({ "iam.caller_policy": policies }));
        let ran = self.product.run(arguments);
        self.bed.post("settings", &json!({ "iam.caller_policy": null }));
        ran
    }

    /// A command succeeds with what is printed for a purpose.
    fn does(&self, purpose: &str, arguments: &[&str]) {
        let before = self.bed.every_call(0).len();
        let policies = self.printed(purpose);
        let ran = self.run_with(&policies, arguments);
        let denied = self.denied(before);
        assert!(ran.code == 0 && denied.is_empty(), "{arguments:?}: {denied:#?}\n{}\n{}", ran.stdout, ran.stderr);
    }

    /// What has been denied since a call of the journal: `action on resource`.
    fn denied(&self, from: usize) -> BTreeSet<String> {
        let calls = self.bed.every_call(from);
        let judged = calls.iter().flat_map(|call| call["authorizations"].as_array().cloned().unwrap_or_default());
        let denied = judged.filter(|one| one["allowed"] == false);
        denied.map(|one| format!("{} on {}", text(&one["action"]), text(&one["resource"]))).collect()
    }

    /// The actions that calls have needed.
    fn used(&self, from: usize) -> BTreeSet<String> {
        let calls = self.bed.every_call(from);
        let needed = calls.iter().flat_map(|call| call["authorizations"].as_array().cloned().unwrap_or_default());
        needed.filter(|one| one["allowed"] == true).map(|one| text(&one["action"]).to_owned()).collect()
    }

    fn edit(&self, from: &str, to: &str) {
        self.product.edit(from, to);
    }
}

/// One text or many.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map_or_else(|| vec![text(value)], |many| many.iter().map(text).collect())
}

fn statements(policies: &[Value]) -> impl Iterator<Item = &Value> {
    policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("statements"))
}

fn actions(policies: &[Value]) -> BTreeSet<String> {
    statements(policies).flat_map(|one| texts(&one["Action"])).map(str::to_owned).collect()
}

/// The same policies without an action.
fn without(policies: &[Value], action: &str) -> Vec<Value> {
    let mut less = policies.to_vec();
    for policy in &mut less {
        let statements = policy["Statement"].as_array_mut().expect("statements");
        for statement in statements.iter_mut() {
            if !texts(&statement["Action"]).contains(&action) {
                continue;
            }
            let kept: Vec<_> = texts(&statement["Action"]).into_iter().filter(|one| *one != action).collect();
            statement["Action"] = json!(kept);
        }
        statements.retain(|one| one["Action"] != json!([]));
    }
    less.retain(|policy| policy["Statement"] != json!([]));
    less
}

const NEW: &str = include_str!("../../plans/new-vpc.toml");

/// A plan file that borrows everything that can be borrowed together.
fn borrowing(world: &World) -> String {
    let World { vpc, subnets: [a, b], cluster, load_balancer, task_role, key, certificate, .. } = world;
    format!(
        "name = \"prod\"\nrelease = \"5.0.0\"\n\
         [existing]\nvpc = \"{vpc}\"\nprivate_subnets = [\"{a}\", \"{b}\"]\ncluster = \"{cluster}\"\n\
         load_balancer = \"{load_balancer}\"\ntask_role = \"{task_role}\"\nkms_key = \"{key}\"\n\
         [load_balancer]\ncertificate_arn = \"{certificate}\"\n\
         [identity]\npermissions_boundary = \"{}\"\n\
         [proxy]\nsecret = \"{}\"\n",
        world.boundary, world.proxy_secret
    )
}

#[test]
fn whoever_may_what_is_printed_can_do_everything_and_needs_all_of_it() {
    let bed = Bed::new(SCALE);
    let one = Operator::new(&bed, NEW);
    one.edit("release = \"5.0.0\"", "release = \"4.2.0\"");
    one.does("plan", &["plan", "FILE"]);
    one.does("", &["doctor", "FILE"]);
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.does("plan", &["status", "FILE"]);
    one.does("upgrade", &["backup", "create", "FILE", "--yes"]);
    one.does("upgrade", &["backup", "list", "FILE"]);
    one.does("upgrade", &["stop", "FILE", "--yes"]);
    one.does("upgrade", &["start", "FILE", "--yes"]);
    one.does("upgrade", &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    one.does("upgrade", &["backup", "restore", "FILE", "latest", "--other-release", "--yes"]);
    everything_changes(&one);
    one.does("apply", &["plan", "FILE", "--exit-code"]);
    one.edit("\nidle_timeout_seconds = 200", "\n# idle_timeout_seconds = 300");
    one.edit("\nlog_expire_after_days = 300", "\n# log_expire_after_days = 365");
    one.edit("# enabled = true ", "enabled = false ");
    one.does("apply", &["apply", "FILE", "--yes", "--unprotect"]);
    one.does("destroy", &["destroy", "FILE", "--yes", "--unprotect"]);
    one.edit("\nenabled = false ", "\n# enabled = true ");
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.does("destroy", &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    never_two(&bed);

    let printed = actions(&one.printed(""));
    let used = one.used(0);
    let unused: BTreeSet<&str> = printed.difference(&used).map(String::as_str).collect();
    let excepted: BTreeSet<&str> = UNUSED.iter().map(|(action, _)| *action).collect();
    println!(
        "actions: printed {}, used {}, excepted {}",
        printed.len(),
        printed.intersection(&used).count(),
        unused.len()
    );
    assert_eq!(unused, excepted);
}

/// An update that touches every kind that has something to change.
fn everything_changes(one: &Operator<'_>) {
    one.edit("#+ Owner = \"security-platform\"", "Owner = \"security-platform\"");
    one.edit("# idle_timeout_seconds = 300", "idle_timeout_seconds = 200");
    one.edit("# log_expire_after_days = 365", "log_expire_after_days = 300");
    one.edit("#+ allowed_cidrs = [", "allowed_cidrs = [");
    one.edit("# container_insights = true", "container_insights = false");
    one.edit("# backup = true ", "backup = false ");
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.edit("\nOwner = \"security-platform\"", "\n#+ Owner = \"security-platform\"");
    one.does("apply", &["apply", "FILE", "--yes"]);
}

#[test]
fn it_is_enough_where_things_are_borrowed() {
    let bed = Bed::new(SCALE);
    let world = World::new(&bed);
    let one = Operator::new(&bed, &borrowing(&world));
    one.does("plan", &["plan", "FILE"]);
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.does("plan", &["status", "FILE"]);
    one.does("upgrade", &["backup", "create", "FILE", "--yes"]);
    one.does("upgrade", &["stop", "FILE", "--yes"]);
    one.does("upgrade", &["start", "FILE", "--yes"]);
    one.does("destroy", &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    world.assert_untouched(&bed);
    let made = actions(&one.printed("apply"));
    for action in
        ["ec2:CreateVpc", "ec2:CreateNatGateway", "ecs:CreateCluster", "elasticloadbalancing:CreateLoadBalancer"]
    {
        assert!(!made.contains(action), "{action}");
    }
}

#[test]
fn another_deployments_policy_is_of_no_use() {
    let bed = Bed::new(SCALE);
    let one = Operator::new(&bed, NEW);
    let own = one.printed("apply");
    let other = Operator::new(&bed, &NEW.replace("name = \"prod\"", "name = \"other\""));
    let ran = one.run_with(&other.printed("apply"), &["apply", "FILE", "--yes"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    let ran = other.run_with(&own, &["apply", "FILE", "--yes"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    // What somebody else's policy has not made, it cannot delete either.
    one.does("apply", &["apply", "FILE", "--yes"]);
    let before = bed.journal(0).len();
    let ran = one.run_with(&other.printed("destroy"), &["destroy", "FILE", "--yes", "--unprotect"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    let changed = bed.journal(before).into_iter().filter(|call| call["mutating"] == true && call["error"].is_null());
    assert_eq!(changed.map(|call| text(&call["operation"]).to_owned()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn without_one_action_a_command_fails_and_says_which() {
    let bed = Bed::new(SCALE);
    let one = Operator::new(&bed, NEW);
    for action in ["ec2:DescribeVpcs", "iam:ListRoles", "ecs:DescribeServices"] {
        let less = without(&one.printed("plan"), action);
        let ran = one.run_with(&less, &["plan", "FILE"]);
        assert!(ran.code != 0 && ran.stderr.contains(action), "{action}:\n{}\n{}", ran.stdout, ran.stderr);
    }
    const MAKING: [&str; 8] = [
        "iam:CreateRole",
        "ec2:CreateVpc",
        "ec2:CreateTags",
        "logs:TagResource",
        "s3:PutBucketPolicy",
        "elasticfilesystem:TagResource",
        "iam:PassRole",
        "ecs:CreateService",
    ];
    for action in MAKING {
        // In an account of its own: what a run before has made, nobody needs the permission to make.
        let bed = Bed::new(SCALE);
        let one = Operator::new(&bed, NEW);
        let less = without(&one.printed("apply"), action);
        let ran = one.run_with(&less, &["apply", "FILE", "--yes"]);
        assert!(ran.code != 0 && ran.stderr.contains(action), "{action}:\n{}\n{}", ran.stdout, ran.stderr);
    }
    one.does("apply", &["apply", "FILE", "--yes"]);
    // In this order: what stands without the first, the second finds.
    for action in ["ecs:DeleteService", "ec2:DeleteVpc"] {
        let less = without(&one.printed("destroy"), action);
        let ran = one.run_with(&less, &["destroy", "FILE", "--yes", "--unprotect"]);
        assert!(ran.code != 0 && ran.stderr.contains(action), "{action}:\n{}\n{}", ran.stdout, ran.stderr);
    }
    one.does("destroy", &["destroy", "FILE", "--yes", "--unprotect"]);
}

#[test]
fn every_document_can_be_stored_and_allows_nothing_everywhere() {
    let bed = Bed::new(SCALE);
    let world = World::new(&bed);
    for plan in [NEW.to_owned(), borrowing(&world)] {
        let one = Operator::new(&bed, &plan);
        for purpose in ["", "plan", "apply", "upgrade", "destroy"] {
            let policies = one.printed(purpose);
            assert_eq!(policies, one.printed(purpose), "the same each time");
            let sizes: Vec<_> = policies.iter().map(|policy| policy.to_string().len()).collect();
            println!("{purpose:8} {} actions, characters {sizes:?}", actions(&policies).len());
            assert!(policies.len() <= 10 && sizes.iter().all(|size| *size <= 6144), "{sizes:?}");
            for statement in statements(&policies) {
                let all = texts(&statement["Action"]);
                assert!(all.iter().all(|action| !action.contains('*')), "{statement}");
                assert!(text(&statement["Sid"]).chars().all(|c| c.is_ascii_alphanumeric()), "{statement}");
                let reads =
                    |action: &&str| ["Describe", "List", "Get"].iter().any(|verb| action.contains(&format!(":{verb}")));
                let is_bound = statement["Resource"] != "*" || !statement["Condition"].is_null();
                let known = ["ecs:DeregisterTaskDefinition", "backup:StopBackupJob", "backup-storage:MountCapsule"];
                assert!(is_bound || all.iter().all(|one| reads(one) || known.contains(one)), "{statement}");
            }
        }
    }
}

#[test]
fn doctor_says_what_the_operator_lacks() {
    let bed = Bed::new(SCALE);
    let one = Operator::new(&bed, NEW);
    let all = one.printed("");
    let said = one.run_with(&all, &["doctor", "FILE"]).stdout;
    assert!(!said.contains("permission/"), "{said}");
    let said = one.run_with(&without(&all, "ec2:CreateNatGateway"), &["doctor", "FILE"]).stdout;
    assert!(said.contains("permission/missing") && said.contains("ec2:CreateNatGateway"), "{said}");
    let said = one.run_with(&without(&all, "iam:SimulatePrincipalPolicy"), &["doctor", "FILE"]).stdout;
    assert!(said.contains("permission/not-checked"), "{said}");
}
