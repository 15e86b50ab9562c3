//! Network interfaces: their owners, and whether they disappear by themselves.

use aws_sdk_ec2::types::{AttachmentStatus, NetworkInterface, NetworkInterfaceStatus};

use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::holder::Holder;
use crate::kinds::context::Context;
use crate::kinds::{ec2, tags};

use super::ours::Ours;

/// What becomes of a network interface that holds a resource of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It belongs to a resource of ours, or is being deleted already: AWS deletes it.
    Goes,
    /// It is foreign, and stays until its owner deletes it.
    Stays,
}

/// The network interfaces of a VPC, of a subnet or of a security group, by EC2's filter.
pub async fn seen(context: &Context, filter: &str, ids: Vec<String>) -> Result<Vec<NetworkInterface>, Failure> {
    ec2::interfaces(context, ec2::filter(filter, ids)).await
}

/// The network interfaces that hold a subnet, security group, VPC or internet gateway.
pub async fn holding(
    context: &Context,
    ours: &Ours,
    address: &Address,
    id: &str,
) -> Result<Vec<(Holder, Fate)>, Failure> {
    let (filter, ids) = match address.kind() {
        "subnet" => ("subnet-id", vec![id.to_owned()]),
        "security-group" | "guardduty-group" => ("group-id", vec![id.to_owned()]),
        "vpc" => ("vpc-id", vec![id.to_owned()]),
        "internet-gateway" => ("vpc-id", context.outputs("vpc", "id")),
        _ => return Ok(Vec::new()),
    };
    let interfaces = seen(context, filter, ids).await?;
    // Only public addresses hold an internet gateway.
    let is_public = |one: &&NetworkInterface| address.kind() != "internet-gateway" || one.association().is_some();
    Ok(interfaces.iter().filter(is_public).map(|one| (holder(one, ours), fate(one, ours))).collect())
}

/// What becomes of a network interface.
pub fn fate(interface: &NetworkInterface, ours: &Ours) -> Fate {
    let status = interface.attachment().and_then(|attachment| attachment.status());
    let is = |wanted: NetworkInterfaceStatus| interface.status() == Some(&wanted);
    // A service deletes the interfaces that it has released.
    let is_let_go = interface.requester_managed() == Some(true) && is(NetworkInterfaceStatus::Available);
    let is_leaving = status == Some(&AttachmentStatus::Detaching) || is(NetworkInterfaceStatus::Detaching) || is_let_go;
    if is_leaving || is_ours(interface, ours) { Fate::Goes } else { Fate::Stays }
}

/// Whether it belongs to a resource of ours. A task's interface, whose description names its attachment only, that of a
/// client VPN, and that of a mount target just deleted are ours if all of their groups are.
pub fn is_ours(interface: &NetworkInterface, ours: &Ours) -> bool {
    let description = interface.description().unwrap_or_default();
    let is_of_task = description.starts_with("arn:") && description.contains(":attachment/");
    // The description of a Client VPN's names no endpoint.
    let is_of_either = is_of_task
        || description.starts_with("EFS mount target for ")
        || description.starts_with("ClientVPN Endpoint resource");
    let groups: Vec<&str> = interface.groups().iter().filter_map(|group| group.group_id()).collect();
    let is_known = interface.network_interface_id().is_some_and(|id| ours.has_interface(id));
    is_known
        || ours.made(description)
        || (is_of_either && !groups.is_empty() && groups.iter().all(|group| ours.is(group)))
}

/// The interface as a holder.
pub fn holder(interface: &NetworkInterface, ours: &Ours) -> Holder {
    let groups = interface.groups().iter().filter_map(|group| group.group_id());
    let places = interface.subnet_id().into_iter().chain(groups).chain(interface.vpc_id());
    let instance = interface.attachment().and_then(|attachment| attachment.instance_id());
    let remedy = match instance {
        Some(instance) => format!("terminate the instance {instance}, or move it to another network"),
        None if interface.requester_managed() == Some(true) => "remove it in the service that made it".to_owned(),
        None => "detach and delete it, or move what uses it to another network".to_owned(),
    };
    let instance = instance.map(|instance| format!("of instance {instance}"));
    let requester = interface.requester_id().map(|requester| format!("made by {requester}"));
    let parts = [
        tags::read(interface.tag_set()).remove("Name"),
        interface.description().map(str::to_owned),
        instance.or(requester),
        ours.other_account(interface.owner_id().filter(|_| interface.requester_managed() != Some(true))),
    ];
    Holder {
        what: "network interface".to_owned(),
        id: interface.network_interface_id().unwrap_or_default().to_owned(),
        whose: whose(parts),
        holds: places.filter_map(|id| ours.at(id)).cloned().collect(),
        remedy,
    }
}

/// Joins what is known of an owner.
pub fn whose(parts: impl IntoIterator<Item = Option<String>>) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_sdk_ec2::types::{GroupIdentifier, NetworkInterfaceAttachment};

    use super::*;

    fn ours() -> Ours {
        let of =
            |kind: &str, id: &str| (Address::new(kind, "main"), BTreeMap::from([("id".to_owned(), id.to_owned())]));
        let target = BTreeMap::from([("interface".to_owned(), "eni-2".to_owned())]);
        let known = [of("nat-gateway", "nat-1"), of("security-group", "sg-1"), of("subnet", "subnet-1")];
        let known = known.into_iter().chain([(Address::new("mount-target", "private-a"), target)]);
        let [deployment, account, region, partition] = ["prod", "1", "us-east-1", "aws"].map(str::to_owned);
        let names = crate::kinds::names::Names { deployment, account, region, partition };
        Ours::of(&names, &known.collect::<BTreeMap<_, _>>())
    }

    fn interface(description: &str, groups: &[&str]) -> aws_sdk_ec2::types::builders::NetworkInterfaceBuilder {
        let groups = groups.iter().map(|id| GroupIdentifier::builder().group_id(*id).build()).collect();
        NetworkInterface::builder()
            .network_interface_id("eni-1")
            .subnet_id("subnet-1")
            .description(description)
            .status(NetworkInterfaceStatus::InUse)
            .set_groups(Some(groups))
    }

    #[test]
    fn interfaces_of_ours_go_and_foreign_ones_stay() {
        let fate = |one: aws_sdk_ec2::types::builders::NetworkInterfaceBuilder| super::fate(&one.build(), &ours());
        let task = "arn:aws:ecs:us-east-1:1:attachment/2f";
        assert_eq!(fate(interface("Interface for NAT Gateway nat-1", &[])), Fate::Goes);
        // Known by its id, whatever its description.
        assert_eq!(fate(interface("", &[]).network_interface_id("eni-2")), Fate::Goes);
        assert_eq!(fate(interface("", &[])), Fate::Stays);
        assert_eq!(fate(interface(task, &["sg-1"])), Fate::Goes);
        assert_eq!(fate(interface(task, &["sg-1", "sg-9"])), Fate::Stays);
        assert_eq!(fate(interface(task, &[])), Fate::Stays);
        assert_eq!(fate(interface("", &["sg-1"])), Fate::Stays);
        assert_eq!(fate(interface("ClientVPN Endpoint resource", &["sg-1"])), Fate::Goes);
        assert_eq!(fate(interface("ClientVPN Endpoint resource", &["sg-9"])), Fate::Stays);
        let leaving = NetworkInterfaceAttachment::builder().status(AttachmentStatus::Detaching).build();
        assert_eq!(fate(interface("", &[]).attachment(leaving)), Fate::Goes);
        let free = interface("", &[]).status(NetworkInterfaceStatus::Available);
        assert_eq!(fate(free.clone()), Fate::Stays, "only its owner deletes it");
        assert_eq!(fate(free.requester_managed(true)), Fate::Goes);
    }

    #[test]
    fn a_holder_has_an_owner_and_what_it_holds() {
        let holder = holder(&interface("a gateway of others", &["sg-9", "sg-1"]).owner_id("2").build(), &ours());
        assert_eq!(holder.words(), "network interface eni-1 (a gateway of others, account 2)");
        assert_eq!(holder.holds, [Address::new("subnet", "main"), Address::new("security-group", "main")]);
    }
}
