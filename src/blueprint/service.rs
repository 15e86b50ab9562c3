//! The task and the service that keeps one of it running.

use std::collections::BTreeMap;

use crate::engine::graph::Handle;
use crate::engine::reference::Need;
use crate::kinds::cluster::Cluster;
use crate::kinds::names;
use crate::kinds::service::{Registration, Service};
use crate::kinds::task_definition::container::Logs;
use crate::kinds::task_definition::{BindMount, TaskDefinition, TaskVolume};
use crate::release::UI_CERTIFICATE_DELIVERER;

use super::containers::{container, volume};
use super::groups::Groups;
use super::identity::Identity;
use super::ingress::Ingress;
use super::network::{self, Network};
use super::outside::Outside;
use super::stack::Stack;
use super::storage::Storage;

/// Seconds after the start during which the load balancer's checks do not stop a task: MongoDB may have to recover.
const GRACE: u32 = 1200;

/// The parts of the stack that the service joins.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    pub network: &'a Network,
    pub groups: &'a Groups,
    pub storage: &'a Storage,
    pub identity: &'a Identity,
    pub ingress: &'a Ingress,
    pub outside: &'a Outside,
}

/// Adds the cluster, unless the user brings one, the task definition and the service.
pub fn add(stack: &mut Stack<'_>, parts: &Parts<'_>) -> Handle<Service> {
    let Parts { network, groups, storage, identity, ingress, .. } = *parts;
    let (cluster, recorded) = cluster(stack, identity);
    let task = task_definition(stack, parts);
    let release = stack.facts.release.version.to_string();
    let records = [(names::CLUSTER, recorded.as_str()), (names::RELEASE, &release)];
    let task = stack.add_tagged("main", &records, &task);
    let web = &stack.facts.release.web;
    let service = Service {
        name: stack.names().stack(),
        cluster: cluster.arn(),
        task_definition: task.arn(),
        desired: 1,
        platform_version: "1.4.0".to_owned(),
        minimum: 0,
        maximum: 100,
        circuit_breaker: true,
        // Only this program decides to go back.
        circuit_breaker_rollback: false,
        zone_rebalancing: false,
        exec: true,
        propagate_tags: "SERVICE".to_owned(),
        grace: ingress.target_group.is_some().then_some(GRACE),
        subnets: network::private(network),
        groups: std::iter::once(&groups.task).chain(&groups.more_of_task).map(Handle::id).collect(),
        public_address: false,
        load_balancer: ingress.target_group.as_ref().map(|group| Registration {
            target_group: group.arn(),
            container: web.container.clone(),
            port: web.port,
        }),
    };
    let service = stack.add("main", &service);
    // A task started before these stand fails, and ECS backs off.
    stack.order(&service, &network.private_routes, Need::Ready);
    stack.order(&service, &storage.mount_targets, Need::Ready);
    stack.order(&service, storage.access_points.values(), Need::Ready);
    stack.order(&service, &ingress.listeners, Need::Exists);
    stack.order(&service, [&identity.execution_role, &identity.task_role], Need::Ready);
    stack.order(&service, [&groups.file_system], Need::Ready);
    stack.order(&service, [&identity.ecs], Need::Ready);
    service
}

/// The cluster, and how the task definition's record calls it.
fn cluster(stack: &mut Stack<'_>, identity: &Identity) -> (Handle<Cluster>, String) {
    if let Some(named) = &stack.plan.existing.cluster {
        let seen = stack.facts.existing.cluster.as_ref().and_then(|cluster| cluster.found());
        let arn = seen.map_or_else(|| named.as_str().to_owned(), |cluster| cluster.arn.clone());
        return (Handle::existing([("arn", arn.as_str())]), arn);
    }
    let container_insights = stack.plan.service.container_insights;
    let name = stack.names().stack();
    let cluster = stack.add("main", &Cluster { name: name.clone(), container_insights });
    stack.graph.order(&cluster, &identity.ecs, Need::Ready);
    (cluster, name)
}

fn task_definition(stack: &Stack<'_>, parts: &Parts<'_>) -> TaskDefinition {
    let Parts { storage, identity, .. } = *parts;
    let plan = stack.plan;
    let logs =
        Logs { group: identity.logs.id(), region: stack.names().region.clone(), prefix: "cloud-exchange".to_owned() };
    let over_tls = plan.ui_certificate.as_ref().and_then(|_| stack.facts.release.with_ui_certificate());
    let release = over_tls.as_ref().unwrap_or(stack.facts.release);
    let containers = release.render(&plan.settings()).into_iter().map(|wanted| {
        let mut made = container(&wanted, plan.package, Need::Exists, Some(logs.clone()));
        let image_of = if wanted.name == UI_CERTIFICATE_DELIVERER { &release.web.container } else { &wanted.name };
        made.image = plan.images.apply(image_of, &wanted.image).to_string();
        made.digest = stack.facts.digests.get(image_of).cloned();
        parts.outside.equip(stack, &wanted, &mut made);
        (wanted.name, made)
    });
    let containers: BTreeMap<_, _> = containers.collect();
    let is_mounted = |name: &str| {
        let mut mounts = containers.values().flat_map(|container| container.mounts.values());
        mounts.any(|mount| mount.volume == name)
    };
    // The delivered certificate takes the place of the access point, which then is mounted nowhere.
    let volumes = storage.access_points.iter().filter(|(name, _)| is_mounted(name));
    let volumes = volumes.map(|(name, point)| (name.clone(), volume(storage.file_system.id(), point.id(), true)));
    let ephemeral = release.task_volumes.iter();
    let ephemeral = ephemeral.map(|volume| (volume.name.clone(), TaskVolume::Bind(BindMount::EphemeralStorage)));
    let volumes = volumes.chain(ephemeral).collect();
    TaskDefinition {
        family: stack.names().stack(),
        cpu: plan.package.cpu_units(),
        memory: plan.package.memory_mib(),
        execution_role: identity.execution_role.arn(),
        task_role: identity.task_role.arn(),
        system: "LINUX".to_owned(),
        architecture: "X86_64".to_owned(),
        containers,
        volumes,
    }
}
