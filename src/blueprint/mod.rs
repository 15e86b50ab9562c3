//! What Cloud Exchange needs: from a plan file and a release to a graph of resources. Pure.

mod alarms;
pub mod backup;
pub mod certificates;
mod client_vpn;
mod containers;
pub mod data_steps;
mod graph;
mod groups;
mod identity;
pub mod image_change;
mod images;
mod ingress;
pub mod load_dump;
mod needs;
mod network;
mod notices;
mod outside;
pub mod place;
mod policies;
mod service;
mod sessions;
mod stack;
mod storage;
mod topic_policies;

pub use graph::graph;
pub use images::images;
pub use needs::{Needs, needs};
pub use stack::Facts;

#[cfg(test)]
pub mod tests;
