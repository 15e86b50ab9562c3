//! Images without a digest.

use std::collections::BTreeMap;

use crate::engine::plan::Finding;
use crate::images::{Pins, Resolved, Trouble, Unanswered};

use super::finding::{refusal, warning};

/// The registry of the vendor's product in AWS Marketplace (vendor template, CE 5.0.0).
const VENDOR: &str = "709825985650.dkr.ecr.";
const SUBSCRIBE: &str = "subscribe to Netskope Cloud Exchange in AWS Marketplace, which gives this account access to \
                         the vendor's registry, or name your own mirror in images.registry";

/// Findings about images whose registry returned no digest.
pub fn images(pins: &Pins, answers: &BTreeMap<String, Resolved>) -> Vec<Finding> {
    pins.unanswered(answers).iter().map(image).collect()
}

fn image(unanswered: &Unanswered) -> Finding {
    let Unanswered { image, containers, trouble, stays } = unanswered;
    let what = format!("the image {image} of {}", containers.join(" and "));
    match (trouble, stays) {
        (Trouble::NotFound(why), _) => {
            let hint =
                vendors(image).unwrap_or("correct the repository and tag of the image under [images] in the plan file");
            refusal("image/not-found", format!("{what} does not exist: {why}"), hint)
        }
        (Trouble::Denied(why) | Trouble::Unreachable(why), true) => warning(
            "image/not-refreshed",
            format!("{what} stays as deployed, because its registry returned no digest: {why}"),
            "repeat the command with --refresh-images when the registry answers",
        ),
        (Trouble::Denied(why), false) => warning(
            "image/denied",
            format!("{what} is deployed by its tag, because the registry denies access to its digest: {why}"),
            pulling(image),
        ),
        (Trouble::Unreachable(why), false) => warning(
            "image/unreachable",
            format!("{what} is deployed by its tag, because its registry could not be reached: {why}"),
            "if the tag is moved, the next task runs another image; repeat the command with --refresh-images when the \
             registry answers",
        ),
    }
}

fn vendors(image: &str) -> Option<&'static str> {
    image.starts_with(VENDOR).then_some(SUBSCRIBE)
}

/// How ECS pulls it, and how to get the digest.
fn pulling(image: &str) -> String {
    if !image.contains(".dkr.ecr.") {
        let hint = "ECS pulls it without credentials too, and may be denied: copy the image to ECR and name it under \
                    [images] in the plan file";
        return hint.to_owned();
    }
    let hint = "grant the caller ecr:BatchGetImage to pin the digest; ECS pulls the image with the execution role, \
                which may have that permission already";
    vendors(image)
        .map_or_else(|| hint.to_owned(), |subscribe| format!("{subscribe}; if it is subscribed already, {hint}"))
}
