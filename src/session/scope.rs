//! What a command is about.

use crate::config::{PlanFile, PrivateKey, UiCertificate};

/// Which deployment, and the user's resources that hold parts of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub name: String,
    /// The user's cluster that the service is in.
    pub cluster: Option<String>,
    /// The user's load balancer that our listener is on.
    pub load_balancer: Option<String>,
    /// The private key of the user's certificate for the UI.
    pub ui_key: Option<PrivateKey>,
}

impl Scope {
    /// Without a plan file.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The name of that cluster.
    pub fn cluster_name(&self) -> Option<String> {
        self.cluster.as_deref().and_then(|cluster| cluster.rsplit('/').next()).map(str::to_owned)
    }

    pub fn of(file: &PlanFile) -> Self {
        Self {
            name: file.name.as_str().to_owned(),
            cluster: file.existing.cluster.as_ref().map(|cluster| cluster.as_str().to_owned()),
            load_balancer: file.existing.load_balancer.as_ref().map(|arn| arn.as_str().to_owned()),
            ui_key: match &file.ui_certificate {
                Some(UiCertificate::Files(pair)) => Some(pair.key.clone()),
                Some(UiCertificate::SelfSigned) | None => None,
            },
        }
    }
}
