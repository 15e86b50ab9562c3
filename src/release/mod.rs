//! The catalogue of Cloud Exchange releases: which containers a release runs, and what they need.
//!
//! A release is data, not code: one TOML file in `catalogue/`, embedded in the binary, named after
//! the release. [`Catalogue::builtin`] parses and checks all of them; [`Release::render`] turns one
//! into the containers of a task definition. Everything here is pure: no AWS, no terminal, no clock.
//!
//! # Format of a release file
//!
//! ```toml
#![doc = include_str!("format.toml")]
//! ```
//!
//! Unknown keys are errors, and a file is refused as a whole when its parts contradict each other
//! or a limit of Fargate (`check.rs`).

mod catalogue;
mod chain;
mod check;
mod check_files;
mod choice;
mod container;
mod data_step;
mod definition;
mod delivery;
mod environment;
mod file;
mod image;
pub mod import;
mod package;
mod proxy;
mod secret;
mod storage;
mod support;
mod text;
mod ui_certificate;
mod version;

#[cfg(test)]
mod tests;

/// The format of a release file, as an example with comments.
pub const FORMAT: &str = include_str!("format.toml");

pub use catalogue::{Catalogue, CatalogueError};
pub use chain::NoChain;
pub use choice::Choice;
pub(crate) use choice::choice;
pub use container::{Condition, Container, HealthCheck, Memory, Mount, StartTimeout};
pub use data_step::{ContainerOf, DataStep, Shell, Side, StepContainer};
pub use definition::{Label, Release, Web};
pub use environment::{Setting, Settings, Value};
pub use file::{File, FileSource, Owner, TaskVolume};
pub use image::{EcrRepository, Image, ImageError};
pub use package::Package;
pub use proxy::{CA_CERTIFICATE, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, PROXY, no_proxy};
pub use secret::{DerivedSecret, SecretHome, SecretKey};
pub use storage::{AccessPoint, FileMode};
pub use support::{SOON, Support};
pub use ui_certificate::DELIVERER as UI_CERTIFICATE_DELIVERER;
pub use version::{Version, VersionError};
