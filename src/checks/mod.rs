//! Checks of existing resources, the account and the plan file: findings with stable codes. Pure.

pub mod advice;
mod all;
pub mod backup;
mod balancer;
pub mod certificate;
mod client_vpn;
pub mod cluster;
mod dns;
pub mod egress;
pub mod explain;
pub mod finding;
pub mod identity;
pub mod images;
pub mod ingress;
mod matcher;
pub mod names;
pub mod network;
pub mod network_acl;
mod notices;
pub mod path;
pub mod permission;
pub mod quota;
pub mod reach;
pub mod release;
mod routes;
pub mod storage;
pub mod strays;
pub mod usable;

pub use all::{Setting, all, existing};

#[cfg(test)]
mod tests;
