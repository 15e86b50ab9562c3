//! A file that is there as a whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::session::CommandError;

/// A file that is being written under a temporary name beside its own, for nobody but its owner to read. Dropped before
/// it is kept, it is deleted.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    is_kept: bool,
}

impl WholeFile {
    /// Begins one. `replaces` says whether a file of that name may be replaced.
    ///
    /// # Errors
    ///
    /// There is one, or the folder cannot be written.
    pub fn create(path: &Path, replaces: bool) -> Result<Self, CommandError> {
        if !replaces && path.symlink_metadata().is_ok() {
            let message = format!("{} exists already, and is not overwritten", path.display());
            return Err(CommandError::usage("usage/exists", message).hint("choose another name, or remove it first"));
        }
        let name = path.file_name().ok_or_else(|| {
            CommandError::usage("usage/unwritable", format!("{} is no name of a file", path.display()))
        })?;
        let temporary = path.with_file_name(format!(".{}.{:08x}", name.to_string_lossy(), rand::random::<u32>()));
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&temporary).map_err(|error| CommandError::unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), temporary, file, is_kept: false })
    }

    /// Gives it its name, once all of it is on the disk.
    ///
    /// # Errors
    ///
    /// It cannot be renamed.
    pub fn keep(mut self) -> Result<(), CommandError> {
        let kept = self.file.sync_all().and_then(|()| std::fs::rename(&self.temporary, &self.path));
        kept.map_err(|error| CommandError::unwritable(&self.path, &error))?;
        self.is_kept = true;
        Ok(())
    }
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
            // What is left of it has a name that says what it is.
            let _ = std::fs::remove_file(&self.temporary);
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
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let mut half = WholeFile::create(&path, false).unwrap();
        half.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(half);
        assert_eq!(names(), 0);
        let mut whole = WholeFile::create(&path, false).unwrap();
        whole.write_all(b"whole").unwrap();
        whole.keep().unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), names()), (b"whole".to_vec(), 1));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(WholeFile::create(&path, false).unwrap_err().code(), "usage/exists");
        assert!(WholeFile::create(&path, true).is_ok());
    }
}
