//! What the calls of this room must be allowed besides those of the kinds.

use crate::aws::grant::{Grant, Use};
use crate::kinds::place::Place;

/// What of others is asked for before a teardown (`foreign`): in the network, and elsewhere.
const NETWORK: [&str; 12] = [
    "DescribeEgressOnlyInternetGateways",
    "DescribeInternetGateways",
    "DescribeNatGateways",
    "DescribeNetworkAcls",
    "DescribeNetworkInterfaces",
    "DescribeRouteTables",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeTransitGatewayVpcAttachments",
    "DescribeVpcEndpoints",
    "DescribeVpcPeeringConnections",
    "DescribeVpnGateways",
];

/// Zones, what of others a teardown would meet, what there is of backups, and the queues of the broker in the running task.
pub fn grants(place: &Place) -> Vec<Grant> {
    let deployment = &place.names.deployment;
    let exec = |arn: String| Grant::new(Use::Upgrade, "ecs", &["ExecuteCommand"]).on([arn]);
    let own = || place.names.arn("ecs", &format!("cluster/{}", place.names.stack()));
    let backups = ["ListRecoveryPointsByResource", "ListRecoveryPointsByBackupVault", "GetBackupVaultAccessPolicy"];
    let mut all = vec![
        Grant::new(Use::Upgrade, "backup", &backups),
        exec(place.names.arn("ecs", "task/*")).of(deployment),
        place.cluster.clone().map_or_else(|| exec(own()).of(deployment), exec),
        // ECS Exec's sessions are Systems Manager's, and begin so. AWS's policies name `session/${aws:userid}-*` for the
        // sessions that StartSession opens; that those of ExecuteCommand are judged by their own id is unverified.
        Grant::new(Use::Upgrade, "ssmmessages", &["OpenDataChannel"])
            .on([place.names.arn("ssm", "session/ecs-execute-command-*")]),
    ];
    // For those who plan a teardown, and for those who carry it out.
    for usage in [Use::Ask, Use::Remove] {
        all.extend([
            Grant::new(usage, "ec2", &NETWORK),
            Grant::new(usage, "ecs", &["DescribeClusters", "DescribeTasks", "ListServices", "ListTasks"]),
            Grant::new(usage, "elasticloadbalancing", &["DescribeListeners", "DescribeTargetGroups"]),
            Grant::new(usage, "elasticfilesystem", &["DescribeAccessPoints"]),
            Grant::new(usage, "backup", &["ListRecoveryPointsByBackupVault", "ListTags"]),
        ]);
    }
    all.push(super::prices::grant());
    if place.vpc.is_none() {
        all.push(Grant::new(Use::Ask, "ec2", &["DescribeAvailabilityZones"]));
    }
    all
}
