//! What can go wrong with a call, reduced to what decides what to do next.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a call failed. Each cause has its own cadence and budget in [`crate::engine::cadence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Too many calls; this one was not executed.
    Throttled,
    /// AWS is unavailable, or the response was lost: it may have been executed.
    Unavailable,
    /// Something just created is not visible everywhere yet.
    NotYetVisible,
    /// A role or policy just changed has not reached all of AWS yet.
    NotYetTrusted,
    /// Something else still uses it.
    StillHeld,
    /// Something outside the deployment uses it, and will keep using it.
    HeldByOthers,
    /// It does not exist.
    Gone,
    /// Something of that name exists already.
    Taken,
    /// The caller may not.
    Denied,
    /// A limit of the account.
    Quota,
    /// AWS limits how often this may change: it has to wait for hours or days, and nothing is broken meanwhile.
    Cooldown,
    /// AWS refuses the request as it is.
    Refused,
    /// It was accepted and then failed, or did not become ready in time.
    Unsettled,
    /// The call was not made: the lease on the deployment is lost.
    LeaseLost,
    /// A bug in this program.
    Internal,
}

impl Cause {
    /// Whether it may pass by itself, so that retrying the command can succeed. For any other cause something has to be
    /// changed first.
    pub fn may_pass(self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::NotYetVisible | Self::NotYetTrusted | Self::Gone => true,
            Self::StillHeld
            | Self::HeldByOthers
            | Self::Taken
            | Self::Denied
            | Self::Quota
            | Self::Cooldown
            | Self::Refused
            | Self::Unsettled
            | Self::LeaseLost
            | Self::Internal => false,
        }
    }

    /// The stable code under which output names the cause.
    pub fn code(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::NotYetVisible => "not-yet-visible",
            Self::NotYetTrusted => "not-yet-trusted",
            Self::StillHeld => "still-held",
            Self::HeldByOthers => "held-by-others",
            Self::Gone => "gone",
            Self::Taken => "taken",
            Self::Denied => "denied",
            Self::Quota => "quota",
            Self::Cooldown => "cooldown",
            Self::Refused => "refused",
            Self::Unsettled => "unsettled",
            Self::LeaseLost => "lease-lost",
            Self::Internal => "internal",
        }
    }
}

/// A failed call: what was attempted and what AWS answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub cause: Cause,
    /// `ec2 CreateVpc`; empty when no call was made.
    pub operation: String,
    /// AWS's error code: `DependencyViolation`.
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What to do next, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure that no call caused.
    pub fn of(cause: Cause, message: impl Into<String>) -> Self {
        Self {
            cause,
            operation: String::new(),
            code: String::new(),
            message: message.into(),
            request_id: None,
            hints: Vec::new(),
        }
    }

    /// Whether a failed creation may have created something: unless AWS has refused the very call that creates it.
    pub fn may_have_made(&self) -> bool {
        let name = self.operation.rsplit(' ').next().unwrap_or_default();
        self.cause == Cause::Unavailable || !["Create", "Allocate"].iter().any(|verb| name.starts_with(verb))
    }

    /// Whether every other call would fail as well: no valid credentials (the only denial that has hints), a lost
    /// lease, a bug in this program.
    pub fn concerns_every_call(&self) -> bool {
        match self.cause {
            Cause::LeaseLost | Cause::Internal => true,
            Cause::Denied => !self.hints.is_empty(),
            _ => false,
        }
    }

    /// What AWS said, without the request id, so that equal plans stay equal.
    pub fn said(&self) -> String {
        Self { request_id: None, ..self.clone() }.to_string()
    }

    /// Adds something to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation.is_empty() {
            write!(f, "{} failed: ", self.operation)?;
        }
        if !self.code.is_empty() {
            write!(f, "{}: ", self.code)?;
        }
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request id {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
