//! The address that a resource's tags name.

use crate::engine::address::Address;
use crate::kinds::context::{Context, Tags};
use crate::kinds::names;

/// The address in a resource's tags, if it has one that this program could have written.
pub fn address(tags: &Tags) -> Option<Address> {
    tags.get(names::ADDRESS)?.parse().ok()
}

/// The address in a resource's tags, if it is of this kind and of this deployment.
pub fn address_of(context: &Context, kind: &str, tags: &Tags) -> Option<Address> {
    let is_ours = tags.get(names::DEPLOYMENT) == Some(&context.names.deployment);
    address(tags).filter(|address| is_ours && address.kind() == kind)
}
