//! The plan file that follows what runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::session::error::CommandError;
use crate::ui::ending;

use super::run::Context;

/// Writes the new text to the plan file and says so; tells whether there was anything to write.
pub fn update_plan_file(context: Context<'_>, old_text: &str, new_text: &str) -> Result<bool, CommandError> {
    if old_text == new_text {
        return Ok(false);
    }
    write(Path::new(context.file), old_text, new_text)?;
    context.output.note(&ending::plan_file_updated(context.file));
    Ok(true)
}

/// Replaces the text of a plan file, all at once or not at all. A link is followed, and the permissions stay.
///
/// # Errors
///
/// The file has changed since it was read (refused), or cannot be written.
fn write(path: &Path, old_text: &str, new_text: &str) -> Result<(), CommandError> {
    let failed = |error: io::Error| {
        CommandError::unexpected(format!("cannot write {}: {error}", path.display()))
            .hint("the change has been made in AWS; make it in the plan file by hand")
    };
    let file = fs::canonicalize(path).map_err(failed)?;
    if fs::read_to_string(&file).map_err(failed)? != old_text {
        let message = format!("{} has changed while the command ran, and is left as it is", path.display());
        return Err(CommandError::refused("plan-file/changed", message)
            .hint("the change has been made in AWS; make it in the plan file by hand"));
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(format!(".ce-aws-{:016x}.tmp", rand::random::<u64>()));
    let replaced = fill(&temporary, &file, new_text).and_then(|()| fs::rename(&temporary, &file));
    if replaced.is_err() {
        // What failed matters more than what is left of it.
        let _ = fs::remove_file(&temporary);
    }
    replaced.map_err(failed)?;
    // The name is on disk only when its folder is; a file system that cannot promise that is no reason to fail.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

fn fill(temporary: &Path, like: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    file.set_permissions(fs::metadata(like)?.permissions())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::session::exit::Exit;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn the_file_behind_a_link_is_replaced_with_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("prod.toml"), folder.path().join("link.toml"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        symlink("prod.toml", &link).unwrap();
        write(&link, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(names(folder.path()), ["link.toml", "prod.toml"]);
    }

    #[test]
    fn a_file_that_somebody_else_has_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prod.toml");
        fs::write(&file, "theirs").unwrap();
        let error = write(&file, "old", "new").unwrap_err();
        assert_eq!(error.exit(), Exit::Refused);
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
    }

    #[test]
    fn nothing_is_left_of_an_attempt_that_failed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prod.toml");
        assert!(write(&file, "old", "new").is_err());
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}
