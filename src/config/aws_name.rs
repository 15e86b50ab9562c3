//! Names of things that exist in AWS already.

use regex_lite::Regex;

use super::{
    findings::Home,
    text::{Invalid, quoted},
    value::string,
};

/// Declares such a name: what it names, what it is, and what it looks like.
macro_rules! aws_name {
    (
        $(#[$doc:meta])*
        $name:ident($code:literal, $what:literal, $is:literal),
        $pattern:expr,
        such as $example:literal $(or $other:literal)?
    ) => {
        string! {
            $(#[$doc])*
            $name,
            expected: concat!($is, " such as \"", $example, "\""),
            pattern: $pattern,
            check: |text: &str| {
                if is_match(Self::PATTERN, text) {
                    return Ok(());
                }
                // A text that is no ARN may be the very secret that an ARN should name.
                let shown = if $example.starts_with("arn:") && !text.starts_with("arn:") {
                    "this".to_owned()
                } else {
                    quoted(text)
                };
                let message = format!("{shown} is not {}", $is);
                let hint = concat!("it looks like \"", $example, "\"" $(, " or \"", $other, "\"")?);
                Err(Invalid::new($code, message, hint))
            },
            home: |name| home($what, &name.0)
        }
    };
}

/// Whether a text matches a pattern as a whole.
pub(super) fn is_match(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// Where an ARN is valid; `None` for every other name.
fn home(what: &'static str, text: &str) -> Option<Home> {
    let parts: Vec<&str> = text.split(':').collect();
    match *parts {
        ["arn", partition, _, "", ..] => Some(Home::Partition(partition.to_owned())),
        ["arn", _, _, region, ..] => Some(Home::Region(what, region.to_owned())),
        _ => None,
    }
}

/// The pattern of an ARN of a regional service, of which `$service` and `$resource` are the patterns.
macro_rules! regional {
    ($service:literal, $resource:literal) => {
        concat!("arn:aws(-cn|-us-gov)?:", $service, ":[a-z0-9-]+:[0-9]{12}:", $resource)
    };
}

aws_name!(
    /// A certificate of AWS Certificate Manager.
    CertificateArn("plan-file/bad-arn", "certificate", "the ARN of an ACM certificate"),
    concat!("^", regional!("acm", "certificate/[A-Za-z0-9-]+"), "$"),
    such as "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
);

aws_name!(
    /// A secret of AWS Secrets Manager, complete with the six characters that AWS appends.
    SecretArn("plan-file/bad-arn", "secret", "the complete ARN of a Secrets Manager secret"),
    concat!("^", regional!("secretsmanager", "secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}"), "$"),
    such as "arn:aws:secretsmanager:us-east-1:111122223333:secret:cloud-exchange-a1B2c3"
);

aws_name!(
    /// A managed IAM policy, the account's own or one of AWS's.
    PolicyArn("plan-file/bad-arn", "policy", "the ARN of a managed IAM policy"),
    "^arn:aws(-cn|-us-gov)?:iam::([0-9]{12}|aws):policy/[A-Za-z0-9/_+=,.@-]+$",
    such as "arn:aws:iam::111122223333:policy/ce-plugins-s3"
);

aws_name!(
    /// An IAM role.
    RoleArn("plan-file/bad-arn", "role", "the ARN of an IAM role"),
    "^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/[A-Za-z0-9/_+=,.@-]*[A-Za-z0-9_+=,.@-]$",
    such as "arn:aws:iam::111122223333:role/cloud-exchange-task"
);

aws_name!(
    /// A target group of Elastic Load Balancing.
    TargetGroupArn("plan-file/bad-arn", "target group", "the ARN of a target group"),
    concat!("^", regional!("elasticloadbalancing", "targetgroup/[A-Za-z0-9-]+/[0-9a-f]+"), "$"),
    such as "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/cloud-exchange/73e2d6bc24d8a067"
);

aws_name!(
    /// An application load balancer.
    LoadBalancerArn("plan-file/bad-arn", "load balancer", "the ARN of an application load balancer"),
    concat!("^", regional!("elasticloadbalancing", "loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]+"), "$"),
    such as "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/internal/50dc6c495c0c9188"
);

aws_name!(
    /// A topic of Amazon SNS. FIFO topics take no alarms (CloudWatch user guide, "Using Amazon CloudWatch alarms").
    TopicArn("plan-file/bad-arn", "topic", "the ARN of an SNS topic that is not FIFO"),
    concat!("^", regional!("sns", "[A-Za-z0-9_-]{1,256}"), "$"),
    such as "arn:aws:sns:us-east-1:111122223333:operations"
);

aws_name!(
    /// Source of the form: Amazon EC2 user guide, "Resource IDs".
    VpcId("plan-file/bad-id", "VPC", "the ID of a VPC"),
    "^vpc-([0-9a-f]{8}|[0-9a-f]{17})$",
    such as "vpc-0a1b2c3d4e5f67890"
);

aws_name!(
    /// Source of the form: Amazon EC2 user guide, "Resource IDs".
    SubnetId("plan-file/bad-id", "subnet", "the ID of a subnet"),
    "^subnet-([0-9a-f]{8}|[0-9a-f]{17})$",
    such as "subnet-0a1b2c3d4e5f67890"
);

aws_name!(
    /// An ECS cluster, by name or by ARN.
    ///
    /// Source of the characters: Amazon ECS API reference, `CreateCluster`.
    ClusterName("plan-file/bad-cluster", "cluster", "the name or ARN of an ECS cluster"),
    concat!("^(", regional!("ecs", "cluster/"), ")?[A-Za-z0-9_-]{1,255}$"),
    such as "shared" or "arn:aws:ecs:us-east-1:111122223333:cluster/shared"
);

impl ClusterName {
    /// The name alone.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

aws_name!(
    /// A KMS key: its ID or ARN, or an alias or the ARN of one. The ID of a multi-region key begins with `mrk-`.
    ///
    /// Source of the forms: AWS KMS developer guide, "Key identifiers (KeyId)".
    KmsKey("plan-file/bad-key", "key", "the ARN, ID or alias of a KMS key"),
    concat!(
        "^((", regional!("kms", "key/"), ")?",
        "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})|",
        "(", regional!("kms", ""), ")?alias/[A-Za-z0-9/_-]{1,250})$",
    ),
    such as "alias/prod/cloud-exchange" or "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
);
