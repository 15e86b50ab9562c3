//! Run history: one object per run, written when it starts and again when it ends. Nothing depends on it.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::compare;
use crate::engine::event::{Event, Stamped};
use crate::engine::failure::Failure;
use crate::engine::plan::{Plan, Purpose};

use super::objects::{Got, Store};

/// The prefix of the records.
pub(super) const RUNS: &str = "runs/";
/// The largest record that is read, in bytes.
const LARGEST: usize = 32 * 1024 * 1024;
/// The most events in a record; further ones are only counted.
const MOST: usize = 20_000;

/// One run, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub version: u32,
    pub deployment: String,
    pub run: String,
    /// The caller's ARN.
    pub user: String,
    pub host: String,
    /// The command line, without secrets.
    pub command: String,
    /// The version of ce-aws.
    pub tool: String,
    /// RFC 3339.
    pub since: String,
    /// The plans that were run, in order.
    #[serde(default)]
    pub plans: Vec<PlanNote>,
    /// Events as in `--output json`, without log lines of containers, which stay in their log group.
    #[serde(default)]
    pub events: Vec<Value>,
    /// How many further events there were.
    #[serde(default)]
    pub left_out: usize,
    /// `None` while the run is active, and if it was killed.
    #[serde(default)]
    pub end: Option<End>,
}

/// Which plan was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanNote {
    pub purpose: Purpose,
    pub steps: usize,
    pub digest: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// RFC 3339.
    pub at: String,
    /// The exit code.
    pub exit: u8,
    /// The code of the error with which it ended, if any.
    #[serde(default)]
    pub error: Option<String>,
}

impl Entry {
    /// Records a plan that is about to run.
    pub fn plan(&mut self, plan: &Plan) {
        let digest = serde_json::to_value(plan).map(|value| compare::digest(&value)).unwrap_or_default();
        self.plans.push(PlanNote { purpose: plan.purpose, steps: plan.steps.len(), digest });
    }

    /// Records an event.
    pub fn event(&mut self, stamped: &Stamped) {
        if self.events.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let mut stamped = stamped.clone();
        if let Event::Diagnosis { lines, .. } = &mut stamped.event {
            lines.clear();
        }
        // An event that cannot be written as JSON could not be printed either.
        self.events.extend(serde_json::to_value(&stamped).ok());
    }

    /// How many seconds the run took, once it has ended.
    pub fn seconds(&self) -> Option<f64> {
        let at = |text: &str| DateTime::from_str(text, Format::DateTime).ok().map(|at| at.as_secs_f64());
        let seconds = at(&self.end.as_ref()?.at)? - at(&self.since)?;
        (seconds >= 0.0).then_some(seconds)
    }

    /// How many steps all its plans have.
    pub fn steps_planned(&self) -> usize {
        self.plans.iter().map(|plan| plan.steps).sum()
    }

    /// How many of them are done, as far as recorded.
    pub fn steps_done(&self) -> usize {
        self.events.iter().filter(|event| event["code"] == "step-done").count()
    }

    fn key(&self) -> String {
        format!("{RUNS}{}/{}-{}.json", self.deployment, self.since, self.run)
    }

    /// Writes the record.
    pub async fn write(&self, store: &Store) -> Result<(), Failure> {
        let body = serde_json::to_vec(self).unwrap_or_default();
        store.put(&self.key(), body).await
    }
}

/// A record, or why it cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    Entry(Box<Entry>),
    Unreadable { key: String, why: String },
}

/// The latest `most` records of a deployment, newest first; with `run`, only those of that run. Also returns how many
/// more exist.
pub async fn read(
    store: &Store,
    deployment: &str,
    run: Option<&str>,
    most: usize,
) -> Result<(Vec<Stored>, usize), Failure> {
    let mut keys = store.keys(&format!("{RUNS}{deployment}/")).await?;
    keys.retain(|key| run.is_none_or(|run| key.ends_with(&format!("-{run}.json"))));
    keys.sort_unstable();
    keys.reverse();
    let mut found = Vec::new();
    for key in keys.iter().take(most) {
        found.push(match store.get(key, LARGEST).await? {
            Got::There { bytes, .. } => parse(key, &bytes),
            Got::TooLarge => Stored::Unreadable { key: key.clone(), why: "it is larger than any record".to_owned() },
            // It has just been deleted.
            Got::Nothing => continue,
        });
    }
    Ok((found, keys.len().saturating_sub(most)))
}

/// Reads a record. Its content is not trusted.
pub fn parse(key: &str, bytes: &[u8]) -> Stored {
    match serde_json::from_slice(bytes) {
        Ok(entry) => Stored::Entry(entry),
        Err(error) => Stored::Unreadable { key: key.to_owned(), why: error.to_string() },
    }
}
