//! Secrets of the deployment: the credentials, the certificates of a proxy's authority, those between the
//! containers, and that of the UI.

pub mod ca_certificate;
pub mod certificates;
pub mod credentials;
pub mod internal_certificate;
mod kind;
mod self_signed;
pub(super) mod store;
pub mod ui_certificate;

pub use kind::{PURPOSE, Recipe, Secret};
pub use store::value;
