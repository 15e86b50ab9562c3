//! What a deployment logs: the lines of its containers, and the requests to its load balancer.

pub mod access;
pub mod cursor;
pub mod poll;
pub mod selection;
