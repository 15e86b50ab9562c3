//! The product as its user runs it, against the test bed: `localstack/with cargo test`.
//!
//! Every test has an AWS account of its own, so they run in parallel against one server. What is in an account is read
//! by `localstack/reader.py`, which shares no code with the product.

// In tests, helpers may fail as loudly as tests themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod answers;
mod backup;
mod bed;
mod certificates;
mod chain;
mod deploy;
mod discover;
mod doctor;
mod drift;
mod exec;
mod existing;
mod failures;
mod held;
mod hops;
mod images;
mod injected;
mod lease;
mod log_buckets;
mod lost_tags;
mod many_networks;
mod pairs;
mod policy;
mod product;
mod propagation;
mod properties;
mod release_6;
mod releases;
mod report;
mod restore;
mod rough;
mod saga;
mod secrets;
mod side_by_side;
mod sweep;
mod switching;
mod trust;
mod upgrade;
mod upgrade_failures;
mod upgrade_refusals;
mod ways;
mod writers;
