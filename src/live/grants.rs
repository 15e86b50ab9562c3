//! The permissions for this room's calls, besides those of the kinds.

use crate::aws::grant::{Grant, Use};
use crate::kinds::place::Place;

/// The reads of foreign resources in the network before a teardown.
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

/// For zones, foreign resources, recovery points, and the broker's queues in the running task.
pub fn grants(place: &Place) -> Vec<Grant> {
    let deployment = &place.names.deployment;
    let exec = |arn: String| Grant::new(Use::Upgrade, "ecs", &["ExecuteCommand"]).on([arn]);
    let own = || place.names.arn("ecs", &format!("cluster/{}", place.names.stack()));
    let backups = ["ListRecoveryPointsByResource", "ListRecoveryPointsByBackupVault", "GetBackupVaultAccessPolicy"];
    let mut all = vec![
        Grant::new(Use::Upgrade, "backup", &backups),
        exec(place.names.arn("ecs", "task/*")).of(deployment),
        place.cluster.clone().map_or_else(|| exec(own()).of(deployment), exec),
        // ECS Exec's sessions are Systems Manager sessions with this prefix. AWS's policies name
        // `session/${aws:userid}-*` for those that StartSession opens; that ExecuteCommand's are authorised by their
        // own id is unverified.
        Grant::new(Use::Upgrade, "ssmmessages", &["OpenDataChannel"])
            .on([place.names.arn("ssm", "session/ecs-execute-command-*")]),
    ];
    // Both for planning a teardown and for executing it.
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
    all.extend(super::io::grants());
    all.extend(super::notices::grants(place));
    all.push(super::logs::poll::grant(place));
    all.extend(super::logs::access::read::grants(place));
    if place.vpc.is_none() {
        all.push(Grant::new(Use::Ask, "ec2", &["DescribeAvailabilityZones"]));
    }
    all
}
