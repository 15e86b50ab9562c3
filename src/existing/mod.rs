//! What the user brings: read from AWS and checked, never written, tagged or deleted.
//!
//! One file for each part, with the facts as plain data and the calls that read them. Judging them is the business of
//! [`crate::checks`].

pub mod account;
pub mod backup;
mod balancers;
mod certificates;
pub mod cluster;
pub mod contents;
pub mod grants;
pub mod identity;
pub mod ingress;
mod keys;
mod lookup;
pub mod managed;
pub mod network;
pub mod operator;
pub mod routes;
mod simulation;
pub mod storage;
pub mod survey;
mod target_groups;
mod targets;
mod ways;

use cluster::Cluster;
use identity::{Policy, Role};
use ingress::{Certificate, LoadBalancer, TargetGroup};
use network::{Subnet, Vpc};
use storage::{Key, Secret};

use crate::config::Limits;

/// What AWS said about one thing that the plan file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    Found(T),
    /// There is none of that name.
    Missing,
    /// We may not read it; what AWS said.
    Denied(String),
    /// It was asked about in vain; what AWS said, or what came in the place of an answer.
    Unread(String),
}

impl<T> Lookup<T> {
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Missing | Self::Denied(_) | Self::Unread(_) => None,
        }
    }
}

/// A thing, and how the plan file calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// As it stands in the plan file: an id, a name or an ARN.
    pub name: String,
    pub lookup: Lookup<T>,
}

impl<T> Named<T> {
    pub fn found(&self) -> Option<&T> {
        self.lookup.found()
    }
}

/// Everything that a plan file borrows; `None` and empty where it borrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Existing {
    pub vpc: Option<Named<Vpc>>,
    /// Two, in the plan file's order; empty without `vpc`.
    pub subnets: Vec<Named<Subnet>>,
    pub cluster: Option<Named<Cluster>>,
    /// The user's load balancer behind which we put a listener and a target group of our own.
    pub load_balancer: Option<Named<LoadBalancer>>,
    /// The user's target group, behind a load balancer of the user's.
    pub target_group: Option<Named<TargetGroup>>,
    pub certificate: Option<Named<Certificate>>,
    pub task_role: Option<Named<Role>>,
    pub execution_role: Option<Named<Role>>,
    pub backup_role: Option<Named<Role>>,
    /// Managed policies that are to be attached, and the permissions boundary.
    pub policies: Vec<Named<Policy>>,
    pub key: Option<Named<Key>>,
    /// Secrets of the user's, described: their values are not read.
    pub secrets: Vec<Named<Secret>>,
    /// How many rules AWS allows, where it makes a difference.
    pub limits: Limits,
    /// Why that could not be read.
    pub limits_unread: Option<String>,
    /// The ids of the zones that the plan file names for a new VPC, where they can be read.
    pub zones: Vec<Named<String>>,
}

impl Existing {
    /// The customer's KMS key that encrypts one of the secrets.
    pub fn key_of_secret(&self, arn: &str) -> Option<String> {
        self.secrets.iter().find(|secret| secret.name == arn)?.found()?.key.clone()
    }
}
