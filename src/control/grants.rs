//! The permissions that the control bucket needs, for one deployment.

use crate::aws::grant::{Grant, Use};

use super::bucket::LEASES;
use super::history::RUNS;
use super::objects::Store;

const PREPARED: [&str; 7] = [
    "CreateBucket",
    "PutBucketOwnershipControls",
    "PutBucketPublicAccessBlock",
    "PutEncryptionConfiguration",
    "PutBucketPolicy",
    "PutBucketVersioning",
    "PutLifecycleConfiguration",
];

impl Store {
    /// Commands that change something create the bucket if needed, hold the lease and record the run; all commands may
    /// read the history.
    pub fn grants(&self, deployment: &str) -> Vec<Grant> {
        let bucket = format!("arn:{}:s3:::{}", self.partition, self.bucket);
        let (lease, runs) = (format!("{bucket}/{LEASES}{deployment}.json"), format!("{bucket}/{RUNS}{deployment}/*"));
        let s3 = |usage, id: &str, actions: &[&str], arns: &[&String]| {
            Grant::new(usage, "s3", actions).on(arns.iter().copied().cloned()).called(id)
        };
        let mut all = vec![
            s3(Use::See, "ReadHistory", &["GetObject"], &[&runs]),
            // S3 reports a missing object as missing only to callers that may list (S3 API reference, GetObject).
            s3(Use::See, "ListControlBucket", &["ListBucket"], &[&bucket]),
        ];
        // `ce-aws list` shows active runs of all deployments.
        all.push(s3(Use::List, "ListControlBucket", &["ListBucket"], &[&bucket]));
        all.push(s3(Use::List, "ReadLeases", &["GetObject"], &[&format!("{bucket}/{LEASES}*")]));
        for usage in [Use::Make, Use::Remove] {
            all.push(s3(usage, "PrepareControlBucket", &PREPARED, &[&bucket]));
            all.push(s3(usage, "KeepLease", &["GetObject", "PutObject"], &[&lease, &runs]));
        }
        all
    }
}
