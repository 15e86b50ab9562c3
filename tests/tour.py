#!/usr/bin/env python3
"""Writes docs/tour.md: a deployment from `init` to `destroy`, with the binary alone, in an empty folder, against the emulator.

    cargo build && localstack/with python3 tests/tour.py target/debug/ce-aws

Everything below a prompt in the page is what the program printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tour.md"

# (what the reader should know, command, exit code)
STEPS = [
    (
        "Start in an empty folder. `init` asks what to deploy and offers what the account has; options answer in advance,"
        " and with `--yes` it asks nothing. Here an older release than the recommended one, to upgrade it later.",
        "ce-aws init --yes --region us-east-1 --release 6.0.1 --allow unsupported",
        0,
    ),
    ("The plan file is small; everything else has a default.", "cat ce-aws.toml", 0),
    ("What a month costs, without an AWS account:", "ce-aws cost", 0),
    ("`plan` shows what would be created, and changes nothing.", "ce-aws plan", 0),
    ("`apply` shows the plan again, asks (here `--yes` answers), deploys, and waits until Cloud Exchange is healthy.",
     "ce-aws apply --yes", 0),
    ("What runs now:", "ce-aws status", 0),
    ("A second plan finds nothing to do.", "ce-aws plan --exit-code", 0),
    ("The upgrade stops the task, backs up, starts the new release and verifies it.", "ce-aws upgrade --to 6.1.0 --yes", 0),
    ("The plan file has been updated to match the running version.", "grep release ce-aws.toml", 0),
    ("Who did what:", "ce-aws history", 0),
    ("All deployments of the account and region:", "ce-aws list", 0),
    ("`destroy` deletes everything but the data. The load balancer has deletion protection, so `--yes` alone is refused:",
     "ce-aws destroy --yes", 5),
    ("With consent:", "ce-aws destroy --yes --unprotect", 0),
    ("The data is still there, and a later `apply` uses it again. To delete it too:", "ce-aws destroy --yes --delete-data", 0),
    ("Only the secret is left, until its recovery window of some days ends:", "ce-aws status", 0),
]  # fmt: skip

HEAD = """# A tour

Made by `just tour` from the real output of one run against the emulator; do not edit. Times are AWS's: the emulator's clock runs
twelve times as fast. On a terminal, progress is one line that is redrawn, and colours mark what matters.
"""


def run(binary: Path, folder: str, command: str) -> tuple[int, str]:
    """The exit code of a command line, and all that it has printed, in order."""
    path = f"{binary.parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "NO_COLOR": "1", "COLUMNS": "110"}
    done = subprocess.run(command, shell=True, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.replace(folder, "~")


def main() -> None:
    binary = Path(sys.argv[1]).resolve()
    page = [HEAD]
    with tempfile.TemporaryDirectory() as folder:
        for words, command, expected in STEPS:
            code, printed = run(binary, folder, command)
            if code != expected:
                sys.exit(f"{command}: exit code {code} instead of {expected}\n{printed}")
            ending = f"\n$ echo $?\n{code}" if code else ""
            page.append(f"{words}\n\n```\n$ {command}\n{printed.rstrip()}{ending}\n```\n")
            print(f"{command}: {code}", file=sys.stderr)
    PAGE.write_text("\n".join(page))


if __name__ == "__main__":
    main()
