//! A file out of a container.

use std::io::Write;

use tokio::sync::mpsc;

use crate::aws::clients::Clients;
use crate::aws::exec::run::{Container, stream_script};

use super::error::TransferError;
use super::incoming::{Announced, Incoming};

/// How far a transfer has come, in bytes; `total` is 0 as long as it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
}

/// Runs `prepare` in the container's `sh`, which has to set `file` to the path of what is to be sent, and writes that
/// into `sink` as it comes. Only when this returns is it known to be whole.
///
/// # Errors
///
/// It is larger than `limit`, has not arrived as it is there, or cannot be written.
pub async fn download(
    aws: &Clients,
    at: &Container<'_>,
    prepare: &str,
    limit: u64,
    sink: &mut impl Write,
    mut progress: impl FnMut(Progress),
) -> Result<Announced, TransferError> {
    let word = format!("ce-aws-{:016x}-file", rand::random::<u64>());
    let mut incoming = Incoming::new(&word);
    let mut failed = None;
    let (_, mut no_input) = mpsc::channel(1);
    let ended = stream_script(aws, at, &script(prepare, &word), &mut no_input, |output| {
        let taken = incoming.push(output).and_then(|content| Ok(sink.write_all(&content)?));
        let announced = incoming.announced().map(|announced| announced.size);
        let over = announced.filter(|size| *size > limit).map(|size| TransferError::TooLarge { size, limit });
        failed = taken.err().or(over);
        progress(Progress { done: incoming.received(), total: announced.unwrap_or_default() });
        failed.is_none()
    })
    .await;
    match (failed, ended) {
        (Some(failed), _) => Err(failed),
        (None, Ok(Some(0))) => incoming.whole(),
        (None, Ok(code)) => Err(TransferError::Failed { code: code.unwrap_or_default(), said: incoming.said() }),
        (None, Err(error)) => Err(error.into()),
    }
}

/// A subshell, so that whatever ends it, the mark of its end follows.
fn script(prepare: &str, word: &str) -> String {
    format!(
        "(set -u; umask 077
{TOOLS}
need wc sha256sum base64 cut
{prepare}
printf '%s %s %s\\n' {word} \"$(wc -c < \"$file\")\" \"$(sha256sum < \"$file\" | cut -d' ' -f1)\"
base64 < \"$file\")"
    )
}

/// A function that names the first program that an image does not have. 69: EX_UNAVAILABLE of sysexits.h.
pub(super) const TOOLS: &str = "need() { for tool do
    command -v \"$tool\" > /dev/null 2>&1 || { echo \"this container has no $tool\"; exit 69; }
done; }";

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn output(prepare: &str) -> (Option<i32>, Vec<u8>) {
        let output = Command::new("sh").args(["-c", &script(prepare, "word")]).output().unwrap();
        (output.status.code(), output.stdout)
    }

    #[test]
    fn a_real_shell_sends_a_file_that_arrives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's a file");
        let content: Vec<u8> = (0..5000_u32).map(|n| (n * 7 % 251) as u8).collect();
        std::fs::write(&path, &content).unwrap();
        let quoted = path.to_str().unwrap().replace('\'', r"'\''");
        let (code, printed) = output(&format!("echo preparing; file='{quoted}'"));
        let mut incoming = Incoming::new("word");
        assert_eq!((code, incoming.push(&printed).unwrap()), (Some(0), content));
        assert_eq!((incoming.said().as_str(), incoming.whole().unwrap().size), ("preparing", 5000));
    }

    #[test]
    fn a_missing_program_and_a_failed_preparation_end_it() {
        let (code, printed) = output("need sh no-such-program; file=/dev/null");
        assert_eq!((code, printed), (Some(69), b"this container has no no-such-program\n".to_vec()));
        assert_eq!(output("exit 7"), (Some(7), vec![]));
    }
}
