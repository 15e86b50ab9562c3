//! Names of things that exist in AWS already.

use std::str::FromStr;

use crate::partition::Partition;

use super::text::{Invalid, quoted, text_value};

/// The six parts of an ARN: `arn:partition:service:region:account:resource`.
pub(super) struct Parts<'a> {
    partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    account: &'a str,
    pub resource: &'a str,
}

impl<'a> Parts<'a> {
    pub fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let arn = parts.next()? == "arn";
        let parts = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let partition = Partition::named(parts.partition).is_some();
        let graphic = text.bytes().all(|byte| byte.is_ascii_graphic());
        (arn && partition && graphic).then_some(parts)
    }

    /// Whether it names a region and an account, as those of regional services do.
    pub fn is_regional(&self) -> bool {
        !self.region.is_empty() && self.has_account()
    }

    fn has_account(&self) -> bool {
        self.account.len() == 12 && self.account.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// What is no ARN at all may be the very secret that an ARN should name.
fn shown(text: &str) -> String {
    if text.starts_with("arn:") { quoted(text) } else { "this".to_owned() }
}

/// Declares an ARN type: what it must look like, and accessors for its parts.
macro_rules! arn_type {
    ($(#[$doc:meta])* $name:ident, example: $example:literal, pattern: $pattern:literal, is: |$parts:ident| $is:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// `aws`, `aws-cn` or `aws-us-gov`.
            pub fn partition(&self) -> &str {
                self.part(1)
            }

            fn part(&self, index: usize) -> &str {
                self.0.split(':').nth(index).unwrap_or_default()
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                match Parts::of(text) {
                    Some($parts) if $is => Ok(Self(text.to_owned())),
                    _ => Err(Invalid::new(
                        "plan-file/bad-arn",
                        format!("{} is not {}", shown(text), Self::KIND),
                        concat!("it looks like ", $example),
                    )),
                }
            }
        }

        text_value!($name, expected: concat!("an ARN such as \"", $example, "\""), schema: {
            "pattern": $pattern,
        });
    };
}

arn_type!(
    /// A certificate of AWS Certificate Manager.
    CertificateArn,
    example: "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
    pattern: "^arn:aws(-cn|-us-gov)?:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$",
    is: |parts| parts.service == "acm"
        && parts.is_regional()
        && parts.resource.strip_prefix("certificate/").is_some_and(|id| {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
);

impl CertificateArn {
    const KIND: &str = "the ARN of an ACM certificate";

    pub fn region(&self) -> &str {
        self.part(3)
    }
}

arn_type!(
    /// A secret of AWS Secrets Manager, complete with the six characters that AWS appends.
    SecretArn,
    example: "arn:aws:secretsmanager:us-east-1:111122223333:secret:cloud-exchange-a1B2c3",
    pattern: "^arn:aws(-cn|-us-gov)?:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$",
    is: |parts| parts.service == "secretsmanager"
        && parts.is_regional()
        && parts.resource.strip_prefix("secret:").and_then(|name| name.rsplit_once('-')).is_some_and(
            |(name, suffix)| {
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
                !name.is_empty()
                    && name.bytes().all(allowed)
                    && suffix.len() == 6
                    && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
        )
);

impl SecretArn {
    const KIND: &str = "the complete ARN of a Secrets Manager secret";

    pub fn region(&self) -> &str {
        self.part(3)
    }
}

arn_type!(
    /// A managed IAM policy, the account's own or one of AWS's.
    PolicyArn,
    example: "arn:aws:iam::111122223333:policy/ce-plugins-s3",
    pattern: "^arn:aws(-cn|-us-gov)?:iam::([0-9]{12}|aws):policy/[A-Za-z0-9/_+=,.@-]+$",
    is: |parts| parts.service == "iam"
        && parts.region.is_empty()
        && (parts.has_account() || parts.account == "aws")
        && parts.resource.strip_prefix("policy/").is_some_and(|name| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=,.@-".contains(&byte);
            !name.is_empty() && name.bytes().all(allowed)
        })
);

impl PolicyArn {
    const KIND: &str = "the ARN of a managed IAM policy";
}

arn_type!(
    /// A target group of Elastic Load Balancing.
    TargetGroupArn,
    example: "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/cloud-exchange/73e2d6bc24d8a067",
    pattern: "^arn:aws(-cn|-us-gov)?:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup/[A-Za-z0-9-]+/[0-9a-f]+$",
    is: |parts| parts.service == "elasticloadbalancing"
        && parts.is_regional()
        && parts.resource.strip_prefix("targetgroup/").is_some_and(is_balancing_name)
);

impl TargetGroupArn {
    const KIND: &str = "the ARN of a target group";

    pub fn region(&self) -> &str {
        self.part(3)
    }
}

arn_type!(
    /// An application load balancer.
    LoadBalancerArn,
    example: "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/internal/50dc6c495c0c9188",
    pattern: "^arn:aws(-cn|-us-gov)?:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]+$",
    is: |parts| parts.service == "elasticloadbalancing"
        && parts.is_regional()
        && parts.resource.strip_prefix("loadbalancer/app/").is_some_and(is_balancing_name)
);

impl LoadBalancerArn {
    const KIND: &str = "the ARN of an application load balancer";

    pub fn region(&self) -> &str {
        self.part(3)
    }
}

/// A name and the number that AWS appends, as in `cloud-exchange/73e2d6bc24d8a067`.
fn is_balancing_name(text: &str) -> bool {
    text.split_once('/').is_some_and(|(name, number)| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        !name.is_empty() && name.bytes().all(allowed) && !number.is_empty() && number.bytes().all(hexadecimal)
    })
}

arn_type!(
    /// An IAM role.
    RoleArn,
    example: "arn:aws:iam::111122223333:role/cloud-exchange-task",
    pattern: "^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/[A-Za-z0-9/_+=,.@-]*[A-Za-z0-9_+=,.@-]$",
    is: |parts| parts.service == "iam"
        && parts.region.is_empty()
        && parts.has_account()
        && parts.resource.strip_prefix("role/").is_some_and(|name| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=,.@-".contains(&byte);
            !name.is_empty() && !name.ends_with('/') && name.bytes().all(allowed)
        })
);

impl RoleArn {
    const KIND: &str = "the ARN of an IAM role";

    /// Without its path.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}
