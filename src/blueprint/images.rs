//! The images of a deployment, and the ECR repositories that they come from.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::PlanFile;
use crate::release::{Image, Release};

/// The image of each container of a release, by the plan file.
pub fn images(plan: &PlanFile, release: &Release) -> BTreeMap<String, Image> {
    let containers = release.containers.iter();
    containers.map(|wanted| (wanted.name.to_string(), plan.images.apply(&wanted.name, &wanted.image))).collect()
}

/// ARNs of the ECR repositories that images come from, each once.
pub fn repositories(plan: &PlanFile, release: &Release) -> Vec<String> {
    let repositories: BTreeSet<_> = images(plan, release).values().filter_map(Image::ecr_repository).collect();
    repositories.iter().map(|repository| repository.arn()).collect()
}
