//! Names of things that exist in AWS already.

use std::str::FromStr;

use super::text::{Invalid, quoted, text_value};

/// The six parts of an ARN: `arn:partition:service:region:account:resource`.
struct Parts<'a> {
    partition: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let arn = parts.next()? == "arn";
        let parts = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let partition = ["aws", "aws-cn", "aws-us-gov"].contains(&parts.partition);
        let graphic = text.bytes().all(|byte| byte.is_ascii_graphic());
        (arn && partition && graphic).then_some(parts)
    }

    fn has_account(&self) -> bool {
        self.account.len() == 12 && self.account.bytes().all(|byte| byte.is_ascii_digit())
    }
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
                        format!("{} is not {}", quoted(text), Self::KIND),
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
        && !parts.region.is_empty()
        && parts.has_account()
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
        && !parts.region.is_empty()
        && parts.has_account()
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
