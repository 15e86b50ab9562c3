//! Terminal output as plain text.

/// The text without carriage returns, escape sequences (ECMA-48: control sequences, strings, two-character escapes) and
/// other control characters. Bytes that are not UTF-8 become `�`.
pub fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut characters = text.chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => skip(&mut characters),
            '\n' | '\t' => plain.push(character),
            _ if character.is_control() => {}
            _ => plain.push(character),
        }
    }
    plain
}

/// Consumes the rest of an escape sequence.
fn skip(characters: &mut std::str::Chars<'_>) {
    match characters.next() {
        Some('[') => while characters.next().is_some_and(|character| !('@'..='~').contains(&character)) {},
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(character) = characters.next() {
                match character {
                    '\u{7}' => break,
                    '\u{1b}' => {
                        characters.next();
                        break;
                    }
                    _ => {}
                }
            }
        }
        Some(' '..='/') => while characters.next().is_some_and(|character| (' '..='/').contains(&character)) {},
        _ => {}
    }
}

/// The first line that says something, cut to 200 characters: enough for a message, and without what follows. Some
/// programs go on to print secrets, such as the hash of a cookie. The agent's own errors follow a line
/// `----------ERROR-------` (`agent/session/plugins` of `aws/amazon-ssm-agent`; tedsmitt/ecsgo#12).
pub fn first_line(text: &str) -> String {
    let says_something = |line: &&str| !line.is_empty() && !line.starts_with("-----");
    let line = text.lines().map(str::trim).find(says_something).unwrap_or_default();
    line.chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_removed_and_text_is_kept() {
        assert_eq!(plain(b"one\r\ntwo\ttabs\x07\x00"), "one\ntwo\ttabs");
        assert_eq!(plain(b"\x1b[1;31mred\x1b[0m \x1b[?25lhidden"), "red hidden");
        assert_eq!(plain(b"\x1b]0;a title\x07after \x1b]8;;link\x1b\\here"), "after here");
        assert_eq!(plain(b"\x1b(Bcharset \x1b=keypad"), "charset keypad");
        assert_eq!(plain(b"cut\x1b[1;3"), "cut");
        assert_eq!(plain(b"cut\x1b"), "cut");
        assert_eq!(plain(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn a_first_line_is_short_and_not_blank() {
        assert_eq!(first_line("\n  \n Error: no \ncookie hash: x\n"), "Error: no");
        assert_eq!(first_line(&"x".repeat(999)).len(), 200);
        assert_eq!(first_line(""), "");
        let of_agent =
            "\n----------ERROR-------\nEncountered error while initiating handshake. Fetching data key failed\n";
        assert!(first_line(of_agent).starts_with("Encountered error"));
    }

    proptest! {
        #[test]
        fn no_control_characters_are_left(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let left = plain(&bytes);
            prop_assert!(left.chars().all(|character| !character.is_control() || "\n\t".contains(character)));
        }
    }
}
