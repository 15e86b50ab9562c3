//! Images whose digest was looked up and not found.

use std::collections::BTreeMap;

use crate::engine::plan::Finding;
use crate::images::{Pins, Resolved, Trouble, Unanswered};

use super::finding::{refusal, warning};

/// The registry of the vendor's product in AWS Marketplace (vendor template, CE 5.0.0).
const VENDOR: &str = "709825985650.dkr.ecr.";
const SUBSCRIBE: &str = "subscribe this account to Netskope Cloud Exchange in AWS Marketplace, which opens the \
                         vendor's registry to it, or name a mirror of yours in images.registry";

/// What to say of the images that are deployed, or not, without an answer of their registry.
pub fn images(pins: &Pins, answers: &BTreeMap<String, Resolved>) -> Vec<Finding> {
    pins.unanswered(answers).iter().map(image).collect()
}

fn image(unanswered: &Unanswered) -> Finding {
    let Unanswered { image, containers, trouble, stays } = unanswered;
    let what = format!("the image {image} of {}", containers.join(" and "));
    match (trouble, stays) {
        (Trouble::NotFound(why), _) => {
            let hint =
                vendors(image).unwrap_or("correct repository and tag of the image in the plan file, under [images]");
            refusal("image/not-found", format!("{what} does not exist: {why}"), hint)
        }
        (Trouble::Denied(why) | Trouble::Unreachable(why), true) => warning(
            "image/not-refreshed",
            format!("{what} stays as it is deployed, because its registry could not be reached: {why}"),
            "repeat the command with --refresh-images when the registry answers",
        ),
        (Trouble::Denied(why), false) => warning(
            "image/denied",
            format!("{what} is deployed by its tag, because its registry does not tell its digest: {why}"),
            pulling(image),
        ),
        (Trouble::Unreachable(why), false) => warning(
            "image/unreachable",
            format!("{what} is deployed by its tag, because its digest is not known: {why}"),
            "whoever moves the tag decides what the next task runs; repeat the command with --refresh-images when the \
             registry answers",
        ),
    }
}

fn vendors(image: &str) -> Option<&'static str> {
    image.starts_with(VENDOR).then_some(SUBSCRIBE)
}

/// Who pulls in the end, and as whom.
fn pulling(image: &str) -> String {
    if !image.contains(".dkr.ecr.") {
        let hint = "ECS pulls it without credentials, as this was asked, and may be refused: copy the image to ECR and \
                    name it under [images] in the plan file";
        return hint.to_owned();
    }
    let hint = "allow ecr:BatchGetImage to whoever runs ce-aws, and its digest is pinned; ECS pulls it with the \
                execution role, which may be allowed more";
    vendors(image).map_or_else(|| hint.to_owned(), |subscribe| format!("{subscribe}; if that is done, {hint}"))
}
