//! Colours. Every text is written so that it says the same without them.
//!
//! Functions of this room return text with colours in it; the stream it is written to (`anstream`) takes them out
//! where they are not wanted.

use anstyle::{AnsiColor, Color, Style};

const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

pub const TITLE: Style = Style::new().bold();
pub const FAINT: Style = Style::new().dimmed();
pub const GOOD: Style = colored(AnsiColor::Green);
pub const CHANGE: Style = colored(AnsiColor::Yellow);
pub const DANGER: Style = colored(AnsiColor::Red).bold();
pub const WARNING: Style = colored(AnsiColor::Yellow).bold();
pub const HINT: Style = colored(AnsiColor::Cyan);

/// The text in a style.
pub fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The text without colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
