//! S3: the tags of a bucket are one set, read and replaced as a whole.

use aws_sdk_s3::types::Tagging;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::{Context, Tags};

use super::form;

/// The tags of a bucket; none where AWS says that there is no set of tags.
///
/// # Errors
///
/// Whatever the call meets.
pub async fn read(context: &Context, bucket: &str) -> Result<Tags, Failure> {
    let tags = context.aws.s3.get_bucket_tagging().bucket(bucket).send().await.unless_gone()?;
    Ok(form::read(&tags.map(|answer| answer.tag_set).unwrap_or_default()))
}

/// Others' tags are read and written back, AWS's own (`aws:`) among them: S3 refuses a set without those.
pub(super) async fn set(context: &Context, bucket: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
    let mut tags = read(context, bucket).await?;
    tags.retain(|key, _| !remove.contains(key));
    tags.extend(set.clone());
    let tagging = Tagging::builder().set_tag_set(Some(form::write(&tags))).build().ok();
    context.aws.s3.put_bucket_tagging().bucket(bucket).set_tagging(tagging).send().await.done()
}
