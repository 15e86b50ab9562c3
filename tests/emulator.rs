//! The emulator's own tests.

// In tests, helpers may fail as loudly as tests themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::io::Write;
use std::process::Command;

#[test]
fn every_behaviour_holds_and_is_missing_from_plain_localstack() {
    let python =
        std::env::var("EMULATOR_PYTHON").expect("this test needs the emulator: run it as `localstack/with cargo test`");
    let report = concat!(env!("CARGO_MANIFEST_DIR"), "/localstack/tests/report.py");
    let output = Command::new(python).arg(report).output().expect("the emulator's Python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // Past the capture of the test harness: the count belongs into every log.
    let counts = said.lines().last().unwrap_or_default();
    writeln!(std::io::stdout(), "{counts}").expect("standard output takes a line");
}
