//! From the properties of resources to what AWS counts.

use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::kind::Spec;
use crate::kinds::alarm::Alarm;
use crate::kinds::client_vpn::{ClientVpnAssociation, ClientVpnAuthority, ClientVpnEndpoint};
use crate::kinds::cluster::Cluster;
use crate::kinds::dashboard::Dashboard;
use crate::kinds::elastic_ip::ElasticIp;
use crate::kinds::file_system::FileSystem;
use crate::kinds::flow_log::FlowLog;
use crate::kinds::load_balancer::LoadBalancer;
use crate::kinds::log_group::LogGroup;
use crate::kinds::nat_gateway::NatGateway;
use crate::kinds::secret::Secret;
use crate::kinds::secret::ca_certificate::CaCertificate;
use crate::kinds::secret::internal_certificate::InternalCertificate;
use crate::kinds::secret::ui_certificate::UiCertificate;
use crate::kinds::service::Service;
use crate::kinds::task_definition::TaskDefinition;
use crate::kinds::{bucket::Bucket, file_system};

use super::item::Item;
use super::parts::Parts;
use super::usage::HOURS;

/// How much of an item a resource needs in a month.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    pub item: Item,
    pub address: Address,
    /// `None`: it depends on how the deployment is used.
    pub amount: Option<f64>,
}

/// The kinds that are secrets.
const SECRETS: [&str; 5] = [
    Secret::KIND.name,
    CaCertificate::KIND.name,
    InternalCertificate::KIND.name,
    UiCertificate::KIND.name,
    ClientVpnAuthority::KIND.name,
];

/// What AWS counts of all parts.
pub fn quantities(parts: &Parts) -> Vec<Quantity> {
    let tasks = tasks(parts);
    let of = |(address, spec): (&Address, &Value)| {
        let found = of_resource(address, spec, tasks).into_iter();
        found.map(|(item, amount)| Quantity { item, address: address.clone(), amount }).collect::<Vec<_>>()
    };
    parts.0.iter().flat_map(of).collect()
}

/// How many tasks the services run.
fn tasks(parts: &Parts) -> f64 {
    let services = parts.0.iter().filter(|(address, _)| address.kind() == Service::KIND.name);
    services.filter_map(|(_, spec)| read::<Service>(spec)).map(|service| f64::from(service.desired)).sum()
}

fn of_resource(address: &Address, spec: &Value, tasks: f64) -> Vec<(Item, Option<f64>)> {
    let kind = address.kind();
    if kind == TaskDefinition::KIND.name {
        let Some(task) = read::<TaskDefinition>(spec).filter(|_| tasks > 0.0) else { return Vec::new() };
        // The 20 GiB of ephemeral storage that every task has are free, and no task has more.
        let (vcpus, gigabytes) = (f64::from(task.cpu) / 1024.0, f64::from(task.memory) / 1024.0);
        vec![
            (Item::FargateVcpu, Some(vcpus * tasks * HOURS)),
            (Item::FargateMemory, Some(gigabytes * tasks * HOURS)),
            (Item::LogsIngested, None),
        ]
    } else if kind == NatGateway::KIND.name {
        vec![(Item::NatHour, Some(HOURS)), (Item::NatData, None)]
    } else if kind == ElasticIp::KIND.name {
        vec![(Item::PublicIpv4, Some(HOURS))]
    } else if kind == ClientVpnAssociation::KIND.name {
        vec![(Item::VpnAssociationHour, Some(HOURS))]
    } else if kind == ClientVpnEndpoint::KIND.name {
        vec![(Item::VpnConnectionHour, None)]
    } else if kind == LoadBalancer::KIND.name {
        vec![(Item::LoadBalancerHour, Some(HOURS)), (Item::LoadBalancerCapacity, None)]
    } else if kind == FileSystem::KIND.name {
        of_file_system(address, read::<FileSystem>(spec))
    } else if kind == LogGroup::KIND.name {
        vec![(Item::LogsStored, None)]
    } else if kind == FlowLog::KIND.name {
        vec![(Item::FlowLogs, None)]
    } else if kind == Cluster::KIND.name {
        let insights = read::<Cluster>(spec).is_some_and(|cluster| cluster.container_insights);
        insights.then_some((Item::Metric, None)).into_iter().collect()
    } else if kind == Alarm::KIND.name {
        // By the metrics that it is about (CloudWatch pricing).
        let metrics = read::<Alarm>(spec).map(|alarm| alarm.metrics.len() as f64);
        vec![(Item::Alarm, metrics)]
    } else if kind == Dashboard::KIND.name {
        // The first three of an account are free.
        vec![(Item::Dashboard, None)]
    } else if kind == Bucket::KIND.name {
        vec![(Item::BucketStorage, None)]
    } else if SECRETS.contains(&kind) {
        vec![(Item::Secret, Some(1.0))]
    } else {
        Vec::new()
    }
}

fn of_file_system(address: &Address, spec: Option<FileSystem>) -> Vec<(Item, Option<f64>)> {
    let mut items = vec![(Item::FileSystemStorage, None)];
    // Nobody reads or writes one that a restored one has replaced.
    if spec.as_ref().is_some_and(|spec| spec.throughput == "elastic") && !file_system::is_former(address) {
        items.extend([(Item::FileSystemRead, None), (Item::FileSystemWrite, None)]);
    }
    if spec.is_some_and(|spec| spec.backup) {
        items.push((Item::BackupStorage, None));
    }
    items
}

fn read<K: Spec>(spec: &Value) -> Option<K> {
    serde_json::from_value(spec.clone()).ok()
}
