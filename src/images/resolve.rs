//! Asks registries, side by side.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use oci_client::Reference;

use crate::aws::clients::Clients;
use crate::release::EcrRepository;

use super::answer::{Resolved, Trouble};
use super::{ecr, open};

/// The digests of these images, by their names as given. Every image has an answer.
///
/// ECR is called as the caller, once per repository; every other registry without credentials.
pub async fn resolve(aws: &Clients, images: &BTreeSet<String>) -> BTreeMap<String, Resolved> {
    let mut answers = BTreeMap::new();
    let mut private: BTreeMap<EcrRepository, BTreeMap<String, String>> = BTreeMap::new();
    let mut public = Vec::new();
    for image in images {
        match image.parse::<Reference>() {
            Err(error) => {
                answers.insert(image.clone(), Err(Trouble::NotFound(format!("it is not a valid image name: {error}"))));
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
