//! Refusals and warnings, and the findings that all existing resources share.

use crate::engine::plan::{Finding, Severity};
use crate::existing::{Lookup, Named};

/// The deployment could not work, or would endanger something.
pub fn refusal(code: &str, message: String, hint: impl Into<String>) -> Finding {
    Finding { code: code.to_owned(), severity: Severity::Refusal, address: None, message, hint: Some(hint.into()) }
}

/// A recommendation is not followed, or something could not be checked.
pub fn warning(code: &str, message: String, hint: impl Into<String>) -> Finding {
    Finding { severity: Severity::Warning, ..refusal(code, message, hint) }
}

/// A kind of resource that a plan file can name.
#[derive(Clone, Copy, Debug)]
pub struct ResourceKind {
    /// The first half of its codes: `load-balancer`.
    pub code: &'static str,
    /// `load balancer`.
    pub words: &'static str,
    /// The command that lists what exists: `ce-aws discover load-balancers`.
    pub listed_by: &'static str,
    /// The actions that the caller needs to read it.
    pub actions: &'static str,
    /// The severity if the caller may not read it.
    pub denied: Severity,
}

/// Declares the kinds, each with the fields of [`ResourceKind`] in their order.
macro_rules! kinds {
    ($($name:ident: $code:literal, $words:literal, $listed_by:literal, $actions:literal, $denied:ident;)*) => {
        $(pub const $name: ResourceKind = ResourceKind {
            code: $code,
            words: $words,
            listed_by: $listed_by,
            actions: $actions,
            denied: Severity::$denied,
        };)*

        /// Each of them.
        #[cfg(test)]
        pub const KINDS: &[ResourceKind] = &[$($name),*];
    };
}

kinds! {
    VPC: "vpc", "VPC", "ce-aws discover vpc", "ec2:DescribeVpcs and ec2:DescribeVpcAttribute", Refusal;
    SUBNET: "subnet", "subnet", "ce-aws discover subnets", "ec2:DescribeSubnets and ec2:DescribeRouteTables", Refusal;
    CLUSTER: "cluster", "ECS cluster", "ce-aws discover clusters", "ecs:DescribeClusters", Refusal;
    LOAD_BALANCER:
        "load-balancer", "load balancer", "ce-aws discover load-balancers", "elasticloadbalancing:Describe*", Refusal;
    TARGET_GROUP:
        "target-group", "target group", "ce-aws discover target-groups", "elasticloadbalancing:Describe*", Refusal;
    CERTIFICATE: "certificate", "certificate", "ce-aws discover certificates", "acm:DescribeCertificate", Warning;
    ZONE: "zone", "hosted zone", "aws route53 list-hosted-zones", "route53:GetHostedZone", Refusal;
    TASK_ROLE: "role", "task role", "ce-aws discover roles", "iam:GetRole", Warning;
    EXECUTION_ROLE: "role", "execution role", "ce-aws discover roles", "iam:GetRole", Warning;
    BACKUP_ROLE: "role", "backup role", "aws iam list-roles", "iam:GetRole", Warning;
    POLICY: "policy", "IAM policy", "aws iam list-policies", "iam:GetPolicy", Warning;
    KEY: "key", "KMS key", "aws kms list-aliases", "kms:DescribeKey", Warning;
    TOPIC: "topic", "SNS topic", "aws sns list-topics", "sns:GetTopicAttributes", Warning;
    TOPIC_KEY:
        "topic-key", "KMS key of alarms", "aws kms list-aliases", "kms:DescribeKey and kms:GetKeyPolicy", Warning;
    SECRET: "secret", "secret", "aws secretsmanager list-secrets", "secretsmanager:DescribeSecret", Warning;
}

impl ResourceKind {
    /// The findings of a check; or the one finding `…/not-found`, `…/denied` or `read/failed`.
    pub fn check<T>(&self, named: &Named<T>, check: impl FnOnce(&T) -> Vec<Finding>) -> Vec<Finding> {
        self.found(named).map_or_else(|finding| vec![finding], check)
    }

    /// The resource; or the finding `…/not-found`, `…/denied` or `read/failed`.
    pub fn found<'a, T>(&self, named: &'a Named<T>) -> Result<&'a T, Finding> {
        let Self { code, words, listed_by, actions, denied } = self;
        let name = &named.name;
        match &named.lookup {
            Lookup::Found(found) => Ok(found),
            Lookup::Missing => Err(refusal(
                &format!("{code}/not-found"),
                format!("the {words} {name} does not exist in {}", place(name)),
                format!("correct the name in the plan file; {listed_by} lists what exists"),
            )),
            Lookup::Unread(why) => Err(unread(&format!("the {words} {name}"), why)),
            Lookup::Denied(why) => Err(Finding {
                severity: *denied,
                ..refusal(
                    &format!("{code}/denied"),
                    format!("the caller may not read the {words} {name}: {why}"),
                    format!("grant the caller {actions}"),
                )
            }),
        }
    }
}

/// Something that is only checked could not be read. `what`: `the KMS key alias/x`.
pub fn unread(what: &str, why: &str) -> Finding {
    warning(
        "read/failed",
        format!("{what} could not be checked: {why}"),
        "everything else was checked; find out why this call fails, or check it yourself",
    )
}

/// Those parts of a resource that may not be read, each with the action that reads it; `None` if there are none.
pub fn unread_parts<'a>(
    parts: impl IntoIterator<Item = (bool, &'a str, &'a str)>,
) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
    let unread = parts.into_iter().filter(|(is_unread, ..)| *is_unread);
    let (what, actions): (Vec<_>, Vec<_>) = unread.map(|(_, what, action)| (what, action)).unzip();
    (!what.is_empty()).then_some((what, actions))
}

/// Where a resource was looked for: IAM has no regions.
fn place(name: &str) -> &'static str {
    if name.split(':').nth(2) == Some("iam") { "this account" } else { "this account and region" }
}
