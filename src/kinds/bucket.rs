//! S3 buckets for logs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::reference::Ref;

/// A bucket and its settings. Versioning is not managed. Outputs: `id` (the name), `name`, `arn`.
///
/// Its name must be `cx.names.bucket(purpose)` and its address `bucket/<purpose>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    pub name: String,
    /// `AES256`, S3's own keys: neither load balancers nor S3 can write logs with another key of AWS's choice.
    pub encryption: String,
    /// All four blocks, or not all of them.
    pub block_public_access: bool,
    /// `BucketOwnerEnforced`: access lists have no effect.
    pub ownership: String,
    /// In normal form ([`super::document::normal`]); null when there is none.
    pub policy: Value,
    pub lifecycle: Vec<LifecycleRule>,
    /// Where accesses to this bucket are logged.
    pub access_log: Option<AccessLog>,
    /// Whether events go to EventBridge.
    pub eventbridge: bool,
}

/// What becomes of objects as they age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// Objects whose key starts with this; empty means all.
    pub prefix: String,
    pub enabled: bool,
    /// Days until objects move to the storage class GLACIER.
    pub archive_after_days: Option<i32>,
    /// Days until objects are deleted; more than `archive_after_days`.
    pub expire_after_days: Option<i32>,
    /// Days until an upload that was begun and never completed is deleted.
    pub abort_uploads_after_days: Option<i32>,
}

/// Delivery of server access logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLog {
    /// The bucket's `id`, its name.
    pub bucket: Ref<Bucket>,
    pub prefix: String,
}

impl Spec for Bucket {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Data,
        immutable: &["name"],
        gone_after: &["load-balancer"],
        ..Kind::new("bucket", Part::Logs)
    };
}
