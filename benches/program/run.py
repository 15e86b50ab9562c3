"""Times the whole program against the emulator, beside a boto3 script that makes the same stack.

    just bench-program target/release/ce-aws

which is

    localstack/with sh -c '"$EMULATOR_PYTHON" benches/program/run.py target/release/ce-aws'

and writes the tables of `docs/performance.md`. What is measured, and how to read it: `benches/README.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "localstack/src"))

import critical_path  # noqa: E402
import lag  # noqa: E402
import page  # noqa: E402
import stations  # noqa: E402
from emulator import INSTANT, Account  # noqa: E402
from localstack_fargate import calls  # noqa: E402
from measure import ROOT, Subject, ce_aws, median, peer, run  # noqa: E402

# Milliseconds a call takes, and how many times faster than the wall the programs' own clocks run: as fast as can be
# without losing a lease between two renewals.
LATENCIES = ((60, 30), (600, 12))
QUIET_SECONDS = 0.5
"""When a round of calls counts as complete: nothing has arrived for so long."""
COUNTING_SCALE = 1
"""Of the programs' clock: two polls are further apart than rounds, so nothing depends on which comes first."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--runs", type=int, default=5, help="of which the median counts [5]")
    parser.add_argument("--settle-runs", type=int, default=3, help="with AWS-like settle times [3]")
    parser.add_argument("--scale", type=float, default=4, help="of the clock with AWS-like settle times [4]")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/performance.md", help="where the tables are written")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    wanted = parser.parse_args()
    binary = wanted.binary.resolve()
    about = page.About(binary, wanted.runs, wanted.settle_runs, wanted.scale, os.getloadavg()[0])
    subjects = [ce_aws(binary), peer(8), peer(32)]
    say("warming up, and comparing what ce-aws and the peer leave")
    differences = compare(subjects[0], subjects[1])
    figures = {
        "start": start(binary, 4 * wanted.runs),
        "counts": {subject.name: counts(subject) for subject in subjects},
        "times": {latency: times(subjects, latency, scale, wanted.runs) for latency, scale in LATENCIES},
        "settling": settling([subjects[0], subjects[2]], wanted.scale, wanted.settle_runs),
        "differences": differences,
    }
    page.write(wanted.page, figures, about)
    if wanted.json:
        wanted.json.write_text(json.dumps(page.plain(figures), indent=1))
    return 0


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def start(binary: Path, runs: int) -> dict:
    say("cold start")
    return {"figures": median([run([str(binary), "--version"], {}, "/") for _ in range(runs)])}


def counts(subject: Subject) -> dict[str, dict]:
    """Calls and rounds of each command, in lockstep: independent of how fast anything is."""
    account = Account.without_settle_times({"kind": "lockstep", "seconds": QUIET_SECONDS})
    found = {}
    for command in subject.commands:
        say(f"counting {subject.name}: {command}")
        subject.run(command, account, COUNTING_SCALE)
        found[command] = calls.count(account.take_journal(), account.control_bucket)
    return found


def times(subjects: list[Subject], latency: int, scale: float, runs: int) -> dict[str, dict]:
    """Medians by subject and command; the subjects take turns, so that all meet the same noise."""
    found: dict[str, dict[str, list]] = {subject.name: {} for subject in subjects}
    for number in range(runs):
        for subject in subjects:
            say(f"{latency} ms a call, run {number + 1} of {runs}: {subject.name}")
            account = Account.without_settle_times({"kind": "latency", "seconds": latency / 1000})
            for command in subject.commands:
                found[subject.name].setdefault(command, []).append(subject.run(command, account, scale))
    return {name: {command: median(of_it) for command, of_it in one.items()} for name, one in found.items()}


def settling(subjects: list[Subject], scale: float, runs: int) -> dict:
    """AWS seconds of creating and destroying, the critical path of each, and the lags of the first subject."""
    found: dict = {"seconds": {subject.name: {} for subject in subjects}, "stations": {}}
    lags: list[lag.Lag] = []
    for number in range(runs):
        for subject in subjects:
            account = Account(scale)
            settings = account.get("settings")
            for command in ("create", "destroy"):
                say(f"AWS-like settle times, run {number + 1} of {runs}: {subject.name}: {command}")
                figures = subject.run(command, account, scale)
                is_beside = calls.about_bucket(account.control_bucket)
                journal = [call for call in account.take_journal() if not is_beside(call)]
                first = next(call for call in journal if call["mutating"])
                spent = {
                    "all": figures.wall * scale,
                    "from the first write": journal[-1]["ended"] - first["time"],
                }
                found["seconds"][subject.name].setdefault(command, []).append(spent)
                found["stations"].setdefault((subject.name, command), []).append(stations.of(command, journal, spent))
                if command == "create":
                    definition = _request(journal, "RegisterTaskDefinition")
                    interval = _request(journal, "CreateTargetGroup")["HealthCheckIntervalSeconds"]
                    found["create"] = critical_path.of_apply(settings, definition, interval)
                    found["destroy"] = critical_path.of_destroy(settings, definition)
                if subject is subjects[0]:
                    lags += lag.of_settings(journal, settings)
                    more = lag.of_service if command == "create" else lag.of_task_end
                    lags += more(account, journal)
    return found | {"lags": lag.table(lags)}


def _request(journal: list[dict], operation: str) -> dict:
    return next(call["request"] for call in journal if call["operation"] == operation and not call["code"])


def compare(one: Subject, other: Subject) -> list[str]:
    """What only one of them leaves behind, besides the control bucket: a line each, with service and kind."""
    forms = []
    for subject in (one, other):
        account = Account(INSTANT / 10)
        subject.run("create", account, INSTANT / 10)
        arguments = [
            sys.executable, "-m", "localstack_fargate.inventory", "normal", "--label-tag", "ce-aws:address",
            "--ignore-tag", "ce-aws:run", "--ignore-tag", "ce-aws:digest",
        ]  # fmt: skip
        environment = account.environment(1) | {"PYTHONPATH": str(ROOT / "localstack/src")}
        done = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, check=True)
        forms.append(json.loads(done.stdout))
        subject.run("destroy", account, INSTANT / 10)
    from localstack_fargate.inventory import normal_form

    lines = normal_form.differences(*forms)
    return [line.split(": {")[0] for line in lines if '"Name": "ce-aws-<account>-us-east-1"' not in line]


if __name__ == "__main__":
    sys.exit(main())
