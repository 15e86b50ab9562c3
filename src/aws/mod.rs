//! Calling AWS: clients, the caller's identity, what errors mean, commands in running containers, and the permissions
//! that calls need.

pub mod answer;
pub mod clients;
pub mod error;
pub mod exec;
pub mod grant;
mod interceptors;
mod no_answer;
pub mod permit;
pub mod profile;
pub mod tunnel;
