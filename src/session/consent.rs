//! What a person allows besides the plan file.

use serde::{Deserialize, Serialize};

use crate::config::PlanFile;
use crate::release::Label;

/// What a person allows an apply to do besides the plan file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// Remove deletion protection from what is no longer wanted.
    pub unprotect: bool,
    /// Resolve the images' tags again.
    pub refresh_images: bool,
    /// Renew the internal certificate, however long it is still valid.
    pub renew_certificates: bool,
    /// Create what backups need.
    pub backup: bool,
    /// Upgrade without a recovery point.
    pub no_backup: bool,
    /// Deploy releases that the vendor does not support, down to this label.
    pub allow: Option<Label>,
    /// Seconds in which a new task has to become healthy, and for which it has to stay so.
    pub deadline: Option<u32>,
    pub watch: Option<u32>,
}

impl Consent {
    /// The consent for one of several steps: the last one renews the certificate for all of them.
    pub fn of_step(self, is_last: bool) -> Self {
        Self { renew_certificates: self.renew_certificates && is_last, ..self }
    }

    /// The worst label that is allowed, by the plan file or the command line: either is enough.
    pub fn label(&self, file: &PlanFile) -> Option<Label> {
        self.allow.max(file.allow)
    }
}
