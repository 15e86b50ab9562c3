//! The `[access]` table: who may reach the UI.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    cidr::Cidr,
    existing::Borrows,
    found::Located,
    load_balancer::Front,
    network::Network,
    problem::Problem,
    reach::{Limits, fewest_entries},
    reader::Section,
    text::Invalid,
    traffic::{GroupIngress, GroupTarget, Traffic, refuse_twins},
};

/// Who may reach the UI, and what else the security groups admit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Networks that may reach the UI: on ports 80 and 443 of the load balancer, or, without
    /// any, on port 3000 of the task. Without effect with `existing.target_group`, whose load balancer has rules of its own.
    /// Left out, it is the VPC itself, in an existing VPC with all its ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub allowed_cidrs: Option<Vec<Cidr>>,
    /// Further rules of the load balancer's and the task's security group.
    pub extra_ingress: Vec<GroupIngress>,
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

    pub(super) fn read(section: &Section<'_>, network: &Network, borrows: Borrows, front: Front) -> Self {
        let allowed = section.list::<Cidr>("allowed_cidrs");
        let extra = section.tables("extra_ingress", GroupIngress::read);
        if let Some(allowed) = &allowed {
            check_allowed(section, allowed, front);
        }
        refuse_twins(section, &extra, |rule| (rule.to, rule.traffic, rule.from), "this rule");
        check_targets(section, front, &extra);
        let plan = Self {
            allowed_cidrs: allowed.map(|list| list.value.into_iter().map(|cidr| cidr.value).collect()),
            extra_ingress: extra.iter().map(|rule| rule.value.clone()).collect(),
        };
        // The ranges of a VPC that exists are not in the file.
        let vpc = (!borrows.vpc).then_some(network);
        let by_default = vpc.map(|network| vec![network.cidr.into()]);
        let allowed = plan.allowed_cidrs.clone().or(by_default).unwrap_or_default();
        check_extra(section, &allowed, front, &extra);
        if let Some(network) = vpc {
            check_entries(section, &plan, front, network);
        }
        plan
    }
}

/// A network ACL has room for few entries. However many networks are allowed from outside the VPC to a load balancer, one
/// range that covers them must fit at both of its ports; the UI's own port is among those that are open for answers from the
/// internet.
fn check_entries(section: &Section<'_>, access: &Access, front: Front, network: &Network) {
    let entries = fewest_entries(access, network, front == Front::Own);
    let most = Limits::default().entries;
    if network.harden && entries > most {
        let invalid = Invalid::new(
            "plan-file/too-many-entries",
            format!(
                "the network ACL would have {entries} inbound entries, and AWS allows {most}, its own last one included"
            ),
            "write fewer rules in the network's `extra_ingress`: each of them takes one entry",
        );
        section.refuse(invalid, section.span());
    }
}

fn check_allowed(section: &Section<'_>, allowed: &Located<Vec<Located<Cidr>>>, front: Front) {
    refuse_twins(section, &allowed.value, |cidr| *cidr, "this network");
    if allowed.value.is_empty() {
        let invalid = Invalid::new(
            "plan-file/nobody-allowed",
            "nobody could open the UI: the list is empty",
            "name the networks your people come from, or leave the key out for the VPC itself",
        );
        section.refuse(invalid, allowed.span.clone());
    }
    let door = if front == Front::Own { "load balancer" } else { "task" };
    for anywhere in allowed.value.iter().filter(|cidr| cidr.value == Cidr::ANYWHERE) {
        let invalid = Invalid::new(
            "plan-file/open-to-all",
            format!("every network that reaches the {door} may open the UI"),
            format!("the {door} has no public address, but name only the networks your people come from"),
        );
        section.push(Problem::warning(invalid, anywhere.span.clone()));
    }
}

/// Only a load balancer of ce-aws's own has a group that ce-aws may open.
fn check_targets(section: &Section<'_>, front: Front, extra: &[Located<GroupIngress>]) {
    if front == Front::Own {
        return;
    }
    for rule in extra.iter().filter(|rule| rule.value.to == GroupTarget::LoadBalancer) {
        let invalid = Invalid::new(
            "plan-file/no-effect",
            "the rule has no effect: ce-aws makes no load balancer here, and does not change the security groups of yours",
            "remove it, or write `to = \"task\"`",
        );
        section.refuse(invalid, rule.span.clone());
    }
}

/// AWS refuses a rule that a group has already.
fn check_extra(section: &Section<'_>, allowed: &[Cidr], front: Front, extra: &[Located<GroupIngress>]) {
    let (open, ports) = match front {
        Front::Own => (GroupTarget::LoadBalancer, WEB_PORTS),
        Front::LoadBalancer | Front::TargetGroup | Front::Nothing => (GroupTarget::Task, UI_PORTS),
    };
    for rule in extra {
        let GroupIngress { to, traffic, from, .. } = &rule.value;
        let is_open =
            matches!(traffic, Traffic::Tcp(range) if range.from() == range.to() && ports.contains(&range.from()));
        if *to == open && is_open && allowed.contains(from) {
            let invalid = Invalid::new(
                "plan-file/duplicate",
                format!("`allowed_cidrs` admits {traffic} from {from} already"),
                "remove the rule",
            );
            section.refuse(invalid, rule.span.clone());
        }
    }
}
