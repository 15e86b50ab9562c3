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

/// What the UI has answered to a request in its own container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UiAnswer {
    /// An HTTP status.
    Status(u16),
    /// Nothing listens on its port.
    Nothing,
    /// It could not be asked, for this reason.
    NotAsked(String),
}

impl UiAnswer {
    /// Whether the UI has answered with a page or a redirection; `None` if it was not asked.
    pub fn is_well(&self) -> Option<bool> {
        match self {
            Self::Status(status) => Some((200..400).contains(status)),
            Self::Nothing => Some(false),
            Self::NotAsked(_) => None,
        }
    }
}

impl ProbeView {
    /// Whether the UI has answered with a page or a redirection.
    pub fn ui_answers(&self) -> Option<bool> {
        self.ui_status.and_then(|status| UiAnswer::Status(status).is_well())
    }
}
