//! All known releases.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, OnceLock},
};

use super::{AccessPoint, Release, Side, Version, check, check_files};

/// Releases by version.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    releases: BTreeMap<Version, Release>,
    /// The text of each file, from which `releases import` makes others.
    texts: BTreeMap<Version, String>,
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
    /// One name of an access point stands for two of them.
    #[error("releases {one} and {other} mean different access points by {name}; `name` tells them apart")]
    AccessPoint { name: String, one: Version, other: Version },
    /// A data step would be skipped silently.
    #[error(
        "data step {step} of release {release} needs the container {container}, which release {from} does not have"
    )]
    DataStep { step: String, release: Version, container: String, from: Version },
}

/// The embedded files: name, for messages, and text.
const EMBEDDED: &[(&str, &str)] = &[
    ("4.0.0.toml", include_str!("catalogue/4.0.0.toml")),
    ("4.1.0.toml", include_str!("catalogue/4.1.0.toml")),
    ("4.2.0.toml", include_str!("catalogue/4.2.0.toml")),
    ("5.0.0.toml", include_str!("catalogue/5.0.0.toml")),
    ("5.0.1.toml", include_str!("catalogue/5.0.1.toml")),
    ("5.1.0.toml", include_str!("catalogue/5.1.0.toml")),
    ("5.1.1.toml", include_str!("catalogue/5.1.1.toml")),
    ("5.1.2.toml", include_str!("catalogue/5.1.2.toml")),
    ("6.0.0.toml", include_str!("catalogue/6.0.0.toml")),
    ("6.0.1.toml", include_str!("catalogue/6.0.1.toml")),
    ("6.1.0.toml", include_str!("catalogue/6.1.0.toml")),
];

static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
    // The embedded files are part of the program, and a test parses them all.
    #[expect(clippy::expect_used)]
    Catalogue::parse(EMBEDDED.iter().copied()).expect("embedded release files are valid")
});

static EFFECTIVE: OnceLock<Catalogue> = OnceLock::new();

impl Catalogue {
    /// The releases that this run of the program knows: those of [`Catalogue::adopt`], else those it ships with.
    pub fn effective() -> &'static Self {
        EFFECTIVE.get().unwrap_or(&BUILTIN)
    }

    /// Makes this the effective catalogue. Only the first call in a process counts, and it must precede the first use.
    pub fn adopt(self) {
        let _ = EFFECTIVE.set(self);
    }

    /// The releases that ship with this binary, and the user's, given as name and text. A file of the user's replaces
    /// the release that it describes.
    ///
    /// # Errors
    ///
    /// A file that cannot be used.
    pub fn with<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, CatalogueError> {
        let own = Self::parse(files)?;
        let Self { mut releases, mut texts } = BUILTIN.clone();
        releases.extend(own.releases);
        texts.extend(own.texts);
        Self { releases, texts }.agreed()
    }

    /// The releases that ship with this binary.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// Reads release files, given as name and text.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, CatalogueError> {
        let (mut releases, mut texts) = (BTreeMap::new(), BTreeMap::new());
        for (name, text) in files {
            let file = || name.to_owned();
            let release: Release =
                toml::from_str(text).map_err(|source| CatalogueError::Format { file: file(), source })?;
            let checked = check::check(&release).and_then(|()| check_files::check(&release));
            checked.map_err(|what| CatalogueError::Inconsistent { file: file(), what })?;
            let version = release.version;
            if releases.insert(version, release).is_some() {
                return Err(CatalogueError::Duplicate { file: file(), version });
            }
            texts.insert(version, text.to_owned());
        }
        Self { releases, texts }.agreed()
    }

    /// One name means the same access point in all releases, so that an upgrade finds the data where it is, and the
    /// older release has the containers that data steps need.
    fn agreed(self) -> Result<Self, CatalogueError> {
        let mut seen: BTreeMap<String, (Version, &AccessPoint)> = BTreeMap::new();
        for (version, release) in &self.releases {
            for point in &release.access_points {
                let name = point.resource_name();
                let (other, first) = *seen.entry(name.clone()).or_insert((*version, point));
                if !point.is_same_place(first) {
                    return Err(CatalogueError::AccessPoint { name, one: other, other: *version });
                }
            }
            let before = release.predecessors.iter().filter_map(|version| self.get(*version));
            for (old, step) in before.flat_map(|old| release.data_steps_from(old.version).map(move |step| (old, step)))
            {
                let container = &step.container;
                if container.release == Side::Old && old.container(&container.name).is_none() {
                    let (step, container) = (step.name.clone(), container.name.clone());
                    return Err(CatalogueError::DataStep { step, release: *version, container, from: old.version });
                }
            }
        }
        Ok(self)
    }

    /// Oldest first, without those that are only listed.
    pub fn deployable(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.releases().filter(|release| release.undeployable.is_none())
    }

    pub fn get(&self, version: Version) -> Option<&Release> {
        self.releases.get(&version)
    }

    /// The text of a release's file.
    pub fn text(&self, version: Version) -> Option<&str> {
        self.texts.get(&version).map(String::as_str)
    }

    /// Oldest first.
    pub fn releases(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.releases.values()
    }
}
