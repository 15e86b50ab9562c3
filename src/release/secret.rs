//! The keys of a deployment's JSON secrets.

use serde::{Deserialize, Serialize};

use super::choice::choice;

choice! {
    /// A key of one of the JSON secrets, and what stands under it.
    ///
    /// Values never pass through this room: it only says which container needs which key.
    pub enum SecretKey {
        /// Password of MongoDB and RabbitMQ, and RabbitMQ's Erlang cookie. Set once, on an empty data
        /// directory.
        MaintenancePassword = "maintenance_password",
        /// Signs the tokens of core's API.
        JwtSecret = "jwt_secret",
        /// Derived from the password.
        MongoConnectionString = "mongo_connection_string",
        /// Derived from the password.
        RabbitmqConnectionString = "rabbitmq_connection_string",
        /// The certificate authority that the containers trust among themselves, as PEM.
        InternalCa = "internal_ca",
        /// The certificate with which the containers speak TLS among themselves, as PEM.
        InternalCertificate = "internal_certificate",
        /// The private key of that certificate, as PEM.
        InternalKey = "internal_key",
    }
}

/// The secret of the deployment that a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretHome {
    /// The password and what is derived from it. Written once.
    Credentials,
    /// What the containers need to speak TLS among themselves. It can be replaced at any time.
    InternalCertificate,
}

impl SecretKey {
    /// The secret that holds it.
    pub const fn home(self) -> SecretHome {
        match self {
            Self::MaintenancePassword
            | Self::JwtSecret
            | Self::MongoConnectionString
            | Self::RabbitmqConnectionString => SecretHome::Credentials,
            Self::InternalCa | Self::InternalCertificate | Self::InternalKey => SecretHome::InternalCertificate,
        }
    }

    /// Whether the value can be computed from the maintenance password.
    pub const fn is_derived(self) -> bool {
        matches!(self, Self::MongoConnectionString | Self::RabbitmqConnectionString)
    }
}

/// A connection string with a placeholder for the password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct DerivedSecret {
    before: String,
    after: String,
}

const GAP: &str = "{password}";

impl DerivedSecret {
    /// The connection string itself. The argument must be percent-encoded already, and the result
    /// is as secret as the argument.
    pub fn fill(&self, encoded_password: &str) -> String {
        [self.before.as_str(), encoded_password, self.after.as_str()].concat()
    }
}

impl TryFrom<String> for DerivedSecret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once(GAP) {
            Some((before, after)) if !after.contains(GAP) => {
                Ok(Self { before: before.to_owned(), after: after.to_owned() })
            }
            _ => Err("a derived secret holds {password} exactly once"),
        }
    }
}

impl From<DerivedSecret> for String {
    fn from(secret: DerivedSecret) -> Self {
        [secret.before.as_str(), GAP, secret.after.as_str()].concat()
    }
}
