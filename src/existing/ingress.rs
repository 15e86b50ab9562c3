//! Existing load balancers, target groups and certificates.

mod balancers;
mod certificates;
mod listened;
mod target_groups;

pub use balancers::{load_balancer, load_balancers, security_groups};
pub use certificates::{certificate, certificates};
pub use listened::listened;
pub use target_groups::{target_group, target_groups};

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancer {
    pub arn: String,
    pub name: String,
    pub dns: String,
    /// `application`, `network`, `gateway`.
    pub kind: String,
    /// `internal` or `internet-facing`.
    pub scheme: String,
    /// `active`, or another state.
    pub state: String,
    pub vpc: String,
    pub zones: Vec<String>,
    /// The ids of its security groups.
    pub group_ids: Vec<String>,
    /// The groups themselves. `None`: they may not be read.
    pub groups: Option<Vec<Group>>,
    pub listeners: Vec<Listener>,
    pub access_logs: AccessLogs,
}

/// Whether a load balancer logs the requests that it receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AccessLogs {
    /// It may not be read.
    #[default]
    Unknown,
    Off,
    To(LogBucket),
}

/// A security group of a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub ingress: Vec<Rule>,
    pub egress: Vec<Rule>,
}

/// A rule of a security group; all ports where the protocol has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, `all`, or a number.
    pub protocol: String,
    pub from: u16,
    pub to: u16,
    /// A CIDR, the id of a group or of a prefix list.
    pub peer: String,
}

/// A listener of a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listener {
    pub arn: String,
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TCP`, …
    pub protocol: String,
    /// Target groups that its default action and its rules forward to.
    pub target_groups: Vec<String>,
    /// The deployment that its tags name; `None`: it does not belong to ce-aws.
    pub deployment: Option<String>,
}

/// The bucket that holds access logs. `None`: the setting may not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogBucket {
    pub name: String,
    pub access_logged: Option<bool>,
    pub notifies: Option<bool>,
}

/// A target group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    pub arn: String,
    pub name: String,
    /// `ip`, `instance`, `lambda`, `alb`.
    pub target_type: String,
    pub protocol: String,
    /// `HTTP1`, `HTTP2`, `GRPC`; empty if AWS names none.
    pub protocol_version: String,
    /// `ipv4` or `ipv6`; empty if AWS names none.
    pub address_type: String,
    pub port: u16,
    pub vpc: String,
    /// `traffic-port`, or a number.
    pub health_port: String,
    pub health_protocol: String,
    pub health_path: String,
    /// Status codes that count as healthy: `200`, `200,302`, `200-299`.
    pub health_matcher: String,
    /// Addresses of the registered targets, without those that are draining.
    pub targets: Vec<String>,
    /// The load balancer that it is attached to; `None`: it is attached to none.
    pub load_balancer: Option<LoadBalancer>,
}

impl TargetGroup {
    /// The listeners that forward to it.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        let all = self.load_balancer.iter().flat_map(|balancer| &balancer.listeners);
        all.filter(|listener| listener.target_groups.contains(&self.arn))
    }
}

/// A certificate of AWS Certificate Manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    pub arn: String,
    pub domain: String,
    /// `ISSUED`, or another status.
    pub status: String,
    /// Seconds since 1970.
    pub not_after: Option<i64>,
    /// Of its key: `RSA_2048`.
    pub key_algorithm: String,
}
