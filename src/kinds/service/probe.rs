//! What the containers of a running task have answered themselves, as plain data.

use serde::{Deserialize, Serialize};

/// What was answered. `None` is not known, for the reason in `unknown`: it says nothing about the deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeView {
    /// The HTTP status of the UI's first page.
    pub ui_status: Option<u16>,
    /// The version that core's code has.
    pub core_version: Option<String>,
    /// The version that core has migrated the database to.
    pub database_version: Option<String>,
    /// Whether core has finished its migration; `None` if one of the two versions is not known.
    pub migrated: Option<bool>,
    /// Why something is not known.
    pub unknown: Vec<String>,
}

impl ProbeView {
    /// Whether the UI has answered with a page or a redirection.
    pub fn ui_answers(&self) -> Option<bool> {
        self.ui_status.map(|status| (200..400).contains(&status))
    }
}
