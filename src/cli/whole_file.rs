//! A file that is there as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::session::CommandError;

/// A file that is being written under a temporary name beside its own: renaming is atomic within one file system only.
/// Dropped before it is kept, it is deleted.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    is_kept: bool,
}

/// Whether something stands under this name, be it a broken link.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

impl WholeFile {
    /// Begins one. `is_private`: nobody but its owner may read it.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn create(path: &Path, is_private: bool) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{:016x}.new", rand::random::<u64>()));
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if is_private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let file = options.open(&temporary)?;
        Ok(Self { path: path.to_owned(), temporary, file, is_kept: false })
    }

    /// Gives it its name, once all of it is on the disk.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` when something is there that may not be overwritten; whatever prevents writing. The place is
    /// untouched then.
    pub fn keep(mut self, overwrite: bool) -> io::Result<()> {
        self.file.sync_all()?;
        if !overwrite && is_there(&self.path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(&self.temporary, &self.path)?;
        self.is_kept = true;
        Ok(())
    }

    /// Begins a file with what somebody has asked for, which only they may read. No file is overwritten: that is found
    /// out before anything is fetched.
    ///
    /// # Errors
    ///
    /// There is one already, or the folder cannot be written.
    pub fn of_user(path: &Path) -> Result<Self, CommandError> {
        if is_there(path) {
            return Err(exists(path));
        }
        if path.file_name().is_none() {
            let message = format!("{} is no name of a file", path.display());
            return Err(CommandError::usage("usage/unwritable", message));
        }
        Self::create(path, true).map_err(|error| CommandError::unwritable(path, &error))
    }

    /// Keeps such a file.
    ///
    /// # Errors
    ///
    /// Meanwhile somebody else has made one of that name, or it cannot be renamed.
    pub fn finish(self) -> Result<(), CommandError> {
        let path = self.path.clone();
        self.keep(false).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&path),
            _ => CommandError::unwritable(&path, &error),
        })
    }
}

fn exists(path: &Path) -> CommandError {
    let message = format!("{} exists already, and is not overwritten", path.display());
    CommandError::usage("usage/exists", message).hint("choose another name, or remove it first")
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // What could not be placed is of no use; that it cannot be removed either is not the news.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_when_it_is_kept_and_leaves_nothing_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dump.gz");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        let mut half = WholeFile::of_user(&path).unwrap();
        half.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(half);
        assert_eq!(names(), 0);
        let mut whole = WholeFile::of_user(&path).unwrap();
        let late = WholeFile::of_user(&path).unwrap();
        whole.write_all(b"whole").unwrap();
        whole.finish().unwrap();
        assert_eq!(late.finish().unwrap_err().code(), "usage/exists", "nobody's file is overwritten");
        assert_eq!((fs::read(&path).unwrap(), names()), (b"whole".to_vec(), 1));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(WholeFile::of_user(&path).unwrap_err().code(), "usage/exists");
        assert!(WholeFile::create(&path, true).unwrap().keep(true).is_ok(), "unless it may be");
    }
}
