//! Why a command in a container gave no output.

use std::time::Duration;

use thiserror::Error;

use crate::engine::failure::Failure;

use super::handshake::Demand;
use super::message::Unreadable;
use super::script::Ended;
use super::text;

/// Why a command gave no output.
#[derive(Debug, Error)]
pub enum ExecError {
    /// ExecuteCommand's own refusal: Exec is off in the task, its agent is not running, the caller may not, ….
    #[error(transparent)]
    Refused(#[from] Failure),
    /// `why` is the network's text.
    #[error("the data channel at {host} could not be reached: {why}")]
    Unreachable { host: String, why: String },
    /// `why` is for people.
    #[error("the request that opens the data channel could not be signed: {why}")]
    Unsigned { why: String },
    /// The permission is missing, or something in between has changed what was signed.
    #[error("the data channel at {host} was not opened (HTTP 403): the caller needs ssmmessages:OpenDataChannel")]
    Forbidden { host: String },
    #[error("ExecuteCommand returned no usable address")]
    Address,
    /// The agent asks for encryption with a KMS key.
    #[error("there is no data key to encrypt the session with: {0}")]
    NoKey(Failure),
    #[error("what the agent has sent is not encrypted with the data key of the session")]
    Undecipherable,
    #[error("the agent in the container, version {0}, carries only one connection at a time")]
    OldAgent(String),
    #[error("the agent in the container asks for something unsupported: {0}")]
    Handshake(String),
    #[error("the command has not ended after {} s", .0.as_secs())]
    TooLong(Duration),
    /// With the first line of the output, which often has the reason.
    #[error("the session ended before the command did{}", after(.0))]
    CutOff(String),
    #[error("the connection to the session is lost")]
    Lost,
    #[error("the data channel delivered an unreadable message: {0}")]
    Unreadable(Unreadable),
    #[error("the command printed more than 1 MiB")]
    TooMuch,
    /// Only the first line of the output is shown: the rest may hold secrets.
    #[error("the command ended with exit code {}{}", .0.code, after(&text::first_line(&.0.output)))]
    Failed(Ended),
}

impl From<Demand> for ExecError {
    fn from(demand: Demand) -> Self {
        match demand {
            Demand::NoKey(failure) => Self::NoKey(failure),
            Demand::Undecipherable => Self::Undecipherable,
            Demand::OldAgent(version) => Self::OldAgent(text::first_line(&version)),
            Demand::Other(what) => Self::Handshake(text::first_line(&what)),
        }
    }
}

fn after(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!(": {output}") }
}
