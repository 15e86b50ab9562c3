//! What a registry answers about an image.

use std::time::Duration;

/// A reachable registry answers within milliseconds, and a plan should not wait long for an unreachable one.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
pub(super) const WHOLE: Duration = Duration::from_secs(10);

/// The digest, `sha256:…`, or why there is none.
pub type Resolved = Result<String, Trouble>;

/// Why a registry returns no digest, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The image or the repository does not exist.
    NotFound(String),
    /// The caller has no access.
    Denied(String),
    /// It could not be reached, or its answer cannot be used.
    Unreachable(String),
}
