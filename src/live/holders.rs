//! What holds a resource that cannot be deleted yet, and whether waiting helps.

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Live;
use crate::engine::reference::Known;
use crate::kinds::ec2;
use crate::kinds::registry;
use crate::kinds::resource::{Context, Depth, Tags, Target};

use super::foreign::{Fate, Ours, holding};

/// Adds to the failure what holds a subnet, security group, VPC or internet gateway. What AWS has created in the VPC by
/// itself is deleted again; where something foreign stays, the failure says that waiting does not help. `before` is
/// what existed when the run began: network interfaces may outlive it.
pub async fn name(context: &Context, target: &Target, failure: Failure, before: &Known) -> Failure {
    let ours = Ours::of(&context.names, context.known.iter().chain(before));
    let Ok(interfaces) = holding(context, &ours, &target.address, &target.id).await else { return failure };
    // Interfaces do not show everything that may hold a VPC, and an endpoint may be one that AWS has created again.
    let may_be_again = ["vpc", "guardduty-group"].contains(&target.address.kind())
        || interfaces.iter().any(|(holder, fate)| *fate == Fate::Stays && holder.whose.contains(ENDPOINT));
    let again = if may_be_again { delete_companions(context).await } else { Vec::new() };
    let is_again = |whose: &str| again.iter().any(|id| whose.contains(id.as_str()));
    let mut words: Vec<String> = interfaces.iter().map(|(holder, _)| holder.words()).collect();
    let mut stays: Vec<_> =
        interfaces.iter().filter(|(holder, fate)| *fate == Fate::Stays && !is_again(&holder.whose)).collect();
    if !stays.is_empty() {
        // Its owner may have been deleted between two reads: only what is in both stays.
        let Ok(still) = holding(context, &ours, &target.address, &target.id).await else { return failure };
        stays.retain(|(holder, _)| {
            still.iter().any(|(now, fate)| *fate == Fate::Stays && now.words() == holder.words())
        });
    }
    let mut stays: Vec<String> = stays.into_iter().map(|(holder, _)| holder.remedy.clone()).collect();
    if target.address.kind() == "security-group" {
        for group in naming(context, &ours, &target.id).await {
            stays.push(format!("remove the rules of {group} that name it"));
            words.push(format!("rules of security group {group}"));
        }
    }
    explained(failure, words, stays)
}

/// The failure with its holders, and what to do about those that stay.
fn explained(mut failure: Failure, mut words: Vec<String>, mut stays: Vec<String>) -> Failure {
    const SHOWN: usize = 5;
    words.sort();
    stays.sort();
    stays.dedup();
    if !words.is_empty() {
        let more = words.len().saturating_sub(SHOWN);
        words.truncate(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        failure.message = format!("{}; held by {}{more}", failure.message.trim_end_matches('.'), words.join(", "));
    }
    if !stays.is_empty() {
        failure.cause = Cause::HeldByOthers;
        let again = "then run the same command again";
        failure.hints.push(format!("{}; {again}", stays.join("; ")));
    }
    failure
}

/// The description of an endpoint's network interface: `VPC Endpoint Interface vpce-0a1b`.
const ENDPOINT: &str = "VPC Endpoint Interface ";

/// Deletes what AWS has created again in our VPC by itself; gives the ids. A failed read finds nothing.
async fn delete_companions(context: &Context) -> Vec<String> {
    let mut found = Vec::new();
    for kind in registry::COMPANIONS {
        for live in kind.list(context, Depth::Full).await.map(|seen| seen.live).unwrap_or_default() {
            let target = target(&live);
            if !live.is_going() {
                // A group can be deleted once its endpoint is gone: the next attempt does.
                let _ = kind.delete(context, &target).await;
            }
            found.push(live.id);
        }
    }
    found
}

fn target(live: &Live) -> Target {
    Target {
        address: live.address.clone(),
        id: live.id.clone(),
        outputs: live.outputs.clone(),
        tags: Tags::new(),
        token: String::new(),
        changes: Vec::new(),
        attempt: 1,
    }
}

/// Foreign groups in the same VPC whose rules refer to this one; those in other VPCs hold nothing.
async fn naming(context: &Context, ours: &Ours, id: &str) -> Vec<String> {
    let by = |name: &'static str| async move {
        let call = context.aws.ec2.describe_security_groups().filters(ec2::filter(name, [id.to_owned()]));
        let answer = call.send().await.answer();
        answer.ok().and_then(|answer| answer.security_groups).unwrap_or_default()
    };
    let (itself, inbound, outbound) =
        futures::join!(by("group-id"), by("ip-permission.group-id"), by("egress.ip-permission.group-id"));
    let vpc = itself.into_iter().next().and_then(|group| group.vpc_id);
    let beside = inbound.into_iter().chain(outbound).filter(|group| group.vpc_id == vpc);
    let mut all: Vec<String> = beside.filter_map(|group| group.group_id).filter(|group| !ours.is(group)).collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retrying_ends_where_a_holder_stays() {
        let held = || {
            let message = "The subnet 's' has dependencies and cannot be deleted.";
            Failure { code: "DependencyViolation".to_owned(), ..Failure::of(Cause::StillHeld, message) }
        };
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let waits = explained(held(), texts(&["b", "a"]), Vec::new());
        assert_eq!((waits.cause, waits.hints.len()), (Cause::StillHeld, 0));
        assert_eq!(waits.message, "The subnet 's' has dependencies and cannot be deleted; held by a, b");
        let ends = explained(held(), texts(&["a"]), texts(&["delete it", "delete it"]));
        assert_eq!(ends.cause, Cause::HeldByOthers);
        assert_eq!(ends.hints, ["delete it; then run the same command again"]);
        let many: Vec<String> = (0..7).map(|number| format!("eni-{number}")).collect();
        assert!(explained(held(), many, Vec::new()).message.ends_with("eni-3, eni-4 and 2 more"));
        assert_eq!(explained(held(), Vec::new(), Vec::new()), held());
    }
}
