//! Errors as the person at the terminal reads them, made of the narrow errors of the rooms.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use crate::config::{self, Problems, Severity};
use crate::engine::failure::{Cause, Failure};
use crate::ui;

use super::exit::Exit;

/// Why a command failed.
#[derive(Debug)]
pub enum Kind {
    /// Wrong usage: `code` is stable, the message a lowercase fragment.
    Usage { code: &'static str, message: String },
    /// A wrong plan file.
    PlanFile(Problems),
    /// A check said no; nothing was changed.
    Refused { code: &'static str, message: String },
    /// The person said no; nothing was changed.
    Declined,
    /// Another run holds the lease: which one, for people and for scripts.
    Held { message: String, holder: serde_json::Value },
    /// A call to AWS.
    Aws(Box<Failure>),
    /// A bug of this program, or a fault of the machine it runs on.
    Unexpected(String),
}

/// An error with what to do next.
#[derive(Debug)]
pub struct CommandError {
    pub kind: Kind,
    pub hints: Vec<String>,
}

impl CommandError {
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Kind::Usage { code, message: message.into() }.into()
    }

    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Kind::Refused { code, message: message.into() }.into()
    }

    pub fn unexpected(error: impl std::fmt::Display) -> Self {
        Kind::Unexpected(error.to_string()).into()
    }

    /// A file that a person named cannot be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::usage("usage/unreadable", format!("cannot read {}: {error}", path.display()))
    }

    /// A file that a person named cannot be written.
    pub fn unwritable(path: &Path, error: &io::Error) -> Self {
        Self::usage("usage/unwritable", format!("cannot write {}: {error}", path.display()))
    }

    /// The same with one more hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub fn exit(&self) -> Exit {
        match self.kind {
            Kind::Usage { .. } | Kind::PlanFile(_) => Exit::Usage,
            Kind::Refused { .. } | Kind::Declined => Exit::Refused,
            Kind::Held { .. } => Exit::Leased,
            Kind::Aws(ref failure) if failure.cause == Cause::LeaseLost => Exit::PartWay,
            Kind::Aws(_) | Kind::Unexpected(_) => Exit::Failed,
        }
    }

    /// The stable code, as history and scripts have it.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            Kind::Usage { code, .. } | Kind::Refused { code, .. } => code,
            Kind::PlanFile(_) => "plan-file",
            Kind::Declined => "refused/declined",
            Kind::Held { .. } => "lease/held",
            Kind::Aws(failure) => failure.cause.code(),
            Kind::Unexpected(_) => "unexpected",
        }
    }

    /// What went wrong, without code and hints.
    pub fn message(&self) -> Cow<'_, str> {
        match &self.kind {
            Kind::Usage { message, .. }
            | Kind::Refused { message, .. }
            | Kind::Held { message, .. }
            | Kind::Unexpected(message) => message.into(),
            Kind::Declined => "not confirmed; nothing was changed".into(),
            Kind::PlanFile(problems) => problems.to_string().into(),
            Kind::Aws(failure) => failure.to_string().into(),
        }
    }

    /// As people read it, ended by a newline. Colours are in it.
    pub fn text(&self) -> String {
        let text = match &self.kind {
            // A choice, and no error.
            Kind::Declined => format!("{}\n", self.message()),
            Kind::PlanFile(problems) => format!("{}\n", problems.render(true)),
            Kind::Aws(failure) => ui::failure::alone(failure),
            _ => ui::finding::error(self.code(), &self.message()),
        };
        text + &ui::finding::hints(&self.hints)
    }

    /// As scripts read it: one object with a stable `code`.
    pub fn json(&self) -> serde_json::Value {
        let mut value = serde_json::json!({ "code": self.code() });
        match &self.kind {
            Kind::PlanFile(problems) => value["problems"] = self::problems(problems),
            Kind::Aws(failure) => value["failure"] = serde_json::json!(failure),
            _ => value["message"] = self.message().into(),
        }
        if let Kind::Held { holder, .. } = &self.kind {
            value["holder"] = holder.clone();
        }
        value["exit"] = self.exit().code().into();
        if !self.hints.is_empty() {
            value["hints"] = self.hints.clone().into();
        }
        value
    }
}

/// Problems of a plan file as scripts read them.
pub fn problems(problems: &Problems) -> serde_json::Value {
    let one = |problem: &config::Problem| {
        let (line, column) = problems.position(problem);
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        serde_json::json!({
            "code": problem.code,
            "severity": severity,
            "message": problem.message,
            "hint": problem.hint,
            "line": line,
            "column": column,
        })
    };
    problems.iter().map(one).collect()
}

impl From<Kind> for CommandError {
    fn from(kind: Kind) -> Self {
        Self { kind, hints: Vec::new() }
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Kind::Aws(Box::new(failure)).into()
    }
}

impl From<Problems> for CommandError {
    fn from(problems: Problems) -> Self {
        Kind::PlanFile(problems).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::style::plain;

    #[test]
    fn each_kind_has_its_exit_code() {
        let problems = crate::config::load("x.toml", "name = 1").unwrap_err();
        let held = Kind::Held { message: "m".to_owned(), holder: serde_json::Value::Null };
        let cases: [(CommandError, u8); 8] = [
            (CommandError::usage("usage/x", "m"), 64),
            (problems.into(), 64),
            (CommandError::refused("refused/x", "m"), 5),
            (Kind::Declined.into(), 5),
            (Failure::of(Cause::Denied, "m").into(), 1),
            (Failure::of(Cause::LeaseLost, "m").into(), 3),
            (held.into(), 4),
            (CommandError::unexpected("m"), 1),
        ];
        for (error, exit) in cases {
            assert_eq!(error.exit().code(), exit, "{error:?}");
            assert_eq!(error.json()["exit"], exit);
            assert!(error.json()["code"].is_string());
        }
    }

    #[test]
    fn hostile_texts_are_made_safe() {
        let error = CommandError::refused("refused/x", "a\u{1b}[2Jb").hint("c\nd");
        assert_eq!(CommandError::from(Kind::Declined).text(), "not confirmed; nothing was changed\n");
        assert_eq!(plain(&error.text()), "error[refused/x]: a\\u{1b}[2Jb\nhint: c\\nd\n");
    }
}
