//! Files: written whole or not at all, and named from where they are read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Whether something stands under this name, be it a broken link.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Writes a file beside its place, and puts it there when it is complete.
///
/// # Errors
///
/// `AlreadyExists` when something is there that may not be overwritten; whatever prevents writing. The place is
/// untouched then, and nothing is left beside it.
pub fn write(path: &Path, text: &str, overwrite: bool) -> io::Result<()> {
    let beside = beside(path);
    let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    drop(file);
    let placed = written.and_then(|()| match overwrite {
        false if is_there(path) => Err(io::ErrorKind::AlreadyExists.into()),
        _ => fs::rename(&beside, path),
    });
    if placed.is_err() {
        // What could not be placed is of no use; that it cannot be removed either is not the news.
        let _ = fs::remove_file(&beside);
    }
    placed
}

/// A name in the same folder that nobody else uses: renaming is atomic within one file system only.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{:016x}.new", rand::random::<u64>()))
}

/// A path that leads from the folder of the plan file to where it leads from here.
pub fn seen_from(folder: &Path, path: &Path) -> String {
    let seen = if folder.as_os_str().is_empty() || path.is_absolute() {
        path.to_owned()
    } else if let Ok(inside) = path.strip_prefix(folder) {
        inside.to_owned()
    } else {
        std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path))
    };
    seen.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_is_there_is_overwritten_only_when_told_and_nothing_is_left_beside() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("plan.toml");
        write(&path, "one", false).unwrap();
        assert_eq!(write(&path, "two", false).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        write(&path, "three", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        assert!(write(folder.path(), "four", true).is_err(), "a folder is no file");
        assert_eq!(names(folder.path()), ["plan.toml"]);
        assert!(write(&folder.path().join("no/such/folder/x"), "five", false).is_err());
    }
}
