//! One release, as its file in the catalogue describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::value::Datetime;

use super::{AccessPoint, Container, DerivedSecret, EcrRepository, Package, SecretKey, Settings, Value, Version};

/// Everything that ce-aws knows about a release.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    pub version: Version,
    /// Day on which the vendor tagged it.
    pub released: Datetime,
    pub label: Label,
    /// Day after which the vendor no longer supports it, if known.
    #[serde(default)]
    pub end_of_life: Option<Datetime>,
    /// Releases from which one upgrade step leads here. They need not be in the catalogue.
    #[serde(default)]
    pub predecessors: Vec<Version>,
    /// The smallest package on which the release may run.
    pub minimum_package: Package,
    pub web: Web,
    pub derived_secrets: BTreeMap<SecretKey, DerivedSecret>,
    pub access_points: Vec<AccessPoint>,
    /// In the vendor's order.
    pub containers: Vec<Container<Value>>,
}

/// How far the vendor stands behind a release on Fargate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// The vendor tested it on Fargate.
    VendorTested,
    /// The vendor never offered it on Fargate.
    Unsupported,
    /// It is not known whether it can work on Fargate.
    Experimental,
}

/// Where people and the load balancer's health check find the UI.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    pub container: String,
    pub port: u16,
}

impl Release {
    /// The containers of a deployment with these settings.
    pub fn render(&self, settings: &Settings) -> Vec<Container> {
        self.containers.iter().map(|container| container.map_environment(|value| value.render(settings))).collect()
    }

    /// The private ECR repositories that its images come from, each once, in order of their names.
    pub fn ecr_repositories(&self) -> Vec<EcrRepository> {
        let mut repositories: Vec<_> =
            self.containers.iter().filter_map(|container| container.image.ecr_repository()).collect();
        repositories.sort();
        repositories.dedup();
        repositories
    }

    pub fn access_point(&self, volume: &str) -> Option<&AccessPoint> {
        self.access_points.iter().find(|point| point.volume == volume)
    }
}
