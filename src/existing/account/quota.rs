//! Quotas, and how much of them is used.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{OptionFuture, join_all};

use crate::aws::answer::Answer;
use crate::config::{Limits, PlanFile};
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;

use super::counts;

pub use super::limited::{Limited, Quota};

/// How much of it a plan would create.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    pub of: Limited,
    /// The zone, VPC or group to which the quota applies; empty for the region or account, and for a VPC that does not
    /// exist yet.
    pub place: String,
    pub wanted: f64,
}

/// A number, or why it could not be read: what AWS said.
pub type Amount = Result<f64, String>;

/// A demand, with the quota and its use.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub demand: Demand,
    pub limit: Amount,
    pub used: Amount,
}

/// Quota and use for each of the demands, in their order.
pub async fn rooms(context: &Context, demands: Vec<Demand>) -> Vec<Room> {
    let mut places: BTreeMap<Limited, BTreeSet<&str>> = BTreeMap::new();
    for Demand { of, place, .. } in &demands {
        places.entry(*of).or_default().insert(place);
    }
    let counted = places.iter().filter(|(of, _)| **of != Limited::Roles);
    let counted = counted.map(async |(of, places)| (*of, counts::used(context, *of, places).await));
    // IAM returns quota and use in one call, in every region.
    let roles = OptionFuture::from(places.contains_key(&Limited::Roles).then(|| counts::roles(context)));
    let kinds: BTreeSet<Limited> = places.keys().copied().filter(|of| *of != Limited::Roles).collect();
    let (limits, used, roles) = futures::join!(limits(context, &kinds), join_all(counted), roles);
    let used: BTreeMap<_, _> = used.into_iter().collect();
    let room = |demand: Demand| {
        let of = demand.of;
        let (limit, used) = match (of, &roles) {
            (Limited::Roles, Some(Ok((limit, used)))) => (Ok(*limit), Ok(*used)),
            (Limited::Roles, Some(Err(failure))) => (Err(failure.said()), Err(failure.said())),
            _ => (
                limits.get(&of).cloned().unwrap_or_else(|| Err(format!("AWS returned no quota {}", of.quota().code))),
                match used.get(&of) {
                    Some(Err(failure)) => Err(failure.said()),
                    Some(Ok(by_place)) => Ok(by_place.get(&demand.place).copied().unwrap_or_default()),
                    None => Ok(0.0),
                },
            ),
        };
        Room { demand, limit, used }
    };
    demands.iter().cloned().map(room).collect()
}

/// The quotas in force. If the account has no applied quota, Service Quotas lists none, and AWS's default applies
/// (Service Quotas API reference, ListServiceQuotas).
async fn limits(context: &Context, wanted: &BTreeSet<Limited>) -> BTreeMap<Limited, Amount> {
    let services: BTreeSet<&str> = wanted.iter().map(|of| of.quota().service).collect();
    let listed = join_all(services.into_iter().map(async |service| (service, applied(context, service).await))).await;
    let listed: BTreeMap<_, _> = listed.into_iter().collect();
    let limits = wanted.iter().map(async |of| {
        let quota = of.quota();
        let limit = match listed.get(quota.service) {
            Some(Err(failure)) => Err(failure.said()),
            Some(Ok(values)) if values.contains_key(quota.code) => Ok(values[quota.code]),
            _ => default(context, quota).await.map_err(|failure| failure.said()),
        };
        (*of, limit)
    });
    join_all(limits).await.into_iter().collect()
}

/// The applied quotas of a service, by code.
async fn applied(context: &Context, service: &str) -> Result<BTreeMap<String, f64>, Failure> {
    let pages = context.aws.quotas.list_service_quotas().service_code(service).into_paginator().items().send();
    let all = pages.try_collect().await.unless_gone()?.unwrap_or_default();
    Ok(all.iter().filter_map(|quota| Some((quota.quota_code()?.to_owned(), quota.value()?))).collect())
}

async fn default(context: &Context, quota: Quota) -> Result<f64, Failure> {
    let call = context.aws.quotas.get_aws_default_service_quota().service_code(quota.service).quota_code(quota.code);
    let answer = call.send().await.answer()?;
    let value = answer.quota().and_then(|quota| quota.value());
    value.ok_or_else(|| Failure::of(Cause::Gone, format!("Service Quotas has no value for {}", quota.code)))
}

/// The limits in force, and why they could not be read if they are AWS's defaults. They are read only if the defaults
/// do not suffice to admit all allowed networks.
pub async fn rules(context: &Context, plan: &PlanFile) -> (Limits, Option<String>) {
    let mut found = Limits::default();
    if plan.reach_is_exact() {
        return (found, None);
    }
    let parts = [
        (Limited::GroupRules, &mut found.rules),
        (Limited::GroupsOfInterface, &mut found.groups),
        (Limited::AclEntries, &mut found.entries),
    ];
    let answers = limits(context, &parts.iter().map(|(of, _)| *of).collect()).await;
    let mut unread = None;
    for (of, limit) in parts {
        match answers.get(&of) {
            Some(Ok(value)) => *limit = whole(*value),
            Some(Err(why)) => unread = Some(why.clone()),
            None => {}
        }
    }
    (found, unread)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Quotas are small whole numbers.
fn whole(value: f64) -> usize {
    value.max(1.0) as usize
}
