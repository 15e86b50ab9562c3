//! All kinds, and one way to call any of them.

use std::marker::PhantomData;

use async_trait::async_trait;
use serde_json::Value;

use crate::aws::grant::Grant;
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Live, Sighting};
use crate::engine::kind::{Kind, Spec};
use crate::engine::plan::Action;
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{At, Cx, Depth, Resource, Tags};
use super::{
    access_point, backup_vault, bucket, ca_certificate, cluster, data_step, default_security_group, elastic_ip,
    file_system, file_system_policy, flow_log, guardduty, internet_gateway, listener, load_balancer, log_group,
    mount_target, nat_gateway, network_acl, recovery_point, restore, role, route_table, secret, security_group,
    service, service_linked_role, subnet, target_group, task_definition, vpc,
};

/// A kind without its type.
#[async_trait]
pub trait AnyKind: Send + Sync {
    fn kind(&self) -> Kind;
    async fn list(&self, cx: &Cx, depth: Depth) -> Result<Sighting, Failure>;
    async fn create(&self, cx: &Cx, at: &At, spec: Value) -> Result<Made, Failure>;
    async fn update(&self, cx: &Cx, at: &At, spec: Value) -> Result<Made, Failure>;
    async fn delete(&self, cx: &Cx, at: &At) -> Result<(), Failure>;
    async fn retag(&self, cx: &Cx, at: &At, set: &Tags, remove: &[String]) -> Result<(), Failure>;
    async fn act(&self, cx: &Cx, at: &At, action: Action) -> Result<Made, Failure>;
    async fn explain(&self, cx: &Cx, incident: &Incident) -> Option<Event>;
    fn grants(&self, place: &Place) -> Vec<Grant>;
}

struct Of<R>(PhantomData<fn() -> R>);

fn typed<R: Spec>(at: &At, spec: Value) -> Result<R, Failure> {
    serde_json::from_value(spec).map_err(|error| {
        Failure::of(Cause::Internal, format!("the specification of {} does not fit: {error}", at.address))
    })
}

#[async_trait]
impl<R: Resource> AnyKind for Of<R> {
    fn kind(&self) -> Kind {
        R::KIND
    }

    async fn list(&self, cx: &Cx, depth: Depth) -> Result<Sighting, Failure> {
        let seen = R::list(cx, depth).await?;
        let live = seen.found.into_iter().map(|found| Live {
            spec: found.spec.and_then(|spec| serde_json::to_value(spec).ok()).unwrap_or_default(),
            address: found.address,
            id: found.id,
            outputs: found.outputs,
            phase: found.phase,
            tags: found.tags,
        });
        Ok(Sighting { live: live.collect(), incidents: seen.incidents })
    }

    async fn create(&self, cx: &Cx, at: &At, spec: Value) -> Result<Made, Failure> {
        typed::<R>(at, spec)?.create(cx, at).await
    }

    async fn update(&self, cx: &Cx, at: &At, spec: Value) -> Result<Made, Failure> {
        typed::<R>(at, spec)?.update(cx, at).await
    }

    async fn delete(&self, cx: &Cx, at: &At) -> Result<(), Failure> {
        R::delete(cx, at).await
    }

    async fn retag(&self, cx: &Cx, at: &At, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        R::retag(cx, at, set, remove).await
    }

    async fn act(&self, cx: &Cx, at: &At, action: Action) -> Result<Made, Failure> {
        R::act(cx, at, action).await
    }

    async fn explain(&self, cx: &Cx, incident: &Incident) -> Option<Event> {
        R::explain(cx, incident).await
    }

    fn grants(&self, place: &Place) -> Vec<Grant> {
        R::grants(place)
    }
}

const fn of<R: Resource>() -> Of<R> {
    Of(PhantomData)
}

/// Every kind this program knows. One line a kind.
pub static KINDS: &[&dyn AnyKind] = &[
    &of::<vpc::Vpc>(),
    &of::<subnet::Subnet>(),
    &of::<role::Role>(),
    &of::<service_linked_role::ServiceLinkedRole>(),
    &of::<log_group::LogGroup>(),
    &of::<bucket::Bucket>(),
    &of::<secret::Secret>(),
    &of::<ca_certificate::CaCertificate>(),
    &of::<internet_gateway::InternetGateway>(),
    &of::<elastic_ip::ElasticIp>(),
    &of::<nat_gateway::NatGateway>(),
    &of::<route_table::RouteTable>(),
    &of::<security_group::SecurityGroup>(),
    &of::<default_security_group::DefaultSecurityGroup>(),
    &of::<network_acl::DefaultNetworkAcl>(),
    &of::<flow_log::FlowLog>(),
    &of::<guardduty::GuardDutyEndpoint>(),
    &of::<guardduty::GuardDutyGroup>(),
    &of::<file_system::FileSystem>(),
    &of::<file_system_policy::FileSystemPolicy>(),
    &of::<mount_target::MountTarget>(),
    &of::<access_point::AccessPoint>(),
    &of::<backup_vault::BackupVault>(),
    &of::<recovery_point::RecoveryPoint>(),
    &of::<restore::Restore>(),
    &of::<load_balancer::LoadBalancer>(),
    &of::<target_group::TargetGroup>(),
    &of::<listener::Listener>(),
    &of::<cluster::Cluster>(),
    &of::<task_definition::TaskDefinition>(),
    &of::<service::Service>(),
    &of::<data_step::DataStep>(),
];

/// The kind of that name.
pub fn find(name: &str) -> Option<&'static dyn AnyKind> {
    KINDS.iter().copied().find(|kind| kind.kind().name == name)
}

/// The facts about every kind, for the engine and the planners.
pub fn facts() -> Vec<Kind> {
    KINDS.iter().map(|kind| kind.kind()).collect()
}
