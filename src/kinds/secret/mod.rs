//! Secrets of the deployment: the credentials, the certificates of a proxy's authority, and those between the
//! containers.

pub mod ca_certificate;
pub mod certificates;
pub mod credentials;
pub mod internal_certificate;
mod kind;
pub(super) mod store;

pub use kind::{PURPOSE, Recipe, Secret};
pub use store::value;
