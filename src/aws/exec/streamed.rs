//! The output of a script as it comes, without the mark that ends it.

use super::script::Script;

/// Output that was not shown yet, because it may be the beginning of the mark.
#[derive(Debug)]
pub struct Streamed<'a> {
    mark: &'a [u8],
    held: Vec<u8>,
}

/// So much of a mark is no output: five of its characters are random.
const CERTAIN: usize = "ce-aws-".len() + 5;

/// What follows a mark.
enum After {
    /// The exit code.
    Code(u8),
    /// The rest has not come yet.
    Unknown,
    /// It is none: the script has printed its own command line, for instance.
    Other,
}

impl<'a> Streamed<'a> {
    pub fn new(script: &'a Script) -> Self {
        Self { mark: script.mark().as_bytes(), held: Vec::new() }
    }

    /// Takes what came from the terminal: what to show, with the line ends of a pipe, and the exit code at the end.
    pub fn push(&mut self, bytes: &[u8]) -> (Vec<u8>, Option<u8>) {
        self.held.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(at) = self.held[from..].windows(self.mark.len()).position(|window| window == self.mark) {
            let at = from + at;
            match after(&self.held[at + self.mark.len()..]) {
                After::Code(code) => return (self.show(at), Some(code)),
                After::Unknown => return (self.show(at), None),
                After::Other => from = at + 1,
            }
        }
        let is_begun = |length: &usize| self.held.ends_with(&self.mark[..*length]);
        let begun = (1..self.mark.len()).rev().find(is_begun).unwrap_or_default();
        // A carriage return alone is shown as such; before a newline it is the terminal's.
        let begun = if begun == 0 { usize::from(self.held.ends_with(b"\r")) } else { begun };
        (self.show(self.held.len() - begun), None)
    }

    /// What was held back of a script that was cut off, without a mark that has only begun.
    pub fn rest(mut self) -> Vec<u8> {
        let is_begun = |length: &usize| self.held.ends_with(&self.mark[..*length]);
        let begun = (CERTAIN..=self.mark.len()).rev().find(is_begun).unwrap_or_default();
        self.show(self.held.len() - begun)
    }

    fn show(&mut self, end: usize) -> Vec<u8> {
        let mut shown: Vec<u8> = Vec::with_capacity(end);
        for byte in self.held.drain(..end) {
            if byte == b'\n' && shown.last() == Some(&b'\r') {
                shown.pop();
            }
            shown.push(byte);
        }
        shown
    }
}

/// ` 0` to ` 255`, and the end of the line.
fn after(rest: &[u8]) -> After {
    let Some((b' ', digits)) = rest.split_first() else {
        return if rest.is_empty() { After::Unknown } else { After::Other };
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let code = std::str::from_utf8(&digits[..count]).ok().and_then(|text| text.parse::<u8>().ok());
    match (code, &digits[count..]) {
        (Some(code), [b'\n', ..] | [b'\r', b'\n', ..]) => After::Code(code),
        (Some(_), [] | [b'\r']) => After::Unknown,
        (None, []) if count == 0 => After::Unknown,
        _ => After::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pushes pieces of this size; what is shown, and the exit code.
    fn streamed(script: &Script, raw: &[u8], size: usize) -> (String, Option<u8>) {
        let mut streamed = Streamed::new(script);
        let mut all = Vec::new();
        for piece in raw.chunks(size.max(1)) {
            let (shown, code) = streamed.push(piece);
            all.extend(shown);
            if code.is_some() {
                return (String::from_utf8_lossy(&all).into_owned(), code);
            }
        }
        all.extend(streamed.rest());
        (String::from_utf8_lossy(&all).into_owned(), None)
    }

    #[test]
    fn output_comes_at_once_but_for_what_may_be_the_mark() {
        let script = Script::new("true", 1);
        let mut streamed = Streamed::new(&script);
        assert_eq!(streamed.push(b"one\r\ntwo\r"), (b"one\ntwo".to_vec(), None));
        assert_eq!(streamed.push(b"\nce-aws"), (b"\n".to_vec(), None));
        assert_eq!(streamed.push(b"-other"), (b"ce-aws-other".to_vec(), None));
        assert_eq!(streamed.push(b"ce-aws-0000000000000001-ended 1"), (b"".to_vec(), None));
        assert_eq!(streamed.push(b"2\r\nmore"), (b"".to_vec(), Some(12)));
    }

    #[test]
    fn a_mark_that_is_cut_off_is_not_shown() {
        let script = Script::new("true", 0x1234 << 48);
        for (raw, shown) in
            [("x ce-aws-1234", "x ce-aws-1234"), ("x ce-aws-12340", "x "), ("ce-aws-1235", "ce-aws-1235")]
        {
            assert_eq!(streamed(&script, raw.as_bytes(), 3), (shown.to_owned(), None));
        }
    }

    #[test]
    fn only_a_mark_with_an_exit_code_ends_the_output() {
        let script = Script::new("true", 1);
        for other in ["$?'\r\n", " 256\n", " 1x\n", "\n", " \n", " 0 \n"] {
            let raw = format!("ps: ce-aws-0000000000000001-ended{other}done");
            for size in 1..raw.len() {
                let (shown, code) = streamed(&script, raw.as_bytes(), size);
                assert_eq!((shown, code), (raw.replace("\r\n", "\n"), None), "{size}");
            }
        }
        assert_eq!(streamed(&script, b"a\rb\r", 1), ("a\rb\r".to_owned(), None));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_however_the_output_is_cut(
            lines in proptest::collection::vec("[a-e\\-0-9w]{0,20}|ce-aws-0000000000000001-ende", 0..8),
            code: u8,
            size in 1..60_usize,
        ) {
            let script = Script::new("true", 1);
            let text = lines.join("\n");
            let raw = format!("{}ce-aws-0000000000000001-ended {code}\r\n", text.replace('\n', "\r\n"));
            prop_assert_eq!(streamed(&script, raw.as_bytes(), size), (text, Some(code)));
        }
    }
}
