//! Files out of running containers and into them, through ECS Exec.
//!
//! A session has a terminal, so content travels as base64 and is proven by its size and SHA-256, computed at both ends.
//! It is on no command line, and nothing of a file is kept in memory as a whole.

pub mod download;
pub mod error;
pub mod incoming;
pub mod upload;
