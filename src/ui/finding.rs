//! Findings: what must be known before anything is changed.

use crate::engine::plan::{Finding, Severity};

use super::style::{DANGER, HINT, WARNING, paint};
use super::text::clean;

/// A finding on one or two lines, each ended.
pub fn finding(finding: &Finding) -> String {
    match finding.severity {
        Severity::Refusal => with_level(DANGER, "refused", finding),
        Severity::Warning => with_level(WARNING, "warning", finding),
    }
}

/// A refusal that the person at the terminal is about to be asked about.
pub fn question(finding: &Finding) -> String {
    with_level(WARNING, "confirm", finding)
}

fn with_level(style: anstyle::Style, level: &str, finding: &Finding) -> String {
    let Finding { code, address, message, hint, .. } = finding;
    let level = paint(style, format_args!("{level}[{}]", clean(code)));
    let subject = address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
    let hint = hint.as_ref().map(|text| self::hint(text)).unwrap_or_default();
    format!("{level}: {subject}{}\n{hint}", clean(message))
}

/// A warning that belongs to no plan.
pub fn warning(code: &str, message: &str) -> String {
    format!("{}: {}\n", paint(WARNING, format_args!("warning[{code}]")), clean(message))
}

/// What to do next, on a line of its own.
pub fn hint(text: &str) -> String {
    format!("{}: {}\n", paint(HINT, "hint"), clean(text))
}
