//! Actions that are printed although no command of these tests fails without them, each with its reason.

/// What is printed and no command of these tests has needed, each for a reason.
pub const UNUSED: &[(&str, &str)] = &[
    ("backup:StopBackupJob", "a backup of an interrupted run is still under way"),
    ("ec2:AuthorizeSecurityGroupEgress", "somebody took a rule away"),
    ("ec2:DeleteRoute", "somebody added a route"),
    ("ec2:DescribeNetworkInterfaceAttribute", "EC2 does not list the interface of a new mount target yet"),
    ("ec2:DeleteVpcEndpoints", "GuardDuty made an endpoint in the VPC"),
    ("ec2:ModifyNetworkInterfaceAttribute", "somebody changed the groups of a mount target"),
    ("ec2:ModifySubnetAttribute", "somebody gave a subnet public addresses"),
    ("ec2:ReplaceRoute", "somebody changed a route"),
    ("ec2:ReplaceRouteTableAssociation", "somebody gave a subnet another route table"),
    ("ec2:UpdateSecurityGroupRuleDescriptionsEgress", "somebody changed the words of a rule"),
    ("ec2:UpdateSecurityGroupRuleDescriptionsIngress", "somebody changed the words of a rule"),
    ("ecs:StopTask", "a task outlives its service"),
    (
        "elasticfilesystem:DescribeMountTargetSecurityGroups",
        "EC2 does not list the interface of a new mount target yet",
    ),
    ("elasticfilesystem:ModifyMountTargetSecurityGroups", "somebody changed the groups of a mount target"),
    ("elasticloadbalancing:DescribeRules", "a deployment is behind a load balancer of the user's"),
    ("elasticloadbalancing:ModifyListener", "a certificate comes or changes"),
    ("elasticloadbalancing:ModifyTargetGroup", "somebody changed the health check"),
    ("elasticloadbalancing:SetSecurityGroups", "somebody changed the groups of the load balancer"),
    ("elasticloadbalancing:SetSubnets", "somebody changed the subnets of the load balancer"),
    ("iam:UpdateAssumeRolePolicy", "somebody changed the trust of a role"),
    ("iam:UpdateRole", "somebody changed the words of a role"),
    ("logs:DescribeLogStreams", "somebody asks for the lines of a container that only an earlier release has"),
    ("logs:GetLogEvents", "a container fails, and its last words are shown"),
    ("s3:AbortMultipartUpload", "an upload was begun and never completed"),
    ("ssm:ResumeSession", "the connection of a session was lost"),
    ("secretsmanager:RestoreSecret", "a deleted secret is taken back"),
    ("sns:Unsubscribe", "somebody who has confirmed is taken out of the plan file"),
    ("servicequotas:GetAWSDefaultServiceQuota", "a quota is none of those that the account has of its own"),
    ("secretsmanager:UpdateSecret", "somebody changed the words of a secret"),
];

/// What commands do without, each for a reason: they go on, and say with these words what they could not do, and which
/// action they lack.
pub const DEGRADED: &[(&str, &str, &str)] = &[
    (
        "backup:DescribeRegionSettings",
        "backup/not-checked",
        "a backup that may not be made fails before anything stops",
    ),
    (
        "backup:GetBackupVaultAccessPolicy",
        "access policy, which may deny restores",
        "AWS Backup refuses a restore by itself",
    ),
    ("cloudwatch:GetMetricData", "I/O not known", "what a file system reads and writes is nobody's condition"),
    ("ec2:DescribeEgressOnlyInternetGateways", "destroy/not-checked", OTHERS),
    ("ec2:DescribeTransitGatewayVpcAttachments", "destroy/not-checked", OTHERS),
    ("ec2:DescribeVpcEndpoints", "destroy/not-checked", OTHERS),
    ("ec2:DescribeVpcPeeringConnections", "destroy/not-checked", OTHERS),
    ("ec2:DescribeVpnGateways", "destroy/not-checked", OTHERS),
    ("ecr:BatchGetImage", "image/denied", "ECS pulls by the tag, with a role that may be allowed more"),
    ("ecs:ExecuteCommand", "upgrade/queues", "what waits in RabbitMQ may be known by other means"),
    ("ecs:ListClusters", "quota/not-checked", QUOTAS),
    ("ecs:ListServices", "destroy/not-checked", OTHERS),
    ("elasticloadbalancing:DescribeAccountLimits", "quota/not-checked", QUOTAS),
    ("iam:GetAccountSummary", "quota/not-checked", QUOTAS),
    ("iam:ListEntitiesForPolicy", "account/not-checked", "a role for support cases is the vendor's advice only"),
    ("iam:SimulatePrincipalPolicy", "permission/not-checked", "many accounts forbid it, and AWS refuses by itself"),
    ("s3:PutBucketPublicAccessBlock", "lease/bucket-settings", SETTINGS),
    ("s3:PutBucketVersioning", "lease/bucket-settings", SETTINGS),
    ("s3:PutEncryptionConfiguration", "lease/bucket-settings", SETTINGS),
    ("servicequotas:ListServiceQuotas", "quota/not-checked", QUOTAS),
    ("ssm:TerminateSession", "could not be ended", "a session ends by itself when it has been idle"),
    ("sns:Publish", "notice/not-sent", "no run fails because nobody could be told"),
    ("ssmmessages:OpenDataChannel", "upgrade/queues", "what waits in RabbitMQ may be known by other means"),
];

const OTHERS: &str = "AWS refuses by itself to delete what others use, and destroy goes on when they have gone";

const SETTINGS: &str = "the next run makes them; a bucket has safe settings from the start";

const QUOTAS: &str = "AWS refuses by itself what there is no room for, and apply goes on when there is";
