//! Recommendations that the deployment's own resources do not show.

use crate::config::{Nat, PlanFile};
use crate::engine::plan::Finding;
use crate::existing::{Lookup, Named};

use super::finding::{unread, warning};

/// Hosts that Cloud Exchange needs besides registries and those of plug-ins: tenants, repositories of plug-ins, the
/// vendor's notices (vendor's guides and product repository).
const HOSTS: [&str; 4] = ["*.goskope.com", "github.com", "raw.githubusercontent.com", "reporting.netskope.tech"];

/// What an existing network or proxy permits cannot be checked. `registries`: the hosts that images come from, without
/// ECR of the region.
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
            "whether {whose} permit outbound traffic cannot be checked; Cloud Exchange needs port 443 of {}",
            hosts.join(", ")
        ),
        "make sure that the private subnets can reach them, and the hosts that your plug-ins need",
    ))
}

/// AWS and the vendor recommend a role that may open cases with AWS Support (vendor's deployment guide, "Best
/// practices").
pub fn support(role: &Named<bool>) -> Option<Finding> {
    let (policy, what) = (&role.name, "whether a role may open cases with AWS Support");
    match &role.lookup {
        Lookup::Found(true) => None,
        Lookup::Found(false) | Lookup::Missing => Some(warning(
            "account/no-support-role",
            "no role in the account may open cases with AWS Support".to_owned(),
            format!("attach {policy} to a role that somebody can assume when needed"),
        )),
        Lookup::Unread(why) => Some(unread(what, why)),
        Lookup::Denied(why) => Some(warning(
            "account/not-checked",
            format!("the caller may not check {what}: {why}"),
            "grant the caller iam:ListEntitiesForPolicy",
        )),
    }
}
