//! Who may mount a file system, and how.

use serde_json::Value;

use super::document;
use super::file_system::FileSystem;
use super::prelude::*;

/// A file system's policy. Its address has the name of the file system's. Outputs: `id` (the file system's).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileSystemPolicy {
    pub file_system: Ref<FileSystem>,
    /// In normal form, see [`FileSystemPolicy::normal`].
    pub policy: Value,
}

impl FileSystemPolicy {
    /// The same policy as AWS returns it.
    pub fn normal(self) -> Self {
        Self { policy: document::normal(&self.policy), ..self }
    }
}

impl Spec for FileSystemPolicy {
    const KIND: Kind = Kind {
        parents: &["file-system"],
        stopped_after: &["service"],
        immutable: &["file_system"],
        security: true,
        spreads: true,
        tagged: false,
        ..Kind::new("file-system-policy", Part::Storage)
    };
}

#[async_trait]
impl Resource for FileSystemPolicy {
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let found = context.each("file-system", "id").map(|(parent, id)| async move {
            let answer = context.aws.efs.describe_file_system_policy().file_system_id(id).send().await.unless_gone()?;
            Ok::<_, Failure>(answer.as_ref().and_then(|answer| answer.policy()).map(|policy| {
                let spec = Self { file_system: id.into(), policy: document::parse(policy) };
                Found::new(id).at(Address::new(Self::KIND.name, parent.name())).spec(spec)
            }))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, _target: &Target) -> Result<Made, Failure> {
        let id = self.file_system.text();
        let call = context.aws.efs.put_file_system_policy().file_system_id(id).policy(self.policy.to_string());
        call.send().await.answer()?;
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        self.create(context, target).await.map(drop)
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.efs.delete_file_system_policy().file_system_id(&target.id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "elasticfilesystem", &["file-system/*"])
            .see(&["DescribeFileSystemPolicy"])
            .change(&["PutFileSystemPolicy"])
            .remove(&["DeleteFileSystemPolicy"])
    }
}
