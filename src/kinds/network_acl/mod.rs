//! The network ACL that every VPC has, and its entries.

mod entry;
mod kind;

pub use entry::{Edit, Entry, Icmp, Ports, Verdict, edits, name_of, normal};
pub use kind::DefaultNetworkAcl;
