//! What Cloud Exchange needs: from a plan file and a release to a graph of resources. Pure.

mod identity;
mod ingress;
mod network;
mod policies;
mod service;
mod stack;
mod storage;

pub use stack::{Facts, graph};

#[cfg(test)]
mod tests;
