//! A file into a container.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use crate::aws::clients::Clients;
use crate::aws::exec::conversation::Input;
use crate::aws::exec::run::{Container, stream_script};
use crate::engine::compare::hex;

use super::download::{Progress, TOOLS};
use super::error::TransferError;
use super::incoming::{Announced, Incoming};

/// Bytes in a line of base64. A terminal that hands over line by line cuts lines at 4,096 bytes (termios(3), "Canonical
/// and noncanonical mode").
const LINE: usize = 720;
/// Lines in one piece of input.
const LINES: usize = 16;

/// What is to be sent: its size and SHA-256, and the content from its beginning.
pub struct Outgoing<R> {
    pub announced: Announced,
    pub content: R,
}

impl<R: Read> Outgoing<R> {
    /// Reads `content` once, to know what it is; `again` gives it from its beginning once more.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn new(mut content: impl Read, again: R) -> Result<Self, std::io::Error> {
        let (mut digest, mut size, mut piece) = (Sha256::new(), 0, vec![0; 64 << 10]);
        loop {
            let read = content.read(&mut piece)?;
            if read == 0 {
                break;
            }
            digest.update(&piece[..read]);
            size += read as u64;
        }
        Ok(Self { announced: Announced { size, sha256: hex(&digest.finalize()) }, content: again })
    }
}

/// Types the content into `temporary`, a path that `prepare` sets, checks it there, and then lets `place` bring it to
/// where it belongs and set `file` to that path, which is read back.
///
/// # Errors
///
/// It has not arrived as it is here, or could not be brought to its place.
pub async fn upload<R: Read>(
    aws: &Clients,
    at: &Container<'_>,
    prepare: &str,
    place: &str,
    outgoing: Outgoing<R>,
    mut progress: impl FnMut(Progress),
) -> Result<(), TransferError> {
    let Outgoing { announced, mut content } = outgoing;
    let number = rand::random::<u64>();
    let (ready, word) = (format!("ce-aws-{number:016x}-ready"), format!("ce-aws-{number:016x}-file"));
    let (sender, mut input) = mpsc::channel(4);
    let (is_ready, mut begins) = oneshot::channel();
    let mut is_ready = Some(is_ready);
    let mut said: Vec<u8> = Vec::new();
    let script = script(prepare, place, &announced, &ready, &word);
    let typed = async {
        // Without it the script has ended.
        if (&mut begins).await.is_err() {
            return Ok(());
        }
        let mut done = 0;
        loop {
            let mut piece = Vec::with_capacity(LINE * LINES);
            content.by_ref().take((LINE * LINES) as u64).read_to_end(&mut piece)?;
            let mut lines = Vec::with_capacity(piece.len() * 3 / 2);
            for line in piece.chunks(LINE) {
                lines.extend_from_slice(STANDARD.encode(line).as_bytes());
                lines.push(b'\n');
            }
            // Nobody receives it only if the session has ended.
            if piece.is_empty() || sender.send(Input::Keys(lines)).await.is_err() {
                return Ok(());
            }
            done += piece.len() as u64;
            progress(Progress { done, total: announced.size });
        }
    };
    let ended = {
        let ran = stream_script(aws, at, &script, &mut input, |output| {
            said.extend_from_slice(output);
            if is_ready.is_some() && contains(&said, ready.as_bytes()) {
                is_ready.take().map(|is_ready| is_ready.send(()));
                said.clear();
            }
            true
        });
        let (mut ran, mut typed) = (std::pin::pin!(ran), std::pin::pin!(typed));
        let mut has_typed = false;
        loop {
            tokio::select! {
                ended = &mut ran => break ended,
                outcome = &mut typed, if !has_typed => {
                    outcome.map_err(|error: std::io::Error| TransferError::Local(error))?;
                    has_typed = true;
                }
            }
        }
    };
    let mut incoming = Incoming::new(&word);
    incoming.push(&said)?;
    match ended? {
        Some(0) if incoming.announced() == Some(&announced) => Ok(()),
        Some(0) => Err(TransferError::Damaged("what was read back differs".to_owned())),
        code => Err(TransferError::Failed { code: code.unwrap_or_default(), said: incoming.said() }),
    }
}

fn contains(said: &[u8], word: &[u8]) -> bool {
    said.windows(word.len()).any(|window| window == word)
}

/// Letters and line ends of the base64.
fn letters(size: u64) -> u64 {
    let (line, rest) = (LINE as u64, size % LINE as u64);
    let of_rest = if rest == 0 { 0 } else { rest.div_ceil(3) * 4 + 1 };
    size / line * (line / 3 * 4 + 1) + of_rest
}

/// Without echo, what is typed is in no output, and so in no log of the session. 65: EX_DATAERR of sysexits.h.
fn script(prepare: &str, place: &str, announced: &Announced, ready: &str, word: &str) -> String {
    let Announced { size, sha256 } = announced;
    let letters = letters(*size);
    format!(
        "(set -u; umask 077
{TOOLS}
need stty head base64 sha256sum wc cut
{prepare}
stty -echo || exit
trap 'rm -f \"$temporary\"' EXIT
trap 'exit 129' HUP INT TERM
echo {ready}
head -c {letters} | base64 -d > \"$temporary\" || exit
if [ \"$(sha256sum < \"$temporary\" | cut -d' ' -f1)\" != {sha256} ]; then
    echo 'what has arrived is not what was sent'; exit 65
fi
{place}
printf '%s %s %s\\n' {word} \"$(wc -c < \"$file\")\" \"$(sha256sum < \"$file\" | cut -d' ' -f1)\")"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_content_is_in_no_command() {
        let content = b"-----BEGIN PRIVATE KEY-----".as_slice();
        let outgoing = Outgoing::new(content, content).unwrap();
        let script = script("temporary=/t", "file=/f", &outgoing.announced, "ready", "word");
        assert!(!script.contains("PRIVATE") && !script.contains(&STANDARD.encode(content)));
        assert_eq!(outgoing.announced.size, 27);
    }

    proptest! {
        #[test]
        fn as_much_is_awaited_as_is_typed(size in 0..5000_usize) {
            let content = vec![b'x'; size];
            let typed: usize = content.chunks(LINE).map(|line| STANDARD.encode(line).len() + 1).sum();
            prop_assert_eq!(letters(size as u64), typed as u64);
        }
    }
}
