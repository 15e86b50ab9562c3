//! Problems as people read them.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::problem::{Problem, Problems, Severity};

impl Problems {
    /// All problems as people read them: place, source line, and a hint. Without a newline at the
    /// end.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let each = self.iter().map(|problem| renderer.render(&report(self.path(), self.text(), problem)));
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
