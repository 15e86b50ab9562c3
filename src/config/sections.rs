//! The small tables of the plan file.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    arn::{PolicyArn, SecretArn},
    bound::{Bound, Home},
    choice::{RetentionDays, Throughput, TlsVersion},
    existing::Borrows,
    found::Located,
    reader::Section,
    text::Invalid,
    traffic::refuse_twins,
};

/// The Cloud Exchange task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// TLS versions of the UI's own web server.
    pub tls_version: TlsVersion,
    /// Verbose logs of Cloud Exchange itself.
    pub debug: bool,
    /// CloudWatch Container Insights for the cluster.
    pub container_insights: bool,
}

impl Default for Service {
    /// Source: vendor template, CE 5.0.0, except that debugging is off.
    fn default() -> Self {
        Self { tls_version: TlsVersion::default(), debug: false, container_insights: true }
    }
}

impl Service {
    pub(super) fn read(section: &Section<'_>, borrows: Borrows) -> Self {
        let default = Self::default();
        if borrows.cluster {
            section.refuse_futile(&["container_insights"], "the cluster is yours, and ce-aws never changes it");
        }
        Self {
            tls_version: section.optional("tls_version").map_or(default.tls_version, |found| found.value),
            debug: section.optional("debug").map_or(default.debug, |found| found.value),
            container_insights: section
                .optional("container_insights")
                .map_or(default.container_insights, |found| found.value),
        }
    }
}

/// The file system, which holds all data of Cloud Exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// `elastic` follows the load; `bursting` grows with the stored data.
    pub throughput: Throughput,
    /// Daily automatic backups by AWS Backup.
    pub backup: bool,
}

impl Default for Storage {
    /// Too much I/O costs more in elastic mode, and slows everything down in the vendor template's bursting mode.
    /// `docs/cost.md` has the figures.
    fn default() -> Self {
        Self { throughput: Throughput::Elastic, backup: true }
    }
}

impl Storage {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let default = Self::default();
        Self {
            throughput: section.optional("throughput").map_or(default.throughput, |found| found.value),
            backup: section.optional("backup").map_or(default.backup, |found| found.value),
        }
    }
}

/// Where secrets come from. Their values are never in the plan file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// A JSON secret of your own, in the plan's region, with the key `maintenance_password` and
    /// optionally `jwt_secret`. Left out, ce-aws generates both on the first apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing: Option<SecretArn>,
}

impl Secrets {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let existing = section.optional::<SecretArn>("existing");
        if let Some(secret) = &existing {
            let home = Home::Arn("secret", secret.value.region().to_owned());
            section.bind(Bound::new(secret, home));
        }
        Self { existing: existing.map(|secret| secret.value) }
    }
}

/// Logs in CloudWatch Logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logs {
    /// Days that the containers' logs are kept.
    pub retention_days: RetentionDays,
    /// Days that the flow logs of the VPC are kept. Left out, as long as the containers' logs.
    pub flow_log_retention_days: RetentionDays,
}

impl Logs {
    /// Without flow logs of ce-aws's own, something says why.
    pub(super) fn read(section: &Section<'_>, no_flow_logs: Option<&str>) -> Self {
        let retention_days = section.optional("retention_days").map_or(RetentionDays::default(), |found| found.value);
        let flow = section.optional("flow_log_retention_days");
        if let Some(why) = no_flow_logs {
            section.refuse_futile(&["flow_log_retention_days"], why);
        }
        Self { retention_days, flow_log_retention_days: flow.map_or(retention_days, |found| found.value) }
    }
}

/// What the task may do in AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Managed policies that the task role gets in addition, for instance for plug-ins that write to
    /// S3.
    #[schemars(length(max = 10))]
    pub task_policy_arns: Vec<PolicyArn>,
    /// Managed policy that bounds what the roles made by ce-aws may do, where the account demands one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<PolicyArn>,
    /// Let ECS pull the agent that GuardDuty Runtime Monitoring puts into the task, where the account
    /// has that switched on.
    pub guardduty_agent: bool,
}

/// Source: IAM user guide, "IAM and AWS STS quotas": managed policies attached to a role.
const MAX_TASK_POLICIES: usize = 10;

impl Identity {
    /// Whether ce-aws makes the role that writes the VPC's flow log is said apart.
    pub(super) fn read(section: &Section<'_>, borrows: Borrows, flow_log_role: bool) -> Self {
        let policies = section.list::<PolicyArn>("task_policy_arns");
        let boundary = section.optional::<PolicyArn>("permissions_boundary");
        if borrows.task_role {
            section.refuse_futile(&["task_policy_arns"], "the task role is yours, and ce-aws never changes it");
        }
        let guardduty_agent = section.optional("guardduty_agent").is_some_and(|found| found.value);
        if borrows.execution_role {
            section.refuse_futile(&["guardduty_agent"], "the execution role is yours, and ce-aws never changes it");
        }
        if borrows.task_role && borrows.execution_role && borrows.backup_role && !flow_log_role {
            section.refuse_futile(&["permissions_boundary"], "all roles are yours, and ce-aws makes none");
        }
        for policy in policies.iter().flat_map(|policies| &policies.value).chain(&boundary) {
            let home = Home::Partition(policy.value.partition().to_owned());
            section.bind(Bound::new(policy, home));
        }
        let policies = policies.map(|policies| check_policies(section, policies)).unwrap_or_default();
        Self { task_policy_arns: policies, permissions_boundary: boundary.map(|policy| policy.value), guardduty_agent }
    }
}

fn check_policies(section: &Section<'_>, policies: Located<Vec<Located<PolicyArn>>>) -> Vec<PolicyArn> {
    refuse_twins(section, &policies.value, Clone::clone, "this policy");
    let count = policies.value.len();
    if count > MAX_TASK_POLICIES {
        let invalid = Invalid::new(
            "plan-file/too-many-policies",
            format!("{count} policies are too many for one role"),
            format!("AWS allows {MAX_TASK_POLICIES}: join some of them into one policy"),
        );
        section.refuse(invalid, policies.span);
    }
    policies.value.into_iter().map(|policy| policy.value).collect()
}
