//! All known releases.

use std::{collections::BTreeMap, sync::LazyLock};

use super::{Release, Version, check};

/// Releases by version.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    releases: BTreeMap<Version, Release>,
}

/// A release file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not TOML, or not the documented format.
    #[error("release file {file} cannot be read")]
    Format { file: String, source: toml::de::Error },
    /// Its parts contradict each other or a limit of Fargate.
    #[error("release file {file}: {what}")]
    Inconsistent { file: String, what: String },
    /// Two files describe the same release.
    #[error("release file {file} describes {version} a second time")]
    Duplicate { file: String, version: Version },
}

/// The embedded files: name, for messages, and text.
const EMBEDDED: &[(&str, &str)] = &[("5.0.0.toml", include_str!("catalogue/5.0.0.toml"))];

static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
    // The embedded files are part of the program, and a test parses them all.
    #[expect(clippy::expect_used)]
    Catalogue::parse(EMBEDDED.iter().copied()).expect("embedded release files are valid")
});

impl Catalogue {
    /// The releases that ship with this binary.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// Reads release files, given as name and text.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, CatalogueError> {
        let mut releases = BTreeMap::new();
        for (name, text) in files {
            let file = || name.to_owned();
            let release: Release =
                toml::from_str(text).map_err(|source| CatalogueError::Format { file: file(), source })?;
            check::check(&release).map_err(|what| CatalogueError::Inconsistent { file: file(), what })?;
            let version = release.version;
            if releases.insert(version, release).is_some() {
                return Err(CatalogueError::Duplicate { file: file(), version });
            }
        }
        Ok(Self { releases })
    }

    pub fn get(&self, version: Version) -> Option<&Release> {
        self.releases.get(&version)
    }

    /// Oldest first.
    pub fn releases(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.releases.values()
    }

    /// Oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = Version> + '_ {
        self.releases.keys().copied()
    }
}
