# Tasks; each also works as the plain command it runs.

# Format, lint and test, as before landing.
all: fmt lint test

# Every test, against the emulator.
test *ARGS:
    localstack/with cargo test {{ARGS}}

# Unit tests only: seconds, no emulator.
unit:
    cargo test --lib

fmt:
    cargo fmt

lint:
    cargo clippy --all-targets -- -D warnings

# The emulator's own tests, against the emulator and against plain LocalStack.
emulator:
    localstack/with sh -c '"$EMULATOR_PYTHON" localstack/tests/report.py'

# A deployment's lifecycle on emulators that others have written; `docs/other-emulators.md` says what they lack.
other-emulators:
    cargo build
    CE_AWS_TIME_SCALE=60 tests/other_emulators/with moto sh -c '"$EMULATOR_PYTHON" tests/other_emulators/lifecycle.py'
    CE_AWS_TIME_SCALE=60 tests/other_emulators/with ministack sh -c '"$EMULATOR_PYTHON" tests/other_emulators/lifecycle.py'

# Data steps and TLS of the release files on real MongoDB and RabbitMQ servers; writes `docs/real-servers.md`.
real *ARGS:
    python3 tests/real/run.py {{ARGS}}

# A real browser through `ce-aws open`: needs Chromium. `tests/browser/README.md`.
browser:
    cargo build
    localstack/with python3 tests/browser/run.py target/debug/ce-aws

# Every fault, each once: hours. Writes `docs/trust.md`, `docs/upgrade-failures.md` and `docs/upgrade-steps.md`.
sweep:
    CE_AWS_SWEEP=full localstack/with cargo test --test stack -- sweep

# A release archive in `target/archives`: binary, completions, man pages, schema. Needs GNU tar.
release *TARGET:
    release/build {{TARGET}}

# Licences and advisories of dependencies (needs cargo-deny).
deny:
    cargo deny check

# A deployment from `init` to `destroy` as it looks on the screen; writes `docs/tour.md`.
tour:
    cargo build
    localstack/with python3 tests/tour.py target/debug/ce-aws

# The main job on the emulator.
demo:
    localstack/with cargo run -- apply plans/new-vpc.toml --yes

# How the engine's cost grows, up to 100,000 resources. Never part of the tests.
bench *ARGS:
    cargo bench --bench engine -- {{ARGS}}

# The whole program beside a boto3 script: half an hour. Writes `docs/performance.md`; give it a release build.
bench-program BINARY *ARGS:
    localstack/with sh -c '"$EMULATOR_PYTHON" benches/program/run.py "$@"' sh {{BINARY}} {{ARGS}}

# Hostile input: a million cases for each target.
fuzz:
    CE_AWS_FUZZ=1000000 cargo test --lib fuzz -- --nocapture
