//! Reads keys.

use aws_sdk_kms::types::{KeyManagerType, KeyMetadata};

use crate::aws::error::on;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;

use super::Named;
use super::lookup::checked;
use super::storage::Key;

/// The key of this ARN, id or alias.
pub async fn key(context: &Context, name: &str) -> Result<Named<Key>, Failure> {
    let answer = context.aws.kms.describe_key().key_id(name).send().await.map_err(on("kms DescribeKey"));
    let missing = || Failure::of(Cause::Gone, format!("AWS says nothing of {name}"));
    let metadata = answer.and_then(|answer| answer.key_metadata.ok_or_else(missing));
    checked(name, metadata.map(|live| read(&live)))
}

fn read(live: &KeyMetadata) -> Key {
    Key {
        arn: live.arn().unwrap_or_default().to_owned(),
        state: live.key_state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
        spec: live.key_spec().map(|spec| spec.as_str().to_owned()).unwrap_or_default(),
        is_aws_managed: live.key_manager() == Some(&KeyManagerType::Aws),
        valid_to: live.valid_to().map(|time| time.secs()),
        usage: live.key_usage().map(|usage| usage.as_str().to_owned()).unwrap_or_default(),
    }
}
