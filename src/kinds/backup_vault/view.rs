//! Backups as plain data.

use serde::Serialize;

use crate::engine::address::Address;

/// Every recovery point of a deployment, and where they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BackupView {
    /// The one in use first, then former ones.
    pub file_systems: Vec<FileSystemView>,
    /// The newest first.
    pub points: Vec<PointView>,
    pub vaults: Vec<VaultView>,
}

/// A file system of the deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileSystemView {
    pub address: Address,
    pub id: String,
    /// Whether a restored one has taken its place.
    pub former: bool,
}

/// A recovery point.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PointView {
    pub arn: String,
    pub vault: String,
    /// Id of the file system that was backed up.
    pub file_system: String,
    /// AWS's word: `COMPLETED`.
    pub state: String,
    /// Like all times here: `2026-11-22T04:05:06Z`; empty where AWS does not say.
    pub created: String,
    /// When AWS deletes it; `None`: never, or not known (see [`VaultView::why_hidden`]).
    pub expires: Option<String>,
    pub bytes: Option<u64>,
    /// The upgrade, restore or manual backup that it was made for, if it is ours.
    pub intent: Option<String>,
    /// The release whose data are in it, if it is ours and known.
    pub release: Option<String>,
}

impl PointView {
    /// The end of its ARN, as people refer to it.
    pub fn id(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or(&self.arn)
    }
}

/// Whose a vault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The deployment's.
    Ours,
    /// EFS's, for its automatic backups.
    Automatic,
    Others,
}

/// A vault with recovery points of the deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VaultView {
    pub name: String,
    pub owner: Owner,
    /// Which actions on recovery points its access policy denies, and to whom.
    pub denials: Vec<Denial>,
    /// Why its access policy is not known: AWS's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_hidden: Option<String>,
    /// Why it is not known when its recovery points expire: AWS's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_hidden: Option<String>,
}

/// What a vault's access policy forbids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// `backup:StartRestoreJob`.
    pub action: String,
    /// Principals as the policy names them; `*` is everybody.
    pub principals: Vec<String>,
    /// Whether it depends on conditions.
    pub conditional: bool,
}
