//! Speaking to AWS: clients, who we are, what its errors mean, and commands in running containers.

pub mod clients;
pub mod error;
pub mod exec;
mod no_answer;
pub mod permit;
