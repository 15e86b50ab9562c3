//! An AWS Client VPN into the deployment's VPC: people connect with an OpenVPN client and a certificate of their own.

mod association;
mod authority;
mod certificate;
mod endpoint;
mod presence;
mod rule;

pub mod pki;
pub mod revoked;

pub use association::ClientVpnAssociation;
pub use authority::{ClientVpnAuthority, PURPOSE, authority, issue};
pub use certificate::{ClientVpnCertificate, VALID_UNTIL, domain};
pub use endpoint::{ClientVpnEndpoint, ours};
pub use presence::GROUP;
pub use rule::ClientVpnRule;
