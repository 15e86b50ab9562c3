//! The small tables of the plan file: the task, its storage, secrets, logs and permissions.

use super::{
    aws_name::{PolicyArn, SecretArn},
    choice::{RetentionDays, Throughput, TlsVersion},
    existing::ExistingKeys,
    section::table,
    text::Invalid,
    traffic::refuse_twins,
};

table! {
    // Source of the defaults: vendor template, CE 5.0.0, except that debugging is off.
    /// The Cloud Exchange task.
    pub struct Service / ServiceKeys {
        /// TLS versions of the UI's own web server.
        pub tls_version: TlsVersion = TlsVersion::V1_3,
        /// Verbose logs of Cloud Exchange itself.
        pub debug: bool = false,
        /// CloudWatch Container Insights for the cluster.
        pub container_insights: bool = true,
    }
}

impl Service {
    pub(super) fn read(keys: &ServiceKeys<'_>, existing: &ExistingKeys<'_>) -> Self {
        if existing.cluster.is_there() {
            keys.container_insights.refuse_futile("the cluster is yours, and ce-aws never changes it");
        }
        keys.values()
    }
}

table! {
    /// The file system, which holds all data of Cloud Exchange.
    pub struct Storage / StorageKeys {
        // Too much I/O costs more in elastic mode, and slows everything down in the vendor template's bursting mode.
        // `docs/cost.md` has the figures.
        /// `elastic` follows the load; `bursting` grows with the stored data.
        pub throughput: Throughput = Throughput::Elastic,
        /// Daily automatic backups by AWS Backup.
        pub backup: bool = true,
    }
}

table! {
    /// Where secrets come from. Their values are never in the plan file.
    pub struct Secrets / SecretsKeys {
        /// A JSON secret of your own, in the plan's region, with the key `maintenance_password` and
        /// optionally `jwt_secret`. Left out, ce-aws generates both on the first apply.
        pub existing: Option<SecretArn> = None,
    }
}

table! {
    /// Logs in CloudWatch Logs.
    pub struct Logs / LogsKeys {
        /// Days that the containers' logs are kept.
        pub retention_days: RetentionDays = RetentionDays::default(),
        /// Days that the flow logs of the VPC are kept. Left out, as long as the containers' logs.
        pub flow_log_retention_days: RetentionDays = RetentionDays::default(),
    }
}

impl Logs {
    /// `no_flow_logs`: why ce-aws makes none, if so.
    pub(super) fn read(keys: &LogsKeys<'_>, no_flow_logs: Option<&str>) -> Self {
        if let Some(why) = no_flow_logs {
            keys.flow_log_retention_days.refuse_futile(why);
        }
        let plan = keys.values();
        Self { flow_log_retention_days: keys.flow_log_retention_days.value.unwrap_or(plan.retention_days), ..plan }
    }
}

/// Source: IAM user guide, "IAM and AWS STS quotas": managed policies attached to a role.
const MAX_TASK_POLICIES: usize = 10;

table! {
    /// What the task may do in AWS.
    pub struct Identity / IdentityKeys {
        /// Managed policies that the task role gets in addition, for instance for plug-ins that write to
        /// S3.
        #[schemars(length(max = MAX_TASK_POLICIES))]
        pub task_policy_arns: Vec<PolicyArn> = Vec::new(),
        /// Managed policy that limits what the roles made by ce-aws may do, where the account requires one.
        pub permissions_boundary: Option<PolicyArn> = None,
        /// Let ECS pull the agent that GuardDuty Runtime Monitoring puts into the task, where the account
        /// has that switched on.
        pub guardduty_agent: bool = false,
    }
}

impl Identity {
    /// `flow_log_role`: whether ce-aws makes the role that writes the VPC's flow log.
    pub(super) fn read(keys: &IdentityKeys<'_>, existing: &ExistingKeys<'_>, flow_log_role: bool) -> Self {
        let (task, execution) = (existing.task_role.is_there(), existing.execution_role.is_there());
        if task {
            keys.task_policy_arns.refuse_futile("the task role is yours, and ce-aws never changes it");
        }
        if execution {
            keys.guardduty_agent.refuse_futile("the execution role is yours, and ce-aws never changes it");
        }
        if task && execution && existing.backup_role.is_there() && !flow_log_role {
            keys.permissions_boundary.refuse_futile("all roles are yours, and ce-aws makes none");
        }
        refuse_twins(&keys.task_policy_arns, Clone::clone, "this policy");
        let plan = keys.values();
        let count = plan.task_policy_arns.len();
        if count > MAX_TASK_POLICIES {
            keys.task_policy_arns.refuse(Invalid::new(
                "plan-file/too-many-policies",
                format!("{count} policies are too many for one role"),
                format!("AWS allows {MAX_TASK_POLICIES}: join some of them into one policy"),
            ));
        }
        plan
    }
}
