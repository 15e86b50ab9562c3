//! Mount targets: where a file system can be reached from.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_efs::operation::describe_mount_target_security_groups::DescribeMountTargetSecurityGroupsOutput;
use aws_sdk_efs::types::MountTargetDescription;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::{on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;
use crate::engine::set::Set;

use super::file_system::{self, FileSystem};
use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::security_group::SecurityGroup;
use super::subnet::Subnet;
use super::tags::ec2::filter;

/// A file system's network interface in one subnet. It carries no tags, so that its address has the name of its
/// subnet's. Outputs: `id`, `interface`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MountTarget {
    pub file_system: Ref<FileSystem>,
    pub subnet: Ref<Subnet>,
    pub groups: Set<Ref<SecurityGroup>>,
}

/// Security groups by the interface that they are on.
type Groups = BTreeMap<String, Vec<Ref<SecurityGroup>>>;

impl Spec for MountTarget {
    const KIND: Kind = Kind {
        parents: &["file-system", "subnet"],
        gone_after: &["service"],
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
    async fn list(context: &Context, depth: Depth) -> Result<Seen<Self>, Failure> {
        let of_each = file_system::owners(context).map(|(owner, id)| async move {
            let pages = context.aws.efs.describe_mount_targets().file_system_id(id).into_paginator().items().send();
            let targets = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("efs DescribeMountTargets"))?;
            Ok(targets.into_iter().map(|target| (owner, target)).collect::<Vec<_>>())
        });
        let all: Vec<_> = try_join_all(of_each).await?.into_iter().flatten().collect();
        let interfaces =
            all.iter().filter_map(|(_, target)| target.network_interface_id().map(str::to_owned)).collect();
        let mut groups = match depth {
            Depth::Phase => BTreeMap::new(),
            Depth::Full => groups(context, interfaces).await?,
        };
        if depth == Depth::Full {
            let unseen = all.iter().map(|(_, target)| target).filter(|target| !has_interface(&groups, target));
            groups.extend(try_join_all(unseen.map(|target| groups_of(context, target))).await?.into_iter().flatten());
        }
        let found = all.iter().map(|(owner, target)| {
            let (id, subnet) = (target.mount_target_id(), target.subnet_id());
            let found =
                Found::new(address(context, owner, subnet), id).phase(file_system::phase(target.life_cycle_state()));
            let found = match target.network_interface_id() {
                Some(interface) => found.output("interface", interface),
                None => found,
            };
            if depth == Depth::Phase {
                return found;
            }
            let groups = target.network_interface_id().and_then(|id| groups.remove(id)).unwrap_or_default();
            let file_system = target.file_system_id().into();
            found.spec(Self { file_system, subnet: subnet.into(), groups: Set::new(groups) })
        });
        Ok(found.collect::<Vec<_>>().into())
    }

    async fn create(&self, context: &Context, _at: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .efs
            .create_mount_target()
            .file_system_id(self.file_system.text())
            .subnet_id(self.subnet.text())
            .set_security_groups(Some(self.groups.texts()));
        let answer = call.send().await.map_err(on("efs CreateMountTarget"))?;
        Ok(made(required("efs CreateMountTarget", "MountTargetId", Some(answer.mount_target_id()))?, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context.aws.efs.modify_mount_target_security_groups().mount_target_id(&target.id);
        let call = call.set_security_groups(Some(self.groups.texts()));
        call.send().await.map_err(on("efs ModifyMountTargetSecurityGroups"))?;
        Ok(made(&target.id, &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context
            .aws
            .efs
            .delete_mount_target()
            .mount_target_id(&target.id)
            .send()
            .await
            .map_err(on("efs DeleteMountTarget"))?;
        Ok(())
    }

    async fn retag(_context: &Context, _at: &Target, _set: &Tags, _remove: &[String]) -> Result<(), Failure> {
        Ok(())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        // EFS makes, changes and deletes network interfaces in the caller's name; they have no tags of ours (EFS API
        // reference, CreateMountTarget).
        let interfaces = place
            .grants("ec2", &["network-interface/*"])
            .see(&["DescribeSubnets", "DescribeNetworkInterfaces", "DescribeNetworkInterfaceAttribute"])
            .named(Use::Make, &["CreateNetworkInterface", "ModifyNetworkInterfaceAttribute"])
            .named(Use::Remove, &["DeleteNetworkInterface"])
            .at(&["security-group/*"])
            .change(&["CreateNetworkInterface"])
            .at(&["subnet/*"])
            .inside(&place.subnets, &["CreateNetworkInterface"]);
        place
            .grants("elasticfilesystem", &["file-system/*"])
            .see(&["DescribeMountTargets", "DescribeMountTargetSecurityGroups"])
            .change(&["CreateMountTarget", "ModifyMountTargetSecurityGroups"])
            .remove(&["DeleteMountTarget"])
            .and(interfaces.done())
            .done()
    }
}

/// A mount target in a subnet that is not ours (any more) is named after the subnet's id.
fn address(context: &Context, owner: &Address, subnet: &str) -> Address {
    let ours = context.of_kind("subnet").find(|(_, outputs)| outputs.get("id").is_some_and(|id| id == subnet));
    let name = ours.map_or(subnet, |(address, _)| address.name());
    Address::new(MountTarget::KIND.name, &file_system::child(owner, name))
}

fn has_interface(groups: &Groups, target: &MountTargetDescription) -> bool {
    target.network_interface_id().is_none_or(|id| groups.contains_key(id))
}

/// The groups of one mount target whose interface EC2 does not list yet; none of one that goes.
async fn groups_of(
    context: &Context,
    target: &MountTargetDescription,
) -> Result<Option<(String, Vec<Ref<SecurityGroup>>)>, Failure> {
    let call = context.aws.efs.describe_mount_target_security_groups().mount_target_id(target.mount_target_id());
    let answer = call.send().await.map_err(on("efs DescribeMountTargetSecurityGroups"));
    let answer = match answer {
        // It is being deleted.
        Err(failure) if failure.code == "IncorrectMountTargetState" => None,
        answer => unless_gone(answer)?,
    };
    let groups =
        |answer: DescribeMountTargetSecurityGroupsOutput| answer.security_groups.into_iter().map(Ref::value).collect();
    Ok(target.network_interface_id().map(str::to_owned).zip(answer.map(groups)))
}

/// The groups of each interface. EFS would tell them for one mount target a call, and only while it stays.
async fn groups(context: &Context, interfaces: Vec<String>) -> Result<Groups, Failure> {
    if interfaces.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = context.aws.ec2.describe_network_interfaces().filters(filter("network-interface-id", interfaces));
    let pages = call.into_paginator().items().send();
    let interfaces = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeNetworkInterfaces"))?;
    let groups = interfaces.iter().map(|interface| {
        let groups = interface.groups().iter().filter_map(|group| group.group_id()).map(Ref::value);
        (interface.network_interface_id().unwrap_or_default().to_owned(), groups.collect())
    });
    Ok(groups.collect())
}
