//! The keys of a deployment's JSON secrets.

use super::{choice::choice, text::checked_string};

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
        /// The certificate of the UI's own web server, with its chain, as PEM. Never in a release file: it comes with
        /// the plan file.
        UiCertificate = "ui_certificate",
        /// The private key of that certificate, as PEM.
        UiKey = "ui_key",
    }
}

/// The secret of the deployment that a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretHome {
    /// The password and what is derived from it. Written once.
    Credentials,
    /// What the containers need to speak TLS among themselves. It can be replaced at any time.
    InternalCertificate,
    /// The certificate with which the UI's own web server speaks HTTPS.
    UiCertificate,
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
            Self::UiCertificate | Self::UiKey => SecretHome::UiCertificate,
        }
    }

    /// Whether the value can be computed from the maintenance password.
    pub const fn is_derived(self) -> bool {
        matches!(self, Self::MongoConnectionString | Self::RabbitmqConnectionString)
    }
}

checked_string! {
    /// A connection string, in which `{password}` stands for the percent-encoded password.
    DerivedSecret: |text| text.matches("{password}").count() == 1,
    else "a derived secret holds {password} exactly once"
}
