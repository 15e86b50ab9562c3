//! The command line that runs a shell script so that its end and its exit code can be seen.
//!
//! A session with a terminal has no exit code, and its last output may be lost when it ends. So the script is followed
//! by a mark and the exit code; output without the mark is incomplete.

use super::text;

/// A script to run. The mark is a random word, so that the script's output cannot contain it.
#[derive(Clone, Debug)]
pub struct Script {
    text: String,
    mark: String,
}

/// Words as one text that a shell, or the agent, splits into the same words.
pub fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = words.into_iter().map(|word| format!("'{}'", word.replace('\'', r"'\''")));
    quoted.collect::<Vec<_>>().join(" ")
}

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What it printed, without terminal control.
    pub output: String,
    /// The exit code of its last command.
    pub code: u8,
}

impl Script {
    /// `number` should be random.
    pub fn new(text: &str, number: u64) -> Self {
        Self { text: text.to_owned(), mark: format!("ce-aws-{number:016x}-ended") }
    }

    /// The command for ExecuteCommand. In a container the agent splits it into words as a shell would, and starts the
    /// first word as a program without a shell (`agent/session/shell/shell_unix.go` of `aws/amazon-ssm-agent`).
    pub fn command(&self) -> String {
        let script = format!("{}; echo {} $?", self.text, self.mark);
        format!("sh -c {}", quoted([script.as_str()]))
    }

    /// The word that its end is recognised by.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// True when the mark may be in the last `added` bytes, so that [`Self::ended`] is worth calling.
    pub fn may_have_ended(&self, raw: &[u8], added: usize) -> bool {
        let behind = added + self.mark.len() + " 255\r\n".len();
        let end = &raw[raw.len().saturating_sub(behind)..];
        end.windows(self.mark.len()).any(|window| window == self.mark.as_bytes())
    }

    /// How it ended, once the whole mark is in what came from the terminal.
    pub fn ended(&self, raw: &[u8]) -> Option<Ended> {
        let seen = text::plain(raw);
        let (output, rest) = seen.rsplit_once(&self.mark)?;
        let (code, _) = rest.split_once('\n')?;
        Some(Ended { output: output.to_owned(), code: code.trim().parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_one_word_for_the_agent() {
        let command = Script::new("echo 'it''s'", 255).command();
        let word = r"'echo '\''it'\'''\''s'\''; echo ce-aws-00000000000000ff-ended $?'";
        assert_eq!(command, format!("sh -c {word}"));
    }

    #[test]
    fn a_real_shell_prints_output_and_mark() {
        let script = Script::new("printf \"%s\\n\" 'a b'; false", 1);
        let output = std::process::Command::new("sh").args(["-c", &script.command()]).output().unwrap();
        assert_eq!(script.ended(&output.stdout), Some(Ended { output: "a b\n".to_owned(), code: 1 }));
    }

    #[test]
    fn only_a_whole_mark_ends_the_output() {
        let script = Script::new("true", 1);
        let whole = b"[]\r\nce-aws-0000000000000001-ended 0\r\n";
        assert_eq!(script.ended(whole), Some(Ended { output: "[]\n".to_owned(), code: 0 }));
        for cut in 0..whole.len() - 1 {
            assert_eq!(script.ended(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(script.ended(b"ce-aws-0000000000000001-ended 999\n"), None);
        assert_eq!(script.ended(b"ce-aws-0000000000000002-ended 0\n"), None);
    }

    #[test]
    fn the_mark_is_found_however_it_is_split() {
        let script = Script::new("true", 1);
        let whole = b"[]\r\nce-aws-0000000000000001-ended 0\r\n";
        for cut in 1..whole.len() {
            assert!(script.may_have_ended(whole, whole.len() - cut), "{cut}");
        }
        assert!(!script.may_have_ended(&whole[..10], 10));
    }
}
