//! Speaking to AWS: clients, who we are, what its errors mean, commands in running containers,
//! and what all of it must be allowed.

pub mod answer;
pub mod clients;
pub mod error;
pub mod exec;
pub mod grant;
mod no_answer;
pub mod permit;
pub mod profile;
