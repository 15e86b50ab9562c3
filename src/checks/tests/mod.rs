//! Each check fires, and does not; and what it says.

mod certificate;
mod cluster;
mod egress;
mod identity;
mod images;
mod ingress;
mod network;
mod network_acl;
mod samples;
mod storage;
