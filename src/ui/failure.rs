//! Errors as people read them: what was attempted, on what, what AWS answered, and what to do next.

use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::plan::{Action, Purpose};

use super::finding::{error, hint, hints};
use super::{advice, words};

/// The failure of a step, on two lines or more, each ended.
pub fn step(address: &Address, action: Action, failure: &Failure, purpose: Purpose) -> String {
    // The command says what comes next when an upgrade fails.
    let is_said =
        matches!(purpose, Purpose::Upgrade | Purpose::Rollback | Purpose::Restore) && failure.cause == Cause::Unsettled;
    render(&format!("{} {address}: ", words::action(action).doing), failure, !is_said)
}

/// A failure outside of any step.
pub fn alone(failure: &Failure) -> String {
    render("", failure, true)
}

fn render(attempt: &str, failure: &Failure, advises: bool) -> String {
    let text = error(failure.cause.code(), &format!("{attempt}{failure}"));
    if failure.hints.is_empty() && advises {
        return text + &hint(&advice::about(failure));
    }
    text + &hints(&failure.hints)
}
