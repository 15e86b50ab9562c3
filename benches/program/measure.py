"""One run of a program: how long, how much of a processor, how much memory, and which calls."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, fields
from pathlib import Path

from emulator import Account

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLAN_FILE = ROOT / "plans/new-vpc.toml"
POLL_SECONDS = 2.5
"""How often the peer looks at what settles, in AWS seconds: as often as ce-aws does, and far more often than boto3's
own waiters."""


@dataclass
class Figures:
    """Seconds of the wall and of the processor, MiB at most."""

    wall: float
    cpu: float
    memory: float


@dataclass
class Subject:
    """A program under test. `commands` are the arguments by what they do, in the order of a deployment's life."""

    name: str
    program: list[str]
    commands: dict[str, list[str]]
    poll_option: str | None = None
    folder: tempfile.TemporaryDirectory = field(default_factory=tempfile.TemporaryDirectory, repr=False)

    def run(self, command: str, account: Account, program_scale: float) -> Figures:
        arguments = [*self.program, *self.commands[command]]
        if self.poll_option:
            arguments += [self.poll_option, str(POLL_SECONDS / program_scale)]
        return run(arguments, account.environment(program_scale), self.folder.name)


def ce_aws(binary: Path) -> Subject:
    file = str(PLAN_FILE)
    return Subject("ce-aws", [str(binary)], {
        "plan of nothing": ["plan", file],
        "create": ["apply", file, "--yes"],
        "plan": ["plan", file],
        "empty apply": ["apply", file, "--yes"],
        "destroy": ["destroy", file, "--yes", "--unprotect", "--delete-data"],
    })  # fmt: skip


def peer(threads: int) -> Subject:
    script = str(ROOT / "benches/peer/peer.py")
    modes = {mode: [mode, "--threads", str(threads)] for mode in ("create", "plan", "destroy")}
    return Subject(f"boto3, {threads} threads", [sys.executable, script], modes, "--poll-seconds")


def run(arguments: list[str], environment: dict[str, str], folder: str) -> Figures:
    """Runs to the end; what fails ends the benchmark with what it has printed."""
    with tempfile.NamedTemporaryFile("r") as used:
        launch = [sys.executable, "-I", "-S", str(HERE / "launch.py"), used.name, *arguments]
        done = subprocess.run(
            launch, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}")
        return Figures(**json.load(used))


def median(runs: list[Figures]) -> Figures:
    return Figures(*(statistics.median(getattr(run, one.name) for run in runs) for one in fields(Figures)))
