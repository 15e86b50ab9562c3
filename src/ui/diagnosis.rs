//! What a person must know at once, such as why a task stopped.

use super::finding::hint;
use super::style::{DANGER, TITLE, WARNING, paint};
use super::text::clean;

/// A block of its own, with an empty line on both sides.
pub fn diagnosis(address: &str, subject: &str, title: &str, lines: &[String], hints: &[String]) -> String {
    let mark = paint(DANGER, "!!");
    let mut text = format!("\n{mark} {}\n", paint(TITLE, format_args!("{}: {}", clean(address), clean(title))));
    if !subject.is_empty() {
        text.push_str(&format!("   {}\n", clean(subject)));
    }
    lines.iter().for_each(|line| text.push_str(&format!("   | {}\n", clean(line))));
    hints.iter().for_each(|one| text.push_str(&hint(one)));
    text.push('\n');
    text
}

/// One line, and what to do about it.
pub fn warning(address: &str, title: &str, hints: &[String]) -> String {
    let mut text = format!("{}: {}: {}\n", paint(WARNING, "warning"), clean(address), clean(title));
    hints.iter().for_each(|one| text.push_str(&hint(one)));
    text
}
