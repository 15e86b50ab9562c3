//! Compares each service of the compose file with the container of the older release.

use std::collections::{BTreeMap, BTreeSet};

use super::compose::{Compose, Place, Service};
use super::known::{Known, Property};
use super::write::{Draft, changed, printable};
use super::{ImportError, interpolate};
use crate::release::{Container, Image, PROXY, Release, Value, Version};

/// What the comparison of a service needs besides the service.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub like: &'a Release,
    pub version: Version,
    pub compose: &'a Compose,
    /// By service.
    pub images: &'a BTreeMap<String, Image>,
    pub variables: &'a BTreeMap<String, String>,
}

/// A service of the compose file beside the container of the older release.
struct Comparison<'a> {
    context: Context<'a>,
    service: &'a Service,
    container: &'a Container<Value>,
    known: Vec<Known>,
    draft: &'a mut Draft,
    missing: &'a mut Vec<String>,
}

/// Carries over what can be, and notes the rest.
pub(super) fn service(
    draft: &mut Draft,
    service: &Service,
    context: Context<'_>,
    missing: &mut Vec<String>,
) -> Result<(), ImportError> {
    let Context { like, images, .. } = context;
    let name = service.name.as_str();
    let Some(container) = like.container(name) else {
        let what = format!("the compose file has a service that release {} does not have: {name}", like.version);
        draft.check_at_end(&what, &service.lines);
        return Ok(());
    };
    match images.get(name) {
        Some(image) => draft.image(&container.image, image),
        None => draft.check(name, "image", "the compose file names no image, but builds one; the older one is kept"),
    }
    let known = Known::of(like.version, name);
    let mut comparison = Comparison { context, service, container, known, draft, missing };
    comparison.environment()?;
    comparison.kept();
    comparison.mounts();
    for (_, port) in &service.ports {
        if !container.ports.iter().any(|known| known.to_string() == *port) {
            comparison.check("ports", &format!("the compose file publishes port {port}, which is not among these"));
        }
    }
    for (_, other) in service.needs.iter().filter(|(_, other)| !container.depends_on.contains_key(other)) {
        comparison.check("depends_on", &format!("the compose file lets it wait for {other}, or link to it"));
    }
    comparison.rest();
    Ok(())
}

/// The key of a release file that holds what a key of the compose file says.
fn ours(key: &str) -> &str {
    match key {
        "entrypoint" => "entry_point",
        "healthcheck" => "health_check",
        "deploy" | "mem_limit" => "memory",
        "stop_grace_period" => "stop_timeout",
        key => key,
    }
}

/// Parts of the names of variables that hold secrets.
const SECRET: [&str; 8] = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "COOKIE", "CREDENTIAL", "PRIVATE_KEY", "API_KEY"];

impl Comparison<'_> {
    fn check(&mut self, key: &str, text: &str) {
        self.draft.check(&self.service.name, key, text);
    }

    /// Whether we differ on purpose from what the compose file says.
    fn is_known(&self, property: Property<'_>, said: Option<&str>) -> bool {
        self.known.iter().any(|known| known.property == property && known.text.is_none_or(|text| Some(text) == said))
    }

    /// Whatever else is said of the service.
    fn rest(&mut self) {
        let (service, container) = (self.service, self.container);
        for (place, key, text) in &service.rest {
            let is_same = match key.as_str() {
                "user" => container.user.as_deref() == Some(text.as_str()),
                "entrypoint" => container.entry_point.join(" ") == *text,
                "command" => container.command.join(" ") == *text,
                _ => false,
            };
            if !is_same && !self.is_known(Property::Key(key), Some(text)) {
                let text = format!("the compose file says, in line {}, {key}: {text}", place.line);
                self.check(ours(key), &text);
            }
        }
        for Known { property, text } in self.known.clone() {
            if let Property::Key(key) = property
                && !service.rest.iter().any(|(_, said, _)| said == key)
            {
                let former = text.unwrap_or_default();
                self.check(ours(key), &format!("the compose file no longer says {key}: {former}"));
            }
        }
    }

    fn mounts(&mut self) {
        let (service, container) = (self.service, self.container);
        let plain = |path: &str| path.trim_end_matches('/').to_owned();
        let inside = |path: &str, folder: &str| {
            let (path, folder) = (plain(path), plain(folder));
            path == folder || path.strip_prefix(&folder).is_some_and(|rest| rest.starts_with('/'))
        };
        for (place, path) in &service.mounts {
            let is_ours = container.mounts.iter().any(|mount| inside(path, &mount.path));
            if !is_ours && !self.is_known(Property::Mount(&plain(path)), None) {
                let text = format!("the compose file mounts something, in line {}, at {path}", place.line);
                self.check("mounts", &text);
            }
        }
        for Known { property, .. } in self.known.clone() {
            if let Property::Mount(path) = property
                && !service.mounts.iter().any(|(_, said)| plain(said) == path)
            {
                self.check("mounts", &format!("the compose file no longer mounts anything at {path}"));
            }
        }
    }

    fn environment(&mut self) -> Result<(), ImportError> {
        let (service, container) = (self.service, self.container);
        let Context { compose, variables, .. } = self.context;
        let hosts: BTreeSet<&str> = compose.services.iter().map(|service| service.name.as_str()).collect();
        for (place, variable, raw) in &service.environment {
            let is_proxy = container.proxy && PROXY.contains(&variable.as_str());
            let is_known = self.is_known(Property::Variable(variable), raw.as_deref());
            if is_known || is_proxy || container.secrets.contains_key(variable) {
                continue;
            }
            let former = match container.environment.get(variable) {
                // What the deployment decides stays with it.
                Some(Value::Setting(_) | Value::Base64(_)) => continue,
                Some(Value::Literal(former)) => Some(former),
                None => None,
            };
            if former.is_none() && SECRET.iter().any(|part| variable.to_ascii_uppercase().contains(part)) {
                let text = format!(
                    "{variable}, in line {}, looks like a secret and is left out: a key of the deployment's secret \
                     belongs under [containers.secrets]",
                    place.line
                );
                self.check("environment", &text);
                continue;
            }
            let resolved = interpolate::resolve(raw.as_deref().unwrap_or_default(), variables)
                .map_err(|message| ImportError::at(*place, format!("{variable}: {message}")))?;
            let unknown = if raw.is_none() { vec![variable.clone()] } else { resolved.missing };
            let value = local(&resolved.text, &hosts);
            match former {
                _ if [variable, &value].into_iter().any(|text| printable(text) != *text) => {
                    let text =
                        format!("{variable}, in line {}, has characters that no terminal should see", place.line);
                    self.check("environment", &text);
                }
                Some(_) if !unknown.is_empty() => self.missing.extend(unknown),
                None if !unknown.is_empty() => {
                    let raw = raw.as_deref().unwrap_or("(from the environment)");
                    let text =
                        format!("new in the compose file, and left out, because it has no value: {variable}={raw}");
                    self.check("environment", &text);
                    self.missing.extend(unknown);
                }
                Some(former) if *former == value => {}
                former => {
                    let note = match (former, value == resolved.text) {
                        (_, false) => Some(format!("In the compose file: {}", resolved.text)),
                        (None, true) => Some("New in the compose file.".to_owned()),
                        (Some(_), true) => None,
                    };
                    self.draft.variable(&service.name, variable, &value, note.as_deref());
                }
            }
        }
        Ok(())
    }

    /// Variables that the compose file does not set. Those that name the release or one of its images follow it.
    fn kept(&mut self) {
        let (service, container) = (self.service, self.container);
        let Context { like, version, images, .. } = self.context;
        let changed = changed(like, images);
        let is_said = |variable: &String| service.environment.iter().any(|(_, said, _)| said == variable);
        let kept: Vec<&String> = container.environment.keys().filter(|name| !is_said(name)).collect();
        for variable in &kept {
            let Some(Value::Literal(former)) = container.environment.get(*variable) else { continue };
            let short = |image: &Image| format!("{}:{}", image.repository(), image.reference());
            let new = match changed.iter().find(|(_, old, _)| short(old) == *former) {
                Some((_, _, new)) => short(new),
                None if *former == like.version.to_string() => version.to_string(),
                None => continue,
            };
            if new != *former {
                self.draft.variable(&service.name, variable, &new, None);
            }
        }
        if !kept.is_empty() {
            let names: Vec<&str> = kept.into_iter().map(String::as_str).collect();
            let text = format!("Kept, though not in the compose file: {}.", names.join(", "));
            self.draft.note(&service.name, "environment", &text);
        }
    }
}

/// The value as the containers of one task reach each other: all of them as localhost.
fn local(value: &str, hosts: &BTreeSet<&str>) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let mut text = String::new();
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|character| is_part(character) != is_part(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        // A host stands alone, after a user, after a scheme or in a list; a path that is called like one does not.
        let before = text.is_empty() || text.ends_with(['@', ',']) || text.ends_with("//");
        let behind = after.is_empty() || after.starts_with([':', '/', ',', '?']);
        text.push_str(if hosts.contains(word) && before && behind { "localhost" } else { word });
        rest = after;
    }
    text
}

/// What concerns no single service.
pub(super) fn others(draft: &mut Draft, context: Context<'_>) {
    let Context { like, version, compose, images, .. } = context;
    let is_service = |name: &str| compose.services.iter().any(|service| service.name == name);
    // The containers that prepare the volumes are ours: the vendor's setup script does that on its host.
    let theirs = like.containers.iter().filter(|container| container.essential && !is_service(&container.name));
    for container in theirs {
        draft.check(&container.name, "image", "the compose file has no such service any more");
    }
    for (Place { line, .. }, key, text) in &compose.rest {
        draft.check_at_end(&format!("the compose file says, in line {line}, {key}: {text}"), &[]);
    }
    let changed = changed(like, images);
    if version != like.version && !changed.is_empty() {
        let images =
            changed.iter().map(|(name, old, new)| format!("{name}: {} to {}", old.reference(), new.reference()));
        let text = format!(
            "[[data_steps]]: what must be done to the data before it starts, coming from {}? The vendor's setup script \
             does it on its host. Images change: {}",
            like.version,
            images.collect::<Vec<_>>().join("; ")
        );
        draft.check_at_end(&text, &[]);
    }
}
