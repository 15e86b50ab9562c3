//! Policy documents: who may assume the roles, what the roles may do, and who may write to buckets and file system.
//!
//! A resource is `*` only where AWS has nothing narrower. Every grant to an AWS service is limited to what the service
//! does for this account (no confused deputy), by the condition keys that the service's own documentation names: a key
//! that a service does not send would disable the grant.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::reference::{Ref, join};
use crate::kinds::document;
use crate::kinds::names::Names;
use crate::partition::principals;

/// Lets ECS run tasks of this account and region with a role. Source: Amazon ECS developer guide, "Amazon ECS task IAM
/// role".
pub fn task_trust(names: &Names) -> Value {
    trust(names, principals::ECS_TASKS, &names.arn("ecs", "*"))
}

/// Lets VPC flow logs of this account and region write with a role. Source: Amazon VPC user guide, "IAM role for
/// publishing flow logs to CloudWatch Logs".
pub fn flow_log_trust(names: &Names) -> Value {
    trust(names, principals::FLOW_LOGS, &names.arn("ec2", "vpc-flow-log/*"))
}

/// Lets AWS Backup act with a role, without a condition: its documentation names none that it meets. Source: AWS
/// Backup developer guide, "IAM service roles".
pub fn backup_trust() -> Value {
    policy(json!([{
        "Sid": "Backup",
        "Effect": "Allow",
        "Principal": { "Service": principals::BACKUP },
        "Action": "sts:AssumeRole",
    }]))
}

/// AWS's own policies for that role: what AWS Backup needs changes with AWS Backup.
pub fn backup_policies(names: &Names) -> [String; 2] {
    ["ForBackup", "ForRestores"]
        .map(|what| format!("arn:{}:iam::aws:policy/service-role/AWSBackupServiceRolePolicy{what}", names.partition))
}

/// What a role of the user's must be allowed in EFS. Source: AWS Backup developer guide, "AWS managed
/// policies for AWS Backup"; AWS re:Post, "Insufficient privileges to perform this action" of an EFS restore.
pub fn backup_role(file_system: Ref) -> Value {
    let back_up = ["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"];
    let restore = [
        "elasticfilesystem:CreateFileSystem",
        "elasticfilesystem:DeleteFileSystem",
        "elasticfilesystem:DescribeFileSystems",
        "elasticfilesystem:Restore",
    ];
    policy(json!([allow("BackUp", &back_up, json!(file_system)), allow("Restore", &restore, json!(file_system))]))
}

fn trust(names: &Names, service: &str, source: &str) -> Value {
    policy(json!([{
        "Sid": "ThisAccountOnly",
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": { "aws:SourceAccount": names.account },
            "ArnLike": { "aws:SourceArn": source },
        },
    }]))
}

/// What ECS does before the containers run: pull images, read the secrets, create log streams.
///
/// `repositories` are ARNs of ECR repositories, none if no image comes from there. `logs` is the ARN of the log group
/// without `:*`. `guardduty` also lets ECS pull GuardDuty's agent.
pub fn execution_role(
    repositories: &[String],
    logs: Ref,
    secrets: &[SecretGrant],
    guardduty: bool,
    names: &Names,
) -> Value {
    let mut statements = vec![allow("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], in_group(logs))];
    // One statement for each secret: references cannot be sorted in a list before they are resolved.
    for secret in secrets {
        statements.push(allow(secret.id, &["secretsmanager:GetSecretValue"], json!(secret.arn)));
    }
    let keys: BTreeSet<&String> = secrets.iter().filter_map(|secret| secret.key.as_ref()).collect();
    if !keys.is_empty() {
        let mut decrypt = allow("DecryptSecrets", &["kms:Decrypt"], json!(keys));
        decrypt["Condition"] = json!({ "StringEquals": { "kms:ViaService": names.via_service("secretsmanager") } });
        statements.push(decrypt);
    }
    let pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    if guardduty || !repositories.is_empty() {
        // AWS knows no narrower resource: a token is for all registries.
        statements.push(allow("LogInToRegistries", &["ecr:GetAuthorizationToken"], json!("*")));
    }
    if !repositories.is_empty() {
        statements.push(allow("PullImages", &pull, json!(repositories)));
    }
    if guardduty {
        // In another account in each region (GuardDuty user guide, "ECR Repository for GuardDuty agent on AWS
        // Fargate").
        let repository =
            format!("arn:{}:ecr:{}:*:repository/aws-guardduty-agent-fargate", names.partition, names.region);
        statements.push(allow("PullGuardDutyAgent", &pull, json!(repository)));
    }
    policy(Value::Array(statements))
}

/// A secret that ECS reads to start the task.
#[derive(Clone, Debug)]
pub struct SecretGrant {
    /// What the statement is called.
    pub id: &'static str,
    pub arn: Ref,
    /// The user's KMS key that encrypts it, if it is not AWS's own.
    pub key: Option<String>,
}

/// What the containers may do: mount the file system and serve ECS Exec. `decrypt` is the statement for sessions that
/// are encrypted.
pub fn task_role(file_system: Ref, decrypt: Option<Value>) -> Value {
    let mount = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"];
    // ECS Exec opens channels that have no ARN (Amazon ECS developer guide, "ECS Exec permissions").
    let exec = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ];
    let mut statements = vec![allow("MountFileSystem", &mount, json!(file_system)), allow("Exec", &exec, json!("*"))];
    statements.extend(decrypt);
    policy(Value::Array(statements))
}

/// What VPC flow logs may do: write to their log group, given by its ARN without `:*`.
pub fn flow_log_role(logs: Ref) -> Value {
    let write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];
    policy(json!([
        allow("WriteLogs", &write, in_group(logs)),
        // Flow logs list all groups to find theirs.
        allow("FindLogGroup", &["logs:DescribeLogGroups"], json!("*")),
    ]))
}

/// Who may mount the file system: the task, encrypted, and not as root. Any policy denies everybody else (Amazon EFS
/// user guide, "Using IAM to control file system data access"). AWS Backup is not affected: it reads with its role and
/// `elasticfilesystem:Backup` instead of a mount target, and within the account a role's own policy is enough (IAM
/// user guide, "Policy evaluation logic"). Unverified on AWS.
pub fn file_system(file_system: Ref, task_role: Ref) -> Value {
    policy(json!([{
        "Sid": "TaskOnly",
        "Effect": "Allow",
        "Principal": { "AWS": task_role },
        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        "Resource": file_system,
        "Condition": { "Bool": { "aws:SecureTransport": "true" } },
    }]))
}

/// The bucket `purpose` takes access logs of this account's load balancers, in every region: the service principal has
/// replaced the accounts that differed by region. Source: Elastic Load Balancing user guide, "Enable access logs for
/// your Application Load Balancer".
pub fn load_balancer_log_bucket(names: &Names, purpose: &str) -> Value {
    let bucket = names.bucket_arn(purpose);
    policy(json!([
        {
            "Sid": "LoadBalancerLogs",
            "Effect": "Allow",
            "Principal": { "Service": principals::LOAD_BALANCER_LOGS },
            "Action": "s3:PutObject",
            "Resource": format!("{bucket}/AWSLogs/{}/*", names.account),
            "Condition": { "ArnLike": { "aws:SourceArn": names.arn("elasticloadbalancing", "loadbalancer/*") } },
        },
        encrypted_only(&bucket),
    ]))
}

/// The bucket `purpose` takes S3's own logs of accesses to the bucket `logged`. Source: Amazon S3 user guide,
/// "Permissions for log delivery".
pub fn access_log_bucket(names: &Names, purpose: &str, logged: &str) -> Value {
    let bucket = names.bucket_arn(purpose);
    policy(json!([
        {
            "Sid": "AccessLogs",
            "Effect": "Allow",
            "Principal": { "Service": principals::S3_LOGS },
            "Action": "s3:PutObject",
            "Resource": format!("{bucket}/*"),
            "Condition": {
                "StringEquals": { "aws:SourceAccount": names.account },
                "ArnLike": { "aws:SourceArn": names.bucket_arn(logged) },
            },
        },
        encrypted_only(&bucket),
    ]))
}

/// Denies access without TLS to the bucket and its objects.
fn encrypted_only(bucket: &str) -> Value {
    json!({
        "Sid": "EncryptedOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, format!("{bucket}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}

pub fn policy(statements: Value) -> Value {
    document::normal(&json!({ "Version": "2012-10-17", "Statement": statements }))
}

pub fn allow(id: &str, actions: &[&str], resource: Value) -> Value {
    json!({ "Sid": id, "Effect": "Allow", "Action": actions, "Resource": resource })
}

/// Everything in a log group.
fn in_group(arn: Ref) -> Value {
    join(vec![arn, ":*".into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::address::Address;
    use crate::engine::reference::{self, Known, Need, Outputs};

    fn names(partition: &str, region: &str) -> Names {
        Names {
            deployment: "prod".into(),
            account: "111122223333".into(),
            region: region.into(),
            partition: partition.into(),
        }
    }

    fn arn_of(kind: &str) -> Ref {
        Ref::output(Address::new(kind, "x"), "arn", Need::Exists)
    }

    fn resolved(policy: &Value) -> Value {
        let known = ["log-group", "secret", "file-system", "role"]
            .map(|kind| (Address::new(kind, "x"), Outputs::from([("arn".to_owned(), format!("arn:{kind}"))])));
        reference::resolve(policy, &Known::from_iter(known))
    }

    fn statements(policy: &Value) -> &Vec<Value> {
        policy["Statement"].as_array().unwrap()
    }

    fn role_policies() -> [Value; 3] {
        let repositories = ["arn:aws:ecr:us-east-1:709825985650:repository/netskope/core5".to_owned()];
        [execution(&repositories), task_role(arn_of("file-system"), None), flow_log_role(arn_of("log-group"))]
    }

    fn execution(repositories: &[String]) -> Value {
        let secret = SecretGrant { id: "ReadSecret", arn: arn_of("secret"), key: None };
        execution_role(repositories, arn_of("log-group"), &[secret], false, &names("aws", "eu-west-1"))
    }

    #[test]
    fn the_agent_of_guardduty_is_pulled_only_where_that_is_asked_for() {
        let secret = || SecretGrant { id: "ReadSecret", arn: arn_of("secret"), key: None };
        let role =
            |guardduty| execution_role(&[], arn_of("log-group"), &[secret()], guardduty, &names("aws", "eu-west-1"));
        let resources = |policy: &Value| {
            let all = statements(policy).iter().filter(|statement| statement["Action"].to_string().contains("\"ecr:"));
            all.map(|statement| statement["Resource"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(resources(&role(false)), [""; 0]);
        let agent = "arn:aws:ecr:eu-west-1:*:repository/aws-guardduty-agent-fargate";
        assert_eq!(resources(&role(true)), ["*", agent]);
    }

    #[test]
    fn a_key_of_the_users_is_used_through_secrets_manager_only() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1".to_owned();
        let secret = SecretGrant { id: "ReadProxySecret", arn: arn_of("secret"), key: Some(key.clone()) };
        let policy = execution_role(&[], arn_of("log-group"), &[secret], false, &names("aws-cn", "cn-north-1"));
        let decrypt = statements(&policy).iter().find(|statement| statement["Action"] == "kms:Decrypt").unwrap();
        assert_eq!(decrypt["Resource"], key.as_str());
        let via = &decrypt["Condition"]["StringEquals"]["kms:ViaService"];
        let both = ["secretsmanager.cn-north-1.amazonaws.com", "secretsmanager.cn-north-1.amazonaws.com.cn"];
        assert_eq!(via, &json!(both));
    }

    #[test]
    fn everything_is_granted_only_where_aws_knows_no_narrower_resource() {
        let mut anywhere = Vec::new();
        for policy in role_policies() {
            for statement in statements(&policy) {
                let actions = match &statement["Action"] {
                    Value::Array(actions) => actions.clone(),
                    one => vec![one.clone()],
                };
                assert!(actions.iter().all(|action| !action.as_str().unwrap().contains('*')));
                if statement["Resource"] == "*" {
                    anywhere.extend(actions.iter().map(|action| action.as_str().unwrap().to_owned()));
                }
            }
        }
        assert_eq!(
            anywhere,
            [
                "ecr:GetAuthorizationToken",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
                "logs:DescribeLogGroups",
            ]
        );
    }

    #[test]
    fn what_is_resolved_is_what_aws_gives_back() {
        let file_system = file_system(arn_of("file-system"), arn_of("role"));
        for policy in role_policies().iter().chain([&file_system]) {
            let resolved = resolved(policy);
            assert!(reference::is_resolved(&resolved));
            assert_eq!(document::parse(&resolved.to_string()), resolved);
        }
        let execution = resolved(&role_policies()[0]);
        assert_eq!(statements(&execution)[0]["Resource"], "arn:log-group:*");
        assert_eq!(statements(&execution)[1]["Resource"], "arn:secret");
        assert_eq!(resolved(&file_system)["Statement"][0]["Principal"]["AWS"], "arn:role");
    }

    #[test]
    fn images_from_elsewhere_need_no_registry_grants() {
        let policy = execution(&[]);
        assert!(!policy.to_string().contains("ecr:"));
    }

    #[test]
    fn services_act_for_this_account_only() {
        for (partition, region) in [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")] {
            let names = names(partition, region);
            let policies = [
                task_trust(&names),
                flow_log_trust(&names),
                load_balancer_log_bucket(&names, "alb"),
                access_log_bucket(&names, "s3", "alb"),
            ];
            for policy in &policies {
                let grants = statements(policy).iter().filter(|statement| statement["Effect"] == "Allow");
                for grant in grants {
                    let source = grant["Condition"]["ArnLike"]["aws:SourceArn"].as_str().unwrap();
                    assert!(source.starts_with(&format!("arn:{partition}:")) && source.contains("111122223333"));
                }
            }
            let others =
                ["arn:aws:", "arn:aws-cn:", "arn:aws-us-gov:"].map(|arn| policies[3].to_string().contains(arn));
            assert_eq!(others.iter().filter(|other| **other).count(), 1);
        }
    }

    #[test]
    fn unencrypted_access_is_refused_for_buckets_and_objects() {
        let names = names("aws", "eu-west-1");
        for policy in [load_balancer_log_bucket(&names, "alb"), access_log_bucket(&names, "s3", "alb")] {
            let deny: Vec<_> = statements(&policy).iter().filter(|statement| statement["Effect"] == "Deny").collect();
            let resources = deny[0]["Resource"].as_array().unwrap();
            assert_eq!((deny.len(), resources.len()), (1, 2));
            assert_eq!(format!("{}/*", resources[0].as_str().unwrap()), resources[1]);
        }
    }
}
