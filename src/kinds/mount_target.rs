//! Mount targets: where a file system can be reached from.

use std::collections::BTreeMap;

use aws_sdk_efs::types::MountTargetDescription;

use super::ec2;
use super::file_system::{self, FileSystem};
use super::prelude::*;
use super::security_group::SecurityGroup;
use super::subnet::Subnet;

/// A file system's network interface in one subnet. It carries no tags, so its address has the name of its subnet's.
/// Outputs: `id`, `interface`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MountTarget {
    pub file_system: Ref<FileSystem>,
    pub subnet: Ref<Subnet>,
    pub groups: Set<Ref<SecurityGroup>>,
}

/// Security groups by the interface that they are on.
type Groups = BTreeMap<String, Set<Ref<SecurityGroup>>>;

impl Spec for MountTarget {
    const KIND: Kind = Kind {
        parents: &["file-system", "subnet"],
        stopped_after: &["service"],
        immutable: &["file_system", "subnet"],
        tagged: false,
        // A zone has room for one of each file system, and the task needs it.
        room: Some("file_system"),
        // Public Terraform logs: created in 84 s, sometimes more than 10 minutes (hashicorp/terraform-provider-aws).
        seconds: Seconds { create: 1.0, ready: 85.0, gone: 20.0, patience: 1200.0 },
        ..Kind::new("mount-target", Part::Storage)
    };
}

#[async_trait]
impl Resource for MountTarget {
    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let of_each = context.each(FileSystem::KIND.name, "id").map(|(owner, id)| async move {
            let call = context.aws.efs.describe_mount_targets().file_system_id(id);
            let targets: Vec<_> = call.into_paginator().items().send().try_collect().await.answer()?;
            Ok(targets.into_iter().map(|target| (owner, target)).collect::<Vec<_>>())
        });
        let all: Vec<_> = try_join_all(of_each).await?.into_iter().flatten().collect();
        let mut groups = match depth {
            Depth::Phase => Groups::new(),
            Depth::Full => groups(context, all.iter().map(|(_, target)| target)).await?,
        };
        let found = all.iter().map(|(owner, target)| {
            let (interface, subnet) = (target.network_interface_id(), target.subnet_id());
            let found = Found::new(target.mount_target_id()).at(address(context, owner, subnet));
            let found = found.output_if("interface", interface).phase(file_system::phase(target.life_cycle_state()));
            if depth == Depth::Phase {
                return found;
            }
            let groups = interface.and_then(|id| groups.remove(id)).unwrap_or_else(|| Set::new([]));
            found.spec(Self { file_system: target.file_system_id().into(), subnet: subnet.into(), groups })
        });
        Ok(found.collect())
    }

    async fn create(&self, context: &Context, _target: &Target) -> Result<Made, Failure> {
        let efs = &context.aws.efs;
        let call = efs
            .create_mount_target()
            .file_system_id(self.file_system.text())
            .subnet_id(self.subnet.text())
            .set_security_groups(Some(self.groups.texts()));
        Ok(made(call.send().await.answer()?.mount_target_id(), &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.efs.modify_mount_target_security_groups().mount_target_id(&target.id);
        call.set_security_groups(Some(self.groups.texts())).send().await.done()
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.efs.delete_mount_target().mount_target_id(&target.id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "elasticfilesystem", &["file-system/*"])
            .see(&["DescribeMountTargets", "DescribeMountTargetSecurityGroups"])
            .change(&["CreateMountTarget", "ModifyMountTargetSecurityGroups"])
            .remove(&["DeleteMountTarget"])
            // EFS creates, changes and deletes network interfaces in the caller's name; they have no tags of ours (EFS
            // API reference, CreateMountTarget).
            .of("ec2", &["network-interface/*"])
            .see(&["DescribeSubnets", "DescribeNetworkInterfaces", "DescribeNetworkInterfaceAttribute"])
            .named(Use::Make, &["CreateNetworkInterface", "ModifyNetworkInterfaceAttribute"])
            .named(Use::Remove, &["DeleteNetworkInterface"])
            .at(&["security-group/*"])
            .change(&["CreateNetworkInterface"])
            .at(&["subnet/*"])
            .inside(&place.subnets, &["CreateNetworkInterface"])
    }
}

/// A mount target in a subnet that is not (or no longer) ours is named after the subnet's id.
fn address(context: &Context, owner: &Address, subnet: &str) -> Address {
    let ours = context.each("subnet", "id").find(|(_, id)| *id == subnet);
    let name = ours.map_or(subnet, |(address, _)| address.name());
    Address::new(MountTarget::KIND.name, &file_system::child(owner, name))
}

/// The groups of each interface, from EC2: EFS would return them for one mount target a call, and only while it is not
/// being deleted. That is left for interfaces that EC2 does not list yet.
async fn groups<'a>(
    context: &Context,
    targets: impl Iterator<Item = &'a MountTargetDescription> + Clone,
) -> Result<Groups, Failure> {
    let ids = ec2::filter("network-interface-id", targets.clone().filter_map(|target| target.network_interface_id()));
    let all = ec2::interfaces(context, ids).await?;
    let mut groups: Groups = all
        .iter()
        .map(|interface| {
            let groups = interface.groups().iter().filter_map(|group| group.group_id()).map(Ref::value);
            (text(interface.network_interface_id()), groups.collect())
        })
        .collect();
    let listed =
        |target: &&MountTargetDescription| target.network_interface_id().is_none_or(|id| groups.contains_key(id));
    let unlisted: Vec<_> = targets.filter(|target| !listed(target)).collect();
    let rest = try_join_all(unlisted.into_iter().map(|target| groups_of(context, target))).await?;
    groups.extend(rest.into_iter().flatten());
    Ok(groups)
}

/// The groups of one mount target; none of one that is being deleted.
async fn groups_of(
    context: &Context,
    target: &MountTargetDescription,
) -> Result<Option<(String, Set<Ref<SecurityGroup>>)>, Failure> {
    let call = context.aws.efs.describe_mount_target_security_groups().mount_target_id(target.mount_target_id());
    let answer = match call.send().await.unless_gone() {
        Err(failure) if failure.code == "IncorrectMountTargetState" => None,
        answer => answer?,
    };
    let groups = answer.map(|answer| answer.security_groups.into_iter().map(Ref::value).collect());
    Ok(target.network_interface_id().map(str::to_owned).zip(groups))
}
