//! Who holds a resource that cannot be deleted yet, and whether it helps to wait.

use crate::aws::error::on;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Live;
use crate::engine::reference::Known;
use crate::kinds::ec2;
use crate::kinds::registry;
use crate::kinds::resource::{Context, Depth, Tags, Target};

use super::foreign::{COMPANIONS, Fate, Ours, holding};

/// Adds to the failure who holds a subnet, security group, VPC or internet gateway. What AWS made in the VPC by itself and
/// has made again is taken away; where somebody else's stays as long as they want, the failure says that waiting is in vain.
/// `before` is what there was when the run began: what AWS has made for that may outlive it.
pub async fn name(context: &Context, target: &Target, failure: Failure, before: &Known) -> Failure {
    let ours = Ours::of(&context.names, &context.known).and(Ours::of(&context.names, before));
    let Ok(interfaces) = holding(context, &ours, &target.address, &target.id).await else { return failure };
    // Of what a VPC may hold besides interfaces, nothing tells here; and an endpoint may be AWS's own.
    let may_be_again = ["vpc", "guardduty-group"].contains(&target.address.kind())
        || interfaces.iter().any(|(holder, fate)| *fate == Fate::Stays && holder.whose.contains(ENDPOINT));
    let again = if may_be_again { take_away(context).await } else { Vec::new() };
    let is_again = |whose: &str| again.iter().any(|id| whose.contains(id.as_str()));
    let mut words: Vec<String> = interfaces.iter().map(|(holder, _)| holder.words()).collect();
    let mut stays: Vec<_> =
        interfaces.iter().filter(|(holder, fate)| *fate == Fate::Stays && !is_again(&holder.whose)).collect();
    if !stays.is_empty() {
        // What it belongs to may have gone between the looks: only who is there at both stays.
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

/// The failure with who it is, and what to do about those who stay.
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
        let again = "then run the same command again: it continues";
        failure.hints.push(format!("{}; {again}", stays.join("; ")));
    }
    failure
}

/// How AWS describes the network interface of an endpoint: `VPC Endpoint Interface vpce-0a1b`.
const ENDPOINT: &str = "VPC Endpoint Interface ";

/// Deletes what AWS has made in our VPC by itself once more; ids of all of it. A look that fails finds nothing.
async fn take_away(context: &Context) -> Vec<String> {
    let mut found = Vec::new();
    for kind in COMPANIONS.iter().filter_map(|name| registry::find(name)) {
        for live in kind.list(context, Depth::Full).await.map(|seen| seen.live).unwrap_or_default() {
            let target = target(&live);
            if !live.is_going() {
                // A group goes once its endpoint has gone: the next attempt comes back to it.
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

/// The groups of the same VPC that are not ours and have rules which name this one: those elsewhere hold nothing.
async fn naming(context: &Context, ours: &Ours, id: &str) -> Vec<String> {
    let by = |name: &'static str| async move {
        let call = context.aws.ec2.describe_security_groups().filters(ec2::filter(name, [id.to_owned()]));
        let answer = call.send().await.map_err(on("ec2 DescribeSecurityGroups"));
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
    fn waiting_ends_where_somebody_stays_and_says_what_to_do() {
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
        assert_eq!(ends.hints, ["delete it; then run the same command again: it continues"]);
        let many: Vec<String> = (0..7).map(|number| format!("eni-{number}")).collect();
        assert!(explained(held(), many, Vec::new()).message.ends_with("eni-3, eni-4 and 2 more"));
        assert_eq!(explained(held(), Vec::new(), Vec::new()), held());
    }
}
