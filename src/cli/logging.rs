//! The log: what happens inside, for those who ask with `-v`.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::session::error::CommandError;
use crate::session::report::Calls;

/// What is logged at how many `-v`.
///
/// Nothing but our own targets, ever: at the levels `debug` and `trace` the SDK and its HTTP client log whole
/// requests, and with them secrets. For the same reason `RUST_LOG` is not read.
fn filter(verbose: u8) -> &'static str {
    match verbose {
        0 => "off,ce_aws=warn",
        1 => "off,ce_aws=info",
        2 => "off,ce_aws=debug",
        _ => "off,ce_aws=trace",
    }
}

/// Starts the log, on standard error or in a file. A file gets every call even without `-v`, and so does a report.
pub fn start(verbose: u8, file: Option<&Path>, calls: Option<Calls>) -> Result<(), CommandError> {
    let level = if file.is_some() { verbose.max(2) } else { verbose };
    let filter = EnvFilter::new(filter(level));
    let calls = calls.map(|calls| calls.with_filter(EnvFilter::new(self::filter(2))));
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
        for verbose in 0..=9 {
            let targets: Vec<_> = filter(verbose).split(',').collect();
            assert_eq!(targets[0], "off");
            assert!(targets[1..].iter().all(|target| target.starts_with("ce_aws=")), "{targets:?}");
        }
    }
}
