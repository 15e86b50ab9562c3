//! Keys and secrets of the user's.

pub use super::keys::key;

use crate::aws::error::on;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::Named;
use super::lookup::checked;

/// A KMS key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Of the key itself, also where the plan file names an alias.
    pub arn: String,
    /// `Enabled`, or what else KMS says.
    pub state: String,
    /// `SYMMETRIC_DEFAULT` is what EFS can use.
    pub spec: String,
    /// `ENCRYPT_DECRYPT` is what EFS can use.
    pub usage: String,
    /// Whether it is one of AWS's own (`aws/…`).
    pub is_aws_managed: bool,
    /// When imported key material expires, in seconds since 1970.
    pub valid_to: Option<i64>,
}

/// A secret, without its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    pub arn: String,
    pub name: String,
    /// Whether it is marked for deletion.
    pub is_deleted: bool,
    /// The customer's KMS key that encrypts it, if any: whoever reads the secret needs it too.
    pub key: Option<String>,
}

/// The secret of this ARN or name. Its value is not read.
pub async fn secret(context: &Context, name: &str) -> Result<Named<Secret>, Failure> {
    let answer = context.aws.secrets.describe_secret().secret_id(name).send().await;
    let answer = answer.map_err(on("secretsmanager DescribeSecret"));
    let read = |live: aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput| Secret {
        arn: live.arn.unwrap_or_default(),
        name: live.name.unwrap_or_default(),
        is_deleted: live.deleted_date.is_some(),
        // AWS's own key asks nothing more of who reads.
        key: live.kms_key_id.filter(|key| !key.ends_with("alias/aws/secretsmanager")),
    };
    checked(name, answer.map(read))
}
