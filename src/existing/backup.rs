//! Whether AWS Backup may back up file systems here: the account's choice, region by region.

use crate::aws::error::on;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::Named;
use super::lookup::checked;

/// Whether AWS Backup is opted in to EFS (AWS Backup API reference, DescribeRegionSettings). Where nobody has chosen, there
/// may be no preference; that counts as opted in (unverified), because a backup fails before anything is lost.
pub async fn opted_in(context: &Context) -> Result<Named<bool>, Failure> {
    let answer =
        context.aws.backup.describe_region_settings().send().await.map_err(on("backup DescribeRegionSettings"));
    let answer = answer.map(|answer| {
        let preferences = answer.resource_type_opt_in_preference();
        preferences.and_then(|preferences| preferences.get("EFS")).copied().unwrap_or(true)
    });
    checked(&context.names.region, answer)
}
