//! Makes a release file from a docker-compose file of the vendor's and the file of an earlier release.
//!
//! The structure of the earlier release is kept: where it differs from the compose file, it does so for a reason.
//! Images and plain environment variables are carried over. Everything else that the earlier release does not explain
//! becomes a comment that begins with `CHECK:`, at the place where a person has to decide.

mod compose;
mod interpolate;
mod known;
mod services;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use time::Date;

use super::{Catalogue, Image, Release, Version};
pub use compose::Place;
use services::Context;
use write::Draft;

/// What shall be made.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// What the compose file is called in comments.
    pub name: &'a str,
    pub text: &'a str,
    /// Values of its variables.
    pub variables: &'a BTreeMap<String, String>,
    /// `None`: as the image of core says.
    pub version: Option<Version>,
    /// Whose arrangement is kept; `None`: the newest release before.
    pub like: Option<Version>,
    pub released: Date,
}

/// A release file.
#[derive(Debug, Clone)]
pub struct Imported {
    pub text: String,
    pub version: Version,
    pub like: Version,
    /// How many comments ask for a decision.
    pub checks: usize,
    /// Variables of the compose file without a value, because of which the older release's value is kept.
    pub missing: Vec<String>,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Something in the compose file.
    #[error("{message}")]
    At { place: Place, message: String },
    /// Images use variables that have no value: name, and where it is used.
    #[error("{} no value: {}", if .0.len() == 1 { "a variable has" } else { "variables have" }, names(.0))]
    Unresolved(Vec<(Place, String)>),
    #[error("the tag of core's image does not end with a release number")]
    NoVersion,
    #[error("the catalogue has no deployable release before {0}")]
    NothingBefore(Version),
    #[error("release {0} is not in the catalogue")]
    UnknownLike(Version),
    #[error("release {0} cannot be deployed itself: its file is not complete")]
    Undeployable(Version),
    /// What was made would be refused.
    #[error("the release file that it makes is refused: {0}")]
    Refused(String),
}

fn names(missing: &[(Place, String)]) -> String {
    missing.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")
}

impl ImportError {
    fn at(place: Place, message: impl Into<String>) -> Self {
        Self::At { place, message: message.into() }
    }

    /// Where in the compose file.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::At { place, .. } => Some(*place),
            Self::Unresolved(missing) => missing.first().map(|(place, _)| *place),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::At { .. } => "give the vendor's docker-compose.yml as it is".to_owned(),
            Self::Unresolved(missing) => {
                let set = missing.iter().map(|(_, name)| format!(" --set {name}=…")).collect::<String>();
                format!(
                    "give them with{set}, or with --env-file; the vendor's setup script of the same release has the \
                     images' tags as constants (LATEST_TAG_AND_VERSION)"
                )
            }
            Self::NoVersion => "give it with --version X.Y.Z".to_owned(),
            Self::NothingBefore(_) | Self::UnknownLike(_) | Self::Undeployable(_) => {
                "name a release with --like; `ce-aws releases` lists them".to_owned()
            }
            Self::Refused(_) => "begin with another release: --like".to_owned(),
        }
    }
}

/// Makes a release file.
///
/// # Errors
///
/// The compose file cannot be read or lacks something, or there is no release to begin with.
pub fn import(all: &Catalogue, wanted: &Wanted<'_>) -> Result<Imported, ImportError> {
    let compose = compose::read(wanted.text)?;
    let images = images(&compose.services, wanted.variables)?;
    let version = wanted.version.or_else(|| version(&images)).ok_or(ImportError::NoVersion)?;
    let like = like(all, wanted.like, version)?;
    let text = all.text(like.version).ok_or(ImportError::UnknownLike(like.version))?;
    let mut draft = Draft::new(text).map_err(ImportError::Refused)?;
    draft.head(wanted.name, version, like, wanted.released);
    let mut missing = Vec::new();
    let context = Context { like, version, compose: &compose, images: &images, variables: wanted.variables };
    for service in &compose.services {
        services::service(&mut draft, service, context, &mut missing)?;
    }
    services::others(&mut draft, context);
    missing.sort();
    missing.dedup();
    let (text, checks) = draft.finish();
    Catalogue::with([("imported", text.as_str())]).map_err(|error| ImportError::Refused(error.to_string()))?;
    Ok(Imported { text, version, like: like.version, checks, missing })
}

/// The release whose arrangement is kept.
fn like(all: &Catalogue, named: Option<Version>, version: Version) -> Result<&Release, ImportError> {
    let like = match named {
        Some(like) => all.get(like).ok_or(ImportError::UnknownLike(like))?,
        None => all
            .deployable()
            .rev()
            .find(|release| release.version < version)
            .ok_or(ImportError::NothingBefore(version))?,
    };
    if like.undeployable.is_some() { Err(ImportError::Undeployable(like.version)) } else { Ok(like) }
}

/// The images by service, complete with registry.
fn images(
    services: &[compose::Service],
    variables: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Image>, ImportError> {
    let (mut images, mut missing) = (BTreeMap::new(), Vec::new());
    for service in services {
        let Some((place, text)) = &service.image else { continue };
        let resolved = interpolate::resolve(text, variables).map_err(|message| ImportError::at(*place, message))?;
        if !resolved.missing.is_empty() {
            missing.extend(resolved.missing.into_iter().map(|name| (*place, name)));
            continue;
        }
        let image = complete(&resolved.text).parse();
        let wrong = || format!("{:?} is not an image with a tag or a digest", resolved.text);
        images.insert(service.name.clone(), image.map_err(|_| ImportError::at(*place, wrong()))?);
    }
    if missing.is_empty() { Ok(images) } else { Err(ImportError::Unresolved(missing)) }
}

/// As Docker completes it: without a host it is Docker Hub's, which has several names, and without a folder an official
/// image.
fn complete(image: &str) -> String {
    let image = image.trim();
    let hub = ["docker.io/", "index.docker.io/", "registry-1.docker.io/"];
    let path = hub.iter().find_map(|host| image.strip_prefix(host));
    match (path, image.split_once('/')) {
        (None, Some((host, _))) if host.contains(['.', ':']) => image.to_owned(),
        (path, _) => match path.unwrap_or(image) {
            path if path.contains('/') => format!("docker.io/{path}"),
            path => format!("docker.io/library/{path}"),
        },
    }
}

/// `core6-6.1.0` is 6.1.0.
fn version(images: &BTreeMap<String, Image>) -> Option<Version> {
    images.get("core")?.reference().rsplit('-').next()?.parse().ok()
}
