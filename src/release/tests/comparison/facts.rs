//! What the vendor's own files say of a release, as `tests/vendor_facts.py` has written it down.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use serde::Deserialize;
use toml::value::Datetime;

use crate::release::{Condition, HealthCheck, Version};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub version: Version,
    pub source: Source,
    pub commit: String,
    /// Day of the commit.
    pub date: Datetime,
    /// What the setup script writes for every service with `env_files`.
    #[serde(default)]
    pub settings: BTreeMap<String, Variable>,
    /// Likewise, in the file of the secrets.
    #[serde(default)]
    pub secrets: BTreeMap<String, Variable>,
    pub services: Vec<Service>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The CloudFormation template for Fargate.
    Template,
    /// The compose file, with the constants of the setup script.
    Compose,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub name: String,
    pub image: String,
    pub user: Option<String>,
    #[serde(default = "yes")]
    pub essential: bool,
    #[serde(default)]
    pub entry_point: Vec<String>,
    #[serde(default)]
    pub command: Vec<String>,
    #[serde(default)]
    pub ports: Vec<u16>,
    /// On the host, in the order of `ports`.
    #[serde(default)]
    pub published: Vec<u16>,
    /// MiB on a machine of the medium profile.
    pub memory: Option<u32>,
    #[serde(default)]
    pub depends_on: BTreeMap<String, Condition>,
    #[serde(default)]
    pub links: Vec<String>,
    #[serde(default)]
    pub extra_hosts: Vec<String>,
    pub restart: Option<String>,
    #[serde(default)]
    pub logging: Vec<String>,
    pub health_check: Option<Check>,
    #[serde(default)]
    pub env_files: bool,
    /// By the place in the container.
    #[serde(default)]
    pub mounts: BTreeMap<String, Mounted>,
    #[serde(default)]
    pub environment: BTreeMap<String, Variable>,
    /// RabbitMQ's settings.
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
}

/// A health check, of which a compose file need not say all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub command: String,
    pub interval: u32,
    pub timeout: u32,
    pub retries: u32,
    #[serde(default)]
    pub start_period: u32,
}

impl From<&HealthCheck> for Check {
    fn from(check: &HealthCheck) -> Self {
        let HealthCheck { command, interval, timeout, retries, start_period } = check.clone();
        Self { command, interval, timeout, retries, start_period }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mounted {
    pub source: String,
    #[serde(default)]
    pub read_only: bool,
}

/// The value of a variable, or where it comes from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// As it stands; with a secret, the text around it, in which `{password}` stands for it.
    value: Option<String>,
    secret: Option<String>,
    /// Found out, asked for or made when the vendor's setup script runs.
    #[serde(default)]
    setup: bool,
    #[serde(default)]
    script: bool,
    #[serde(default)]
    proxy: bool,
    /// One constant for all installations that looks like a token.
    #[serde(default)]
    token: bool,
    #[serde(default)]
    unset: bool,
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { secret: Some(_), value: Some(text), .. } => write!(f, "secret {text}"),
            Self { secret: Some(name), .. } => write!(f, "secret {name}"),
            Self { value: Some(text), .. } => f.write_str(text),
            Self { setup: true, .. } => f.write_str("made by setup"),
            Self { script: true, .. } => f.write_str("a script of the vendor's"),
            Self { proxy: true, .. } => f.write_str(super::properties::PROXY),
            Self { token: true, .. } => f.write_str("a token of the vendor's"),
            Self { unset: true, .. } => f.write_str("empty"),
            _ => Err(fmt::Error),
        }
    }
}

const fn yes() -> bool {
    true
}

/// Oldest release first, the template before the compose file.
pub fn all() -> Vec<Facts> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/release/tests/vendor");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut facts = texts
        .map(|path| toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{path:?}: {e}")))
        .collect::<Vec<Facts>>();
    facts.sort_by_key(|facts| (facts.version, facts.source));
    facts
}
