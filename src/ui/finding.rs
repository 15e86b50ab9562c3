//! Findings, warnings and errors: one line with a stable code, and what to do next.

use anstyle::Style;

use crate::engine::plan::{Finding, Severity};

use super::style::{DANGER, HINT, WARNING, paint};
use super::text::clean;

/// A finding on one or two lines, each ended.
pub fn finding(finding: &Finding) -> String {
    let Finding { code, severity, address, message, hint } = finding;
    let (style, level) = match severity {
        Severity::Refusal => (DANGER, "refused"),
        Severity::Warning => (WARNING, "warning"),
    };
    let subject = address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
    coded(style, level, code, &format!("{subject}{message}")) + &hints(hint)
}

/// A warning that belongs to no plan.
pub fn warning(code: &str, message: &str) -> String {
    coded(WARNING, "warning", code, message)
}

/// An error.
pub fn error(code: &str, message: &str) -> String {
    coded(DANGER, "error", code, message)
}

fn coded(style: Style, level: &str, code: &str, message: &str) -> String {
    format!("{}: {}\n", paint(style, format_args!("{level}[{}]", clean(code))), clean(message))
}

/// What to do next, on a line of its own.
pub fn hint(text: &str) -> String {
    format!("{}: {}\n", paint(HINT, "hint"), clean(text))
}

/// Each on a line of its own.
pub fn hints<'a>(all: impl IntoIterator<Item = &'a String>) -> String {
    all.into_iter().map(|one| hint(one)).collect()
}
