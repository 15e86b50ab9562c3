//! What is wrong with a plan file, and where.

use std::{fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{
    conceal::{conceal, hide},
    text::Invalid,
};

/// The text that such a problem points at is never shown.
pub(super) const SECRET_IN_FILE: &str = "plan-file/secret-in-file";

/// Whether a problem stops everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, and the reader should know.
    Warning,
}

/// One finding in a plan file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable name, such as `plan-file/unknown-key`. Scripts may rely on it, not on the sentences.
    pub code: &'static str,
    pub severity: Severity,
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// A second place that belongs to it, and what is there.
    pub related: Option<(Range<usize>, String)>,
}

impl Problem {
    pub(super) fn error(invalid: Invalid, span: Range<usize>) -> Self {
        let Invalid { code, message, hint } = invalid;
        Self { code, severity: Severity::Error, message, hint: Some(hint), span, related: None }
    }

    pub(super) fn warning(invalid: Invalid, span: Range<usize>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(invalid, span) }
    }

    pub(super) fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related = Some((span, label.into()));
        self
    }
}

/// Everything found in one plan file, in the order of the file, with the text to point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    path: String,
    /// Without the secrets that may stand in it against all rules.
    text: String,
    list: Vec<Problem>,
}

impl Problems {
    pub(super) fn new(path: &str, text: &str, mut list: Vec<Problem>) -> Self {
        for problem in &mut list {
            problem.span = within(text, &problem.span);
            if let Some((span, _)) = &mut problem.related {
                *span = within(text, span);
            }
        }
        list.sort_by_key(|problem| (problem.span.start, problem.span.end));
        let secrets = list.iter().filter(|problem| problem.code == SECRET_IN_FILE);
        let text = secrets.fold(conceal(text), |text, problem| hide(&text, &problem.span));
        Self { path: path.to_owned(), text, list }
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// The plan file's path, as it was given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Line and column of a problem's first character, both counted from 1, columns in characters.
    pub fn position(&self, problem: &Problem) -> (usize, usize) {
        let before = self.text.get(..problem.span.start).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// All problems as people read them: place, source line, and a hint. Without a newline at the
    /// end.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let each = self.iter().map(|problem| renderer.render(&report(&self.path, &self.text, problem)));
        // The renderer escapes control characters except this block, of which U+009B begins a sequence as ESC [ does
        // (ECMA-48).
        each.collect::<Vec<_>>().join("\n\n").replace(|c| matches!(c, '\u{80}'..='\u{9f}'), "\u{fffd}")
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

fn report<'a>(path: &'a str, text: &'a str, problem: &'a Problem) -> Vec<Group<'a>> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let related =
        problem.related.as_ref().map(|(span, label)| AnnotationKind::Context.span(span.clone()).label(label.as_str()));
    let snippet = Snippet::source(text)
        .path(path)
        .annotation(AnnotationKind::Primary.span(problem.span.clone()))
        .annotations(related);
    let group = level.primary_title(problem.message.as_str()).id(problem.code).element(snippet);
    let hint = problem.hint.as_ref().map(|hint| Level::HELP.with_name("hint").message(hint.as_str()));
    vec![group.elements(hint)]
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The nearest range that the text has, so that no span can make rendering fail.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end);
    start..end.max(start)
}
