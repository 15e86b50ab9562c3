//! Network interfaces that somebody names.

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;
use crate::kinds::convert::text;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its primary IPv4 address.
    pub address: String,
    pub groups: Vec<String>,
}

/// The network interface of this id.
///
/// # Errors
///
/// Also where there is none.
pub async fn interface(context: &Context, id: &str) -> Result<Interface, Failure> {
    let answer = context.aws.ec2.describe_network_interfaces().network_interface_ids(id).send().await.answer()?;
    let gone = || Failure::of(Cause::Gone, format!("there is no network interface {id}"));
    let live = answer.network_interfaces().first().ok_or_else(gone)?;
    Ok(Interface {
        address: text(live.private_ip_address()),
        groups: live.groups().iter().filter_map(|group| group.group_id()).map(str::to_owned).collect(),
    })
}
