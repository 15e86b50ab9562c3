//! The `[existing]` table: what the user brings, and ce-aws reads but never changes.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    arn::{LoadBalancerArn, RoleArn, TargetGroupArn},
    bound::{Bound, Home},
    found::Located,
    id::{ClusterName, KmsKey, SubnetId, VpcId},
    problem::Problem,
    reader::Section,
    text::Invalid,
};

/// Parts of your own that ce-aws uses instead of making them. It reads and checks them; it never changes, tags or
/// deletes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Existing {
    /// VPC to deploy into. Needs `private_subnets`; nothing in [network] has an effect then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<VpcId>,
    /// Two subnets of that VPC, in two availability zones, with a way to the registry and to AWS: a NAT or transit
    /// gateway, a firewall, or VPC endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_subnets: Option<[SubnetId; 2]>,
    /// ECS cluster, by name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterName>,
    /// Target group of type ip, HTTP, port 3000, behind a load balancer of your own. Needs `vpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group: Option<TargetGroupArn>,
    /// Application load balancer to which ce-aws adds a listener and a target group. Needs `vpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<LoadBalancerArn>,
    /// Role that the containers run in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role: Option<RoleArn>,
    /// Role that pulls the images, reads the secrets and writes the logs. May be the same as `task_role`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role: Option<RoleArn>,
    /// Role that AWS Backup reads and restores the file system with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_role: Option<RoleArn>,
    /// KMS key that encrypts the file system: its ARN or id, or an alias. Cannot be changed later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<KmsKey>,
}

/// Which of them the file says, with whatever value: other tables have less to say then.
#[derive(Clone, Copy, Default)]
pub(super) struct Borrows {
    pub vpc: bool,
    pub cluster: bool,
    pub target_group: bool,
    pub load_balancer: bool,
    pub task_role: bool,
    pub execution_role: bool,
    pub backup_role: bool,
}

impl Existing {
    pub(super) fn read(section: &Section<'_>) -> (Self, Borrows) {
        let vpc = section.optional("vpc");
        let subnets = section.pair::<SubnetId>("private_subnets", "in two availability zones of the VPC");
        let cluster = section.optional::<ClusterName>("cluster");
        let target_group = section.optional::<TargetGroupArn>("target_group");
        let load_balancer = section.optional::<LoadBalancerArn>("load_balancer");
        let task_role = section.optional::<RoleArn>("task_role");
        let execution_role = section.optional::<RoleArn>("execution_role");
        let backup_role = section.optional::<RoleArn>("backup_role");
        let kms_key = section.optional::<KmsKey>("kms_key");

        bind_region(section, "cluster", cluster.as_ref(), ClusterName::region);
        bind_region(section, "target group", target_group.as_ref(), |arn| Some(arn.region()));
        bind_region(section, "load balancer", load_balancer.as_ref(), |arn| Some(arn.region()));
        bind_region(section, "key", kms_key.as_ref(), KmsKey::region);
        for role in [&task_role, &execution_role, &backup_role].into_iter().flatten() {
            section.bind(Bound::new(role, Home::Partition(role.value.partition().to_owned())));
        }
        check_network(section, subnets.as_ref());
        check_ingress(section);
        let borrows = Borrows {
            vpc: section.has("vpc"),
            cluster: section.has("cluster"),
            target_group: section.has("target_group"),
            load_balancer: section.has("load_balancer"),
            task_role: section.has("task_role"),
            execution_role: section.has("execution_role"),
            backup_role: section.has("backup_role"),
        };
        let existing = Self {
            vpc: vpc.map(|vpc| vpc.value),
            private_subnets: subnets.map(|subnets| subnets.value.map(|subnet| subnet.value)),
            cluster: cluster.map(|cluster| cluster.value),
            target_group: target_group.map(|group| group.value),
            load_balancer: load_balancer.map(|balancer| balancer.value),
            task_role: task_role.map(|role| role.value),
            execution_role: execution_role.map(|role| role.value),
            backup_role: backup_role.map(|role| role.value),
            kms_key: kms_key.map(|key| key.value),
        };
        (existing, borrows)
    }
}

fn bind_region<T: std::fmt::Display>(
    section: &Section<'_>,
    what: &'static str,
    value: Option<&Located<T>>,
    region: impl Fn(&T) -> Option<&str>,
) {
    let Some(value) = value else { return };
    if let Some(region) = region(&value.value) {
        section.bind(Bound::new(value, Home::Arn(what, region.to_owned())));
    }
}

fn check_network(section: &Section<'_>, subnets: Option<&Located<[Located<SubnetId>; 2]>>) {
    const TOGETHER: [(&str, &str, &str); 2] = [
        (
            "vpc",
            "private_subnets",
            "add `private_subnets = [\"subnet-…\", \"subnet-…\"]`, two subnets of the VPC in two zones",
        ),
        ("private_subnets", "vpc", "add `vpc = \"vpc-…\"`, the VPC of these subnets"),
    ];
    for (said, missing, hint) in TOGETHER {
        if section.has(said) && !section.has(missing) {
            let message = format!("`existing.{said}` needs `existing.{missing}`");
            section.refuse(Invalid::new("plan-file/missing-key", message, hint), section.span_of(said));
        }
    }
    let Some(Located { value: [first, second], .. }) = subnets else { return };
    if first.value == second.value {
        let invalid = Invalid::new(
            "plan-file/same-subnet-twice",
            format!("both subnets are {}", first.value),
            "name two different subnets, in two zones: the load balancer and the file system need two",
        );
        section.push(Problem::error(invalid, second.span.clone()).related(first.span.clone(), "the same subnet"));
    }
}

fn check_ingress(section: &Section<'_>) {
    if section.has("target_group") && section.has("load_balancer") {
        let invalid = Invalid::new(
            "plan-file/contradiction",
            "`target_group` and `load_balancer` exclude each other: your target group is behind a load balancer already",
            "keep `target_group` if the load balancer has a listener that leads to it, or keep `load_balancer`: ce-aws \
             then adds a listener and a target group of its own",
        );
        let problem = Problem::error(invalid, section.span_of("load_balancer"));
        section.push(problem.related(section.span_of("target_group"), "the target group"));
    }
    for (key, what) in [("target_group", "target group"), ("load_balancer", "load balancer")] {
        if section.has(key) && !section.has("vpc") {
            let invalid = Invalid::new(
                "plan-file/needs-existing-vpc",
                format!("a {what} that exists is in a VPC that exists, and this file asks for a new VPC"),
                format!("name the VPC of the {what} as `vpc` in [existing], and two `private_subnets` of it"),
            );
            section.refuse(invalid, section.span_of(key));
        }
    }
}
