//! `--image NAME=IMAGE`: another image for one container.

use std::collections::BTreeMap;

use super::{
    images::{Images, complete_image, is_tag_or_digest, unknown_container},
    text::{Invalid, quoted},
};
use crate::release::{Image, Release};

const CODE: &str = "usage/image";

/// The images that the options ask for, by container.
///
/// After the `=` comes a complete image; or `:TAG`, `TAG` or `@sha256:…` for another tag or digest of the image that
/// the plan file gives the container.
///
/// # Errors
///
/// The first option without a valid image, or whose container the release does not have.
pub fn image_options(
    options: &[String],
    images: &Images,
    release: &Release,
) -> Result<BTreeMap<String, Image>, Invalid> {
    let mut wanted = BTreeMap::new();
    for option in options {
        let (name, reference) = option.split_once('=').ok_or_else(|| {
            let hint = "write NAME=IMAGE, such as core=:5.0.0-1";
            Invalid::new(CODE, format!("--image {} names no container", quoted(option)), hint)
        })?;
        let container =
            release.container(name).ok_or_else(|| Invalid { code: CODE, ..unknown_container(release, name) })?;
        let image = image(reference, &images.apply(name, &container.image))?;
        if wanted.insert(name.to_owned(), image).is_some() {
            let message = format!("--image names the container {} twice", quoted(name));
            return Err(Invalid::new(CODE, message, "keep one of the two"));
        }
    }
    Ok(wanted)
}

fn image(reference: &str, before: &Image) -> Result<Image, Invalid> {
    if reference.contains('/') {
        return complete_image(reference).map_err(|invalid| Invalid { code: CODE, ..invalid });
    }
    let at = match reference.strip_prefix([':', '@']) {
        Some(rest) if reference.starts_with('@') => format!("@{rest}"),
        Some(rest) => format!(":{rest}"),
        None => format!(":{reference}"),
    };
    let path = format!("{}/{}", before.registry(), before.repository());
    match format!("{path}{at}").parse::<Image>() {
        Ok(image) if is_tag_or_digest(&image) => Ok(image),
        _ => {
            let message = format!("{} is neither a tag, nor a digest, nor an image", quoted(reference));
            let hint = format!("write a tag of {path}, such as :1.2, or a complete image");
            Err(Invalid::new(CODE, message, hint))
        }
    }
}
