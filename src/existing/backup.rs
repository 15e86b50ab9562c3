//! Whether AWS Backup is opted in to EFS in the region.

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::Named;
use super::lookup::checked;

/// Whether AWS Backup is opted in to EFS (AWS Backup API reference, DescribeRegionSettings). A missing preference
/// counts as opted in (unverified), because a backup fails before anything is lost.
pub async fn opted_in(context: &Context) -> Result<Named<bool>, Failure> {
    let answer = context.aws.backup.describe_region_settings().send().await.answer();
    let answer = answer.map(|answer| {
        let preferences = answer.resource_type_opt_in_preference();
        preferences.and_then(|preferences| preferences.get("EFS")).copied().unwrap_or(true)
    });
    checked(&context.names.region, answer)
}
