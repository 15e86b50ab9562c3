//! Existing resources that the plan file names: read from AWS, never written, tagged or deleted.
//!
//! Each part has a file with its facts as plain data and the calls that read them. [`crate::checks`] judges them.

pub mod account;
pub mod backup;
pub mod cluster;
pub mod contents;
pub mod grants;
pub mod identity;
pub mod ingress;
pub mod interfaces;
mod lookup;
pub mod network;
pub mod notices;
pub mod operator;
pub mod routes;
mod simulation;
pub mod storage;
pub mod survey;
mod targets;
mod ways;
pub mod zones;

pub use lookup::{Lookup, Named};

use cluster::Cluster;
use identity::{Policy, Role};
use ingress::{Certificate, LoadBalancer, TargetGroup};
use network::{Subnet, Vpc};
use notices::{Topic, TopicKey};
use storage::{Key, Secret};
use zones::{ValidationZone, Zone};

use crate::config::Limits;

/// All existing resources that a plan file names; `None` or empty if it names none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Existing {
    pub vpc: Option<Named<Vpc>>,
    /// Two, in the plan file's order; empty without `vpc`.
    pub subnets: Vec<Named<Subnet>>,
    pub cluster: Option<Named<Cluster>>,
    /// The load balancer that gets a listener and a target group of ce-aws.
    pub load_balancer: Option<Named<LoadBalancer>>,
    /// The target group, behind an existing load balancer.
    pub target_group: Option<Named<TargetGroup>>,
    /// Of the listener.
    pub certificate: Option<Named<Certificate>>,
    /// Those of the client VPN: the endpoint's, and the clients'.
    pub vpn_certificates: Vec<Named<Certificate>>,
    /// The hosted zone for the UI's name.
    pub zone: Option<Named<Zone>>,
    /// The public one that validates its certificate.
    pub validation: Option<Named<ValidationZone>>,
    pub task_role: Option<Named<Role>>,
    pub execution_role: Option<Named<Role>>,
    pub backup_role: Option<Named<Role>>,
    /// Managed policies to attach, and the permissions boundary.
    pub policies: Vec<Named<Policy>>,
    pub key: Option<Named<Key>>,
    /// The topic that is told of alarms, and the key that encrypts what is sent to it or to ours.
    pub topic: Option<Named<Topic>>,
    pub topic_key: Option<Named<TopicKey>>,
    /// Existing secrets, without their values.
    pub secrets: Vec<Named<Secret>>,
    /// How many rules AWS allows; the defaults if they suffice.
    pub limits: Limits,
    /// Why the limits could not be read.
    pub limits_unread: Option<String>,
    /// The ids of the zones that the plan file names for a new VPC.
    pub zones: Vec<Named<String>>,
}

impl Existing {
    /// The customer managed KMS key that encrypts one of the secrets.
    pub fn key_of_secret(&self, arn: &str) -> Option<String> {
        self.secrets.iter().find(|secret| secret.name == arn)?.found()?.key.clone()
    }
}
