//! The permission to read digests from ECR; other registries need no credentials.

use std::collections::BTreeSet;

use crate::aws::grant::{Grant, Use};
use crate::release::Image;

/// For these images.
pub fn grants<'a>(usage: Use, images: impl IntoIterator<Item = &'a Image>) -> Option<Grant> {
    let repositories = images.into_iter().filter_map(Image::ecr_repository);
    let arns: BTreeSet<String> = repositories.map(|repository| repository.arn()).collect();
    (!arns.is_empty()).then(|| Grant::new(usage, "ecr", &["BatchGetImage"]).on(arns))
}
