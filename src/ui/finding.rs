//! Findings: what must be known before anything is changed.

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
