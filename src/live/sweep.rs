//! The inventory: everything of one deployment, in one parallel sweep.
//!
//! Most kinds are found by tag or by a name derived from the deployment's. Some are found through a parent (mount
//! targets through their file system). Parents are listed first, in one round of one call each; then everything that is
//! incomplete is read concurrently. No kind with a parent needs more than two rounds, so that a sweep takes three.
//!
//! Alarms and the like are read last, where a log group says that there may be some.
//!
//! A service in an existing cluster is found where the plan file or the task definition's tags say it is.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};

use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::inventory::{Inventory, Live};
use crate::kinds::log_group;
use crate::kinds::names;
use crate::kinds::registry::{self, ALARMS, AnyKind, KINDS};
use crate::kinds::resource::{Context, Depth};
use crate::kinds::task_definition;

/// Reads everything that belongs to the deployment.
///
/// # Errors
///
/// The first call that fails for good: an incomplete inventory would look like missing resources. Dispensable kinds are
/// noted as unread instead.
pub async fn sweep(context: &Context) -> Result<Inventory, Failure> {
    type Split = (Vec<&'static dyn AnyKind>, Vec<&'static dyn AnyKind>);
    let parents: BTreeSet<&str> = KINDS.iter().flat_map(|kind| kind.kind().parents).copied().collect();
    let (parents, rest): Split = KINDS.iter().copied().partition(|kind| parents.contains(kind.kind().name));
    let (independent, children): Split = rest.into_iter().partition(|kind| kind.kind().parents.is_empty());
    let (dispensable, needed): Split = independent.into_iter().partition(|kind| kind.kind().dispensable);
    let (independent, (found, unread), dependent) =
        futures::try_join!(read(context, &needed, Depth::Full), read_or_note(context, &dispensable), async {
            let mut context = context.clone();
            let seen = read(&context, &parents, Depth::Phase).await?;
            context.known = Inventory::new(seen.clone()).known();
            let lacks = |kind: &&dyn AnyKind| seen.iter().any(|live| is_of(live, kind) && live.spec.is_null());
            let (incomplete, complete): Split = parents.into_iter().partition(lacks);
            let (mut all, children) =
                futures::try_join!(read(&context, &incomplete, Depth::Full), read(&context, &children, Depth::Full))?;
            all.extend(children);
            all.extend(seen.into_iter().filter(|live| complete.iter().any(|kind| is_of(live, kind))));
            Ok(all)
        })?;
    let mut live: Vec<Live> = independent.into_iter().chain(found).chain(dependent).collect();
    if !live.iter().any(|live| live.address.kind() == SERVICE) {
        live.extend(elsewhere(context, &live).await?);
    }
    in_force(context, &mut live).await?;
    let mark = Address::new("log-group", log_group::ALARMS);
    if live.iter().any(|live| live.address == mark) {
        live.extend(read(context, ALARMS, Depth::Full).await?);
    }
    Ok(Inventory { unread, ..Inventory::new(live) })
}

/// Replaces our newest revision with the one that the service runs: an interrupted run may have left a newer one, or
/// somebody may have registered one by hand.
async fn in_force(context: &Context, live: &mut Vec<Live>) -> Result<(), Failure> {
    let service = live.iter().find(|live| live.address.kind() == SERVICE && !live.is_going());
    let runs = service.and_then(|live| live.spec.get("task_definition")?.as_str()).map(str::to_owned);
    let newest = live.iter().position(|live| live.address.kind() == TASK_DEFINITION);
    let Some(runs) = runs.filter(|runs| newest.is_none_or(|newest| live[newest].id != *runs)) else { return Ok(()) };
    let recorded = newest.map(|newest| (&live[newest].address, &live[newest].tags));
    let found = task_definition::in_force(context, &runs, recorded).await?;
    if let Some(revision) = found.and_then(|found| found.live(context)) {
        match newest {
            Some(newest) => live[newest] = revision,
            None => live.push(revision),
        }
    }
    Ok(())
}

/// One revision of the task definition, by ARN or `family:number`, or the newest one of the family; `None` if it does
/// not exist.
pub async fn revision(context: &Context, which: &str) -> Result<Option<Live>, Failure> {
    Ok(task_definition::read(context, which).await?.and_then(|found| found.live(context)))
}

const TASK_DEFINITION: &str = "task-definition";

const SERVICE: &str = "service";

/// The service in another cluster than the one just read, if the deployment has been in one.
async fn elsewhere(context: &Context, live: &[Live]) -> Result<Vec<Live>, Failure> {
    let own = context.names.stack();
    let read_already = context.cluster.as_deref().unwrap_or(&own);
    let other = match recorded_cluster(live) {
        Some(recorded) => recorded,
        None if live.iter().any(|live| live.address.kind() == "cluster") => &own,
        None => return Ok(Vec::new()),
    };
    let Some(kind) = registry::find(SERVICE).filter(|_| name_of(other) != name_of(read_already)) else {
        return Ok(Vec::new());
    };
    read(&Context { cluster: Some(other.to_owned()), ..context.clone() }, &[kind], Depth::Full).await
}

/// The name of a cluster, from its name or ARN.
fn name_of(cluster: &str) -> &str {
    cluster.rsplit('/').next().unwrap_or_default()
}

/// The cluster that the task definition's tags name.
fn recorded_cluster(live: &[Live]) -> Option<&str> {
    let definitions = live.iter().filter(|live| live.address.kind() == TASK_DEFINITION);
    definitions.filter_map(|live| live.tags.get(names::CLUSTER)).map(String::as_str).next()
}

/// The target group that the service is registered in, if it is an existing one.
pub fn target_group(inventory: &Inventory) -> Option<String> {
    let of_kind = |kind: &'static str| inventory.live.iter().filter(move |live| live.address.kind() == kind);
    let used = of_kind(SERVICE).find_map(|live| live.spec.get("load_balancer")?.get("target_group")?.as_str())?;
    let ours = of_kind("load-balancer").next().is_some() && of_kind("target-group").any(|live| live.id == used);
    (!ours).then(|| used.to_owned())
}

/// The existing cluster that the service is in, or was planned to be in; `None` if it is ours.
pub fn existing_cluster(context: &Context, inventory: &Inventory) -> Option<String> {
    let services = inventory.live.iter().filter(|live| live.address.kind() == SERVICE);
    let seen = services.filter_map(|live| live.outputs.get("cluster")).map(String::as_str).next();
    let cluster = seen.or_else(|| recorded_cluster(&inventory.live))?;
    (name_of(cluster) != context.names.stack()).then(|| cluster.to_owned())
}

fn is_of(live: &Live, kind: &&dyn AnyKind) -> bool {
    live.address.kind() == kind.kind().name
}

async fn read(context: &Context, kinds: &[&dyn AnyKind], depth: Depth) -> Result<Vec<Live>, Failure> {
    let observed = try_join_all(kinds.iter().map(|kind| kind.list(context, depth))).await?;
    Ok(observed.into_iter().flat_map(|one| one.live).collect())
}

/// The same; gives what could not be read, and why, by the name of its kind.
async fn read_or_note(
    context: &Context,
    kinds: &[&dyn AnyKind],
) -> Result<(Vec<Live>, BTreeMap<String, String>), Failure> {
    let (mut found, mut unread) = (Vec::new(), BTreeMap::new());
    for (kind, seen) in kinds.iter().zip(join_all(kinds.iter().map(|kind| kind.list(context, Depth::Full))).await) {
        match seen {
            Err(failure) if !failure.concerns_every_call() => {
                unread.insert(kind.kind().name.to_owned(), failure.said());
            }
            seen => found.extend(seen?.live),
        }
    }
    Ok((found, unread))
}
