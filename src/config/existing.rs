//! The `[existing]` table: what the user brings, and ce-aws reads but never changes.

use super::{
    aws_name::{ClusterName, KmsKey, LoadBalancerArn, RoleArn, SubnetId, TargetGroupArn, VpcId},
    problem::Problem,
    section::table,
    text::Invalid,
};

table! {
    /// Parts of your own that ce-aws uses instead of making them. It reads and checks them; it never changes, tags or
    /// deletes them.
    pub struct Existing / ExistingKeys {
        /// VPC to deploy into. Needs `private_subnets`; nothing in [network] has an effect then.
        pub vpc: Option<VpcId> = None,
        /// Two subnets of that VPC, in two availability zones, that can reach the registry and AWS: through a NAT or
        /// transit gateway, a firewall, or VPC endpoints.
        pub private_subnets: Option<[SubnetId; 2]> = None,
        /// ECS cluster, by name or ARN.
        pub cluster: Option<ClusterName> = None,
        /// Target group of type ip, HTTP, port 3000, behind a load balancer of your own. Needs `vpc`.
        pub target_group: Option<TargetGroupArn> = None,
        /// Application load balancer to which ce-aws adds a listener and a target group. Needs `vpc`.
        pub load_balancer: Option<LoadBalancerArn> = None,
        /// Role that the containers run in.
        pub task_role: Option<RoleArn> = None,
        /// Role that pulls the images, reads the secrets and writes the logs. May be the same as `task_role`.
        pub execution_role: Option<RoleArn> = None,
        /// Role that AWS Backup reads and restores the file system with.
        pub backup_role: Option<RoleArn> = None,
        /// KMS key that encrypts the file system: its ARN or ID, or an alias. Cannot be changed later.
        pub kms_key: Option<KmsKey> = None,
    }
}

impl Existing {
    pub(super) fn read(keys: &ExistingKeys<'_>) -> Self {
        check_network(keys);
        check_ingress(keys);
        keys.values()
    }
}

fn check_network(keys: &ExistingKeys<'_>) {
    let (vpc, subnets) = (&keys.vpc, &keys.private_subnets);
    let needs = |said: String, missing: String, hint| {
        Invalid::new("plan-file/missing-key", format!("`{said}` needs `{missing}`"), hint)
    };
    if vpc.is_there() && subnets.is_missing() {
        let hint = "add `private_subnets = [\"subnet-…\", \"subnet-…\"]`, two subnets of the VPC in two zones";
        vpc.refuse(needs(vpc.path(), subnets.path(), hint));
    }
    if subnets.is_there() && vpc.is_missing() {
        let hint = "add `vpc = \"vpc-…\"`, the VPC of these subnets";
        subnets.refuse(needs(subnets.path(), vpc.path(), hint));
    }
    if let [first, second] = subnets.elements().as_slice()
        && first.value == second.value
    {
        let invalid = Invalid::new(
            "plan-file/same-subnet-twice",
            format!("both subnets are {}", first.value),
            "name two different subnets, in two zones: the load balancer and the file system need two",
        );
        subnets.push(Problem::error(invalid, second.span.clone()).related(first.span.clone(), "the same subnet"));
    }
}

fn check_ingress(keys: &ExistingKeys<'_>) {
    let (group, balancer) = (&keys.target_group, &keys.load_balancer);
    if group.is_there() && balancer.is_there() {
        let invalid = Invalid::new(
            "plan-file/contradiction",
            "`target_group` and `load_balancer` exclude each other: your target group already has a load balancer",
            "keep `target_group` if the load balancer has a listener that leads to it, or keep `load_balancer`: ce-aws \
             then adds a listener and a target group of its own",
        );
        balancer.push(Problem::error(invalid, balancer.span()).related(group.span(), "the target group"));
    }
    if !keys.vpc.is_missing() {
        return;
    }
    let needs_vpc = |what: &str| {
        Invalid::new(
            "plan-file/needs-existing-vpc",
            format!("an existing {what} needs an existing VPC, and this file asks for a new one"),
            format!("name the VPC of the {what} as `vpc` in [existing], and two `private_subnets` of it"),
        )
    };
    if group.is_there() {
        group.refuse(needs_vpc("target group"));
    }
    if balancer.is_there() {
        balancer.refuse(needs_vpc("load balancer"));
    }
}
