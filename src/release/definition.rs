//! One release, as its file in the catalogue describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::value::Datetime;

use super::{
    AccessPoint, Container, DataStep, DerivedSecret, File, FileSource, Package, SecretHome, SecretKey, Settings,
    TaskVolume, Value, Version, choice::choice, delivery,
};

/// Everything that ce-aws knows about a release.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    pub version: Version,
    /// Day on which the vendor tagged it.
    pub released: Datetime,
    pub label: Label,
    /// Day after which the vendor no longer supports it, if known.
    #[serde(default)]
    pub end_of_life: Option<Datetime>,
    /// Why it is listed and cannot be deployed: what ce-aws cannot give it, as a lowercase fragment.
    #[serde(default)]
    pub undeployable: Option<String>,
    /// Releases from which one upgrade step leads here, all of them older. They need not be in the catalogue.
    #[serde(default)]
    pub predecessors: Vec<Version>,
    /// The smallest package on which the release may run.
    pub minimum_package: Package,
    pub web: Web,
    pub derived_secrets: BTreeMap<SecretKey, DerivedSecret>,
    pub access_points: Vec<AccessPoint>,
    #[serde(default)]
    pub task_volumes: Vec<TaskVolume>,
    /// In the order in which they are written.
    #[serde(default)]
    pub files: Vec<File>,
    /// Containers whose image, when it is new, may change the data when it first starts, so that an older one cannot
    /// read it any more.
    #[serde(default)]
    pub migrating: Vec<String>,
    /// In the vendor's order.
    pub containers: Vec<Container<Value>>,
    /// What is done to the data of a predecessor before this release starts, in this order.
    #[serde(default)]
    pub data_steps: Vec<DataStep>,
}

choice! {
    /// How far the vendor supports a release on Fargate, best first.
    pub enum Label("label", "plan-file/unknown-label") {
        /// The vendor tested it on Fargate.
        VendorTested = "vendor-tested",
        /// The vendor never offered it on Fargate.
        Unsupported = "unsupported",
        /// It is not known whether it can work on Fargate.
        Experimental = "experimental",
    }
}

impl Label {
    /// What it says, as a fragment.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::VendorTested => "the vendor tested it on Fargate",
            Self::Unsupported => "the vendor has never offered it on Fargate and gives no support",
            Self::Experimental => "it is not known whether it can work on Fargate",
        }
    }
}

/// Where people and the load balancer's health check find the UI.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    pub container: String,
    pub port: u16,
}

impl Release {
    /// The containers of a deployment with these settings.
    pub fn render(&self, settings: &Settings) -> Vec<Container> {
        let rendered = self.containers.iter().map(|container| {
            let mut rendered = container.map_environment(|value| value.render(settings));
            if container.delivers_files {
                delivery::equip(self, &mut rendered);
            }
            rendered
        });
        rendered.collect()
    }

    pub fn access_point(&self, volume: &str) -> Option<&AccessPoint> {
        self.access_points.iter().find(|point| point.volume == volume)
    }

    /// Whether any container gets the user's certificate authority.
    pub fn takes_ca_certificate(&self) -> bool {
        self.containers.iter().any(|container| container.ca_certificate)
            || self.files.iter().any(|file| file.source == FileSource::CaCertificate)
    }

    pub fn task_volume(&self, name: &str) -> Option<&TaskVolume> {
        self.task_volumes.iter().find(|volume| volume.name == name)
    }

    /// Whether its containers speak TLS among themselves, and so need the deployment's internal certificate.
    pub fn internal_certificate(&self) -> bool {
        let injected = self.containers.iter().flat_map(|container| container.secrets.values());
        let delivered = self.files.iter().flat_map(File::secrets);
        injected.chain(delivered).any(|key| key.home() == SecretHome::InternalCertificate)
    }

    pub fn container(&self, name: &str) -> Option<&Container<Value>> {
        self.containers.iter().find(|container| container.name == name)
    }

    /// What is done to the data on the step from this predecessor to here, in order.
    pub fn data_steps_from(&self, from: Version) -> impl Iterator<Item = &DataStep> {
        self.data_steps.iter().filter(move |step| step.concerns(from))
    }
}
