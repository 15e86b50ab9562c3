//! Every name this program gives, derived from the deployment's name, with AWS's limits.
//!
//! | what | name | longest | limit |
//! |---|---|---|---|
//! | IAM role | `ce-<name>-<region>-<purpose>` | 3+19+1+14+1+13 = 51 | 64 |
//! | bucket | `ce-<name>-<account>-<region>-<purpose>` | 3+19+1+12+1+14+1+11 = 62 | 63 |
//! | load balancer, target group | `ce-<name>`, `ce-<name>-ui` | 25 | 32 |
//! | cluster, service, task family | `ce-<name>` | 22 | 255 |
//! | log group | `/ce-aws/<name>/<purpose>` | 40 | 512 |
//! | topic, dashboard | `ce-<name>` | 22 | 255 |
//! | rule of EventBridge | `ce-<name>_<purpose>` | 3+19+1+17 = 40 | 64 |
//! | alarm | `ce-aws/<name>/<purpose>` | 7+19+1+17 = 44 | 255 |
//! | secret | `ce-aws/<name>/<purpose>` | 7+19+1+14 = 41 | 512 |
//!
//! A deployment's name has at most 19 characters, a region's at most 14 (`ap-southeast-1`, `us-gov-west-1`).
//! Limits: IAM, S3, Elastic Load Balancing, ECS, SNS, EventBridge and CloudWatch API references.

use crate::partition::Partition;

/// The tag that names the deployment a resource belongs to.
pub const DEPLOYMENT: &str = "ce-aws:deployment";
/// The tag that names a resource's address.
pub const ADDRESS: &str = "ce-aws:address";
/// The tag that holds the digest of the specification last applied.
pub const DIGEST: &str = "ce-aws:digest";
/// The tag that names the run which created a resource.
pub const RUN: &str = "ce-aws:run";
/// The tag of a task definition that names the cluster its service is in: how a cluster that is not ours is found.
pub const CLUSTER: &str = "ce-aws:cluster";
/// The tag of a task definition that names the release it runs.
pub const RELEASE: &str = "ce-aws:release";
/// The tag of the service that names an open upgrade or restore, see `planners::intent`.
pub const INTENT: &str = "ce-aws:intent";
/// The tag of the service that says who stopped it on purpose.
pub const STOPPED: &str = "ce-aws:stopped";
/// The tag of a route table that names the destinations of the plan file's routes in it.
pub const ROUTES: &str = "ce-aws:routes";
/// The tag of a security group that names the deployment's own hosted zone, see `kinds::notes`.
pub const DNS_ZONE: &str = "ce-aws:dns-zone";
/// The tag of a security group that names the zone and the name of the UI's DNS record.
pub const DNS_RECORD: &str = "ce-aws:dns-record";
/// The tag of a security group that names the certificates of the deployment, see `kinds::certificate`.
pub const CERTIFICATES: &str = "ce-aws:certificates";
/// The tag of a certificate that names the hosted zone of its validation record, by id.
pub const VALIDATION_ZONE: &str = "ce-aws:zone";
/// The tag of a security group that says that the UI's web server has a certificate of its own, see `kinds::notes`.
pub const UI_CERTIFICATE: &str = "ce-aws:ui-certificate";
/// The prefix of all tags of ours.
pub const PREFIX: &str = "ce-aws:";

/// One deployment: everything that its names are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub deployment: String,
    /// Twelve digits.
    pub account: String,
    pub region: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
}

impl Names {
    /// IAM is global; the path lets one call find the roles of one deployment in one region.
    pub fn role_path(&self) -> String {
        format!("/ce-aws/{}/{}/", self.deployment, self.region)
    }

    pub fn role(&self, purpose: &str) -> String {
        format!("ce-{}-{}-{purpose}", self.deployment, self.region)
    }

    /// The ARN that a role of this name has, known before there is one.
    pub fn role_arn(&self, purpose: &str) -> String {
        self.arn_global("iam", &format!("role{}{}", self.role_path(), self.role(purpose)))
    }

    pub fn bucket_prefix(&self) -> String {
        format!("ce-{}-{}-{}-", self.deployment, self.account, self.region)
    }

    pub fn bucket(&self, purpose: &str) -> String {
        format!("{}{purpose}", self.bucket_prefix())
    }

    /// The name of the cluster, the service, the task family, the load balancer, the topic and the dashboard.
    pub fn stack(&self) -> String {
        format!("ce-{}", self.deployment)
    }

    /// The task family of data steps. No deployment's own family has this name: their names have no underscore.
    pub fn data_family(&self) -> String {
        format!("ce-{}_data", self.deployment)
    }

    /// The name of a target group or security group.
    pub fn part(&self, purpose: &str) -> String {
        format!("ce-{}-{purpose}", self.deployment)
    }

    pub fn log_prefix(&self) -> String {
        format!("/ce-aws/{}/", self.deployment)
    }

    pub fn log_group(&self, purpose: &str) -> String {
        format!("{}{purpose}", self.log_prefix())
    }

    pub fn alarm_prefix(&self) -> String {
        format!("ce-aws/{}/", self.deployment)
    }

    /// What the names of rules begin with. No other deployment's begin so: names have no underscore.
    pub fn rule_prefix(&self) -> String {
        format!("ce-{}_", self.deployment)
    }

    pub fn topic_arn(&self) -> String {
        self.arn("sns", &self.stack())
    }

    pub fn secret(&self, purpose: &str) -> String {
        format!("ce-aws/{}/{purpose}", self.deployment)
    }

    /// The token with which EFS creates a file system: deterministic, so that there cannot be two.
    pub fn creation_token(&self, name: &str) -> String {
        format!("ce-aws-{}-{name}", self.deployment)
    }

    /// The domain of AWS's endpoints.
    pub fn dns_suffix(&self) -> &'static str {
        self.world().dns_suffix()
    }

    /// What `kms:ViaService` may say when a service of the region uses a key.
    pub fn via_service(&self, service: &str) -> Vec<String> {
        self.world().via_service(service, &self.region)
    }

    fn world(&self) -> Partition {
        Partition::named(&self.partition).unwrap_or_else(|| Partition::of_region(&self.region))
    }

    /// `arn:<partition>:<service>:<region>:<account>:<rest>`.
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.partition, self.region, self.account)
    }

    /// The same for services without regions.
    pub fn arn_global(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}::{}:{rest}", self.partition, self.account)
    }

    /// The same for services whose ARNs name neither account nor region.
    pub fn arn_bare(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:::{rest}", self.partition)
    }

    /// The ARN of a KMS key, given by ARN or id. IAM does not resolve aliases: one of them means any key beside it.
    pub fn key_arn(&self, key: &str) -> String {
        match key.rsplit_once(':') {
            Some((account, alias)) if alias.starts_with("alias/") => format!("{account}:key/*"),
            Some(_) => key.to_owned(),
            None if key.starts_with("alias/") => self.arn("kms", "key/*"),
            None => self.arn("kms", &format!("key/{key}")),
        }
    }

    /// The ARN of an S3 bucket, which names neither account nor region.
    pub fn bucket_arn(&self, purpose: &str) -> String {
        self.arn_bare("s3", &self.bucket(purpose))
    }
}

/// The condition key that says for which container a session's data key is: KMS gives and decrypts one only together
/// with it (`agent/session/crypto` of `aws/amazon-ssm-agent`; AWS KMS developer guide,
/// "kms:EncryptionContext:context-key").
pub const SESSION_TARGET: &str = "kms:EncryptionContext:aws:ssm:TargetId";

/// Its values for the containers of a cluster, as a pattern.
pub fn session_targets(cluster: &str) -> String {
    format!("ecs:{cluster}_*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_names_fit() {
        let names = Names {
            deployment: "a".repeat(19),
            account: "123456789012".into(),
            region: "ap-southeast-1".into(),
            partition: "aws".into(),
        };
        assert!(names.role("task-execution").len() <= 64);
        assert!(names.bucket("access-logs").len() <= 63, "{}", names.bucket("access-logs").len());
        assert!(names.part("ui").len() <= 32 && names.stack().len() <= 32);
    }
    #[test]
    fn an_alias_means_any_key_of_its_account() {
        let names = Names {
            deployment: "prod".into(),
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            partition: "aws".into(),
        };
        for (key, arn) in [
            ("1234abcd", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"),
            ("alias/ce", "arn:aws:kms:eu-west-1:111122223333:key/*"),
            ("arn:aws:kms:eu-west-1:444455556666:key/1", "arn:aws:kms:eu-west-1:444455556666:key/1"),
            ("arn:aws:kms:eu-west-1:444455556666:alias/ce", "arn:aws:kms:eu-west-1:444455556666:key/*"),
        ] {
            assert_eq!(names.key_arn(key), arn);
        }
    }
}
