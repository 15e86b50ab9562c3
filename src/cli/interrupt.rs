//! Work that Ctrl-C ends.

use std::future::Future;

use crate::session::CommandError;

/// Works until the work is done, or Ctrl-C is pressed, which is no failure: what was shown is all that there was to do.
/// Ctrl-C is listened to before the work begins.
///
/// # Errors
///
/// Those of the work.
pub async fn until_ctrl_c(work: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    tokio::select! {
        biased;
        stopped = tokio::signal::ctrl_c() => stopped.map_err(CommandError::unexpected),
        ended = work => ended,
    }
}

/// The same where Ctrl-C leaves the work undone: `None` then.
///
/// # Errors
///
/// Those of the work.
pub async fn unless_ctrl_c<T>(work: impl Future<Output = Result<T, CommandError>>) -> Result<Option<T>, CommandError> {
    tokio::select! {
        biased;
        stopped = tokio::signal::ctrl_c() => stopped.map(|()| None).map_err(CommandError::unexpected),
        ended = work => ended.map(Some),
    }
}
