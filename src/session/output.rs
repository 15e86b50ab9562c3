//! Where commands write: data to standard output, everything else to standard error.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::ui::layout::{fit, width};

use super::error::CommandError;
use super::report::Report;

/// Whether standard output is a pipe whose reader has gone, without a write to it.
#[cfg(unix)]
pub fn is_reader_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let out = std::io::stdout();
    // No flag asks for anything: errors are always reported.
    let mut polled = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&at_once)).is_ok() && polled[0].revents().contains(PollFlags::ERR)
}

/// Elsewhere only a write can tell.
#[cfg(not(unix))]
pub fn is_reader_gone() -> bool {
    false
}

/// The form of data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Human,
    Json,
}

/// How much is written to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verbosity {
    /// Whether people want every detail.
    pub is_verbose: bool,
    /// Whether people want nothing but errors and questions.
    pub is_quiet: bool,
    /// Whether a log goes to standard error too.
    pub logs_to_screen: bool,
}

/// The two streams, and the form of data.
#[derive(Debug)]
pub struct Output {
    format: Format,
    verbosity: Verbosity,
    /// What `--report` collects.
    report: Option<Report>,
}

impl Output {
    pub fn new(format: Format, verbosity: Verbosity, report: Option<Report>) -> Self {
        Self { format, verbosity, report }
    }

    /// Whether people want every detail.
    pub fn is_verbose(&self) -> bool {
        self.verbosity.is_verbose
    }

    /// Whether people want nothing but errors and questions.
    pub fn is_quiet(&self) -> bool {
        self.verbosity.is_quiet
    }

    /// The report of this run, if one was requested.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Data as text for people, wrapped at the width of a terminal.
    pub fn data(&self, text: &str) -> Result<(), CommandError> {
        self.raw(&fit(text, width(&std::io::stdout())))
    }

    /// Data as it is: documents, and what people copy.
    ///
    /// # Errors
    ///
    /// The write fails; a closed pipe (`| head`) is no error.
    pub fn raw(&self, text: &str) -> Result<(), CommandError> {
        self.is_read(text).map(|_| ())
    }

    /// Whether the same could be written: false when the reader of standard output has gone.
    pub fn is_read(&self, text: &str) -> Result<bool, CommandError> {
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true).map_err(CommandError::unexpected),
        }
    }

    /// What was asked for: one JSON document for scripts, text for people.
    pub fn answer(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), CommandError> {
        if self.is_json() { self.document(value) } else { self.data(&text()) }
    }

    /// What a change came to: one more event for scripts, text for people.
    pub fn outcome(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), CommandError> {
        if self.is_json() { self.line(value) } else { self.data(&text()) }
    }

    /// What happens before a change: one more event for scripts, a note for people. A closed standard output keeps
    /// nothing from being done.
    pub fn news(&self, value: &impl Serialize, text: impl FnOnce() -> String) {
        if self.is_json() { drop(self.line(value)) } else { self.note(&text()) }
    }

    /// Data as one JSON document.
    pub fn document(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(value).map_err(CommandError::unexpected)?;
        self.raw(&format!("{text}\n"))
    }

    /// Data as one line of JSON, in a stream of such lines.
    pub fn line(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let text = serde_json::to_string(value).map_err(CommandError::unexpected)?;
        self.raw(&format!("{text}\n"))
    }

    /// Text for people, ended by a newline, which `--quiet` silences.
    pub fn note(&self, text: &str) {
        if !self.verbosity.is_quiet {
            self.always(text);
        }
    }

    /// Text for people that `--quiet` does not silence: what went wrong, questions, and what they are about.
    pub fn always(&self, text: &str) {
        let mut out = anstream::AutoStream::auto(std::io::stderr().lock());
        // There is nowhere left to report a failure to.
        let _ = out.write_all(fit(text, width(&std::io::stderr())).as_bytes()).and_then(|()| out.flush());
    }

    /// An error, as people or scripts read it.
    pub fn error(&self, error: &CommandError) {
        match self.format {
            Format::Human => self.always(&error.text()),
            Format::Json => self.always(&format!("{}\n", error.json())),
        }
    }

    /// Whether live progress can be drawn on standard error: a log on the same screen would break it.
    pub fn is_live(&self) -> bool {
        self.format == Format::Human && !self.verbosity.logs_to_screen && std::io::stderr().is_terminal()
    }

    /// Whether standard error shows colours.
    pub fn has_color(&self) -> bool {
        anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
    }
}
