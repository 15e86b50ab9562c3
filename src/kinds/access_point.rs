//! EFS access points: one directory each, entered as one user.

use aws_sdk_efs::types::{AccessPointDescription, CreationInfo, PosixUser, RootDirectory};

use super::file_system::{self, FileSystem};
use super::prelude::*;

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
        stopped_after: &["service"],
        immutable: &["file_system", "path", "uid", "gid", "owner_uid", "owner_gid", "permissions"],
        replaceable: Some("the directory and what is in it stay"),
        seconds: Seconds { create: 1.0, ready: 3.0, gone: 3.0, patience: 300.0 },
        ..Kind::new("access-point", Part::Storage)
    };
}

#[async_trait]
impl Resource for AccessPoint {
    const TAGGING: Tagging = Tagging::Efs;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let of_each = context.each(FileSystem::KIND.name, "id").map(|(owner, id)| async move {
            let found = describe(context, id).await?.into_iter().map(|found| {
                let address = tags::address_of(context, Self::KIND.name, &found.tags)?;
                let address = Address::new(Self::KIND.name, &file_system::child(owner, address.name()));
                Some(found.at(address))
            });
            Ok::<_, Failure>(found.flatten().collect::<Vec<_>>())
        });
        Ok(try_join_all(of_each).await?.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let user = PosixUser::builder().uid(self.uid.into()).gid(self.gid.into()).build().map_err(incomplete)?;
        let creation = CreationInfo::builder()
            .owner_uid(self.owner_uid.into())
            .owner_gid(self.owner_gid.into())
            .permissions(&self.permissions)
            .build()
            .map_err(incomplete)?;
        let efs = &context.aws.efs;
        let call = efs
            .create_access_point()
            .client_token(&target.token)
            .file_system_id(self.file_system.text())
            .posix_user(user)
            .root_directory(RootDirectory::builder().path(&self.path).creation_info(creation).build())
            .set_tags(Some(tags::write(&target.tags)));
        let answer = call.send().await.answer()?;
        Ok(made(answer.access_point_id(), &[("arn", answer.access_point_arn().unwrap_or_default())]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.efs.delete_access_point().access_point_id(&target.id).send().await.done()
    }

    /// Another one with the same root on the file system.
    async fn candidates(&self, context: &Context, ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        if self.file_system.text().is_empty() {
            return Ok(Vec::new());
        }
        let mut found = describe(context, self.file_system.text()).await?;
        found.retain(|one| ids.contains(&one.id) || one.spec.as_ref().is_some_and(|spec| spec.path == self.path));
        Ok(found)
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "elasticfilesystem", &["access-point/*"])
            .see(&["DescribeAccessPoints"])
            .tag_new("CreateAccessPoint")
            .retag()
            .remove(&["DeleteAccessPoint"])
            .at(&["file-system/*"])
            .change(&["CreateAccessPoint"])
    }
}

async fn describe(context: &Context, file_system: &str) -> Result<Vec<Found<AccessPoint>>, Failure> {
    let call = context.aws.efs.describe_access_points().file_system_id(file_system);
    let points = call.into_paginator().items().send().try_collect().await.answer()?;
    let found = points.iter().map(|point| {
        let found = Found::new(point.access_point_id()).output("arn", point.access_point_arn());
        let phase = point.life_cycle_state().map_or(Phase::Ready, file_system::phase);
        found.phase(phase).spec(AccessPoint::read(point)).tags(tags::read(point.tags()))
    });
    Ok(found.collect())
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
