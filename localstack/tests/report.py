"""Runs the package's tests against the emulator and, at the same time, against plain LocalStack: `python
localstack/tests/report.py`.

Exits with 0 only if every behaviour holds on the emulator, every test fails or passes on plain LocalStack as it is
marked, and each row of `rows.toml` has tests that show both. The emulator may be running (AWS_ENDPOINT_URL); plain
LocalStack is started.
"""

from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
Outcomes = dict[str, set[str]]
"""What became of each test, by `file::function`: more than one when it has parameters."""


class Run:
    """One run of the tests, in a process of its own."""

    def __init__(self, plain: bool, folder: Path) -> None:
        self.plain, self.outcomes = plain, folder / f"outcomes-{plain}.json"
        self.log = open(folder / f"log-{plain}", "w+")
        env = dict(os.environ, EMULATOR_TEST_OUTCOMES=str(self.outcomes))
        if plain:
            env = {name: value for name, value in env.items() if name not in ("AWS_ENDPOINT_URL", "EMULATOR_PYTHON")}
        # sh, because the Python of the environment is known only inside
        command = [str(HERE.parent / "with"), *(["--plain"] if plain else []), "sh", "-c"]
        command += ['exec "$EMULATOR_PYTHON" -m pytest "$0"', str(HERE)]
        self.process = subprocess.Popen(command, env=env, stdout=self.log, stderr=subprocess.STDOUT)

    def finish(self) -> tuple[int, Outcomes, collections.Counter[str]]:
        """Exit code, what became of each test, and how many of each; prints what pytest said."""
        code = self.process.wait()
        self.log.seek(0)
        print(f"== {'plain LocalStack' if self.plain else 'the emulator'}\n{self.log.read()}", flush=True)
        outcomes: Outcomes = collections.defaultdict(set)
        counts: collections.Counter[str] = collections.Counter()
        for kind, node in json.loads(self.outcomes.read_text()) if self.outcomes.exists() else []:
            outcomes[node.split("[", 1)[0].rsplit("/", 1)[-1]].add(kind)
            counts[kind] += 1
        return code, outcomes, counts


def unmet(emulator: Outcomes, plain: Outcomes) -> tuple[int, list[str]]:
    """How many rows there are, and what is wrong with those whose tests do not show it."""
    sections = tomllib.loads((HERE / "rows.toml").read_text())
    wrong = []
    for section, rows in sections.items():
        for row, tests in rows.items():
            not_held = [test for test in tests if emulator.get(test) != {"passed"}]
            on_plain = [plain.get(test, set()) for test in tests]
            if not tests:
                wrong.append(f"{row}: has no test")
            elif not_held:
                wrong.append(f"{row}: not passed on the emulator: {', '.join(not_held)}")
            elif section == "forwarded" and any(kinds != {"passed"} for kinds in on_plain):
                wrong.append(f"{row}: is said to work on plain LocalStack, and does not")
            elif section not in ("forwarded", "controls") and not any("xfailed" in kinds for kinds in on_plain):
                wrong.append(f"{row}: no test of it fails on plain LocalStack")
    return sum(map(len, sections.values())), wrong


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="emulator-tests-") as folder:
        runs = [Run(plain, Path(folder)) for plain in (False, True)]
        (emulator_code, emulator, emulator_counts), (plain_code, plain, plain_counts) = [run.finish() for run in runs]
    rows, wrong = unmet(emulator, plain)
    for line in wrong:
        print(f"row {line}")
    mismatches = sum(counts[kind] for counts in (emulator_counts, plain_counts) for kind in ("failed", "error"))
    good = emulator_code == plain_code == 0 and not mismatches and not wrong
    print(
        f"emulator: {'OK' if good else 'FAILED'}: {rows - len(wrong)} of {rows} rows shown; "
        f"{emulator_counts['passed']} tests hold "
        f"on the emulator; on plain LocalStack {plain_counts['xfailed']} fail and {plain_counts['passed']} pass as "
        "marked, "
        f"{plain_counts['skipped']} are absent; {mismatches} mismatches"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
