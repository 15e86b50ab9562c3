//! Load balancers, target groups and certificates of the user's.

pub use super::balancers::{load_balancer, load_balancers};
pub use super::certificates::{certificate, certificates};
pub use super::target_groups::{target_group, target_groups};

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
    /// `active`, or what else Elastic Load Balancing says.
    pub state: String,
    pub vpc: String,
    pub zones: Vec<String>,
    /// The ids of its security groups.
    pub group_ids: Vec<String>,
    /// What they say. `None`: they may not be read.
    pub groups: Option<Vec<Group>>,
    pub listeners: Vec<Listener>,
    pub access_logs: AccessLogs,
}

/// Whether a load balancer writes down what it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AccessLogs {
    /// It may not be read.
    #[default]
    Unknown,
    Off,
    To(LogBucket),
}

/// One of its security groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    /// What it admits.
    pub ingress: Vec<Rule>,
    /// What it lets out.
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

/// What it listens on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listener {
    pub arn: String,
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TCP`, …
    pub protocol: String,
    /// Target groups that its default action and its rules forward to.
    pub target_groups: Vec<String>,
    /// The deployment whose listener it is, by its tags; `None`: not one of ours.
    pub deployment: Option<String>,
}

/// The bucket of access logs. `None`: it may not be asked.
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
    /// `HTTP1`, `HTTP2`, `GRPC`; empty where AWS says none.
    pub protocol_version: String,
    /// `ipv4` or `ipv6`; empty where AWS says none.
    pub address_type: String,
    pub port: u16,
    pub vpc: String,
    /// `traffic-port`, or a number.
    pub health_port: String,
    pub health_protocol: String,
    pub health_path: String,
    /// Status codes that count as healthy: `200`, `200,302`, `200-299`.
    pub health_matcher: String,
    /// Addresses of the targets registered in it, but for those on their way out.
    pub targets: Vec<String>,
    /// The load balancer it is attached to, with the listeners that lead to it; `None`: to none.
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
    /// `ISSUED`, or what else ACM says.
    pub status: String,
    /// Seconds since 1970.
    pub not_after: Option<i64>,
}
