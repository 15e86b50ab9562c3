//! Problems as people read them.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::problem::{Problem, Severity};

pub(super) fn render(path: &str, text: &str, problems: &[Problem], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let each = problems.iter().map(|problem| renderer.render(&report(path, text, problem)));
    // The renderer spells out what a terminal acts on, but for this block, whose U+009B begins a sequence as ESC [ does (ECMA-48).
    each.collect::<Vec<_>>().join("\n\n").replace(|character| matches!(character, '\u{80}'..='\u{9f}'), "\u{fffd}")
}

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
