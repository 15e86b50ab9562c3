//! Whether a release is supported today.

use crate::blueprint::image_change::Running;
use crate::checks::release::{Place, support};
use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::plan::Finding;
use crate::release::{Catalogue, Release};
use crate::ui::standing::Standing;

use super::catalogue::release;
use super::error::CommandError;
use super::moment;

/// Its label and its support.
pub fn of(release: &Release) -> Standing {
    let support = release.support(moment::today());
    Standing {
        version: release.version.to_string(),
        label: release.label.to_string(),
        end_of_life: support.end().map(|end| end.to_string()),
        support: support.as_str().to_owned(),
        words: support.to_string(),
    }
}

/// Of the release that a plan file names.
pub fn of_file(file: &PlanFile) -> Option<Standing> {
    Catalogue::effective().get(file.release).map(of)
}

/// The finding about the release that a plan file names, if there is one.
///
/// # Errors
///
/// This version does not know it.
pub fn finding(file: &PlanFile, inventory: &Inventory) -> Result<Option<Finding>, CommandError> {
    let runs = Running::of(inventory).and_then(|running| running.release());
    let place = Place { runs, package: Some(file.package), allow: file.allow };
    Ok(support(release(file)?, place, Catalogue::effective(), moment::today()))
}

/// The advice about the release that runs, if there is any.
pub fn advice(running: &Release, file: Option<&PlanFile>) -> Option<String> {
    let place = Place {
        runs: Some(running.version),
        package: file.map(|file| file.package),
        allow: file.and_then(|file| file.allow),
    };
    support(running, place, Catalogue::effective(), moment::today())?.hint
}
