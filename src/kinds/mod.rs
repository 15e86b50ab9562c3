//! Resource kinds, one file or folder each: what its properties are, and how AWS lists, creates, changes and deletes
//! it.
//!
//! A kind's file is read top to bottom: the specification, the facts about the kind, then [`resource::Resource`]. No
//! kind contains a waiting loop: `create` returns when AWS has accepted, and the engine polls.

// What kinds share.
pub mod context;
pub mod convert;
pub mod dns;
pub mod document;
pub mod ec2;
pub mod found;
pub mod names;
pub mod place;
mod prelude;
pub mod registry;
pub mod resource;
pub mod tags;
pub mod zone;

// The kinds.
pub mod access_point;
pub mod alarm;
pub mod backup_vault;
pub mod bucket;
pub mod certificate;
pub mod client_vpn;
pub mod cluster;
pub mod dashboard;
pub mod data_step;
pub mod elastic_ip;
pub mod event_rule;
pub mod file_system;
pub mod file_system_policy;
pub mod flow_log;
pub mod guardduty;
pub mod internet_gateway;
pub mod listener;
pub mod load_balancer;
pub mod log_group;
pub mod mount_target;
pub mod nat_gateway;
pub mod network_acl;
pub mod notes;
pub mod recovery_point;
pub mod restore;
pub mod role;
pub mod route_table;
pub mod secret;
pub mod security_group;
pub mod service;
pub mod service_linked_role;
pub mod subnet;
pub mod subscription;
pub mod target_group;
pub mod task_definition;
pub mod topic;
pub mod vpc;
