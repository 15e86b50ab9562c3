//! The log: what happens inside, for those who ask with `-v`.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::session::CommandError;
use crate::session::report::Calls;

use super::global::Global;

/// What is logged at so many `-v`.
///
/// Nothing but our own targets, ever: at the levels `debug` and `trace` the SDK and its HTTP client log whole
/// requests, and with them secrets. For the same reason `RUST_LOG` is not read.
fn filter(verbose: u8, is_quiet: bool) -> &'static str {
    match verbose {
        0 if is_quiet => "off,ce_aws=error",
        0 => "off,ce_aws=warn",
        1 => "off,ce_aws=info",
        2 => "off,ce_aws=debug",
        _ => "off,ce_aws=trace",
    }
}

/// Starts the log, on standard error or in a file. A file gets every call even without `-v`, and so does a report.
pub fn start(global: &Global, calls: Option<Calls>) -> Result<(), CommandError> {
    let (file, verbose) = (global.log_file.as_deref(), global.verbose);
    let filter = if file.is_some() { self::filter(verbose.max(2), false) } else { self::filter(verbose, global.quiet) };
    let calls = calls.map(|calls| calls.with_filter(EnvFilter::new(self::filter(2, false))));
    let writer = match file {
        None => BoxMakeWriter::new(std::io::stderr),
        Some(path) => BoxMakeWriter::new(Mutex::new(open(path).map_err(|error| {
            CommandError::usage("usage/log-file", format!("cannot write {}: {error}", path.display()))
        })?)),
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let log = layer.with_filter(EnvFilter::new(filter));
    tracing_subscriber::registry().with(calls).with(log).try_init().map_err(CommandError::unexpected)
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
            let targets: Vec<_> = filter(verbose, is_quiet).split(',').collect();
            assert_eq!(targets[0], "off");
            assert!(targets[1..].iter().all(|target| target.starts_with("ce_aws=")), "{targets:?}");
        }
    }
}
