//! Consent.

use std::io::{BufRead, IsTerminal};

use super::error::{CommandError, Kind};
use super::output::Output;

/// What has to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'a> {
    /// `yes`.
    Yes,
    /// A name: for what cannot be undone.
    Name(&'a str),
}

impl<'a> Ask<'a> {
    fn wanted(self) -> &'a str {
        match self {
            Self::Yes => "yes",
            Self::Name(name) => name,
        }
    }
}

/// Whether there is a terminal to ask at.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks at the terminal.
///
/// # Errors
///
/// Nobody is there, or the answer is different.
pub fn ask(question: &str, ask: Ask<'_>, option: &str, output: &Output) -> Result<(), CommandError> {
    if !can_ask() {
        return Err(nobody(option));
    }
    output.always(&format!("\n{question} Type `{}` to continue: ", ask.wanted()));
    if accepts(ask, std::io::stdin().lock()) { Ok(()) } else { Err(Kind::Declined.into()) }
}

/// Consent is needed and there is no terminal to ask for it.
pub fn nobody(option: &str) -> CommandError {
    CommandError::refused(
        "refused/unconfirmed",
        "needs consent, and standard input is not a terminal; nothing was changed",
    )
    .hint(format!("read the plan, then run the command again with {option}"))
}

fn accepts(ask: Ask<'_>, mut input: impl BufRead) -> bool {
    let mut answer = String::new();
    input.read_line(&mut answer).is_ok() && answer.trim() == ask.wanted()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_is_consent() {
        assert!(accepts(Ask::Yes, &b"yes\n"[..]));
        assert!(accepts(Ask::Name("prod"), &b" prod \r\n"[..]));
        for answer in ["", "y\n", "YES\n", "no\n", "\n", "yes please\n"] {
            assert!(!accepts(Ask::Yes, answer.as_bytes()), "{answer:?}");
        }
        assert!(!accepts(Ask::Name("prod"), &b"yes\n"[..]));
    }
}
