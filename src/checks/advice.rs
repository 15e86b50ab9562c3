//! What the vendor advises and nobody can see from the deployment's own resources.

use crate::config::{Nat, PlanFile};
use crate::engine::plan::Finding;
use crate::existing::{Lookup, Named};

use super::finding::{unread, warning};

/// What Cloud Exchange asks for by name, besides the registries and what plug-ins talk to: its tenants, the repositories of
/// plug-ins, the vendor's notices (vendor's guides and product repository).
const HOSTS: [&str; 4] = ["*.goskope.com", "github.com", "raw.githubusercontent.com", "reporting.netskope.tech"];

/// Where the way out is the user's, nobody can see from here what it lets through. `registries`: hosts that images come
/// from, but for ECR of the region.
pub fn outbound(plan: &PlanFile, registries: &[String]) -> Option<Finding> {
    let proxied = plan.proxy.secret.is_some() || plan.proxy.https.is_some();
    let theirs = plan.existing.vpc.is_some() || plan.network.nat == Nat::None;
    let whose = match (theirs, proxied) {
        (_, true) => "your proxy and the routes of the subnets",
        (true, false) => "the routes of your network",
        (false, false) => return None,
    };
    let mut hosts: Vec<&str> = HOSTS.to_vec();
    hosts.extend(registries.iter().flat_map(|registry| match registry.as_str() {
        "docker.io" => vec!["index.docker.io", "auth.docker.io", "registry-1.docker.io"],
        other => vec![other],
    }));
    Some(warning(
        "egress/hosts",
        format!(
            "whether {whose} let Cloud Exchange out cannot be seen from here; it needs port 443 of {}",
            hosts.join(", ")
        ),
        "see that they are reachable from the private subnets, and so are the hosts that your plug-ins talk to",
    ))
}

/// AWS and the vendor ask that somebody may open cases with AWS Support (vendor's deployment guide, "Best practices").
pub fn support(role: &Named<bool>) -> Option<Finding> {
    let policy = &role.name;
    match &role.lookup {
        Lookup::Found(true) => None,
        Lookup::Found(false) | Lookup::Missing => Some(warning(
            "account/no-support-role",
            "no role of this account may open cases with AWS Support".to_owned(),
            format!("attach {policy} to a role that somebody can assume when things go wrong"),
        )),
        Lookup::Unread(why) => Some(unread("whether a role may open cases with AWS Support", why)),
        Lookup::Denied(why) => Some(warning(
            "account/not-checked",
            format!("whether a role may open cases with AWS Support cannot be checked: {why}"),
            "allow iam:ListEntitiesForPolicy to whoever runs ce-aws",
        )),
    }
}
