//! Where recovery points are kept: a vault of AWS Backup.

mod kind;
pub mod view;

pub use kind::{BackupVault, address};
