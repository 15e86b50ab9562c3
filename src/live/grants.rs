//! The permissions for this room's calls, besides those of the kinds.

use crate::aws::grant::{Grant, Use};
use crate::aws::tunnel::session::{HOST_DOCUMENT, PORT_DOCUMENT};
use crate::kinds::names::{SESSION_TARGET, session_targets};
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
    let sessions = || [place.names.arn("ssm", "session/ecs-execute-command-*")];
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
        Grant::new(Use::Upgrade, "ssmmessages", &["OpenDataChannel"]).on(sessions()),
        Grant::new(Use::Upgrade, "ssm", &["ResumeSession"]).on(sessions()),
    ];
    all.extend(place.cluster.as_deref().map(|cluster| session_key(place, cluster)));
    all.extend(tunnel(place));
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

/// The data keys of sessions, where the user's cluster encrypts them: with which key, and of which account, only the
/// cluster says. Whoever may make data keys for sessions in it may use no key otherwise.
fn session_key(place: &Place, cluster: &str) -> Grant {
    let names = &place.names;
    let keys = format!("arn:{}:kms:{}:*:key/*", names.partition, names.region);
    let targets = session_targets(cluster.rsplit('/').next().unwrap_or_default());
    let grant = Grant::new(Use::Upgrade, "kms", &["GenerateDataKey"]).on([keys]);
    grant.when("StringLike", SESSION_TARGET, [targets]).called("EncryptSessions")
}

/// For `ce-aws open`. The documents are AWS's, in no account; a session's id begins with its owner (Systems Manager
/// user guide, "Sample IAM policies for Session Manager").
fn tunnel(place: &Place) -> Vec<Grant> {
    let names = &place.names;
    let cluster = place.cluster.as_deref().and_then(|arn| arn.rsplit('/').next());
    let tasks = names.arn("ecs", &format!("task/{}/*", cluster.unwrap_or(&names.stack())));
    let document = |name| format!("arn:{}:ssm:{}::document/{name}", names.partition, names.region);
    let sessions = || [names.arn("ssm", "session/${aws:userid}-*")];
    let balancers = ["DescribeListeners", "DescribeLoadBalancers", "DescribeTargetGroups"];
    vec![
        Grant::new(Use::Open, "ssm", &["StartSession"]).on([tasks]).of(&names.deployment),
        Grant::new(Use::Open, "ssm", &["StartSession"]).on([PORT_DOCUMENT, HOST_DOCUMENT].map(document)),
        Grant::new(Use::Open, "ssm", &["ResumeSession", "TerminateSession"]).on(sessions()).called("OpenSessions"),
        Grant::new(Use::Open, "ssmmessages", &["OpenDataChannel"]).on(sessions()),
        Grant::new(Use::Open, "ecs", &["DescribeTasks"]),
        Grant::new(Use::Open, "elasticloadbalancing", &balancers),
    ]
}
