//! Names of AWS things that are no ARNs, or need not be.

use std::str::FromStr;

use super::{
    arn::Parts,
    text::{Invalid, quoted, text_value},
};

/// Declares an id of EC2: a prefix, and 8 or 17 hexadecimal digits.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, prefix: $prefix:literal, kind: $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let digits = text.strip_prefix(concat!($prefix, "-")).unwrap_or_default();
                if [8, 17].contains(&digits.len()) && digits.bytes().all(is_hexadecimal) {
                    return Ok(Self(text.to_owned()));
                }
                Err(Invalid::new(
                    "plan-file/bad-id",
                    format!("{} is not the id of a {}", quoted(text), $kind),
                    concat!("it looks like ", $prefix, "-0a1b2c3d4e5f67890; names and ARNs do not do"),
                ))
            }
        }

        text_value!($name, expected: concat!("the id of a ", $kind, " such as \"", $prefix, "-0a1b2c3d4e5f67890\""), schema: {
            "pattern": concat!("^", $prefix, "-([0-9a-f]{8}|[0-9a-f]{17})$"),
        });
    };
}

const fn is_hexadecimal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

id_type!(
    /// Source of the form: Amazon EC2 user guide, "Resource IDs".
    VpcId, prefix: "vpc", kind: "VPC"
);

id_type!(
    /// Source of the form: Amazon EC2 user guide, "Resource IDs".
    SubnetId, prefix: "subnet", kind: "subnet"
);

/// An ECS cluster, by name or by ARN.
///
/// Source of the characters: Amazon ECS API reference, `CreateCluster`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterName(String);

impl ClusterName {
    /// As it stands in the plan file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name alone.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// `None` if the plan file says the name only.
    pub fn region(&self) -> Option<&str> {
        Parts::of(&self.0).map(|parts| parts.region)
    }
}

impl FromStr for ClusterName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = match Parts::of(text) {
            Some(parts) if parts.service == "ecs" && parts.is_regional() => parts.resource.strip_prefix("cluster/"),
            Some(_) => None,
            None => Some(text),
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        match name {
            Some(name) if (1..=255).contains(&name.len()) && name.bytes().all(allowed) => Ok(Self(text.to_owned())),
            _ => Err(Invalid::new(
                "plan-file/bad-cluster",
                format!("{} is neither the name nor the ARN of an ECS cluster", quoted(text)),
                "it looks like \"shared\" or arn:aws:ecs:us-east-1:111122223333:cluster/shared",
            )),
        }
    }
}

text_value!(ClusterName, expected: "the name or ARN of an ECS cluster such as \"shared\"", schema: {
    "pattern": "^(arn:aws(-cn|-us-gov)?:ecs:[a-z0-9-]+:[0-9]{12}:cluster/)?[A-Za-z0-9_-]{1,255}$",
});

/// A KMS key: its id or ARN, or an alias or the ARN of one.
///
/// Source of the forms: AWS KMS developer guide, "Key identifiers (KeyId)".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KmsKey(String);

impl KmsKey {
    /// As it stands in the plan file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `None` if the plan file says no ARN.
    pub fn region(&self) -> Option<&str> {
        Parts::of(&self.0).map(|parts| parts.region)
    }
}

impl FromStr for KmsKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let good = match Parts::of(text) {
            Some(parts) => {
                let key = parts.resource.strip_prefix("key/").is_some_and(is_key_id);
                parts.service == "kms" && parts.is_regional() && (key || is_alias(parts.resource))
            }
            None => is_key_id(text) || is_alias(text),
        };
        if good {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            "plan-file/bad-key",
            format!("{} is neither a KMS key nor an alias of one", quoted(text)),
            "write the key's ARN, such as arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab, \
             its id, or an alias such as \"alias/cloud-exchange\"",
        ))
    }
}

/// `1234abcd-12ab-34cd-56ef-1234567890ab`, or of a multi-region key `mrk-` and 32 digits.
fn is_key_id(text: &str) -> bool {
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(is_hexadecimal);
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        ["mrk", number] => digits(number, 32),
        [a, b, c, d, e] => digits(a, 8) && [b, c, d].iter().all(|part| digits(part, 4)) && digits(e, 12),
        _ => false,
    }
}

fn is_alias(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    text.strip_prefix("alias/").is_some_and(|name| (1..=250).contains(&name.len()) && name.bytes().all(allowed))
}

text_value!(KmsKey, expected: "a KMS key such as \"alias/cloud-exchange\"", schema: {
    "pattern": concat!(
        "^((arn:aws(-cn|-us-gov)?:kms:[a-z0-9-]+:[0-9]{12}:key/)?",
        "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})|",
        "(arn:aws(-cn|-us-gov)?:kms:[a-z0-9-]+:[0-9]{12}:)?alias/[A-Za-z0-9/_-]{1,250})$",
    ),
});
