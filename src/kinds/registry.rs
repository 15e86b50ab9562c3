//! All kinds, and one way to call any of them.

use std::marker::PhantomData;

use async_trait::async_trait;
use serde_json::Value;

use crate::aws::grant::Grant;
use crate::engine::address::Address;
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Observation};
use crate::engine::kind::{Kind, Spec};
use crate::engine::plan::Action;
use crate::engine::reference::Outputs;
use crate::engine::run::Made;

use super::found::Candidate;
use super::place::Place;
use super::resource::{Context, Depth, Resource, Tags, Target};
use super::{
    access_point, alarm, backup_vault, bucket, certificate, cluster, dashboard, data_step, dns, elastic_ip, event_rule,
    file_system, file_system_policy, flow_log, guardduty, internet_gateway, listener, load_balancer, log_group,
    mount_target, nat_gateway, network_acl, recovery_point, restore, role, route_table, secret, security_group,
    service, service_linked_role, subnet, subscription, target_group, task_definition, topic, vpc,
};

/// A kind without its type.
#[async_trait]
pub trait AnyKind: Send + Sync {
    fn kind(&self) -> Kind;
    async fn list(&self, context: &Context, depth: Depth) -> Result<Observation, Failure>;
    async fn create(&self, context: &Context, target: &Target, spec: Value) -> Result<Made, Failure>;
    async fn update(&self, context: &Context, target: &Target, spec: Value) -> Result<Made, Failure>;
    async fn delete(&self, context: &Context, target: &Target) -> Result<(), Failure>;
    async fn retag(&self, context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure>;
    async fn act(&self, context: &Context, target: &Target, action: Action) -> Result<Made, Failure>;
    async fn explain(&self, context: &Context, incident: &Incident) -> Option<Event>;
    async fn candidates(&self, context: &Context, spec: Value, ids: &[String]) -> Result<Vec<Candidate>, Failure>;
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

    async fn list(&self, context: &Context, depth: Depth) -> Result<Observation, Failure> {
        let mut seen = Observation::default();
        for mut found in R::list(context, depth).await? {
            let incidents = std::mem::take(&mut found.incidents);
            let Some(live) = found.live(context) else { continue };
            complete(&live.address, &live.id, &live.outputs)?;
            let incident = |subject| Incident { address: live.address.clone(), subject };
            seen.incidents.extend(incidents.into_iter().map(incident));
            seen.live.push(live);
        }
        Ok(seen)
    }

    async fn create(&self, context: &Context, target: &Target, spec: Value) -> Result<Made, Failure> {
        created(&typed::<R>(&target.address, spec)?, context, target).await
    }

    async fn update(&self, context: &Context, target: &Target, spec: Value) -> Result<Made, Failure> {
        if R::KIND.job {
            return Err(Failure::of(Cause::Internal, format!("{} is a job and cannot be changed", target.address)));
        }
        let spec = typed::<R>(&target.address, spec)?;
        spec.update(context, target).await?;
        if R::KIND.renews { created(&spec, context, target).await } else { Ok(target.as_known()) }
    }

    async fn delete(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        R::delete(context, target).await
    }

    async fn retag(&self, context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        R::retag(context, target, set, remove).await
    }

    async fn act(&self, context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        if R::ACT != Some(action) {
            return Err(Failure::of(Cause::Internal, format!("{} has no step {action:?}", target.address)));
        }
        R::act(context, target).await?;
        Ok(target.as_known())
    }

    async fn explain(&self, context: &Context, incident: &Incident) -> Option<Event> {
        R::explain(context, incident).await
    }

    async fn candidates(&self, context: &Context, spec: Value, ids: &[String]) -> Result<Vec<Candidate>, Failure> {
        let found = typed::<R>(&R::KIND.name, spec)?.candidates(context, ids).await?;
        Ok(found.into_iter().map(Candidate::from).collect())
    }

    fn grants(&self, place: &Place) -> Vec<Grant> {
        R::grants(place).done()
    }
}

async fn created<R: Resource>(spec: &R, context: &Context, target: &Target) -> Result<Made, Failure> {
    let made = spec.create(context, target).await?;
    complete(&target.address, &made.id, &made.outputs)?;
    Ok(made)
}

/// An answer that lacks an identifier or an output is not an answer: what it is about has to be looked for.
fn complete(address: &Address, id: &str, outputs: &Outputs) -> Result<(), Failure> {
    let lacks = |member: &str| {
        Err(Failure::of(Cause::Unavailable, format!("what AWS answered about {address} has no {member}")))
    };
    match outputs.iter().find(|(_, value)| value.is_empty()) {
        _ if id.is_empty() => lacks("identifier"),
        Some((name, _)) => lacks(name),
        None => Ok(()),
    }
}

const fn of<R: Resource>() -> Of<R> {
    Of(PhantomData)
}

/// The kinds of resource that a deployment consists of, and that a sweep reads. One line a kind.
pub static KINDS: &[&dyn AnyKind] = &[
    &of::<vpc::Vpc>(),
    &of::<subnet::Subnet>(),
    &of::<role::Role>(),
    &of::<service_linked_role::ServiceLinkedRole>(),
    &of::<log_group::LogGroup>(),
    &of::<bucket::Bucket>(),
    &of::<secret::Secret>(),
    &of::<secret::ca_certificate::CaCertificate>(),
    &of::<secret::internal_certificate::InternalCertificate>(),
    &of::<internet_gateway::InternetGateway>(),
    &of::<elastic_ip::ElasticIp>(),
    &of::<nat_gateway::NatGateway>(),
    &of::<route_table::RouteTable>(),
    &of::<security_group::SecurityGroup>(),
    &of::<security_group::DefaultSecurityGroup>(),
    &of::<network_acl::DefaultNetworkAcl>(),
    &of::<flow_log::FlowLog>(),
    &of::<file_system::FileSystem>(),
    &of::<file_system_policy::FileSystemPolicy>(),
    &of::<mount_target::MountTarget>(),
    &of::<access_point::AccessPoint>(),
    &of::<backup_vault::BackupVault>(),
    &of::<load_balancer::LoadBalancer>(),
    &of::<target_group::TargetGroup>(),
    &of::<certificate::Certificate>(),
    &of::<listener::Listener>(),
    &of::<dns::DnsZone>(),
    &of::<dns::DnsRecord>(),
    &of::<cluster::Cluster>(),
    &of::<task_definition::TaskDefinition>(),
    &of::<service::Service>(),
];

/// The kinds that watch over a deployment: see [`log_group::ALARMS`]. Few deployments have any, and a sweep reads them
/// only where there may be some.
pub static ALARMS: &[&dyn AnyKind] = &[
    &of::<topic::Topic>(),
    &of::<subscription::Subscription>(),
    &of::<alarm::Alarm>(),
    &of::<event_rule::EventRule>(),
    &of::<dashboard::Dashboard>(),
];

/// The kinds of job.
pub static JOBS: &[&dyn AnyKind] =
    &[&of::<recovery_point::RecoveryPoint>(), &of::<restore::Restore>(), &of::<data_step::DataStep>()];

/// What AWS creates by itself in a VPC of ours, for that VPC alone, and marks as such: deleted with the VPC.
pub static COMPANIONS: &[&dyn AnyKind] = &[&of::<guardduty::GuardDutyEndpoint>(), &of::<guardduty::GuardDutyGroup>()];

/// Every kind this program knows.
pub fn all() -> impl Iterator<Item = &'static dyn AnyKind> {
    [KINDS, ALARMS, JOBS, COMPANIONS].into_iter().flatten().copied()
}

/// The kind of that name.
pub fn find(name: &str) -> Option<&'static dyn AnyKind> {
    all().find(|kind| kind.kind().name == name)
}

/// The facts about every kind, for the engine and the planners.
pub fn facts() -> Vec<Kind> {
    all().map(|kind| kind.kind()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::found::made;

    #[test]
    fn nothing_is_made_without_an_identifier_or_with_an_output_that_is_empty() {
        let address = Address::new("file-system", "main");
        let checked = |made: Made| {
            complete(&address, &made.id, &made.outputs).map_err(|failure| (failure.cause, failure.message))
        };
        assert!(checked(made("fs-1", &[("arn", "arn:1")])).is_ok());
        let lacks =
            |member| Err((Cause::Unavailable, format!("what AWS answered about file-system/main has no {member}")));
        assert_eq!(checked(made("", &[])), lacks("identifier"));
        assert_eq!(checked(made("fs-1", &[("arn", "")])), lacks("arn"));
    }
}
