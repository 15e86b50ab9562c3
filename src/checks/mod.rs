//! What is wrong, or not as it should be, with what the user brings: findings with stable codes. Pure.

pub mod cluster;
pub mod egress;
pub mod finding;
pub mod identity;
pub mod ingress;
pub mod network;
pub mod network_acl;
pub mod storage;
pub mod usable;
