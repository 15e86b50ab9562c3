//! S3 buckets for logs.

mod kind;
mod properties;
mod settings;

pub use properties::{AccessLog, Bucket, FROM_128_KIB, LifecycleRule};
