//! The log: what happens inside, for those who ask with `-v`.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::session::CommandError;
use crate::session::report::Calls;

/// How much is logged.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// How many `-v`.
    pub verbose: u8,
    pub is_quiet: bool,
}

/// What is logged at a level.
///
/// Nothing but our own targets, ever: at the levels `debug` and `trace` the SDK and its HTTP client log whole
/// requests, and with them secrets. For the same reason `RUST_LOG` is not read.
fn filter(level: Level) -> &'static str {
    match level.verbose {
        0 if level.is_quiet => "off,ce_aws=error",
        0 => "off,ce_aws=warn",
        1 => "off,ce_aws=info",
        2 => "off,ce_aws=debug",
        _ => "off,ce_aws=trace",
    }
}

/// Starts the log, on standard error or in a file. A file gets every call even without `-v`, and so does a report.
pub fn start(level: Level, file: Option<&Path>, calls: Option<Calls>) -> Result<(), CommandError> {
    let with_calls = |verbose| Level { verbose, is_quiet: false };
    let level = if file.is_some() { with_calls(level.verbose.max(2)) } else { level };
    let filter = EnvFilter::new(filter(level));
    let calls = calls.map(|calls| calls.with_filter(EnvFilter::new(self::filter(with_calls(2)))));
    let registry = tracing_subscriber::registry().with(calls);
    let started = match file {
        None => {
            let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
            registry.with(layer.with_filter(filter)).try_init()
        }
        Some(path) => {
            let file = open(path).map_err(|error| {
                CommandError::usage("usage/log-file", format!("cannot write {}: {error}", path.display()))
            })?;
            let layer = tracing_subscriber::fmt::layer().with_writer(Mutex::new(file)).with_ansi(false);
            registry.with(layer.with_filter(filter)).try_init()
        }
    };
    started.map_err(CommandError::unexpected)
}

/// Opens the file at its end, readable by its owner only.
fn open(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_level_lets_the_sdk_log_requests() {
        for (verbose, is_quiet) in (0..=9).flat_map(|verbose| [(verbose, false), (verbose, true)]) {
            let targets: Vec<_> = filter(Level { verbose, is_quiet }).split(',').collect();
            assert_eq!(targets[0], "off");
            assert!(targets[1..].iter().all(|target| target.starts_with("ce_aws=")), "{targets:?}");
        }
    }
}
