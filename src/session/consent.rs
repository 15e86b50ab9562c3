//! What a person says besides the plan file.

use serde::{Deserialize, Serialize};

use crate::config::PlanFile;
use crate::release::Label;

/// What a person allows an apply to do besides what the plan file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// Take deletion protection off what is no longer wanted.
    pub unprotect: bool,
    /// Ask the registries again what the images' tags stand for.
    pub refresh_images: bool,
    /// Make the internal certificate anew, however long it is still valid.
    pub renew_certificates: bool,
    /// Make what backups need, if it is not there.
    pub backup: bool,
    /// Upgrade without a recovery point.
    pub no_backup: bool,
    /// Deploy, or go through, what the vendor does not stand behind, down to this label.
    pub allow: Option<Label>,
    /// Seconds in which a new task has to become healthy, and for which it has to stay so.
    pub deadline: Option<u32>,
    pub watch: Option<u32>,
}

impl Consent {
    /// What counts for one of several steps: the last one renews for all of them.
    pub fn of_step(self, is_last: bool) -> Self {
        Self { renew_certificates: self.renew_certificates && is_last, ..self }
    }

    /// The worst label that is consented to, by the plan file or by the command line: either is enough.
    pub fn label(&self, file: &PlanFile) -> Option<Label> {
        self.allow.max(file.allow)
    }
}
