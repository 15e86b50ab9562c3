//! The report of a run that can be sent to somebody: what happened, without names and addresses.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::config::Region;
use crate::control::process;
use crate::engine::event::{Event, Stamped};
use crate::engine::plan::{Plan, Step};
use crate::kinds::{names, registry};
use crate::ui::redact::Redactor;

use super::error::CommandError;
use super::exit::Exit;

/// The last calls and the first events are kept, this many.
const CALLS: usize = 10_000;
const EVENTS: usize = 20_000;
/// The largest plan file, in bytes.
const LARGEST: u64 = 1 << 20;

/// What is collected while a command runs.
#[derive(Debug)]
pub struct Report {
    file: Mutex<File>,
    kept: Mutex<Kept>,
    calls: Calls,
}

#[derive(Debug, Default)]
struct Kept {
    parts: BTreeMap<&'static str, Value>,
    plans: Vec<Value>,
    events: Vec<Value>,
    left_out: usize,
    words: Vec<String>,
}

impl Report {
    /// A report in a new file, readable by its owner only. An existing file is not overwritten.
    ///
    /// # Errors
    ///
    /// The file exists, or cannot be created.
    pub fn create(path: &Path) -> Result<Self, CommandError> {
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            CommandError::usage("usage/report", format!("cannot write {}: {error}", path.display()))
                .hint("name a file that does not exist yet")
        })?;
        Ok(Self { file: Mutex::new(file), kept: Mutex::default(), calls: Calls::default() })
    }

    /// The layer that collects every call to AWS.
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// A part of the report; a later one of the same name replaces it.
    pub fn part(&self, name: &'static str, value: &impl Serialize) {
        if let Ok(value) = serde_json::to_value(value) {
            self.kept().parts.insert(name, value);
        }
    }

    /// What a plan does, without the properties of its resources, which hold the user's own values.
    pub fn plan(&self, plan: &Plan) {
        let findings = serde_json::to_value(&plan.findings).unwrap_or_default();
        let steps: Vec<Value> = plan.steps.iter().map(step).collect();
        let mut kept = self.kept();
        kept.words.push(plan.target.deployment.clone());
        let tags = plan.steps.iter().flat_map(|step| &step.tags);
        let theirs = tags.filter(|(key, _)| !key.starts_with(names::PREFIX));
        kept.words.extend(theirs.flat_map(|(key, value)| [key.clone(), value.clone()]).filter(|word| word != "Name"));
        kept.plans.push(json!({ "purpose": plan.purpose, "steps": steps, "findings": findings }));
    }

    /// An event, without the log lines of containers.
    pub fn event(&self, stamped: &Stamped) {
        let mut stamped = stamped.clone();
        if let Event::Diagnosis { lines, .. } = &mut stamped.event {
            lines.clear();
        }
        let mut kept = self.kept();
        if kept.events.len() < EVENTS {
            kept.events.extend(serde_json::to_value(&stamped).ok());
        } else {
            kept.left_out += 1;
        }
    }

    /// Writes it, with the result of the command.
    ///
    /// # Errors
    ///
    /// The disk is full, or the like.
    pub fn write(&self, command: &str, result: &Result<Exit, CommandError>) -> std::io::Result<()> {
        let mut kept = self.kept();
        let mut redactor = redactor(&kept.words);
        let (exit, error) = match result {
            Ok(exit) => (exit.code(), Value::Null),
            Err(error) => (error.exit().code(), error.json()),
        };
        let parts = std::mem::take(&mut kept.parts);
        let parts: BTreeMap<_, _> = parts.iter().map(|(name, part)| (name, redactor.value(part))).collect();
        let document = json!({
            "format": 1,
            "tool": {
                "version": env!("CARGO_PKG_VERSION"), "os": std::env::consts::OS, "arch": std::env::consts::ARCH,
            },
            "command": command,
            "options": options(std::env::args().skip(1)),
            "exit": exit,
            "error": redactor.value(&error),
            "plans": kept.plans.iter().map(|plan| redactor.value(plan)).collect::<Vec<_>>(),
            "events": kept.events.iter().map(|event| redactor.value(event)).collect::<Vec<_>>(),
            "events_left_out": kept.left_out,
            "parts": parts,
            "calls": self.calls.taken(),
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(serde_json::to_string_pretty(&document).unwrap_or_default().as_bytes())?;
        file.write_all(b"\n")
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn step(step: &Step) -> Value {
    let changed: Vec<&str> = step.changes.iter().map(|change| change.top()).collect();
    json!({ "address": step.address, "action": step.action, "reason": step.reason, "changed": changed })
}

/// The names of the options, without their values.
fn options(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let names = arguments.filter(|argument| argument.starts_with('-'));
    names.map(|argument| argument.split('=').next().unwrap_or_default().to_owned()).collect()
}

/// Knows this program's words, and the user's: those of the command line, of the files that it names, of the machine,
/// of the credentials, and `more`.
fn redactor(more: &[String]) -> Redactor {
    let mut redactor = Redactor::default();
    let kinds: Vec<&str> = registry::all().map(|kind| kind.kind().name).collect();
    redactor.vocabulary(kinds);
    redactor.vocabulary(Region::all().map(Region::as_str));
    let own = [include_str!("../../docs/checks.md"), include_str!("words.txt")];
    redactor.vocabulary(own.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && !"_-.".contains(c))));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for (number, argument) in arguments.iter().enumerate() {
        let value = argument.split_once('=').map_or(argument.as_str(), |(_, value)| value);
        let of = number.checked_sub(1).map(|before| arguments[before].as_str()).unwrap_or_default();
        if value.starts_with('-') || number == 0 || OPEN.contains(&of) {
            continue;
        }
        redactor.know(value);
        file(value).iter().for_each(|word| redactor.know(word));
    }
    let variables =
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "USER", "LOGNAME"];
    variables.iter().filter_map(|name| std::env::var(name).ok()).for_each(|value| redactor.know(&value));
    redactor.know(&process::host());
    more.iter().for_each(|word| redactor.know(word));
    redactor
}

/// Options whose values identify nobody.
const OPEN: [&str; 8] = ["--output", "--color", "--to", "--allow", "--for", "--on-failure", "--region", "--deadline"];

/// Keys of a plan file whose values identify nobody.
const PUBLIC: [&str; 3] = ["package", "region", "release"];

/// All strings in a TOML file, and the keys of the user's tags.
fn file(path: &str) -> Vec<String> {
    let small = std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= LARGEST);
    let text = if small { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let mut words = Vec::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        let open = table.into_iter().filter(|(key, _)| !PUBLIC.contains(&key.as_str()));
        open.for_each(|(key, value)| texts(&key, &value, &mut words));
    }
    words
}

fn texts(key: &str, value: &toml::Value, words: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => words.push(text.clone()),
        toml::Value::Array(items) => items.iter().for_each(|item| texts(key, item, words)),
        toml::Value::Table(table) => table.iter().for_each(|(inner, value)| {
            if key == "tags" {
                words.push(inner.clone());
            }
            texts(inner, value, words);
        }),
        _ => {}
    }
}

/// Every call to AWS: service, operation, status, request id.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<Vec<Value>>>);

impl Calls {
    fn taken(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: tracing::Subscriber> Layer<S> for Calls {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        let mut call = Call::default();
        event.record(&mut call);
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if call.0.contains_key("operation") {
            if calls.len() == CALLS {
                calls.remove(0);
            }
            calls.push(Value::Object(call.0));
        }
    }
}

/// The fields of a call that are kept.
#[derive(Default)]
struct Call(serde_json::Map<String, Value>);

const FIELDS: [&str; 4] = ["service", "operation", "status", "request_id"];

impl Visit for Call {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value.into());
    }
}

impl Call {
    fn keep(&mut self, field: &Field, value: Value) {
        if FIELDS.contains(&field.name()) {
            self.0.insert(field.name().to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_named_without_what_they_say() {
        let said = ["apply", "acme.toml", "--yes", "--profile", "corp", "--endpoint-url=http://x"];
        assert_eq!(options(said.into_iter().map(str::to_owned)), ["--yes", "--profile", "--endpoint-url"]);
    }

    #[test]
    fn every_text_of_a_plan_file_is_known_but_what_is_the_products() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme.toml");
        let plan = "name = \"acme\"\nrelease = \"5.0.0\"\n[tags]\nCostCentre = \"A 7\"\n[access]\n\
                    allowed_cidrs = [\"10.0.0.0/8\"]\n";
        std::fs::write(&path, plan).unwrap();
        let mut words = file(path.to_str().unwrap());
        words.sort();
        assert_eq!(words, ["10.0.0.0/8", "A 7", "CostCentre", "acme"]);
        assert!(file("/nowhere").is_empty());
    }

    #[test]
    fn what_is_there_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("there");
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(Report::create(&path).unwrap_err().exit(), Exit::Usage);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }
}
