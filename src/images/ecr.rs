//! Digests from ECR's API.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecr::config::{Config, Region, timeout::TimeoutConfig};
use aws_sdk_ecr::operation::batch_get_image::BatchGetImageOutput;
use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier};

use crate::aws::answer::Answer;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::{Cause, Failure};
use crate::release::{EcrRepository, Image};

use super::answer::{CONNECT, Resolved, Trouble, WHOLE};

/// All manifest formats: otherwise ECR may return another manifest than the tag's.
const MANIFESTS: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

/// The digest of each tag of a repository: one BatchGetImage, a permission that pulling an image needs too.
pub async fn digests(
    client: &aws_sdk_ecr::Client,
    repository: &EcrRepository,
    tags: &BTreeSet<String>,
) -> BTreeMap<String, Resolved> {
    let times = TimeoutConfig::builder().connect_timeout(CONNECT).operation_timeout(WHOLE).build();
    let there = Config::builder().region(Region::new(repository.region.clone())).timeout_config(times);
    let call = client
        .batch_get_image()
        .registry_id(&repository.account)
        .repository_name(&repository.name)
        .set_image_ids(Some(tags.iter().map(|tag| ImageIdentifier::builder().image_tag(tag).build()).collect()))
        .set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).into()))
        .customize()
        .config_override(there);
    match call.send().await.answer() {
        Ok(answer) => tags.iter().map(|tag| (tag.clone(), digest(&answer, tag))).collect(),
        Err(failure) => tags.iter().map(|tag| (tag.clone(), Err(trouble(&failure)))).collect(),
    }
}

/// The permission for that, for these images; other registries need no credentials.
pub fn grants<'a>(usage: Use, images: impl IntoIterator<Item = &'a Image>) -> Option<Grant> {
    let repositories = images.into_iter().filter_map(Image::ecr_repository);
    let arns: BTreeSet<String> = repositories.map(|repository| repository.arn()).collect();
    (!arns.is_empty()).then(|| Grant::new(usage, "ecr", &["BatchGetImage"]).on(arns))
}

/// The answer lists the images found, and a failure for each of the others.
fn digest(answer: &BatchGetImageOutput, tag: &str) -> Resolved {
    let is_it = |id: Option<&ImageIdentifier>| id.and_then(ImageIdentifier::image_tag) == Some(tag);
    let found = answer.images().iter().map(|image| image.image_id()).find(|id| is_it(*id));
    if let Some(digest) = found.flatten().and_then(ImageIdentifier::image_digest) {
        return Ok(digest.to_owned());
    }
    let failure = answer.failures().iter().find(|failure| is_it(failure.image_id()));
    let code = failure.and_then(|failure| failure.failure_code()).map_or("no image", ImageFailureCode::as_str);
    let reason = failure.and_then(|failure| failure.failure_reason()).unwrap_or("ECR gives no reason");
    let said = format!("{code}: {reason}");
    match failure.and_then(|failure| failure.failure_code()) {
        Some(ImageFailureCode::ImageNotFound | ImageFailureCode::InvalidImageTag) => Err(Trouble::NotFound(said)),
        Some(ImageFailureCode::UpstreamAccessDenied) => Err(Trouble::Denied(said)),
        _ => Err(Trouble::Unreachable(said)),
    }
}

fn trouble(failure: &Failure) -> Trouble {
    let said = failure.said();
    match (failure.code.as_str(), failure.cause) {
        ("RepositoryNotFoundException", _) => Trouble::NotFound(said),
        (_, Cause::Denied) => Trouble::Denied(said),
        _ => Trouble::Unreachable(said),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecr::types::{Image, ImageFailure};

    use super::*;

    #[test]
    fn each_tag_has_its_own_answer() {
        let id = |tag: &str| ImageIdentifier::builder().image_tag(tag);
        let found = |tag: &str, digest: &str| Image::builder().image_id(id(tag).image_digest(digest).build()).build();
        let failed = |tag: &str, code: ImageFailureCode| {
            ImageFailure::builder().image_id(id(tag).build()).failure_code(code).failure_reason("because").build()
        };
        let answer = BatchGetImageOutput::builder()
            .images(found("1", "sha256:aa"))
            .images(found("2", "sha256:bb"))
            .failures(failed("3", ImageFailureCode::ImageNotFound))
            .failures(failed("4", ImageFailureCode::KmsError))
            .build();
        assert_eq!(digest(&answer, "2"), Ok("sha256:bb".to_owned()));
        assert_eq!(digest(&answer, "3"), Err(Trouble::NotFound("ImageNotFound: because".to_owned())));
        assert_eq!(digest(&answer, "4"), Err(Trouble::Unreachable("KmsError: because".to_owned())));
        assert!(matches!(digest(&answer, "5"), Err(Trouble::Unreachable(_))));
    }

    #[test]
    fn missing_denied_and_unreachable_are_told_apart() {
        let failure = |code: &str, cause| Failure { code: code.to_owned(), ..Failure::of(cause, "because") };
        let of = |code, cause| trouble(&failure(code, cause));
        assert!(matches!(of("RepositoryNotFoundException", Cause::Gone), Trouble::NotFound(_)));
        assert!(matches!(of("AccessDeniedException", Cause::Denied), Trouble::Denied(_)));
        assert!(matches!(of("ThrottlingException", Cause::Throttled), Trouble::Unreachable(_)));
        assert!(matches!(of("", Cause::Unavailable), Trouble::Unreachable(_)));
    }
}
