//! What whoever runs this program may not do of what it does, as IAM's simulator sees it.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::identity::Need;
use super::lookup::{said, side_by_side};
use super::simulation::{self, Simulated};

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operator {
    /// By ARN.
    pub caller: String,
    /// Actions that are not allowed where they are needed. What hangs on conditions that no simulation knows is not among
    /// them.
    pub lacks: BTreeSet<String>,
    /// Why nobody knows; what AWS said.
    pub unknown: Option<String>,
}

/// What the caller lacks of these.
///
/// # Errors
///
/// What every other call meets too: no credentials.
pub async fn operator(context: &Context, caller: &str, grants: &[Grant]) -> Result<Operator, Failure> {
    let mut seen = Operator { caller: caller.to_owned(), ..Operator::default() };
    let principal = match principal(context, caller).await {
        Ok(Some(principal)) => principal,
        Ok(None) => return Ok(seen),
        Err(failure) => {
            return unknown(&failure).map(|why| Operator { unknown: Some(why), ..seen }).ok_or(failure);
        }
    };
    let mut alike: BTreeMap<_, Vec<Need>> = BTreeMap::new();
    for grant in grants {
        let everywhere = grant.resources.is_empty().then(|| "*".to_owned());
        alike.entry(&grant.conditions).or_default().push(Need {
            actions: grant.actions.iter().cloned().collect(),
            resources: grant.resources.iter().cloned().chain(everywhere).collect(),
            purpose: String::new(),
        });
    }
    let simulated = side_by_side(alike, |(conditions, needs)| {
        let principal = &principal;
        async move {
            // One value each: policies of ours name them all. What a condition says is not there is left out.
            let equal = conditions.iter().filter(|((operator, _), _)| *operator != "Null");
            let conditions: Vec<_> =
                equal.filter_map(|((_, key), values)| Some((key.clone(), values.first()?.clone()))).collect();
            let simulated = simulation::simulate(context, principal, &needs, &conditions).await;
            simulated.or_else(|failure| match unknown(&failure) {
                Some(why) => Ok(Simulated { unknown: Some(why), ..Simulated::default() }),
                None => Err(failure),
            })
        }
    });
    for one in simulated.await? {
        seen.lacks.extend(one.lacks.into_iter().map(|lack| lack.action));
        seen.unknown = seen.unknown.take().or(one.unknown);
    }
    Ok(seen)
}

/// That IAM may not be asked, is not there, or knows nobody of that name (a federated user), is an answer: what AWS said.
fn unknown(failure: &Failure) -> Option<String> {
    (!failure.concerns_every_call()).then(|| said(failure))
}

/// Whose policies count: for a session the role's. The root user may do everything, and cannot be simulated.
async fn principal(context: &Context, caller: &str) -> Result<Option<String>, Failure> {
    let resource = caller.splitn(6, ':').nth(5).unwrap_or_default();
    if resource == "root" {
        return Ok(None);
    }
    // A session's ARN has the role's name and not its path.
    let Some(role) = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next()) else {
        return Ok(Some(caller.to_owned()));
    };
    let answer = context.aws.iam.get_role().role_name(role).send().await.map_err(on("iam GetRole"))?;
    Ok(answer.role().map(|role| role.arn().to_owned()))
}
