"""One run of a program: how long, how much of a processor, how much memory, and which calls."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
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
    with tempfile.TemporaryFile() as printed:
        begin = time.monotonic()
        process = subprocess.Popen(
            arguments, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            printed.seek(0)
            text = printed.read().decode(errors="replace")
            sys.exit(f"{' '.join(arguments)}: exit code {process.returncode}\n{text}")
    return Figures(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(runs: list[Figures]) -> Figures:
    return Figures(*(statistics.median(getattr(run, one.name) for run in runs) for one in fields(Figures)))
