//! Values of environment variables: as written in the catalogue, and as a container receives them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::Package;

/// An environment value as the catalogue has it. Never a secret: those have a table of their own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Taken from the deployment's settings.
    Setting(Setting),
    /// Written in clear so that it can be read and reviewed, handed over as base64.
    Base64(String),
    /// Handed over as it stands.
    #[serde(untagged)]
    Literal(String),
}

/// What a release may ask of the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// TLS versions of the UI's own web server, in the vendor's words.
    TlsVersion,
    /// `true` or `false`.
    Debug,
    /// Bytes, by package.
    RabbitmqAvailableStorage,
    /// MiB, by package.
    RabbitmqMemory,
    /// `Medium` or `Large`, by package.
    Profile,
}

/// The settings of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `TLSv1.3`, or `TLSv1.2 TLSv1.3`.
    pub tls_version: String,
    pub debug: bool,
    pub package: Package,
}

impl Settings {
    fn get(&self, setting: Setting) -> String {
        match setting {
            Setting::TlsVersion => self.tls_version.clone(),
            Setting::Debug => self.debug.to_string(),
            Setting::RabbitmqAvailableStorage => self.package.rabbitmq_storage_bytes().to_string(),
            Setting::RabbitmqMemory => self.package.rabbitmq_memory_mib().to_string(),
            Setting::Profile => self.package.profile().to_owned(),
        }
    }
}

impl Value {
    /// The text that the container receives.
    pub fn render(&self, settings: &Settings) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Setting(setting) => settings.get(*setting),
            Self::Base64(text) => BASE64_STANDARD.encode(text),
        }
    }
}
