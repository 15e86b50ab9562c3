//! Lines that containers have logged.

use anstyle::{AnsiColor, Color, Style};
use serde::Serialize;

use super::style::{FAINT, paint, plain};
use super::text::clean;

/// One line, as scripts read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine<'a> {
    /// RFC 3339 in milliseconds.
    pub time: String,
    pub container: &'a str,
    /// The task's id.
    pub task: &'a str,
    /// As it was logged.
    pub message: &'a str,
}

/// Colours of containers. Red and yellow are left out: they mean trouble everywhere else.
const COLORS: [AnsiColor; 8] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];

impl LogLine<'_> {
    /// One line for people, ended. `containers` are those of the deployment: each has its colour, and the widest gives
    /// the column its width.
    pub fn text(&self, containers: &[String]) -> String {
        let width = containers.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let color = containers.iter().position(|name| name == self.container).unwrap_or(containers.len());
        let style = Style::new().fg_color(Some(Color::Ansi(COLORS[color % COLORS.len()])));
        let name = format!("{:<width$}", clean(self.container));
        format!("{} {} {}\n", paint(FAINT, &self.time), paint(style, name), harmless(self.message))
    }
}

/// A message that cannot act on a terminal: colours and bells are taken out, tabs kept, and all else that is not
/// visible is spelled out.
fn harmless(message: &str) -> String {
    let message = plain(message.trim_end_matches(['\r', '\n']));
    message.split('\t').map(clean).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_lose_colours_and_keep_tabs_and_text() {
        assert_eq!(harmless("\u{1b}[31mERROR\u{1b}[0m\tcafé\r\n"), "ERROR\tcafé");
        assert_eq!(harmless("one\ntwo\rthree\u{7}\u{9b}2J\u{202e}"), "one\\ntwo\\rthree\\u{9b}2J\\u{202e}");
        let long = "x".repeat(1 << 20);
        assert_eq!(harmless(&long), long);
    }

    proptest! {
        #[test]
        fn no_message_controls_the_terminal(message in "\\PC{0,20}[\\x00-\\x1f\\x7f-\\x9f]{0,9}\\PC{0,20}") {
            let shown = harmless(&message);
            prop_assert!(shown.chars().all(|c| c == '\t' || !c.is_control()), "{:?}", shown);
        }
    }
}
