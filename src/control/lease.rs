//! The lease as a state machine: it takes what was read and the time, and returns what to do next. It has no I/O and no
//! clock of its own.
//!
//! It is an object in S3 that is only ever written conditionally: `If-None-Match: *` creates it, `If-Match` renews it,
//! takes it over and releases it (S3 user guide, "Conditional requests"). So one of two writers learns that it was
//! second. A release writes a tombstone, because a delete could remove a successor's lease.
//!
//! Why two leases are never valid at once: a holder considers its lease valid until [`VALID`] after it *requested* the
//! last write that succeeded. A taker replaces it only after reading the same ETag twice, [`SILENCE`] apart, and only
//! if that is still the ETag. So the holder requested its last write before the first of these reads was answered, and
//! its lease is no longer valid when the taker requests its write. No wall clocks are used, and no two clocks are
//! compared.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::process::Process;

/// Seconds for which a holder considers its lease valid, from its last write request.
pub const VALID: f64 = 45.0;
/// Seconds without a write after which a holder is replaced.
pub const SILENCE: f64 = 60.0;
/// Seconds between two writes of a holder.
pub const RENEW: f64 = 10.0;
/// Seconds for which lists may miss what a holder that disappeared has created.
pub const UNSEEN: u32 = crate::engine::cadence::MAY_BE_INVISIBLE as u32;
/// Seconds between two polls of a waiting run, and before a call without an answer is repeated.
pub const POLL: f64 = 2.0;

/// The version of [`Record`] that this program writes and reads.
pub const VERSION: u32 = 1;

/// The content of the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub version: u32,
    pub deployment: String,
    /// Sixteen hexadecimal digits.
    pub run: String,
    /// The caller's ARN.
    pub user: String,
    pub host: String,
    pub pid: u32,
    /// What identifies the process on its machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The command line, without secrets.
    pub command: String,
    /// RFC 3339.
    pub since: String,
    /// Incremented by every write, so that each changes the ETag.
    pub beat: u64,
    pub released: bool,
    /// For how many seconds from then on lists may miss something that the run has created.
    #[serde(default)]
    pub unseen: u32,
    /// Whether the bucket has all its settings. Until then each run makes them.
    #[serde(default = "configured")]
    pub configured: bool,
}

/// Of records that earlier versions wrote: those made the settings first.
fn configured() -> bool {
    true
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deployment, user, host, command, run, since, .. } = self;
        write!(f, "{deployment} is held by {user} on {host}: `{command}`, run {run}, since {since}")
    }
}

/// The condition of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is no object.
    Absent,
    /// The object has this ETag.
    Is(String),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Do {
    Get,
    Put {
        condition: Condition,
        record: Box<Record>,
    },
    /// Wait this many seconds.
    Sleep(f64),
    /// Give up: another run holds the lease.
    Refuse(Box<Record>),
    /// Give up: the lease was lost.
    Lost,
    /// It is released.
    Released,
}

/// The result of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Nothing,
    There {
        etag: String,
        record: Box<Record>,
        /// How long ago it was written.
        age: Duration,
    },
    Written {
        etag: String,
    },
    /// The condition did not hold.
    Conflict,
    /// There was no answer, so the call may have taken effect.
    Unknown,
    Slept,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    /// Not held. The first ETag that was read, and when.
    Waiting {
        first: Option<(String, f64)>,
    },
    /// Held, with this ETag at the last answer.
    Holding {
        etag: String,
    },
    /// Being released.
    Releasing {
        etag: String,
    },
    Over,
}

/// One run's claim to the lease.
#[derive(Clone, Debug)]
pub struct Claim {
    me: Record,
    is_dead: fn(&Record) -> bool,
    phase: Phase,
    valid_until: f64,
}

impl Claim {
    /// A claim that starts with [`Do::Get`]. `is_dead` tells whether a holder is known to be dead.
    pub fn new(me: Record, is_dead: fn(&Record) -> bool) -> Self {
        Self { me, is_dead, phase: Phase::Waiting { first: None }, valid_until: f64::NEG_INFINITY }
    }

    /// Until when the lease is valid.
    pub fn valid_until(&self) -> f64 {
        self.valid_until
    }

    pub fn is_held(&self) -> bool {
        matches!(self.phase, Phase::Holding { .. })
    }

    /// Starts to release it; `unseen` and `configured` are for the record.
    pub fn release(&mut self, unseen: u32, configured: bool) -> Do {
        (self.me.unseen, self.me.configured) = (unseen, configured);
        self.valid_until = f64::NEG_INFINITY;
        match &self.phase {
            Phase::Holding { etag } => {
                let etag = etag.clone();
                self.phase = Phase::Releasing { etag: etag.clone() };
                self.put(Condition::Is(etag))
            }
            _ => Do::Lost,
        }
    }

    /// Takes the result of the last [`Do`], requested at `asked` and answered at `now`.
    pub fn on(&mut self, answer: Answer, asked: f64, now: f64) -> Do {
        match (self.phase.clone(), answer) {
            (Phase::Over, _) => Do::Lost,
            (Phase::Waiting { first }, Answer::There { etag, record, .. }) => {
                self.seen(first, etag, record, asked, now)
            }
            (Phase::Waiting { .. }, Answer::Nothing) => self.put(Condition::Absent),
            // The writer is alive, unless it was this run and the answer was lost; the next read shows it.
            (Phase::Waiting { .. }, Answer::Conflict) => {
                self.phase = Phase::Waiting { first: Some((String::new(), now)) };
                Do::Get
            }
            (Phase::Waiting { .. }, Answer::Unknown | Answer::Slept) => Do::Get,
            (Phase::Releasing { .. }, Answer::Written { .. }) => {
                self.phase = Phase::Over;
                Do::Released
            }
            (_, Answer::Written { etag }) => {
                self.valid_until = self.valid_until.max(asked + VALID);
                self.phase = Phase::Holding { etag };
                Do::Sleep(RENEW)
            }
            (Phase::Holding { etag } | Phase::Releasing { etag }, Answer::Slept) => self.put(Condition::Is(etag)),
            (_, Answer::Conflict) => Do::Get,
            (_, Answer::Unknown) => Do::Sleep(POLL),
            (phase, Answer::There { etag, record, .. }) if record.run == self.me.run && !record.released => {
                // The answer to a write of this run was lost, and with it the start of its validity: write again.
                self.me.beat = record.beat;
                self.phase = match phase {
                    Phase::Releasing { .. } => Phase::Releasing { etag: etag.clone() },
                    _ => Phase::Holding { etag: etag.clone() },
                };
                self.put(Condition::Is(etag))
            }
            (phase, Answer::There { .. } | Answer::Nothing) => {
                self.phase = Phase::Over;
                self.valid_until = f64::NEG_INFINITY;
                if matches!(phase, Phase::Releasing { .. }) { Do::Released } else { Do::Lost }
            }
        }
    }

    /// Decides about another run's lease.
    fn seen(&mut self, first: Option<(String, f64)>, etag: String, record: Box<Record>, asked: f64, now: f64) -> Do {
        self.me.configured = record.configured;
        if record.released || record.run == self.me.run || (self.is_dead)(&record) {
            self.me.beat = record.beat;
            return self.put(Condition::Is(etag));
        }
        match first {
            Some((seen, _)) if seen != etag => {
                self.phase = Phase::Over;
                Do::Refuse(record)
            }
            Some((_, since)) if asked - since >= SILENCE => {
                self.me.beat = record.beat;
                self.put(Condition::Is(etag))
            }
            first => {
                self.phase = Phase::Waiting { first: first.or(Some((etag, now))) };
                Do::Sleep(POLL)
            }
        }
    }

    fn put(&mut self, condition: Condition) -> Do {
        self.me.beat = self.me.beat.wrapping_add(1);
        let released = matches!(self.phase, Phase::Releasing { .. });
        Do::Put { condition, record: Box::new(Record { released, ..self.me.clone() }) }
    }
}
