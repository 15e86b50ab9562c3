//! Consent.

use std::io::{BufRead, IsTerminal};

use super::error::{CommandError, Kind};
use super::output::Output;

/// What consents to whatever can be undone; a name consents to what cannot.
pub const YES: &str = "yes";

/// Whether there is a terminal to ask at.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks at the terminal, where `word` is consent.
///
/// # Errors
///
/// Nobody is there, or the answer is different.
pub fn ask(question: &str, word: &str, output: &Output) -> Result<(), CommandError> {
    if !can_ask() {
        let message = "needs consent, and standard input is not a terminal; nothing was changed";
        return Err(CommandError::refused("refused/unconfirmed", message)
            .hint("read what is shown above, then run the command again with --yes"));
    }
    output.always(&format!("\n{question} Type `{word}` to continue: "));
    if accepts(word, std::io::stdin().lock()) { Ok(()) } else { Err(Kind::Declined.into()) }
}

fn accepts(word: &str, mut input: impl BufRead) -> bool {
    let mut answer = String::new();
    input.read_line(&mut answer).is_ok() && answer.trim() == word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_is_consent() {
        assert!(accepts(YES, &b"yes\n"[..]));
        assert!(accepts("prod", &b" prod \r\n"[..]));
        for answer in ["", "y\n", "YES\n", "no\n", "\n", "yes please\n"] {
            assert!(!accepts(YES, answer.as_bytes()), "{answer:?}");
        }
        assert!(!accepts("prod", &b"yes\n"[..]));
    }
}
