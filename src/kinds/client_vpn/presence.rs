//! Whether there may be a client VPN. Its security group, which every sweep lists anyway, is made before everything
//! else of it and deleted last: a deployment without the group makes no call about VPNs.

use crate::engine::address::Address;
use crate::kinds::context::Context;

/// The name of the endpoint's security group.
pub const GROUP: &str = "client-vpn";

pub fn is_possible(context: &Context) -> bool {
    // Where a run remembers that it has seen the group: what a plan deletes is not known while it is carried out.
    let seen = format!("client VPN of {}", context.names.deployment);
    if context.known.contains_key(&Address::new("security-group", GROUP)) {
        context.notes.put(&seen, Some(GROUP));
    }
    context.notes.get(&seen).flatten().is_some()
}
