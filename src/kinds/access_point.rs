//! EFS access points: one directory each, entered as one user.

use async_trait::async_trait;
use aws_sdk_efs::types::{AccessPointDescription, CreationInfo, PosixUser, RootDirectory};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::{incomplete, on};
use crate::aws::grant::Grant;
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;

use super::file_system::{self, FileSystem};
use super::place::Place;
use super::resource::{Context, Depth, Found, Neighbour, Resource, Seen, Tags, Target, made};
use super::tags;

/// An access point. Outputs: `id`, `arn`.
///
/// Nothing about it can be changed; deleting it leaves the directory and what is in it where they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessPoint {
    pub file_system: Ref<FileSystem>,
    /// Its root, absolute. Created on first use if missing.
    pub path: String,
    /// POSIX user and group that every access is made as.
    pub uid: u32,
    pub gid: u32,
    /// Owner of the root where it is created.
    pub owner_uid: u32,
    pub owner_gid: u32,
    /// Mode of the root where it is created, four octal digits.
    pub permissions: String,
}

impl Spec for AccessPoint {
    const KIND: Kind = Kind {
        parents: &["file-system"],
        gone_after: &["service", "task-definition"],
        immutable: &["file_system", "path", "uid", "gid", "owner_uid", "owner_gid", "permissions"],
        replaceable: Some("the directory and what is in it stay"),
        seconds: Seconds { create: 1.0, ready: 3.0, gone: 3.0, patience: 300.0 },
        ..Kind::new("access-point", Part::Storage)
    };
}

#[async_trait]
impl Resource for AccessPoint {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let of_each = file_system::owners(context).map(|(owner, id)| async move {
            let pages = context.aws.efs.describe_access_points().file_system_id(id).into_paginator().items().send();
            let points = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("efs DescribeAccessPoints"))?;
            Ok(points.into_iter().map(|point| (owner, point)).collect::<Vec<_>>())
        });
        let all: Vec<_> = try_join_all(of_each).await?.into_iter().flatten().collect();
        let mut found = Vec::new();
        for (owner, point) in &all {
            let tags = tags::efs::read(point.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let address = Address::new(Self::KIND.name, &file_system::child(owner, address.name()));
            let mut entry =
                Found::new(address, required("efs DescribeAccessPoints", "AccessPointId", point.access_point_id())?)
                    .output("arn", required("efs DescribeAccessPoints", "AccessPointArn", point.access_point_arn())?)
                    .spec(Self::read(point))
                    .tags(tags);
            if let Some(state) = point.life_cycle_state() {
                entry.phase = file_system::phase(state);
            }
            found.push(entry);
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let user = PosixUser::builder().uid(self.uid.into()).gid(self.gid.into()).build().map_err(incomplete)?;
        let creation = CreationInfo::builder()
            .owner_uid(self.owner_uid.into())
            .owner_gid(self.owner_gid.into())
            .permissions(&self.permissions)
            .build()
            .map_err(incomplete)?;
        let call = context
            .aws
            .efs
            .create_access_point()
            .client_token(&target.token)
            .file_system_id(self.file_system.text())
            .posix_user(user)
            .root_directory(RootDirectory::builder().path(&self.path).creation_info(creation).build())
            .set_tags(Some(tags::efs::write(&target.tags)));
        let answer = call.send().await.map_err(on("efs CreateAccessPoint"))?;
        let arn = required("efs CreateAccessPoint", "AccessPointArn", answer.access_point_arn())?;
        Ok(made(required("efs CreateAccessPoint", "AccessPointId", answer.access_point_id())?, &[("arn", arn)]))
    }

    /// Nothing can be changed in place; there is nothing to do.
    async fn update(&self, _context: &Context, target: &Target) -> Result<Made, Failure> {
        Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context
            .aws
            .efs
            .delete_access_point()
            .access_point_id(&target.id)
            .send()
            .await
            .map_err(on("efs DeleteAccessPoint"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::efs::set(context, &target.id, set, remove).await
    }

    /// Another one with the same root on the file system.
    async fn neighbours(&self, context: &Context, ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        if self.file_system.text().is_empty() {
            return Ok(Vec::new());
        }
        let call = context.aws.efs.describe_access_points().file_system_id(self.file_system.text());
        let points = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let points = points.map_err(on("efs DescribeAccessPoints"))?;
        let stands = |id: Option<&str>, root: Option<&str>| {
            root == Some(self.path.as_str()) || ids.iter().any(|known| Some(known.as_str()) == id)
        };
        let there = points
            .iter()
            .filter(|point| stands(point.access_point_id(), point.root_directory().and_then(|root| root.path())));
        let neighbour = there.map(|point| {
            let tags = tags::efs::read(point.tags());
            Neighbour::new(point.access_point_id(), tags).output("arn", point.access_point_arn())
        });
        Ok(neighbour.collect())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        place
            .grants("elasticfilesystem", &["access-point/*"])
            .see(&["DescribeAccessPoints"])
            .tag_new("CreateAccessPoint")
            .retag()
            .remove(&["DeleteAccessPoint"])
            .at(&["file-system/*"])
            .change(&["CreateAccessPoint"])
            .done()
    }
}

impl AccessPoint {
    fn read(point: &AccessPointDescription) -> Self {
        let number = |id: i64| u32::try_from(id).unwrap_or_default();
        let (user, root) = (point.posix_user(), point.root_directory());
        let creation = root.and_then(RootDirectory::creation_info);
        Self {
            file_system: point.file_system_id().unwrap_or_default().into(),
            path: root.and_then(RootDirectory::path).unwrap_or("/").to_owned(),
            uid: user.map(|user| number(user.uid())).unwrap_or_default(),
            gid: user.map(|user| number(user.gid())).unwrap_or_default(),
            owner_uid: creation.map(|info| number(info.owner_uid())).unwrap_or_default(),
            owner_gid: creation.map(|info| number(info.owner_gid())).unwrap_or_default(),
            permissions: creation.map(|info| info.permissions().to_owned()).unwrap_or_default(),
        }
    }
}
