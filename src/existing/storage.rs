//! Existing keys and secrets.

use aws_sdk_kms::types::KeyManagerType;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::convert::text;

use super::Named;
use super::lookup::{checked, there};

/// A KMS key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Of the key itself, even if the plan file names an alias.
    pub arn: String,
    /// `Enabled`, or another state.
    pub state: String,
    /// `SYMMETRIC_DEFAULT` is what EFS can use.
    pub spec: String,
    /// `ENCRYPT_DECRYPT` is what EFS can use.
    pub usage: String,
    /// Whether it is an AWS managed key (`aws/…`).
    pub is_aws_managed: bool,
    /// When imported key material expires, in seconds since 1970.
    pub valid_to: Option<i64>,
}

/// A secret, without its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    pub arn: String,
    pub name: String,
    /// Whether it is scheduled for deletion.
    pub is_deleted: bool,
    /// The customer managed KMS key that encrypts it, if any: reading the secret needs permission for the key too.
    pub key: Option<String>,
}

/// The key of this ARN, id or alias.
pub async fn key(context: &Context, name: &str) -> Result<Named<Key>, Failure> {
    let answer = context.aws.kms.describe_key().key_id(name).send().await.answer();
    let metadata = answer.and_then(|answer| there(name, answer.key_metadata));
    let read = |live: aws_sdk_kms::types::KeyMetadata| Key {
        arn: text(live.arn()),
        state: text(live.key_state().map(|state| state.as_str())),
        spec: text(live.key_spec().map(|spec| spec.as_str())),
        usage: text(live.key_usage().map(|usage| usage.as_str())),
        is_aws_managed: live.key_manager() == Some(&KeyManagerType::Aws),
        valid_to: live.valid_to().map(|time| time.secs()),
    };
    checked(name, metadata.map(read))
}

/// The secret of this ARN or name. Its value is not read.
pub async fn secret(context: &Context, name: &str) -> Result<Named<Secret>, Failure> {
    let answer = context.aws.secrets.describe_secret().secret_id(name).send().await.answer();
    let read = |live: aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput| Secret {
        arn: live.arn.unwrap_or_default(),
        name: live.name.unwrap_or_default(),
        is_deleted: live.deleted_date.is_some(),
        // The AWS managed key needs no permission of its own.
        key: live.kms_key_id.filter(|key| !key.ends_with("alias/aws/secretsmanager")),
    };
    checked(name, answer.map(read))
}
