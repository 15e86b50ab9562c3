//! Service principals in policies. They are the same in every partition: the exceptions in China (EC2, S3, EMR,
//! CodeDeploy, CloudWatch Logs) are services that use no role of ce-aws. The sources are in `docs/aws-behaviour.md`,
//! "Partitions".

pub const BACKUP: &str = "backup.amazonaws.com";
pub const CLIENT_VPN: &str = "clientvpn.amazonaws.com";
pub const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";
pub const ECS: &str = "ecs.amazonaws.com";
pub const ECS_TASKS: &str = "ecs-tasks.amazonaws.com";
pub const EFS: &str = "elasticfilesystem.amazonaws.com";
pub const EVENTS: &str = "events.amazonaws.com";
pub const FLOW_LOGS: &str = "vpc-flow-logs.amazonaws.com";
pub const LOAD_BALANCING: &str = "elasticloadbalancing.amazonaws.com";
/// Writes access logs of load balancers.
pub const LOAD_BALANCER_LOGS: &str = "logdelivery.elasticloadbalancing.amazonaws.com";
pub const SNS: &str = "sns.amazonaws.com";
/// Writes access logs of buckets.
pub const S3_LOGS: &str = "logging.s3.amazonaws.com";
