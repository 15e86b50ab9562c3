//! The `[access]` table: who may reach the UI.

use super::{
    cidr::Cidr,
    existing::ExistingKeys,
    limits::{Limits, fewest_entries},
    load_balancer::Front,
    network::Network,
    problem::Problem,
    section::{Entry, Keys as _, table},
    text::Invalid,
    traffic::{GroupIngress, GroupTarget, Traffic, refuse_twins},
};

table! {
    /// Who may reach the UI, and what else the security groups admit.
    pub struct Access / AccessKeys {
        /// Networks that may reach the UI: on ports 80 and 443 of the load balancer, or, without
        /// any, on port 3000 of the task. Without effect with `existing.target_group`, whose load balancer has rules of
        /// its own. Left out, it is the VPC itself, in an existing VPC with all its ranges.
        #[schemars(length(min = 1))]
        pub allowed_cidrs: Option<Vec<Cidr>> = None,
        /// Further rules of the load balancer's and the task's security group.
        pub extra_ingress: Vec<GroupIngress> = Vec::new(),
    }
}

/// Ports that the load balancer's security group opens to the allowed networks.
const WEB_PORTS: &[u16] = &[80, 443];

/// The port of the UI itself. Source: vendor template, CE 5.0.0, container `ui`.
const UI_PORTS: &[u16] = &[3000];

impl Access {
    /// The networks that may reach the UI, in CIDR notation; `vpc`, the VPC's own ranges, where none are named.
    pub fn allowed(&self, vpc: &[String]) -> Vec<String> {
        match &self.allowed_cidrs {
            Some(allowed) => allowed.iter().map(|cidr| cidr.as_str()).collect(),
            None => vpc.to_vec(),
        }
    }

    pub(super) fn read(keys: &AccessKeys<'_>, network: &Network, existing: &ExistingKeys<'_>, front: Front) -> Self {
        let plan = keys.values();
        check_allowed(&keys.allowed_cidrs, front);
        refuse_twins(&keys.extra_ingress, |rule| (rule.to, rule.traffic, rule.from), "this rule");
        check_targets(&keys.extra_ingress, front);
        // The ranges of an existing VPC are not in the file.
        let vpc = (!existing.vpc.is_there()).then_some(network);
        let by_default = vpc.map(|network| vec![network.cidr.into()]);
        let allowed = plan.allowed_cidrs.clone().or(by_default).unwrap_or_default();
        check_extra(&keys.extra_ingress, &allowed, front);
        if let Some(network) = vpc {
            check_entries(keys, &plan, front, network);
        }
        plan
    }
}

/// A network ACL has room for few entries. However many networks outside the VPC may reach a load balancer, one range
/// that covers them must fit for both of its ports; the UI's own port is among those that are open for responses from
/// the internet.
fn check_entries(keys: &AccessKeys<'_>, access: &Access, front: Front, network: &Network) {
    let allowed: Vec<_> = access.allowed_cidrs.iter().flatten().map(|cidr| cidr.net()).collect();
    let entries = fewest_entries(&allowed, network, front == Front::Own);
    let most = Limits::default().entries;
    if network.harden && entries > most {
        let invalid = Invalid::new(
            "plan-file/too-many-entries",
            format!(
                "the network ACL would have {entries} inbound entries, and AWS allows {most}, its own last one included"
            ),
            "write fewer rules in the network's `extra_ingress`: each of them takes one entry",
        );
        keys.section().refuse(invalid, keys.section().span());
    }
}

fn check_allowed(allowed: &Entry<'_, Vec<Cidr>>, front: Front) {
    refuse_twins(allowed, |cidr| *cidr, "this network");
    if allowed.value.as_ref().is_some_and(Vec::is_empty) {
        allowed.refuse(Invalid::new(
            "plan-file/nobody-allowed",
            "nobody could open the UI: the list is empty",
            "name the networks that your users come from, or leave the key out for the VPC itself",
        ));
    }
    let door = if front == Front::Own { "load balancer" } else { "task" };
    for anywhere in allowed.elements().into_iter().filter(|cidr| *cidr.value == Cidr::ANYWHERE) {
        let invalid = Invalid::new(
            "plan-file/open-to-all",
            format!("every network that reaches the {door} may open the UI"),
            format!("the {door} has no public address, but name only the networks that your users come from"),
        );
        allowed.push(Problem::warning(invalid, anywhere.span));
    }
}

/// Only a load balancer of ce-aws's own has a group that ce-aws may open.
fn check_targets(extra: &Entry<'_, Vec<GroupIngress>>, front: Front) {
    let wrong = |rule: &GroupIngress| front != Front::Own && rule.to == GroupTarget::LoadBalancer;
    for rule in extra.elements().into_iter().filter(|rule| wrong(rule.value)) {
        let invalid = Invalid::new(
            "plan-file/no-effect",
            "the rule has no effect: ce-aws makes no load balancer here, and never changes the groups of yours",
            "remove it, or write `to = \"task\"`",
        );
        extra.push(Problem::error(invalid, rule.span));
    }
}

/// AWS refuses a rule that a group has already.
fn check_extra(extra: &Entry<'_, Vec<GroupIngress>>, allowed: &[Cidr], front: Front) {
    let (open, ports) = match front {
        Front::Own => (GroupTarget::LoadBalancer, WEB_PORTS),
        Front::LoadBalancer | Front::TargetGroup | Front::Nothing => (GroupTarget::Task, UI_PORTS),
    };
    for rule in extra.elements() {
        let GroupIngress { to, traffic, from, .. } = rule.value;
        let is_open =
            matches!(traffic, Traffic::Tcp(range) if range.from() == range.to() && ports.contains(&range.from()));
        if *to == open && is_open && allowed.contains(from) {
            let invalid = Invalid::new(
                "plan-file/duplicate",
                format!("`allowed_cidrs` admits {traffic} from {from} already"),
                "remove the rule",
            );
            extra.push(Problem::error(invalid, rule.span));
        }
    }
}
