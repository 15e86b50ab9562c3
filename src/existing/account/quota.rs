//! Quotas, and what is left of them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{OptionFuture, join_all};

use crate::aws::error::on;
use crate::engine::failure::{Cause, Failure};
use crate::existing::lookup::said;
use crate::kinds::context::Context;

use super::counts;

/// Something of which AWS allows only so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limited {
    Vpcs,
    InternetGateways,
    /// In one zone.
    NatGateways,
    ElasticIps,
    /// In one VPC.
    Subnets,
    /// In one VPC.
    RouteTables,
    SecurityGroups,
    /// In one security group and direction.
    GroupRules,
    /// Security groups on one network interface.
    GroupsOfInterface,
    /// In one network ACL and direction.
    AclEntries,
    /// That tasks of Fargate use at the same time.
    Vcpus,
    LoadBalancers,
    TargetGroups,
    FileSystems,
    Clusters,
    Buckets,
    Roles,
    BackupVaults,
}

/// How Service Quotas knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub service: &'static str,
    pub code: &'static str,
    /// `Elastic IP addresses`.
    pub words: &'static str,
}

impl Limited {
    /// Source: AWS General Reference, endpoints and quotas of each service.
    pub const fn quota(self) -> Quota {
        let (service, code, words) = match self {
            Self::Vpcs => ("vpc", "L-F678F1CE", "VPCs"),
            Self::InternetGateways => ("vpc", "L-A4707A72", "internet gateways"),
            Self::NatGateways => ("vpc", "L-FE5A380F", "NAT gateways in a zone"),
            Self::ElasticIps => ("ec2", "L-0263D0A3", "Elastic IP addresses"),
            Self::Subnets => ("vpc", "L-407747CB", "subnets in a VPC"),
            Self::RouteTables => ("vpc", "L-589F43AA", "route tables in a VPC"),
            Self::SecurityGroups => ("vpc", "L-E79EC296", "security groups"),
            Self::GroupRules => ("vpc", "L-0EA8095F", "rules in a security group"),
            Self::GroupsOfInterface => ("vpc", "L-2AFB9258", "security groups on a network interface"),
            Self::AclEntries => ("vpc", "L-2AEEBF1A", "rules in a network ACL"),
            Self::Vcpus => ("fargate", "L-3032A538", "vCPUs of Fargate"),
            Self::LoadBalancers => ("elasticloadbalancing", "L-53DA6B97", "application load balancers"),
            Self::TargetGroups => ("elasticloadbalancing", "L-B22855CB", "target groups"),
            Self::FileSystems => ("elasticfilesystem", "L-848C634D", "file systems"),
            Self::Clusters => ("ecs", "L-21C621EB", "ECS clusters"),
            Self::Buckets => ("s3", "L-DC2B2D3D", "buckets"),
            Self::Roles => ("iam", "L-FE177D64", "IAM roles"),
            Self::BackupVaults => ("backup", "L-7705D2CB", "backup vaults"),
        };
        Quota { service, code, words }
    }
}

/// What a plan would create of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    pub of: Limited,
    /// The zone, VPC or group that the quota is counted in; empty for the region or account, and for a VPC that does not
    /// exist yet.
    pub place: String,
    pub wanted: f64,
}

/// A number, or why it is not known: what AWS said.
pub type Answer = Result<f64, String>;

/// A demand, and what there is for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub demand: Demand,
    pub limit: Answer,
    pub used: Answer,
}

/// What there is for each of the demands, in their order.
pub async fn rooms(context: &Context, demands: Vec<Demand>) -> Vec<Room> {
    let mut places: BTreeMap<Limited, BTreeSet<&str>> = BTreeMap::new();
    for Demand { of, place, .. } in &demands {
        places.entry(*of).or_default().insert(place);
    }
    let counted = places.iter().filter(|(of, _)| **of != Limited::Roles);
    let counted = counted.map(|(of, places)| async move { (*of, counts::used(context, *of, places).await) });
    // IAM tells quota and usage in one call, and in every region.
    let roles = OptionFuture::from(places.contains_key(&Limited::Roles).then(|| counts::roles(context)));
    let kinds: BTreeSet<Limited> = places.keys().copied().filter(|of| *of != Limited::Roles).collect();
    let (limits, used, roles) = futures::join!(limits(context, &kinds), join_all(counted), roles);
    let used: BTreeMap<_, _> = used.into_iter().collect();
    let room = |demand: Demand| {
        let of = demand.of;
        let (limit, used) = match (of, &roles) {
            (Limited::Roles, Some(Ok((limit, used)))) => (Ok(*limit), Ok(*used)),
            (Limited::Roles, Some(Err(failure))) => (Err(said(failure)), Err(said(failure))),
            _ => (
                limits.get(&of).cloned().unwrap_or_else(|| Err(format!("AWS tells no quota {}", of.quota().code))),
                match used.get(&of) {
                    Some(Err(failure)) => Err(said(failure)),
                    Some(Ok(by_place)) => Ok(by_place.get(&demand.place).copied().unwrap_or_default()),
                    None => Ok(0.0),
                },
            ),
        };
        Room { demand, limit, used }
    };
    demands.iter().cloned().map(room).collect()
}

/// The quotas in force. Where none has ever been applied to the account, Service Quotas lists none, and AWS's default
/// holds (Service Quotas API reference, ListServiceQuotas).
pub(super) async fn limits(context: &Context, wanted: &BTreeSet<Limited>) -> BTreeMap<Limited, Answer> {
    let services: BTreeSet<&str> = wanted.iter().map(|of| of.quota().service).collect();
    let listed =
        join_all(services.iter().map(|service| async move { (*service, applied(context, service).await) })).await;
    let listed: BTreeMap<_, _> = listed.into_iter().collect();
    let limits = wanted.iter().map(|of| {
        let listed = &listed;
        async move {
            let quota = of.quota();
            let limit = match listed.get(quota.service) {
                Some(Err(failure)) => Err(said(failure)),
                Some(Ok(values)) if values.contains_key(quota.code) => Ok(values[quota.code]),
                _ => default(context, quota).await.map_err(|failure| said(&failure)),
            };
            (*of, limit)
        }
    });
    join_all(limits).await.into_iter().collect()
}

/// The quotas of a service that the account has of its own, by code.
async fn applied(context: &Context, service: &str) -> Result<BTreeMap<String, f64>, Failure> {
    let pages = context.aws.quotas.list_service_quotas().service_code(service).into_paginator().items().send();
    let all = match pages.collect::<Result<Vec<_>, _>>().await.map_err(on("servicequotas ListServiceQuotas")) {
        Err(failure) if failure.cause == Cause::Gone => Vec::new(),
        answer => answer?,
    };
    Ok(all.iter().filter_map(|quota| Some((quota.quota_code()?.to_owned(), quota.value()?))).collect())
}

async fn default(context: &Context, quota: Quota) -> Result<f64, Failure> {
    let call = context.aws.quotas.get_aws_default_service_quota().service_code(quota.service).quota_code(quota.code);
    let answer = call.send().await.map_err(on("servicequotas GetAWSDefaultServiceQuota"))?;
    let value = answer.quota().and_then(|quota| quota.value());
    value.ok_or_else(|| Failure::of(Cause::Gone, format!("Service Quotas gives no value of {}", quota.code)))
}
