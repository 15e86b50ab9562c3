//! Resource kinds, one file each: what its properties are, how AWS lists, makes, changes and deletes it.
//!
//! A kind file is read top to bottom: the specification, the facts about the kind, then [`resource::Resource`]. No
//! kind contains a waiting loop: `create` returns when AWS has accepted, and the engine looks again.

pub mod document;
pub mod names;
pub mod place;
pub mod registry;
pub mod resource;
pub mod tags;

pub mod access_point;
pub mod acl_entry;
pub mod backup_vault;
pub mod backup_view;
pub mod bucket;
mod bucket_settings;
pub mod ca_certificate;
pub mod certificates;
pub mod cluster;
pub mod container;
pub mod credentials;
pub mod data_step;
pub mod default_security_group;
pub mod elastic_ip;
pub mod file_system;
pub mod file_system_policy;
pub mod flow_log;
pub mod group_rules;
pub mod guardduty;
pub mod injected;
pub mod internal_certificate;
pub mod internet_gateway;
pub mod listener;
pub mod load_balancer;
pub mod log_group;
pub mod mount_target;
pub mod nat_gateway;
pub mod network_acl;
pub mod own_containers;
pub mod recovery_point;
pub mod restore;
pub mod role;
pub mod route;
pub mod route_table;
pub mod rule;
pub mod secret;
pub mod security_group;
pub mod service;
pub mod service_diagnosis;
pub mod service_health;
pub mod service_hints;
pub mod service_linked_role;
pub mod service_read;
pub mod service_view;
pub mod subnet;
pub mod target_group;
pub mod task_definition;
mod task_volume;
pub mod vpc;
pub mod zone;
