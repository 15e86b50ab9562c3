//! Speaking to AWS: clients, who we are, and what its errors mean.

pub mod clients;
pub mod error;
