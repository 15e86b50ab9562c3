//! All kinds, and one way to call any of them.

use std::marker::PhantomData;

use async_trait::async_trait;
use serde_json::Value;

use crate::aws::grant::Grant;
use crate::engine::address::Address;
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Live, Sighting};
use crate::engine::kind::{Kind, Spec};
use crate::engine::plan::Action;
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Neighbour, Resource, Tags, Target};
use super::{
    access_point, backup_vault, bucket, ca_certificate, cluster, data_step, default_security_group, elastic_ip,
    file_system, file_system_policy, flow_log, guardduty, internal_certificate, internet_gateway, listener,
    load_balancer, log_group, mount_target, nat_gateway, network_acl, recovery_point, restore, role, route_table,
    secret, security_group, service, service_linked_role, subnet, target_group, task_definition, vpc,
};

/// A kind without its type.
#[async_trait]
pub trait AnyKind: Send + Sync {
    fn kind(&self) -> Kind;
    async fn list(&self, context: &Context, depth: Depth) -> Result<Sighting, Failure>;
    async fn create(&self, context: &Context, target: &Target, spec: Value) -> Result<Made, Failure>;
    async fn update(&self, context: &Context, target: &Target, spec: Value) -> Result<Made, Failure>;
    async fn delete(&self, context: &Context, target: &Target) -> Result<(), Failure>;
    async fn retag(&self, context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure>;
    async fn act(&self, context: &Context, target: &Target, action: Action) -> Result<Made, Failure>;
    async fn explain(&self, context: &Context, incident: &Incident) -> Option<Event>;
    async fn neighbours(&self, context: &Context, spec: Value, ids: &[String]) -> Result<Vec<Neighbour>, Failure>;
    fn grants(&self, place: &Place) -> Vec<Grant>;
}

struct Of<R>(PhantomData<fn() -> R>);

fn typed<R: Spec>(what: &dyn std::fmt::Display, spec: Value) -> Result<R, Failure> {
    serde_json::from_value(spec)
        .map_err(|error| Failure::of(Cause::Internal, format!("the specification of {what} does not fit: {error}")))
}

#[async_trait]
impl<R: Resource> AnyKind for Of<R> {
    fn kind(&self) -> Kind {
        R::KIND
    }

    async fn list(&self, context: &Context, depth: Depth) -> Result<Sighting, Failure> {
        let seen = R::list(context, depth).await?;
        if let Some(found) = seen.found.iter().find(|found| found.id.is_empty()) {
            return Err(without(&found.address, "identifier"));
        }
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

    async fn create(&self, context: &Context, target: &Target, spec: Value) -> Result<Made, Failure> {
        complete(&target.address, typed::<R>(&target.address, spec)?.create(context, target).await?)
    }

    async fn update(&self, context: &Context, target: &Target, spec: Value) -> Result<Made, Failure> {
        typed::<R>(&target.address, spec)?.update(context, target).await.map(as_known)
    }

    async fn delete(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        R::delete(context, target).await
    }

    async fn retag(&self, context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        R::retag(context, target, set, remove).await
    }

    async fn act(&self, context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        R::act(context, target, action).await.map(as_known)
    }

    async fn explain(&self, context: &Context, incident: &Incident) -> Option<Event> {
        R::explain(context, incident).await
    }

    async fn neighbours(&self, context: &Context, spec: Value, ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        typed::<R>(&R::KIND.name, spec)?.neighbours(context, ids).await
    }

    fn grants(&self, place: &Place) -> Vec<Grant> {
        R::grants(place)
    }
}

/// What was made, if the answer said all of it; else it has to be found first.
fn complete(address: &Address, made: Made) -> Result<Made, Failure> {
    match made.outputs.iter().find(|(_, value)| value.is_empty()) {
        _ if made.id.is_empty() => Err(without(address, "identifier")),
        Some((name, _)) => Err(without(address, name)),
        None => Ok(made),
    }
}

fn without(address: &Address, member: &str) -> Failure {
    Failure::of(Cause::Unavailable, format!("what AWS answered about {address} has no {member}"))
}

/// An answer to a change may say less than what is known already: it takes nothing of that away.
fn as_known(mut made: Made) -> Made {
    made.outputs.retain(|_, value| !value.is_empty());
    made
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
    &of::<internal_certificate::InternalCertificate>(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::resource::made;

    #[test]
    fn nothing_is_made_without_an_identifier_or_with_an_output_that_is_empty() {
        let address = Address::new("file-system", "main");
        let told = |made| complete(&address, made).map_err(|failure| (failure.cause, failure.message));
        assert!(told(made("fs-1", &[("arn", "arn:1")])).is_ok());
        let lacks =
            |member| Err((Cause::Unavailable, format!("what AWS answered about file-system/main has no {member}")));
        assert_eq!(told(made("", &[])).map(|_| ()), lacks("identifier"));
        assert_eq!(told(made("fs-1", &[("arn", "")])).map(|_| ()), lacks("arn"));
    }

    #[test]
    fn what_a_change_does_not_say_stays_known() {
        let changed = as_known(made("", &[("arn", ""), ("name", "n")]));
        assert_eq!(changed.outputs.into_iter().collect::<Vec<_>>(), [("name".to_owned(), "n".to_owned())]);
    }
}
