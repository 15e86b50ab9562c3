//! The load balancer's access logs, which it delivers to a bucket as compressed files.

pub mod entry;
pub mod files;
pub mod read;
