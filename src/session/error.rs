//! Errors as the person at the terminal reads them, made of the narrow errors of the rooms.

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

const DECLINED: &str = "not confirmed; nothing was changed";
/// As history and scripts have it.
const DECLINED_CODE: &str = "refused/declined";

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

    /// As people read it, ended by a newline. Colours are in it.
    pub fn text(&self) -> String {
        let coded = |code: &str, message: &str| {
            let level = ui::style::paint(ui::style::DANGER, format_args!("error[{code}]"));
            format!("{level}: {}\n", ui::text::clean(message))
        };
        let mut text = match &self.kind {
            Kind::Usage { code, message } | Kind::Refused { code, message } => coded(code, message),
            // A choice, and no error.
            Kind::Declined => format!("{DECLINED}\n"),
            Kind::Held { message, .. } => coded("lease/held", message),
            Kind::PlanFile(problems) => format!("{}\n", problems.render(true)),
            Kind::Aws(failure) => ui::failure::alone(failure),
            Kind::Unexpected(message) => coded("unexpected", message),
        };
        self.hints.iter().for_each(|hint| text.push_str(&ui::finding::hint(hint)));
        text
    }

    /// As scripts read it: one object with a stable `code`.
    pub fn json(&self) -> serde_json::Value {
        let mut value = match &self.kind {
            Kind::Usage { code, message } | Kind::Refused { code, message } => {
                serde_json::json!({ "code": code, "message": message })
            }
            Kind::PlanFile(problems) => {
                serde_json::json!({ "code": "plan-file", "problems": self::problems(problems) })
            }
            Kind::Declined => serde_json::json!({ "code": DECLINED_CODE, "message": DECLINED }),
            Kind::Held { message, holder } => {
                serde_json::json!({ "code": "lease/held", "message": message, "holder": holder })
            }
            Kind::Aws(failure) => serde_json::json!({ "code": failure.cause.code(), "failure": failure }),
            Kind::Unexpected(message) => serde_json::json!({ "code": "unexpected", "message": message }),
        };
        value["exit"] = (self.exit() as u8).into();
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
            assert_eq!(error.exit() as u8, exit, "{error:?}");
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
