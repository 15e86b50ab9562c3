//! The deployment as it is in AWS: reading all of it, and making a plan's steps take effect.

pub mod backups;
pub mod client_vpn;
mod conflict;
pub mod database;
pub mod deployments;
pub mod files;
pub mod foreign;
pub mod foreign_tasks;
pub mod grants;
pub mod holders;
pub mod io;
pub mod logs;
pub mod notices;
pub mod prices;
pub mod probe;
pub mod queues;
pub mod reachability;
pub mod reachable;
pub mod sweep;
pub mod transfer;
pub mod verify;
pub mod world;
pub mod zones;
