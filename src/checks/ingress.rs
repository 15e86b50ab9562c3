//! Load balancers, target groups and certificates of the user's.

use crate::borrowed::Named;
use crate::borrowed::ingress::{Certificate, LoadBalancer, TargetGroup};
use crate::engine::plan::Finding;

/// What the deployment asks of what stands in front of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The deployment's name.
    pub deployment: String,
    /// The VPC of the task: `vpc-…`.
    pub vpc: String,
    /// The zones of the task's subnets; empty where they are not known.
    pub zones: Vec<String>,
    /// The port of our listener on the user's load balancer. Unused for a target group.
    pub port: u16,
    /// The port of the task on which the UI is served: 3000.
    pub web_port: u16,
    /// The networks that should reach the UI, in CIDR notation; empty where they are not known.
    pub allowed: Vec<String>,
    /// Addresses of the deployment's own tasks, which are registered in the target group.
    pub tasks: Vec<String>,
}

/// The user's load balancer behind which we put a listener and a target group of our own.
pub fn load_balancer(named: &Named<LoadBalancer>, wanted: &Wanted) -> Vec<Finding> {
    let _ = (named, wanted);
    Vec::new()
}

/// The user's target group, behind a load balancer of the user's.
pub fn target_group(named: &Named<TargetGroup>, wanted: &Wanted) -> Vec<Finding> {
    let _ = (named, wanted);
    Vec::new()
}

/// The addresses at which a target group is reached, HTTPS first: `https://internal-x.elb.amazonaws.com:8443`.
pub fn urls(group: &TargetGroup) -> Vec<String> {
    let _ = group;
    Vec::new()
}

/// The certificate of our listener; `now` in seconds since 1970.
pub fn certificate(named: &Named<Certificate>, now: i64) -> Vec<Finding> {
    let _ = (named, now);
    Vec::new()
}
