//! Who may mount a file system, and how.

use async_trait::async_trait;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::error::{on, unless_gone};
use crate::aws::grant::Grant;
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;

use super::document;
use super::file_system::FileSystem;
use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};

/// A file system's policy. Its address has the name of the file system's. Outputs: `id` (the file system's).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileSystemPolicy {
    pub file_system: Ref<FileSystem>,
    /// In normal form, see [`FileSystemPolicy::normal`].
    pub policy: Value,
}

impl FileSystemPolicy {
    /// The same policy as reading it from AWS gives it.
    pub fn normal(self) -> Self {
        Self { policy: document::normal(&self.policy), ..self }
    }
}

impl Spec for FileSystemPolicy {
    const KIND: Kind = Kind {
        parents: &["file-system"],
        gone_after: &["service"],
        immutable: &["file_system"],
        security: true,
        spreads: true,
        tagged: false,
        ..Kind::new("file-system-policy", Part::Storage)
    };
}

#[async_trait]
impl Resource for FileSystemPolicy {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let found = context.of_kind("file-system").map(|(parent, outputs)| async move {
            let id = outputs.get("id").map(String::as_str).unwrap_or_default();
            let call = context.aws.efs.describe_file_system_policy().file_system_id(id);
            let answer = unless_gone(call.send().await.map_err(on("efs DescribeFileSystemPolicy")))?;
            Ok(answer.as_ref().and_then(|answer| answer.policy()).map(|policy| {
                let spec = Self { file_system: id.into(), policy: document::parse(policy) };
                Found::new(Address::new(Self::KIND.name, parent.name()), id).spec(spec)
            }))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect::<Vec<_>>().into())
    }

    async fn create(&self, context: &Context, _at: &Target) -> Result<Made, Failure> {
        self.put(context).await
    }

    async fn update(&self, context: &Context, _at: &Target) -> Result<Made, Failure> {
        self.put(context).await
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.efs.delete_file_system_policy().file_system_id(&target.id);
        call.send().await.map_err(on("efs DeleteFileSystemPolicy"))?;
        Ok(())
    }

    async fn retag(_context: &Context, _at: &Target, _set: &Tags, _remove: &[String]) -> Result<(), Failure> {
        Ok(())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        place
            .grants("elasticfilesystem", &["file-system/*"])
            .see(&["DescribeFileSystemPolicy"])
            .change(&["PutFileSystemPolicy"])
            .remove(&["DeleteFileSystemPolicy"])
            .done()
    }
}

impl FileSystemPolicy {
    async fn put(&self, context: &Context) -> Result<Made, Failure> {
        let id = self.file_system.text();
        let call = context.aws.efs.put_file_system_policy().file_system_id(id).policy(self.policy.to_string());
        call.send().await.map_err(on("efs PutFileSystemPolicy"))?;
        Ok(made(id, &[]))
    }
}
