//! Files: written whole or not at all, and named from where they are read.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::whole_file::WholeFile;

/// Writes a file beside its place, and puts it there when it is complete.
///
/// # Errors
///
/// `AlreadyExists` when something is there that may not be overwritten; whatever prevents writing. The place is
/// untouched then, and nothing is left beside it.
pub fn write(path: &Path, text: &str, overwrite: bool) -> io::Result<()> {
    let mut file = WholeFile::create(path, false)?;
    file.write_all(text.as_bytes())?;
    file.keep(overwrite)
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
    use std::fs;

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
