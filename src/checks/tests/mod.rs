//! Each check fires, and does not; and what it says.

mod cluster;
mod egress;
mod images;
mod network;
mod network_acl;
mod samples;
