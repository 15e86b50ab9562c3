//! The `[images]` table: where container images come from, if not from the vendor.

use std::collections::BTreeMap;

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{
    section::table,
    text::{Invalid, nearest, quoted},
    value::{Found, Read, string},
};
use crate::release::{Image, Release};

table! {
    /// Where the containers' images come from. Left out, they come from the vendor's registry.
    pub struct Images / ImagesKeys {
        /// A mirror of your own: takes the place of the vendor's registry host; repository and tag stay.
        pub registry: Option<RegistryPrefix> = None,
        /// Images of single containers, by container name. Complete, or, with `registry`, a repository of that
        /// registry.
        #[schemars(schema_with = "override_schema")]
        pub overrides as "override": BTreeMap<String, Image> = BTreeMap::new(),
    }
}

impl Images {
    /// The image that a container shall run.
    pub fn apply(&self, container: &str, catalogue: &Image) -> Image {
        if let Some(image) = self.overrides.get(container) {
            return image.clone();
        }
        self.mirrored(catalogue)
    }

    /// The same image in the mirror, if there is one: for images that no container of a release names.
    pub fn mirrored(&self, catalogue: &Image) -> Image {
        let mirrored = self.registry.as_ref().map(|registry| {
            let path = catalogue.as_str().strip_prefix(catalogue.registry()).unwrap_or_default();
            format!("{registry}{path}").parse()
        });
        // A prefix begins with a host, so that the whole is always an image.
        mirrored.and_then(Result::ok).unwrap_or_else(|| catalogue.clone())
    }

    /// Names of containers are checked against the release, if that is known.
    pub(super) fn read(keys: &ImagesKeys<'_>, release: Option<&Release>) -> Self {
        let registry = keys.registry.value.clone();
        let section = &keys.overrides;
        let mut overrides = BTreeMap::new();
        for (container, found) in section.entries() {
            if let Some(release) = release.filter(|release| release.container(container.value).is_none()) {
                section.refuse(unknown_container(release, container.value), container.span);
            }
            let image = found.parse(|text| image(text, registry.as_ref()));
            overrides.extend(image.map(|image| (container.value.to_owned(), image)));
        }
        Self { registry, overrides }
    }
}

fn unknown_container(release: &Release, name: &str) -> Invalid {
    let known: Vec<&str> = release.containers.iter().map(|container| container.name.as_str()).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its containers are {}", known.join(", ")),
    };
    let message = format!("release {} has no container {}", release.version, quoted(name));
    Invalid::new("plan-file/unknown-container", message, hint)
}

/// A complete image, or a repository of the registry that the table names.
fn image(text: &str, registry: Option<&RegistryPrefix>) -> Result<Image, Invalid> {
    const COMPLETE: &str = "\"registry.example.com/netskope/core5:11062023\"";
    let invalid =
        |code, message: &str, hint: String| Err(Invalid::new(code, format!("{} {message}", quoted(text)), hint));
    if text.contains("://") {
        return invalid("plan-file/bad-image", "has a scheme", format!("write it without, as {COMPLETE}"));
    }
    let has_host = text.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']));
    let complete = match registry {
        _ if has_host => text.to_owned(),
        Some(registry) => format!("{registry}/{text}"),
        None => {
            let hint = format!("begin with the registry's host, as {COMPLETE}, or set `registry` in [images]");
            return invalid("plan-file/bad-image", "does not name a registry", hint);
        }
    };
    match complete.parse::<Image>() {
        Ok(image) if is_repository(image.repository()) && is_tag_or_digest(&image) => Ok(image),
        Err(_) if complete.split('/').next_back().is_some_and(|last| !last.contains([':', '@'])) => invalid(
            "plan-file/image-without-tag",
            "has no tag and no digest",
            "append the tag to run, such as \":11062023\", or its digest, \"@sha256:…\"".to_owned(),
        ),
        _ => invalid(
            "plan-file/bad-image",
            "is not an image",
            format!("write registry, repository, and either tag or digest, as {COMPLETE}"),
        ),
    }
}

/// Source of the characters: OCI distribution specification, "Pulling manifests".
fn is_repository(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    text.split('/').all(|part| !part.is_empty() && part.bytes().all(allowed))
}

fn is_tag_or_digest(image: &Image) -> bool {
    let reference = image.reference();
    match reference.strip_prefix("sha256:") {
        Some(digest) => digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        None => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
            reference.len() <= 128 && !reference.starts_with(['.', '-']) && reference.bytes().all(allowed)
        }
    }
}

string! {
    /// A registry's host, with or without port, and the path before the repositories, if any.
    RegistryPrefix,
    expected: "a registry such as \"111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror\"",
    pattern: r"^[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z0-9.-]*[A-Za-z0-9-](:[1-9][0-9]{0,4})?(/[a-z0-9._-]+)*$",
    check: check_registry
}

fn check_registry(text: &str) -> Result<(), Invalid> {
    const EXAMPLE: &str = "\"111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror\"";
    let invalid =
        |why: &str, hint: String| Err(Invalid::new("plan-file/bad-registry", format!("{} {why}", quoted(text)), hint));
    if text.contains("://") {
        return invalid("has a scheme", format!("write the host without it, such as {EXAMPLE}"));
    }
    let (host, path) = match text.split_once('/') {
        Some((host, path)) => (host, Some(path)),
        None => (text, None),
    };
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    if !name.contains('.') || !name.bytes().all(allowed) || name.starts_with('.') || name.ends_with('.') {
        return invalid("does not begin with a registry's host", format!("write for instance {EXAMPLE}"));
    }
    if port.is_some_and(|port| port.starts_with(['+', '0']) || port.parse::<u16>().is_err()) {
        let hint = "the tags of images belong in [images.override]; a port is a number from 1 to 65535";
        return invalid("has an invalid port", hint.to_owned());
    }
    if path.is_some_and(|path| !is_repository(path)) {
        let hint = "after the host there may be lowercase path segments, without a slash at the end and without a tag";
        return invalid("has a path that no repository can have", hint.to_owned());
    }
    Ok(())
}

impl Read for Image {
    fn expected() -> String {
        "an image such as \"registry.example.com/netskope/core5:11062023\"".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        found.parse(|text| image(text, None))
    }
}

/// Keys are names of containers, which differ from release to release.
fn override_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {
            "type": "string",
            "pattern": r"^([^/@\s]+/)*[a-z0-9._-]+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$",
        },
    })
}

/// Of errors in `--image`.
const USAGE: &str = "usage/image";

/// The images that the options `--image NAME=IMAGE` ask for, by container.
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
            Invalid::new(USAGE, format!("--image {} names no container", quoted(option)), hint)
        })?;
        let container =
            release.container(name).ok_or_else(|| Invalid { code: USAGE, ..unknown_container(release, name) })?;
        let image = image_option(reference, &images.apply(name, &container.image))?;
        if wanted.insert(name.to_owned(), image).is_some() {
            let message = format!("--image names the container {} twice", quoted(name));
            return Err(Invalid::new(USAGE, message, "keep one of the two"));
        }
    }
    Ok(wanted)
}

fn image_option(reference: &str, before: &Image) -> Result<Image, Invalid> {
    if reference.contains('/') {
        return image(reference, None).map_err(|invalid| Invalid { code: USAGE, ..invalid });
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
            Err(Invalid::new(USAGE, message, hint))
        }
    }
}
