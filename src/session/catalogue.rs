//! The releases that this run knows.

use std::path::PathBuf;

use crate::config::PlanFile;
use crate::release::{Catalogue, CatalogueError, Release};

use super::error::CommandError;

/// Adds the user's release files to the releases that the program ships with. To be called before a plan file is read.
///
/// # Errors
///
/// A file that does not exist or describes no release.
pub fn adopt(files: &[PathBuf]) -> Result<(), CommandError> {
    if files.is_empty() {
        return Ok(());
    }
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).map_err(|error| CommandError::unreadable(path, &error))?;
        Ok((path.display().to_string(), text))
    };
    let files = files.iter().map(read).collect::<Result<Vec<_>, CommandError>>()?;
    let all = Catalogue::with(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).map_err(refused)?;
    all.adopt();
    Ok(())
}

/// The release that a plan file names.
///
/// # Errors
///
/// This version does not know it; the plan file's reader refuses that before.
pub fn release(file: &PlanFile) -> Result<&'static Release, CommandError> {
    Catalogue::effective()
        .get(file.release)
        .ok_or_else(|| CommandError::unexpected(format!("release {} is not in the catalogue", file.release)))
}

/// The release of this number.
///
/// # Errors
///
/// It is not in the catalogue, or no number.
pub fn named(number: &str) -> Result<&'static Release, CommandError> {
    let release = number.parse().ok().and_then(|version| Catalogue::effective().get(version));
    release.ok_or_else(|| {
        CommandError::usage("usage/unknown-release", format!("release {number} is not in the catalogue"))
            .hint("`ce-aws releases` lists them; --catalog adds a release file of yours")
    })
}

fn refused(error: CatalogueError) -> CommandError {
    let message = match &error {
        // The parser's message names the line.
        CatalogueError::Format { source, .. } => format!("{error}: {}", source.to_string().trim_end()),
        _ => error.to_string(),
    };
    CommandError::usage("usage/release-file", message)
        .hint("`ce-aws releases --format` prints the format; src/release/catalogue/ of the repository has examples")
}
