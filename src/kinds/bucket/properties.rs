//! What a bucket is specified by.

use serde_json::Value;

use crate::kinds::document;
use crate::kinds::prelude::*;

/// A bucket and its settings. Versioning is not managed. Outputs: `id` (the name), `name`, `arn`.
///
/// Its name must be `context.names.bucket(purpose)`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    pub name: String,
    /// `AES256`: load balancers write their logs into no bucket with another key (Elastic Load Balancing user guide).
    pub encryption: String,
    /// All four blocks, or not all of them.
    pub block_public_access: bool,
    /// `BucketOwnerEnforced`: access lists have no effect.
    pub ownership: String,
    /// In normal form ([`document::normal`]); null leaves whatever there is.
    pub policy: Value,
    pub lifecycle: Vec<LifecycleRule>,
    /// From which size on the lifecycle moves objects: see [`FROM_128_KIB`].
    pub moves_from: String,
    /// Where accesses to this bucket are logged; `None` leaves whatever there is.
    pub access_log: Option<AccessLog>,
    /// Whether events go to EventBridge.
    pub eventbridge: bool,
}

/// AWS's default since 2024: smaller objects stay in their storage class until they expire, because a move costs more
/// than it saves (S3 user guide, "Transitioning objects using Amazon S3 Lifecycle"). Set explicitly, so that it does
/// not depend on the default at the time when the bucket was created.
pub const FROM_128_KIB: &str = "all_storage_classes_128K";

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
    /// Days until an upload that was never completed is deleted.
    pub abort_uploads_after_days: Option<i32>,
}

/// Delivery of server access logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLog {
    /// The bucket's `id`, its name.
    pub bucket: Ref<Bucket>,
    pub prefix: String,
}

impl Bucket {
    /// The same bucket as AWS returns it.
    pub fn normal(mut self) -> Self {
        self.policy = document::normal(&self.policy);
        self
    }
}

impl Spec for Bucket {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Data,
        immutable: &["name"],
        gone_after: &["load-balancer"],
        // Its policy.
        spreads: true,
        ..Kind::new("bucket", Part::Logs)
    };
}
