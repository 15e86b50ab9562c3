//! Files that a plan file names, beside it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    text::{Invalid, quoted},
    value::{Read as _, string},
};

/// What the meaning of a plan file depends on besides its text.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// The plan file's folder.
    pub folder: PathBuf,
    /// Seconds since 1970.
    pub now: i64,
}

string! {
    /// A path as it stands in the file.
    FilePath,
    expected: "a file beside this one, such as \"corp-ca.pem\"",
    pattern: "^.",
    check: |text: &str| {
        if !text.is_empty() {
            return Ok(());
        }
        Err(Invalid::new("plan-file/bad-path", "the path is empty", format!("write {}", Self::expected())))
    }
}

impl Surroundings {
    /// The content of a file, or enough of it to show that it is larger than `most` bytes. `what` it is and `code` are
    /// for the problem that it cannot be read.
    pub fn content(&self, path: &FilePath, most: usize, what: &str, code: &'static str) -> Result<Vec<u8>, Invalid> {
        let path = self.folder.join(path.as_str());
        content(&path, most).map_err(|error| {
            let path = quoted(&path.display().to_string());
            let why =
                if error.kind() == io::ErrorKind::NotFound { "no such file".to_owned() } else { error.to_string() };
            let message = format!("cannot read the {what} {path}: {why}");
            Invalid::new(code, message, "the path starts at the plan file's folder")
        })
    }
}

fn content(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    // Reading a pipe could block.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    // As large as it can get, so that what may be a private key is not copied when it grows.
    let mut content = Vec::with_capacity(most + 1);
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}
