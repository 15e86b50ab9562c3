//! All checks of existing resources, in one pass.

use std::collections::BTreeSet;

use crate::config::{CaCertificate, Nat, PlanFile, Region};
use crate::engine::inventory::{Inventory, Live};
use crate::engine::plan::{self, Finding};
use crate::existing::{Existing, Named};
use crate::release::{Image, Release};

use super::finding::{refusal, warning};
use super::network::Uses;
use super::{certificate, client_vpn, cluster, dns, identity, ingress, network, notices, reach, routes, storage};

/// What the checks need.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    pub plan: &'a PlanFile,
    pub release: &'a Release,
    /// The deployment's region.
    pub region: &'a str,
    pub existing: &'a Existing,
    pub inventory: &'a Inventory,
    /// Seconds since 1970.
    pub now: i64,
}

/// All findings, refusals first.
pub fn all(setting: &Setting<'_>) -> Vec<Finding> {
    let Existing {
        vpc,
        subnets,
        certificate: named,
        vpn_certificates,
        task_role,
        execution_role,
        backup_role,
        policies,
        key,
        secrets,
        ..
    } = setting.existing;
    let mut findings = Vec::new();
    if let Some(vpc) = vpc {
        findings.extend(network::vpc(vpc));
        findings.extend(network::subnets(vpc, subnets, &setting.uses()));
    }
    findings.extend(setting.existing.zones.iter().filter_map(network::named_zone));
    findings.extend(setting.existing.cluster.iter().flat_map(cluster::cluster));
    findings.extend(setting.front());
    findings.extend(setting.no_egress());
    findings.extend(setting.reach());
    findings.extend(setting.no_effect());
    findings.extend(dns::dns(setting.plan, setting.existing, setting.inventory));
    findings.extend(client_vpn::client_vpn(setting.plan, setting.existing, setting.inventory));
    findings.extend(routes::routes(setting.plan, setting.inventory));
    findings.extend(setting.other_partition());
    findings.extend(named.iter().flat_map(|named| certificate::of_listener(named, setting.now)));
    findings.extend(vpn_certificates.iter().flat_map(|named| certificate::of_vpn(named, setting.now)));
    findings.extend(certificate::own(setting.inventory, setting.now));
    findings.extend(task_role.iter().flat_map(|role| identity::role(role, identity::Which::Task)));
    findings.extend(execution_role.iter().flat_map(|role| identity::role(role, identity::Which::Execution)));
    findings.extend(backup_role.iter().flat_map(|role| identity::role(role, identity::Which::Backup)));
    findings.extend(policies.iter().flat_map(identity::policy));
    findings.extend(key.iter().flat_map(storage::key));
    findings.extend(setting.existing.topic.iter().flat_map(notices::topic));
    findings.extend(setting.existing.topic_key.iter().flat_map(notices::key));
    // The role of ce-aws gets the permission to decrypt what it reads.
    let own_role = setting.plan.existing.execution_role.is_none();
    let secrets = secrets.iter().flat_map(storage::secret);
    findings.extend(secrets.filter(|finding| !(own_role && finding.code == "secret/other-key")));
    // The same role, secret or subnet may be named twice.
    let mut all: Vec<Finding> = Vec::new();
    for finding in findings {
        if !all.contains(&finding) {
            all.push(finding);
        }
    }
    all.sort_by_key(|finding| finding.severity);
    all
}

/// What a plan shows of the existing resources.
pub fn existing(plan: &PlanFile, seen: &Existing) -> Vec<plan::Existing> {
    let existing = &plan.existing;
    let mut all = Vec::new();
    let mut add = |what: &str, id: Option<&str>, seen: Option<String>| {
        let seen = seen.unwrap_or_default();
        all.extend(id.map(|id| plan::Existing { what: what.to_owned(), id: id.to_owned(), seen }));
    };
    add("vpc", existing.vpc.as_deref(), found(&seen.vpc, |vpc| vpc.cidrs.join(", ")));
    for (index, subnet) in existing.private_subnets.iter().flatten().enumerate() {
        let zone = seen.subnets.get(index).and_then(|subnet| Some(subnet.found()?.zone.clone()));
        add("subnet", Some(subnet), zone);
    }
    add("cluster", existing.cluster.as_deref(), None);
    add("load balancer", existing.load_balancer.as_deref(), found(&seen.load_balancer, |one| one.dns.clone()));
    let urls = found(&seen.target_group, |group| ingress::urls(group).join(", "));
    add("target group", existing.target_group.as_deref(), urls);
    let domain = found(&seen.certificate, |certificate| certificate.domain.clone());
    add("certificate", plan.load_balancer.certificate_arn.as_deref(), domain);
    for (index, arn) in plan.client_vpn.certificates().enumerate() {
        let what = if index == 0 { "VPN certificate" } else { "VPN client certificate" };
        let found = seen.vpn_certificates.get(index).and_then(|named| named.found());
        add(what, Some(arn), found.map(|certificate| certificate.domain.clone()));
    }
    add("hosted zone", plan.dns.zone.as_deref(), found(&seen.zone, |zone| zone.name.clone()));
    let validation = plan.dns.validation_zone.as_deref().filter(|_| plan.dns.certificate);
    add("validation zone", validation, found(&seen.validation, |zone| zone.name.clone()));
    add("task role", existing.task_role.as_deref(), None);
    add("execution role", existing.execution_role.as_deref(), None);
    add("backup role", existing.backup_role.as_deref(), None);
    for policy in &plan.identity.task_policy_arns {
        add("policy", Some(policy), None);
    }
    add("permissions boundary", plan.identity.permissions_boundary.as_deref(), None);
    add("key", existing.kms_key.as_deref(), None);
    add("topic", plan.alarms.topic.as_deref(), None);
    add("topic key", plan.alarms.kms_key.as_deref(), None);
    add("secret", plan.secrets.existing.as_deref(), None);
    add("proxy secret", plan.proxy.secret.as_deref(), None);
    if let Some(CaCertificate::Secret(arn)) = &plan.ca {
        add("CA secret", Some(arn), None);
    }
    all
}

fn found<T>(named: &Option<Named<T>>, read: impl FnOnce(&T) -> String) -> Option<String> {
    Some(read(named.as_ref()?.found()?))
}

impl Setting<'_> {
    fn live(&self, kind: &str) -> impl Iterator<Item = &Live> {
        self.inventory.live.iter().filter(move |live| live.address.kind() == kind)
    }

    fn has(&self, kind: &str) -> bool {
        self.live(kind).next().is_some()
    }

    /// Whether the deployment has a load balancer of its own.
    fn own_load_balancer(&self) -> bool {
        let existing = &self.plan.existing;
        self.plan.load_balancer.enabled && existing.load_balancer.is_none() && existing.target_group.is_none()
    }

    fn uses(&self) -> Uses {
        let (own, existing) = (self.own_load_balancer(), &self.plan.existing);
        let foreign = existing.load_balancer.is_some() || existing.target_group.is_some();
        let port = match (own, foreign) {
            (true, _) => Some(self.plan.listens_on()),
            (false, true) => None,
            (false, false) => Some(self.release.web.port),
        };
        Uses {
            addresses: network::addresses(own && !self.has("load-balancer"), !self.has("mount-target")),
            load_balancer: own,
            port,
            clients: self.plan.access.allowed(&self.ranges()),
            registries: self.registries(),
            proxy: self.plan.proxy.secret.is_some() || self.plan.proxy.https.is_some(),
        }
    }

    /// The ranges of the existing VPC.
    fn ranges(&self) -> Vec<String> {
        let vpc = self.existing.vpc.as_ref().and_then(|vpc| vpc.found());
        vpc.map(|vpc| vpc.cidrs.clone()).unwrap_or_default()
    }

    /// The registries of the images for which this is true.
    fn registries_of(&self, is_meant: impl Fn(&Image) -> bool) -> Vec<String> {
        let images = self.release.containers.iter().map(|wanted| self.plan.images.apply(&wanted.name, &wanted.image));
        let all: BTreeSet<_> = images.filter(is_meant).map(|image| image.registry().to_owned()).collect();
        all.into_iter().collect()
    }

    /// The registries that images come from, without ECR of this region.
    pub fn registries(&self) -> Vec<String> {
        self.registries_of(|image| image.ecr_repository().is_none_or(|repository| repository.region != self.region))
    }

    /// Findings about the existing load balancer or target group.
    fn front(&self) -> Vec<Finding> {
        let seen = self.existing.subnets.iter().filter_map(|subnet| subnet.found());
        let tasks = self.live("service").filter_map(|live| live.outputs.get("private_ip").cloned());
        let wanted = ingress::Wanted {
            deployment: self.plan.name.as_str().to_owned(),
            vpc: self.plan.existing.vpc.as_deref().unwrap_or_default().to_owned(),
            networks: self.ranges(),
            zones: seen.map(|subnet| subnet.zone.clone()).collect(),
            port: self.plan.listens_on(),
            web_port: self.release.web.port,
            web_tls: self.plan.ui_certificate.is_some(),
            allowed: self.plan.access.allowed(&self.ranges()),
            tasks: tasks.collect(),
        };
        let Existing { load_balancer, target_group, .. } = self.existing;
        let balancer = load_balancer.iter().flat_map(|balancer| ingress::load_balancer(balancer, &wanted));
        let group = target_group.iter().flat_map(|group| ingress::target_group(group, &wanted));
        balancer.chain(group).chain(self.moves_between_balancers()).collect()
    }

    /// How the allowed networks fit into security groups of ce-aws and into the network ACL.
    fn reach(&self) -> Vec<Finding> {
        let Existing { limits, limits_unread, .. } = self.existing;
        let writes_groups = self.own_load_balancer() || !self.plan.load_balancer.enabled;
        reach::reach(self.plan, &self.ranges(), *limits, limits_unread.as_deref(), self.region, writes_groups)
    }

    /// The security groups of an existing load balancer decide who has access.
    fn no_effect(&self) -> Option<Finding> {
        let group = self.plan.existing.target_group.as_ref().filter(|_| self.plan.access.allowed_cidrs.is_some())?;
        Some(warning(
            "access/no-effect",
            format!(
                "`access.allowed_cidrs` has no effect: the load balancer of the existing target group {group} decides \
                 who has access",
            ),
            "remove the key from the plan file, and set inbound rules of that load balancer's security groups",
        ))
    }

    /// ECR has no access from another partition (AWS General Reference, "AWS partitions").
    fn other_partition(&self) -> Option<Finding> {
        let here = self.region.parse::<Region>().ok()?.partition().as_str();
        let elsewhere = |image: &Image| image.ecr_repository().is_some_and(|ecr| ecr.partition != here);
        let (registries, region) = (self.registries_of(elsewhere).join(" and "), self.region);
        (!registries.is_empty()).then_some(refusal(
            "image/other-partition",
            format!(
                "images come from {registries}, in another partition than {region} ({here}): ECS could not pull \
                     them"
            ),
            "copy the images to a registry in that partition, and set `registry` in [images]",
        ))
    }

    /// A new VPC without NAT gateways has no internet access until its owner adds routes or endpoints.
    fn no_egress(&self) -> Option<Finding> {
        let without = self.plan.existing.vpc.is_none() && self.plan.network.nat == Nat::None;
        (without && !self.has("service")).then_some(warning(
            "network/no-egress",
            "with `nat = \"none\"` the new VPC has no internet access, so ECS cannot start a task until you add it"
                .to_owned(),
            "apply, and once the network exists, add routes to a transit gateway or firewall to its private route \
                 tables, or add VPC endpoints; then apply again, which keeps what you have added",
        ))
    }

    /// A target group can be behind only one load balancer (Elastic Load Balancing user guide, "Target groups").
    fn moves_between_balancers(&self) -> Option<Finding> {
        let attached = |live: &Live| live.outputs.get("balancer").cloned();
        let group = self.live("target-group").find_map(attached)?;
        let own = self.live("load-balancer").any(|live| live.id == group);
        let stays = match &self.plan.existing.load_balancer {
            Some(arn) => arn.as_str() == group,
            None => own || !self.own_load_balancer(),
        };
        (!stays).then_some(refusal(
            "plan/cannot-move",
            format!("the target group is already behind {group}, and can be behind only one load balancer"),
            "go in two steps: apply once with `enabled = false` in [load_balancer], then name the other load \
                 balancer",
        ))
    }
}
