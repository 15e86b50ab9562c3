//! The keys of a deployment's JSON secrets.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A key of one of the JSON secrets, and what stands under it.
///
/// Values never pass through this room: it only says which container wants which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKey {
    /// Password of MongoDB and RabbitMQ, and RabbitMQ's Erlang cookie. Set once, on an empty data
    /// directory.
    MaintenancePassword,
    /// Signs the tokens of core's API.
    JwtSecret,
    /// Follows from the password.
    MongoConnectionString,
    /// Follows from the password.
    RabbitmqConnectionString,
    /// The certificate authority that the containers trust among themselves, as PEM.
    InternalCa,
    /// The certificate with which the containers speak TLS among themselves, as PEM.
    InternalCertificate,
    /// The private key of that certificate, as PEM.
    InternalKey,
}

/// The secret of the deployment that a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretHome {
    /// Password and what follows from it. Written once.
    Credentials,
    /// What the containers need to speak TLS among themselves. It can be made again at any time.
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

    /// As the JSON document spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaintenancePassword => "maintenance_password",
            Self::JwtSecret => "jwt_secret",
            Self::MongoConnectionString => "mongo_connection_string",
            Self::RabbitmqConnectionString => "rabbitmq_connection_string",
            Self::InternalCa => "internal_ca",
            Self::InternalCertificate => "internal_certificate",
            Self::InternalKey => "internal_key",
        }
    }

    /// Whether the value can be computed from the maintenance password.
    pub const fn is_derived(self) -> bool {
        matches!(self, Self::MongoConnectionString | Self::RabbitmqConnectionString)
    }
}

impl fmt::Display for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A connection string with a gap where the password goes.
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
