//! Which permissions the caller lacks, as far as IAM can simulate them.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::answer::Answer;
use crate::aws::grant::Grant;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::identity::Need;
use super::lookup::side_by_side;
use super::simulation::{self, Simulated};

/// The caller's permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operator {
    /// Its ARN.
    pub caller: String,
    /// Needed actions that are not allowed, without those that depend on conditions unknown to the simulation.
    pub lacks: BTreeSet<String>,
    /// Why they are unknown; what AWS said.
    pub unknown: Option<String>,
}

/// Which of these permissions the caller lacks.
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
    // The simulator is told the resources, and a policy variable such as `${aws:userid}` in them is none.
    let is_simulated = |grant: &&Grant| !grant.resources.iter().any(|resource| resource.contains("${"));
    for grant in grants.iter().filter(is_simulated) {
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
            // One value each: the policies of ce-aws allow all of them. `Null` conditions are about missing keys.
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

/// That IAM cannot simulate the caller (denied, not available, a federated user) is an answer: what AWS said.
fn unknown(failure: &Failure) -> Option<String> {
    (!failure.concerns_every_call()).then(|| failure.said())
}

/// The principal whose policies count: for a session, its role. `None` for the root user, which may do everything and
/// cannot be simulated.
async fn principal(context: &Context, caller: &str) -> Result<Option<String>, Failure> {
    let resource = caller.splitn(6, ':').nth(5).unwrap_or_default();
    if resource == "root" {
        return Ok(None);
    }
    // A session's ARN has the role's name, but not its path.
    let Some(role) = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next()) else {
        return Ok(Some(caller.to_owned()));
    };
    let answer = context.aws.iam.get_role().role_name(role).send().await.answer()?;
    Ok(answer.role().map(|role| role.arn().to_owned()))
}
