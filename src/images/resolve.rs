//! Asking registries, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use oci_client::Reference;

use crate::aws::clients::Clients;
use crate::release::EcrRepository;

use super::{ecr, open};

/// A registry that is there answers within milliseconds, and a plan must not wait for one that is not.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
pub(super) const WHOLE: Duration = Duration::from_secs(10);

/// The digest, `sha256:…`, or why there is none.
pub type Resolved = Result<String, Trouble>;

/// Why a registry gives no digest, with its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no such image, or no such repository.
    NotFound(String),
    /// It does not tell us.
    Denied(String),
    /// It cannot be asked, or its answer makes no sense.
    Unreachable(String),
}

/// What the tags of these images stand for. Each image is answered, under its name as given.
///
/// ECR is asked through its API, as the caller, in one call a repository; every other registry without credentials.
pub async fn resolve(aws: &Clients, images: &BTreeSet<String>) -> BTreeMap<String, Resolved> {
    let mut answers = BTreeMap::new();
    let mut private: BTreeMap<EcrRepository, BTreeMap<String, String>> = BTreeMap::new();
    let mut public = Vec::new();
    for image in images {
        match image.parse::<Reference>() {
            Err(error) => {
                answers.insert(image.clone(), Err(Trouble::NotFound(format!("no image is written so: {error}"))));
            }
            Ok(reference) => match EcrRepository::of(reference.registry(), reference.repository()) {
                Some(repository) => {
                    let tag = reference.tag().unwrap_or("latest").to_owned();
                    private.entry(repository).or_default().insert(tag, image.clone());
                }
                None => public.push((image, reference)),
            },
        }
    }
    let private = private.iter().map(|(repository, images)| async move {
        let tags = images.keys().cloned().collect();
        let found = ecr::digests(&aws.ecr, repository, &tags).await;
        found.into_iter().filter_map(|(tag, answer)| Some((images.get(&tag)?.clone(), answer))).collect::<Vec<_>>()
    });
    let public =
        public.iter().map(|(image, reference)| async move { ((*image).clone(), open::digest(reference).await) });
    let (private, public) = futures::join!(join_all(private), join_all(public));
    answers.extend(private.into_iter().flatten().chain(public));
    answers
}
