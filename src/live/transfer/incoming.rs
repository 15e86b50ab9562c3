//! What a container prints to send a file: what its programs say, one line that announces the file, and its base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::aws::exec::text;
use crate::engine::compare::hex;

use super::error::TransferError;

/// How much of what the programs say is kept: the end of it, where the reason for a failure is.
const SAID: usize = 4 << 10;
/// The longest line before the announcement that is looked at.
const LINE: usize = 64 << 10;

/// What the container says of a file that it is about to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Bytes.
    pub size: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// The output of a script that sends a file, as far as it has come.
#[derive(Debug)]
pub struct Incoming {
    word: String,
    held: Vec<u8>,
    said: Vec<u8>,
    announced: Option<Announced>,
    digest: Sha256,
    received: u64,
    is_padded: bool,
}

impl Incoming {
    /// `word` begins the announcement; it should be random.
    pub fn new(word: &str) -> Self {
        let (held, said) = (Vec::new(), Vec::new());
        let digest = Sha256::new();
        Self { word: word.to_owned(), held, said, announced: None, digest, received: 0, is_padded: false }
    }

    /// Takes output, and gives the content in it.
    ///
    /// # Errors
    ///
    /// It is no base64, or more than was announced.
    pub fn push(&mut self, output: &[u8]) -> Result<Vec<u8>, TransferError> {
        self.held.extend_from_slice(output);
        while self.announced.is_none() {
            let Some(end) = self.held.iter().position(|byte| *byte == b'\n') else {
                if self.held.len() > LINE {
                    self.say(self.held.len());
                }
                return Ok(Vec::new());
            };
            match self.announcement(end) {
                Some(announced) => {
                    self.announced = Some(announced);
                    self.held.drain(..=end);
                }
                None => self.say(end + 1),
            }
        }
        let mut letters: Vec<u8> = std::mem::take(&mut self.held);
        letters.retain(|byte| !byte.is_ascii_whitespace());
        self.held = letters.split_off(letters.len() / 4 * 4);
        if letters.is_empty() {
            return Ok(letters);
        }
        if self.is_padded {
            return Err(TransferError::Damaged("there is more after its end".to_owned()));
        }
        let content = STANDARD.decode(&letters).map_err(|error| TransferError::Damaged(error.to_string()))?;
        self.is_padded = letters.ends_with(b"=");
        self.digest.update(&content);
        self.received += content.len() as u64;
        match &self.announced {
            Some(announced) if self.received > announced.size => {
                Err(TransferError::Damaged(format!("more than the {} bytes that were announced", announced.size)))
            }
            _ => Ok(content),
        }
    }

    fn announcement(&self, end: usize) -> Option<Announced> {
        let line = text::plain(&self.held[..end]);
        let mut words = line.split_whitespace();
        if words.next() != Some(&self.word) {
            return None;
        }
        let size = words.next()?.parse().ok()?;
        let sha256 = words.next()?.to_ascii_lowercase();
        let is_digest = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_digest && words.next().is_none()).then_some(Announced { size, sha256 })
    }

    fn say(&mut self, end: usize) {
        self.said.extend(self.held.drain(..end));
        let surplus = self.said.len().saturating_sub(SAID);
        self.said.drain(..surplus);
    }

    /// What the container has announced.
    pub fn announced(&self) -> Option<&Announced> {
        self.announced.as_ref()
    }

    /// Bytes of content so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The last line that was no part of a file, for a message.
    pub fn said(&self) -> String {
        let said = [&self.said[..], if self.announced.is_none() { &self.held[..] } else { &[] }].concat();
        let said = text::plain(&said);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        text::first_line(last)
    }

    /// The file, if all of it has come as it was announced.
    ///
    /// # Errors
    ///
    /// Something is missing, or differs.
    pub fn whole(self) -> Result<Announced, TransferError> {
        let announced = self.announced.ok_or_else(|| TransferError::Damaged("no file was announced".to_owned()))?;
        if self.received != announced.size || !self.held.is_empty() {
            let Self { received, .. } = self;
            return Err(TransferError::Damaged(format!("{received} of {} bytes have arrived", announced.size)));
        }
        if hex(&self.digest.finalize()) != announced.sha256 {
            return Err(TransferError::Damaged("its SHA-256 differs".to_owned()));
        }
        Ok(announced)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(content: &[u8], before: &str) -> String {
        let digest = hex(&Sha256::digest(content));
        let letters = STANDARD.encode(content);
        let lines: Vec<&str> = letters.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("{before}word {} {digest}\n{}\n", content.len(), lines.join("\n"))
    }

    fn received(output: &str, size: usize) -> Result<Vec<u8>, String> {
        let mut incoming = Incoming::new("word");
        let mut content = Vec::new();
        for piece in output.as_bytes().chunks(size.max(1)) {
            content.extend(incoming.push(piece).map_err(|error| error.to_string())?);
        }
        incoming.whole().map_err(|error| error.to_string())?;
        Ok(content)
    }

    #[test]
    fn what_is_missing_or_damaged_is_no_file() {
        let output = sent(b"hello, world", "");
        let why = |output: &str| received(output, 7).unwrap_err();
        assert!(why("mongodump: not found\n").contains("no file was announced"));
        assert!(why(&output[..output.len() - 5]).contains("of 12 bytes have arrived"));
        assert!(why(&output.replace("aGVs", "aGVz")).contains("SHA-256"));
        assert!(why(&output.replace("aGVs", "a*Vs")).contains("not what the container has sent"));
        assert!(why(&format!("{output}aGVsbG8s")).contains("more than the 12 bytes"));
        assert!(why(&output.replace("word 12", "word 11")).contains("more than the 11 bytes"));
        assert!(why("word 0 x\n").contains("no file was announced"));
    }

    #[test]
    fn the_last_words_before_the_file_are_kept() {
        let mut incoming = Incoming::new("word");
        incoming.push(b"one\n\x1b[31mFailed\x1b[0m: no\n\n").unwrap();
        assert_eq!((incoming.said().as_str(), incoming.announced()), ("Failed: no", None));
        incoming.push(&[b'x'; 100_000]).unwrap();
        assert!(incoming.said.len() <= SAID && incoming.held.is_empty());
    }

    proptest! {
        #[test]
        fn a_file_arrives_however_its_output_is_cut(
            content in proptest::collection::vec(any::<u8>(), 0..300),
            before in "([a-z ]{0,9}\n){0,3}",
            size in 1..90_usize,
        ) {
            prop_assert_eq!(received(&sent(&content, &before), size), Ok(content));
        }

        #[test]
        fn one_changed_byte_is_noticed(
            content in proptest::collection::vec(any::<u8>(), 1..99),
            at: prop::sample::Index,
        ) {
            let output = sent(&content, "");
            let start = output.find('\n').unwrap() + 1;
            let index = start + at.index(output.len() - start);
            let mut bytes = output.into_bytes();
            if !bytes[index].is_ascii_whitespace() {
                bytes[index] = if bytes[index] == b'Q' { b'R' } else { b'Q' };
                let changed = received(std::str::from_utf8(&bytes).unwrap(), 80);
                prop_assert!(changed.is_err() || changed == Ok(content));
            }
        }
    }
}
