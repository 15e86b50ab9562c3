//! What can go wrong with a call, reduced to what decides what to do next.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a call failed. Each cause has its own cadence and budget in [`crate::engine::cadence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Too many calls; this one was not executed.
    Throttled,
    /// AWS is unwell, or the answer was lost: it may have been executed.
    Unavailable,
    /// Something created a moment ago is not visible everywhere yet.
    NotYetVisible,
    /// A role created a moment ago is not trusted everywhere yet.
    NotYetTrusted,
    /// Something else still uses it.
    StillHeld,
    /// Something of others uses it, and will not let go by itself.
    HeldByOthers,
    /// It does not exist.
    Gone,
    /// Something of that name exists already.
    Taken,
    /// The caller may not.
    Denied,
    /// A limit of the account.
    Quota,
    /// AWS permits this change seldom, and it was made not long ago: hours or days must pass, and nothing is broken meanwhile.
    Cooldown,
    /// AWS refuses the request as it is.
    Refused,
    /// It was accepted and then failed, or did not become ready in time.
    Unsettled,
    /// The call was not made: the lease on the deployment is lost.
    LeaseLost,
    /// A fault of this program.
    Internal,
}

impl Cause {
    /// Whether it may pass by itself, so that the same command can succeed with nothing changed. Of the others somebody has
    /// to change something first.
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

/// A failed call, as data: what was attempted and what AWS answered.
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

    /// Whether a creation that failed so may have made something: unless AWS has refused the very call that makes it.
    pub fn may_have_made(&self) -> bool {
        let name = self.operation.rsplit(' ').next().unwrap_or_default();
        self.cause == Cause::Unavailable || !["Create", "Allocate"].iter().any(|verb| name.starts_with(verb))
    }

    /// Whether it is not about what was asked, so that every other call fails as well: no valid credentials (of what is denied,
    /// only that has hints), a lost lease, a fault of this program.
    pub fn concerns_every_call(&self) -> bool {
        match self.cause {
            Cause::LeaseLost | Cause::Internal => true,
            Cause::Denied => !self.hints.is_empty(),
            _ => false,
        }
    }

    /// What AWS said, without the number of the request: the same question has the same answer, so that equal plans stay equal.
    pub fn said(&self) -> String {
        Self { request_id: None, ..self.clone() }.to_string()
    }

    /// The same with one more thing to do next.
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
