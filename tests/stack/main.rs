//! The product as its user runs it, against the emulator: `localstack/with cargo test`.
//!
//! Every test has an AWS account of its own, so they run in parallel against one server. What is in an account is read
//! by `localstack_fargate.inventory`, which shares no code with the product.

// In tests, helpers may fail as loudly as tests themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod access_logs;
mod account;
mod acm_certificate;
mod acm_certificate_ends;
mod alarms;
mod backup;
mod blocked_destroy;
mod certificates;
mod chain;
mod client_vpn;
mod client_vpn_variants;
mod cost;
mod counts;
mod database;
mod deploy;
mod deployment_variants;
mod discover;
mod doctor;
mod drift;
mod encrypted_sessions;
mod enterprise_account;
mod exec;
mod exec_command;
mod existing;
mod failures;
mod fault_sweep;
mod file_system_io;
mod files;
mod images;
mod injected_containers;
mod lease;
mod log_buckets;
mod logs;
mod lost_tags;
mod malformed_responses;
mod many_deployments;
mod many_networks;
mod open;
mod pairwise;
mod policy;
mod probe;
mod product;
mod propagation;
mod properties;
mod python;
mod quiet;
mod reconfigure;
mod release_6;
mod release_steps;
mod releases;
mod report;
mod restore;
mod secrets;
mod side_by_side;
mod single_writer;
mod sweep;
mod ui_certificate;
mod ui_certificate_variants;
mod upgrade;
mod upgrade_failures;
mod upgrade_refusals;
mod upgrade_sweep;
mod ways;
