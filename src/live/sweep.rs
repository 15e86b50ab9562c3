//! The inventory: everything of one deployment, in one parallel sweep.
//!
//! Most kinds are found by tag or by a name derived from the deployment's. Some are found through a parent (mount
//! targets through their file system). The parents are looked at first, in one round of one call each; then everything
//! that has not told all yet is read at once. No kind with a parent needs more than two rounds, so that the whole takes
//! three.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use crate::engine::failure::Failure;
use crate::engine::inventory::{Inventory, Live};
use crate::kinds::registry::{AnyKind, KINDS};
use crate::kinds::resource::{Cx, Depth};

/// Reads everything that belongs to the deployment.
///
/// # Errors
///
/// The first call that fails for good: an incomplete inventory would look like missing resources.
pub async fn sweep(cx: &Cx) -> Result<Inventory, Failure> {
    let parents: BTreeSet<&str> = KINDS.iter().flat_map(|kind| kind.kind().parents).copied().collect();
    let (parents, rest): (Vec<&dyn AnyKind>, Vec<&dyn AnyKind>) =
        KINDS.iter().partition(|kind| parents.contains(kind.kind().name));
    let (independent, children): (Vec<&dyn AnyKind>, Vec<&dyn AnyKind>) =
        rest.into_iter().partition(|kind| kind.kind().parents.is_empty());
    let (independent, dependent) = futures::try_join!(read(cx, &independent, Depth::Full), async {
        let mut cx = cx.clone();
        let seen = read(&cx, &parents, Depth::Phase).await?;
        cx.known = Inventory::new(seen.clone()).known();
        let lacks = |kind: &&dyn AnyKind| seen.iter().any(|live| is_of(live, kind) && live.spec.is_null());
        let (incomplete, complete): (Vec<&dyn AnyKind>, Vec<&dyn AnyKind>) = parents.into_iter().partition(lacks);
        let (mut all, children) =
            futures::try_join!(read(&cx, &incomplete, Depth::Full), read(&cx, &children, Depth::Full))?;
        all.extend(children);
        all.extend(seen.into_iter().filter(|live| complete.iter().any(|kind| is_of(live, kind))));
        Ok(all)
    })?;
    Ok(Inventory::new(independent.into_iter().chain(dependent).collect()))
}

fn is_of(live: &Live, kind: &&dyn AnyKind) -> bool {
    live.address.kind() == kind.kind().name
}

async fn read(cx: &Cx, kinds: &[&dyn AnyKind], depth: Depth) -> Result<Vec<Live>, Failure> {
    let sightings = try_join_all(kinds.iter().map(|kind| kind.list(cx, depth))).await?;
    Ok(sightings.into_iter().flat_map(|sighting| sighting.live).collect())
}
