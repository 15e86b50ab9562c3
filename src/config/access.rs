//! The `[access]` table: who may reach the UI.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    cidr::{Cidr, NetworkCidr},
    found::Located,
    network::Network,
    problem::Problem,
    reader::Section,
    text::Invalid,
    traffic::{GroupIngress, GroupTarget, Traffic, refuse_twins},
};

/// Who may reach the UI, and what else the security groups admit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Networks that may reach the UI, on ports 80 and 443 of the load balancer. Left out, it is the
    /// VPC itself.
    #[schemars(length(min = 1))]
    pub allowed_cidrs: Vec<Cidr>,
    /// Further rules of the load balancer's and the task's security group.
    pub extra_ingress: Vec<GroupIngress>,
}

impl Default for Access {
    /// Source: vendor template, CE 5.0.0, parameter `WhitelistIP`, which is also its VPC.
    fn default() -> Self {
        Self::for_vpc(NetworkCidr::DEFAULT)
    }
}

/// Ports that the load balancer's security group opens to the allowed networks.
const WEB_PORTS: [u16; 2] = [80, 443];

/// Inbound entries of a network ACL. Source: Amazon VPC user guide, "Amazon VPC quotas" (rules per network ACL).
const MAX_ENTRIES: usize = 20;

/// Those that ce-aws itself makes, whoever is allowed.
const OWN_ENTRIES: usize = 6;

impl Access {
    fn for_vpc(vpc: NetworkCidr) -> Self {
        Self { allowed_cidrs: vec![vpc.into()], extra_ingress: Vec::new() }
    }

    pub(super) fn read(section: &Section<'_>, network: &Network) -> Self {
        let allowed = section.list::<Cidr>("allowed_cidrs");
        let extra = section.tables("extra_ingress", GroupIngress::read);
        let default = Self::for_vpc(network.cidr);
        let plan = Self {
            allowed_cidrs: allowed
                .as_ref()
                .map_or(default.allowed_cidrs, |list| list.value.iter().map(|cidr| cidr.value).collect()),
            extra_ingress: extra.iter().map(|rule| rule.value.clone()).collect(),
        };
        if let Some(allowed) = &allowed {
            check_allowed(section, allowed);
        }
        refuse_twins(section, &extra, |rule| (rule.to, rule.traffic, rule.from), "this rule");
        check_extra(section, &plan.allowed_cidrs, &extra);
        plan.check_entries(section, network);
        plan
    }
}

impl Access {
    /// A network ACL has room for few entries, and what is allowed from outside the VPC takes two each.
    fn check_entries(&self, section: &Section<'_>, network: &Network) {
        let outside = self.allowed_cidrs.iter().filter(|cidr| !network.cidr.net().contains(&cidr.net())).count();
        let entries = OWN_ENTRIES + 2 * outside + network.extra_ingress.len();
        if network.harden && entries > MAX_ENTRIES {
            let invalid = Invalid::new(
                "plan-file/too-many-entries",
                format!("the network ACL would have {entries} inbound entries, and AWS allows {MAX_ENTRIES}"),
                "allow fewer, larger networks: each one outside the VPC takes two entries, each of the network's \
                 `extra_ingress` one",
            );
            section.refuse(invalid, section.span());
        }
    }
}

fn check_allowed(section: &Section<'_>, allowed: &Located<Vec<Located<Cidr>>>) {
    refuse_twins(section, &allowed.value, |cidr| *cidr, "this network");
    if allowed.value.is_empty() {
        let invalid = Invalid::new(
            "plan-file/nobody-allowed",
            "nobody could open the UI: the list is empty",
            "name the networks your people come from, or leave the key out for the VPC itself",
        );
        section.refuse(invalid, allowed.span.clone());
    }
    for anywhere in allowed.value.iter().filter(|cidr| cidr.value == Cidr::ANYWHERE) {
        let invalid = Invalid::new(
            "plan-file/open-to-all",
            "every network that reaches the load balancer may open the UI",
            "the load balancer has no public address, but name only the networks your people come from",
        );
        section.push(Problem::warning(invalid, anywhere.span.clone()));
    }
}

/// AWS refuses a rule that a group has already.
fn check_extra(section: &Section<'_>, allowed: &[Cidr], extra: &[Located<GroupIngress>]) {
    for rule in extra {
        let GroupIngress { to, traffic, from, .. } = &rule.value;
        let web =
            matches!(traffic, Traffic::Tcp(ports) if ports.from() == ports.to() && WEB_PORTS.contains(&ports.from()));
        if *to == GroupTarget::LoadBalancer && web && allowed.contains(from) {
            let invalid = Invalid::new(
                "plan-file/duplicate",
                format!("`allowed_cidrs` admits {traffic} from {from} already"),
                "remove the rule",
            );
            section.refuse(invalid, rule.span.clone());
        }
    }
}
