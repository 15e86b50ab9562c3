//! A container image reference.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::partition::Partition;

use super::text::as_string;

/// `registry/repository:tag` or `registry/repository@sha256:…`, always with the registry and always
/// with a tag or digest: what runs must not depend on defaults of the puller.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Image {
    text: String,
    registry_end: usize,
    repository_end: usize,
}

/// A private Elastic Container Registry repository, as IAM policies name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EcrRepository {
    pub partition: &'static str,
    pub region: String,
    pub account: String,
    pub name: String,
}

/// The text is not a complete image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an image is written registry/repository:tag or registry/repository@sha256:digest")]
pub struct ImageError;

impl Image {
    /// Host, and port if any, such as `709825985650.dkr.ecr.us-east-1.amazonaws.com`.
    pub fn registry(&self) -> &str {
        &self.text[..self.registry_end]
    }

    /// Path inside the registry, such as `netskope/core5`.
    pub fn repository(&self) -> &str {
        &self.text[self.registry_end + 1..self.repository_end]
    }

    /// Tag without its colon, or `sha256:…`.
    pub fn reference(&self) -> &str {
        &self.text[self.repository_end + 1..]
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The repository if the registry is ECR; `None` for any other registry.
    pub fn ecr_repository(&self) -> Option<EcrRepository> {
        EcrRepository::of(self.registry(), self.repository())
    }
}

impl EcrRepository {
    /// The repository of a registry's host name and a path, if the registry is ECR.
    ///
    /// Source of the host name's form: Amazon ECR user guide, "Private registry".
    pub fn of(registry: &str, name: &str) -> Option<Self> {
        let host = Partition::ALL.into_iter().find_map(|partition| partition.strip_suffix(registry))?;
        let (account, region) = host.split_once(".dkr.ecr.")?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let partition = Partition::of_region(region).as_str();
        is_account.then(|| Self {
            partition,
            region: region.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }

    pub fn arn(&self) -> String {
        let Self { partition, region, account, name } = self;
        format!("arn:{partition}:ecr:{region}:{account}:repository/{name}")
    }
}

impl FromStr for Image {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        let registry_end = text.find('/').ok_or(ImageError)?;
        let path = &text[registry_end + 1..];
        let separator = path.find('@').or_else(|| path.find(':')).ok_or(ImageError)?;
        let repository_end = registry_end + 1 + separator;
        let image = Self { text: text.to_owned(), registry_end, repository_end };
        let complete =
            image.registry().contains('.') && !image.repository().is_empty() && !image.reference().is_empty();
        if printable && complete { Ok(image) } else { Err(ImageError) }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

as_string!(Image);
