//! Whether AWS Backup may do what an upgrade or a backup asks of it.

use crate::borrowed::{Lookup, Named};
use crate::engine::plan::Finding;

use super::finding::{refusal, warning};

/// The account's choice for a region, by name: whether AWS Backup is for EFS at all.
pub fn opted_in(choice: &Named<bool>) -> Option<Finding> {
    let region = &choice.name;
    match &choice.lookup {
        Lookup::Found(true) => None,
        Lookup::Found(false) | Lookup::Missing => Some(refusal(
            "backup/not-opted-in",
            format!("AWS Backup is not opted in to EFS in {region}: there would be no recovery point to go back to"),
            format!(
                "aws backup update-region-settings --region {region} --resource-type-opt-in-preference EFS=true; or ask \
                 whoever decides that for the account"
            ),
        )),
        Lookup::Denied(why) => Some(warning(
            "backup/not-checked",
            format!("whether AWS Backup is opted in to EFS in {region} cannot be checked: {why}"),
            "allow backup:DescribeRegionSettings to whoever runs ce-aws; if it is not, the backup fails before anything \
             else is done",
        )),
    }
}
