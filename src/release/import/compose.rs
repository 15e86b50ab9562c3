//! A docker-compose file, as far as releases need it, with the place of each value.
//!
//! Source: Compose specification, "Services top-level elements" (compose-spec/compose-spec, 05-services.md).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::ImportError;

/// Line and column in the file, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    fn of(line: u64, column: u64) -> Self {
        let number = |value| usize::try_from(value).unwrap_or(1);
        Self { line: number(line), column: number(column) }
    }
}

/// A value of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub place: Place,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    fn of(Spanned { value, referenced, .. }: Spanned<Kind>) -> Self {
        Self { place: Place::of(referenced.line(), referenced.column()), kind: value }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = (&Node, &Node)> {
        let entries = match &self.kind {
            Kind::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, value)| (key, value))
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// A list as it stands; a map as `key=value`; anything else as the one element.
    pub fn elements(&self, separator: char) -> Vec<(Place, String)> {
        match &self.kind {
            Kind::Null => Vec::new(),
            Kind::Text(text) => vec![(self.place, text.clone())],
            Kind::List(nodes) => nodes.iter().map(|node| (node.place, node.verbatim())).collect(),
            Kind::Map(entries) => {
                let one = |(key, value): &(Node, Node)| match value.kind {
                    Kind::Null => (key.place, key.words()),
                    _ => (key.place, format!("{}{separator}{}", key.words(), value.verbatim())),
                };
                entries.iter().map(one).collect()
            }
        }
    }

    /// A text as it stands.
    fn verbatim(&self) -> String {
        self.text().map_or_else(|| self.words(), str::to_owned)
    }

    /// On one line, with single spaces.
    pub fn words(&self) -> String {
        match &self.kind {
            Kind::Null => String::new(),
            Kind::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Kind::List(nodes) => nodes.iter().map(Self::words).collect::<Vec<_>>().join(" "),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| format!("{}: {}", key.words(), value.words()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

/// Accepts any value.
struct Any;

/// Every scalar is a text.
macro_rules! scalars {
    ($($visit:ident: $type:ty,)+) => {
        $(fn $visit<E: Error>(self, value: $type) -> Result<Kind, E> {
            Ok(Kind::Text(value.to_string()))
        })+
    };
}

impl<'de> Visitor<'de> for Any {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    scalars! {
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128, visit_u128: u128, visit_f64: f64,
        visit_str: &str,
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element::<Spanned<Kind>>()? {
            nodes.push(Node::of(node));
        }
        Ok(Kind::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Spanned<Kind>, Spanned<Kind>>()? {
            entries.push((Node::of(key), Node::of(value)));
        }
        Ok(Kind::Map(entries))
    }
}

/// One service.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub name: String,
    pub place: Place,
    pub image: Option<(Place, String)>,
    /// Name and value; without a value it comes from the environment of whoever starts it.
    pub environment: Vec<(Place, String, Option<String>)>,
    /// Where volumes are mounted.
    pub mounts: Vec<(Place, String)>,
    /// Ports of the container, as they are written.
    pub ports: Vec<(Place, String)>,
    /// Services that it waits for or links to.
    pub needs: Vec<(Place, String)>,
    /// Whatever else is said, each in one line.
    pub rest: Vec<(Place, String, String)>,
    /// The lines of the file that are about it.
    pub lines: Vec<String>,
}

/// What has no meaning on Fargate or has a place elsewhere: ECS restarts and logs, and variables of the vendor's own
/// environment files come from the deployment's secrets or the release.
const WITHOUT_MEANING: [&str; 4] = ["restart", "logging", "env_file", "container_name"];

impl Service {
    fn read(name: &str, place: Place, node: &Node) -> Self {
        let list = |key: &str, separator| node.get(key).map(|node| node.elements(separator)).unwrap_or_default();
        let environment = list("environment", '=').into_iter().map(|(place, text)| match text.split_once('=') {
            Some((name, value)) => (place, name.to_owned(), Some(value.to_owned())),
            None => (place, text, None),
        });
        let needs = |key: &str| match node.get(key) {
            Some(needs) if matches!(needs.kind, Kind::Map(_)) => {
                needs.entries().map(|(key, _)| (key.place, key.words())).collect()
            }
            _ => list(key, ':'),
        };
        let link = |(place, text): (Place, String)| (place, text.split(':').next().unwrap_or_default().to_owned());
        let read = ["image", "environment", "volumes", "ports", "depends_on", "links"];
        let rest = node.entries().filter_map(|(key, value)| {
            let name = key.text().unwrap_or_default();
            let is_rest = !read.contains(&name) && !WITHOUT_MEANING.contains(&name);
            is_rest.then(|| (key.place, key.words(), value.words()))
        });
        Self {
            name: name.to_owned(),
            place,
            image: node.get("image").map(|image| (image.place, image.words())),
            environment: environment.collect(),
            mounts: targets(node.get("volumes"), mount),
            ports: targets(node.get("ports"), port),
            needs: needs("depends_on").into_iter().chain(needs("links").into_iter().map(link)).collect(),
            rest: rest.collect(),
            lines: Vec::new(),
        }
    }
}

/// The target of each element of a list: what its table says, or what `short` finds among the parts of a text.
fn targets(node: Option<&Node>, short: for<'a> fn(&[&'a str]) -> &'a str) -> Vec<(Place, String)> {
    let Some(Kind::List(nodes)) = node.map(|node| &node.kind) else { return Vec::new() };
    let target = |node: &Node| {
        let text = node.get("target").unwrap_or(node).words();
        (node.place, short(&split(&text)).to_owned())
    };
    nodes.iter().map(target).collect()
}

/// `SOURCE:TARGET[:OPTIONS]` or `TARGET`.
fn mount<'a>(parts: &[&'a str]) -> &'a str {
    parts.get(1).or(parts.first()).copied().unwrap_or_default()
}

/// `[[HOST:]PUBLISHED:]TARGET[/PROTOCOL]`.
fn port<'a>(parts: &[&'a str]) -> &'a str {
    let last = parts.last().copied().unwrap_or_default();
    last.strip_suffix("/tcp").unwrap_or(last)
}

/// At colons, but for those inside `${…}`.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A whole file.
#[derive(Debug, Clone)]
pub(super) struct Compose {
    pub services: Vec<Service>,
    /// What stands beside the services and says something: each in one line.
    pub rest: Vec<(Place, String, String)>,
}

/// What stands at the top and says nothing about how a container runs: volumes have a place in the release.
const TOP: [&str; 4] = ["services", "version", "name", "volumes"];

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Compose, ImportError> {
    let options = serde_saphyr::options! { with_snippet: false };
    let root: Spanned<Kind> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error.location().map_or(Place { line: 1, column: 1 }, |at| Place::of(at.line(), at.column()));
        let message = error.to_string();
        // Its advice is meant for programmers.
        let message =
            [" at line ", ", set "].iter().fold(message.as_str(), |text, end| text.split(end).next().unwrap_or(text));
        let message = message.replace('\n', " ");
        ImportError::at(place, format!("this is not YAML as compose files are written: {message}"))
    })?;
    let root = Node::of(root);
    let Some(services) = root.get("services") else {
        return Err(ImportError::at(root.place, "there is no `services` in it: is this a compose file?"));
    };
    if !matches!(services.kind, Kind::Map(_)) {
        return Err(ImportError::at(services.place, "`services` is not a table of services"));
    }
    let mut all = Vec::new();
    for (key, node) in services.entries() {
        if !matches!(node.kind, Kind::Map(_)) {
            return Err(ImportError::at(key.place, format!("the service {} is not a table", key.words())));
        }
        all.push(Service::read(&key.words(), key.place, node));
    }
    let tops: Vec<usize> = root.entries().map(|(key, _)| key.place.line).collect();
    let starts: Vec<usize> = all.iter().map(|service| service.place.line).chain(tops).collect();
    for service in &mut all {
        let next = starts.iter().copied().filter(|line| *line > service.place.line).min();
        let count = next.unwrap_or(usize::MAX).saturating_sub(service.place.line).max(1);
        let lines = text.lines().skip(service.place.line.saturating_sub(1)).take(count);
        service.lines = lines.map(str::to_owned).collect();
    }
    let rest = root.entries().filter_map(|(key, value)| {
        let name = key.text().unwrap_or_default();
        let says = !TOP.contains(&name) && !name.starts_with("x-");
        says.then(|| (key.place, key.words(), value.words()))
    });
    Ok(Compose { services: all, rest: rest.collect() })
}
