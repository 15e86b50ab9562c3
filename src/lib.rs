//! Deploys, upgrades and tears down Netskope Cloud Exchange on AWS Fargate.
//!
//! `ARCHITECTURE.md` in the repository draws the rooms and says which may use which.

pub mod aws;
pub mod blueprint;
pub mod checks;
pub mod cli;
pub mod config;
pub mod control;
pub mod engine;
pub mod existing;
pub mod images;
pub mod kinds;
pub mod live;
pub mod partition;
pub mod permission;
pub mod planners;
pub mod price;
pub mod release;
pub mod session;
pub mod ui;
pub mod upgrade;
