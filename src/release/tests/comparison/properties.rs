//! Both sides as properties with one text each, so that a comparison is one of two maps.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Check, Facts, Mounted, Service};
use crate::release::{
    Container, FileSource, NO_PROXY, PROXY as PROXIES, Package, Release, Settings, StartTimeout, Value,
};

/// What a variable that holds the address of a proxy is said to be.
pub const PROXY: &str = "the proxy";

/// The container and the name of the property, to its value.
pub type Properties = BTreeMap<(String, String), String>;

/// One difference between the vendor's files and ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    pub container: String,
    pub property: String,
    pub kind: Kind,
    pub vendor: Option<String>,
    pub ours: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    OtherValue,
    LeftOut,
    Added,
}

/// The differences, and how many properties are the same.
pub fn compare(vendor: &Properties, ours: &Properties) -> (Vec<Difference>, usize) {
    let keys = vendor.keys().chain(ours.keys()).collect::<BTreeSet<_>>();
    let mut same = 0;
    let mut differences = Vec::new();
    for key in keys {
        let (theirs, own) = (vendor.get(key), ours.get(key));
        let kind = match (theirs, own) {
            (Some(theirs), Some(own)) if theirs == own => {
                same += 1;
                continue;
            }
            (Some(_), Some(_)) => Kind::OtherValue,
            (Some(_), None) => Kind::LeftOut,
            _ => Kind::Added,
        };
        let (container, property) = key.clone();
        differences.push(Difference { container, property, kind, vendor: theirs.cloned(), ours: own.cloned() });
    }
    (differences, same)
}

/// Collects the properties of one container.
struct Of<'a> {
    properties: &'a mut Properties,
    container: &'a str,
}

impl Of<'_> {
    fn add(&mut self, property: impl Into<String>, value: impl Into<String>) {
        let key = (self.container.to_owned(), property.into());
        assert!(self.properties.insert(key, value.into()).is_none(), "two values of one property");
    }

    fn words(&mut self, property: &str, words: &[String]) {
        if !words.is_empty() {
            let text = words.join(" ");
            self.add(property, text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }

    /// Entry point and command as they are, and what they say to MongoDB's server, one by one.
    fn command(&mut self, entry_point: &[String], command: &[String]) {
        self.words("entry_point", entry_point);
        self.words("command", command);
        let all = [entry_point, command].concat().join(" ").replace('\'', "");
        let mut words = all.split_whitespace().skip_while(|word| *word != "mongod").skip(1);
        while let Some(name) = words.next().and_then(|word| word.strip_prefix("--")) {
            let value = words.next().unwrap();
            match value.split_once('=') {
                Some((parameter, value)) => self.add(format!("mongod.{name}.{parameter}"), value),
                None => self.add(format!("mongod.{name}"), value),
            }
        }
    }

    fn health_check(&mut self, check: Option<&Check>) {
        if let Some(check) = check {
            self.add("health_check.command", check.command.clone());
            for (name, seconds) in
                [("interval", check.interval), ("timeout", check.timeout), ("start_period", check.start_period)]
            {
                self.add(format!("health_check.{name}"), format!("{seconds} s"));
            }
            self.add("health_check.retries", check.retries.to_string());
        }
    }

    fn mount(&mut self, place: &str, what: &str, read_only: bool) {
        let suffix = if read_only { " (read-only)" } else { "" };
        self.add(format!("mount.{}", place.trim_end_matches('/')), format!("{what}{suffix}"));
    }
}

/// What the vendor's files say.
pub fn of_vendor(facts: &Facts) -> Properties {
    let mut properties = Properties::new();
    for service in &facts.services {
        let mut of = Of { properties: &mut properties, container: &service.name };
        of.add("image", full_image(&service.image));
        of.command(&service.entry_point, &service.command);
        of.health_check(service.health_check.as_ref());
        alone(&mut of, service);
        for (place, Mounted { source, read_only }) in &service.mounts {
            of.mount(place, &what_is_in(source), *read_only);
        }
        let from_files = [&facts.settings, &facts.secrets].into_iter().flatten().filter(|_| service.env_files);
        let from_files = from_files.filter(|(name, _)| !service.environment.contains_key(*name));
        for (name, variable) in service.environment.iter().chain(from_files) {
            of.add(format!("environment.{name}"), variable.to_string());
        }
        for (name, value) in &service.configuration {
            of.add(format!("configuration.{name}"), value.replace("$(", "{").replace(')', "}"));
        }
    }
    properties
}

/// What needs no more than to be said.
fn alone(of: &mut Of<'_>, service: &Service) {
    if let Some(user) = &service.user {
        of.add("user", user.clone());
    }
    if !service.essential {
        of.add("essential", "false");
    }
    if let Some(memory) = service.memory {
        of.add("memory", format!("{memory} MiB"));
    }
    if let Some(restart) = &service.restart {
        of.add("restart", restart.clone());
    }
    if !service.logging.is_empty() {
        of.add("logging", service.logging.join(", "));
    }
    for port in &service.ports {
        of.add(format!("port.{port}"), "tcp");
    }
    for (port, host) in service.ports.iter().zip(&service.published) {
        of.add(format!("published.{port}"), host.to_string());
    }
    for (other, condition) in &service.depends_on {
        of.add(format!("depends_on.{other}"), condition.as_str());
    }
    for other in &service.links {
        of.add(format!("link.{other}"), "a name");
    }
    for host in &service.extra_hosts {
        let (name, address) = host.split_once(':').unwrap();
        of.add(format!("extra_host.{name}"), address);
    }
}

/// What ce-aws runs, of the medium package. Of a container that the vendor has not, only that it is there.
pub fn of_release(release: &Release, settings: &Settings, vendor: &Facts) -> Properties {
    let mut properties = Properties::new();
    for container in release.render(settings) {
        let mut of = Of { properties: &mut properties, container: &container.name };
        if !vendor.services.iter().any(|service| service.name == container.name) {
            of.add("container", "in the task");
            continue;
        }
        of.add("image", container.image.as_str());
        of.command(&container.entry_point, &container.command);
        of.health_check(container.health_check.as_ref().map(Check::from).as_ref());
        of_container(&mut of, &container, settings.package);
        of_mounts(&mut of, release, &container);
        of_environment(&mut of, release, &container);
    }
    properties
}

fn of_container(of: &mut Of<'_>, container: &Container, package: Package) {
    if let Some(user) = &container.user {
        of.add("user", user.clone());
    }
    if !container.essential {
        of.add("essential", "false");
    }
    if let Some(memory) = container.memory {
        of.add("memory", format!("{} MiB", memory.mib(package)));
    }
    of.add("stop_timeout", format!("{} s", container.stop_timeout));
    if let Some(seconds) = container.start_timeout.and_then(StartTimeout::seconds) {
        of.add("start_timeout", format!("{seconds} s"));
    }
    for port in &container.ports {
        of.add(format!("port.{port}"), "tcp");
    }
    for (other, condition) in &container.depends_on {
        of.add(format!("depends_on.{other}"), condition.as_str());
    }
}

fn of_mounts(of: &mut Of<'_>, release: &Release, container: &Container) {
    let mut settings = settings_in(&container.entry_point.concat());
    for mount in &container.mounts {
        let what = release
            .access_point(&mount.volume)
            .map_or_else(|| format!("task volume {}", mount.volume), |point| point.path.trim_matches('/').to_owned());
        of.mount(&mount.path, &what, mount.read_only);
        for file in release.files.iter().filter(|file| file.volume == mount.volume) {
            let what = match &file.source {
                FileSource::Content(text) => {
                    if file.path.ends_with(".conf") {
                        settings.extend(settings_in(text));
                    }
                    format!("file {}", file.path.rsplit('/').next().unwrap())
                }
                FileSource::Secrets(keys) => keys.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(" and "),
                FileSource::CaCertificate => "the proxy's CA".to_owned(),
            };
            of.mount(&format!("{}/{}", mount.path.trim_end_matches('/'), file.path), &what, false);
        }
    }
    for (name, value) in settings {
        of.add(format!("configuration.{name}"), value);
    }
}

fn of_environment(of: &mut Of<'_>, release: &Release, container: &Container) {
    let written = release.container(&container.name).map(|container| &container.environment);
    for (name, value) in &container.environment {
        let is_script = matches!(written.and_then(|values| values.get(name)), Some(Value::Base64(_)));
        of.add(format!("environment.{name}"), if is_script { "a script of ours" } else { value.as_str() });
    }
    for (name, key) in &container.secrets {
        let text = release.derived_secrets.get(key).map_or_else(|| key.to_string(), |form| form.as_str().to_owned());
        of.add(format!("environment.{name}"), format!("secret {text}"));
    }
    for name in PROXIES.iter().filter(|_| container.proxy) {
        of.add(format!("environment.{name}"), if *name == NO_PROXY { "what is reached without it" } else { PROXY });
    }
}

/// RabbitMQ's settings in a text, be it the file or the command that writes it: `name = value`, perhaps in quotes.
fn settings_in(text: &str) -> BTreeMap<String, String> {
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._".contains(&b));
    text.split(['\'', '"', '\n'])
        .filter(|part| !part.trim_start().starts_with('#'))
        .filter_map(|part| part.split_once(" = "))
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, value)| !name.is_empty() && is_name(name) && !value.is_empty() && !value.contains(' '))
        .map(|(name, value)| (name.to_owned(), value.replace("${", "{").replace("$(", "{").replace(')', "}")))
        .collect()
}

/// A folder, or what a file is.
fn what_is_in(source: &str) -> String {
    match source.rsplit('/').next().unwrap() {
        "tls_cert.crt" => "internal_certificate".to_owned(),
        "tls_cert_key.key" => "internal_key".to_owned(),
        "tls_cert_key.pem" => "internal_certificate and internal_key".to_owned(),
        "tls_cert_ca.crt" => "internal_ca".to_owned(),
        name if name.contains('.') => format!("file {name}"),
        _ => source.to_owned(),
    }
}

/// With registry and tag: what Docker takes for granted.
fn full_image(text: &str) -> String {
    let with_tag = if text.contains(':') { text.to_owned() } else { format!("{text}:latest") };
    match with_tag.split('/').collect::<Vec<_>>()[..] {
        [name] | ["docker.io", name] => format!("docker.io/library/{name}"),
        _ => with_tag,
    }
}
