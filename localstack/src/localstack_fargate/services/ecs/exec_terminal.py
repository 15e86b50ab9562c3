"""A program that really runs, on a terminal of its own, behind a data channel: its input is what the client types, its
output is sent as it comes, and it is hung up on when the channel ends.

Of the faults of a rule with `runs`, `cut` ends the channel and `corrupt` changes one byte, both at byte `at` of the
output.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIECE = 1024
"""The most that one message of output carries (`aws/amazon-ssm-agent`, `agent/session/contracts`)."""
PATIENCE_S = 2
"""After which what does not end when it is hung up on is killed."""
STDOUT = 1


@dataclass(frozen=True)
class Program:
    arguments: list[str]
    environment: dict[str, str]
    folder: Path


def run(channel: Any, program: Program) -> None:
    """Until the program or the channel has ended."""
    ours, its = os.openpty()
    process = subprocess.Popen(
        program.arguments,
        env=program.environment,
        cwd=program.folder,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        umask=0o022,
    )
    # The other end stays open until all is read: without it, what was printed last may be lost.
    sender = threading.Thread(target=_send, args=(channel, ours, process), daemon=True)
    sender.start()
    try:
        for message in channel.inputs():
            if message.payload_type == STDOUT:
                _write(ours, message.payload)
    finally:
        _hang_up(process)
        sender.join(PATIENCE_S)
        os.close(its)
        os.close(ours)


def _send(channel: Any, ours: int, process: subprocess.Popen) -> None:
    rule, sent = channel.session.rule, 0
    while piece := _read(ours, process):
        end = sent + len(piece)
        if rule.fault == "cut" and end > rule.at:
            channel.say(piece[: max(0, rule.at - sent)])
            channel.socket.close()
            return
        if rule.fault == "corrupt" and sent <= rule.at < end:
            there = rule.at - sent
            piece = piece[:there] + (b"A" if piece[there : there + 1] != b"A" else b"B") + piece[there + 1 :]
        channel.say(piece)
        sent = end
    with contextlib.suppress(Exception):  # the client has gone already
        channel.send("channel_closed", 0, 0, b'{"MessageType": "channel_closed", "Output": ""}')


def _read(ours: int, process: subprocess.Popen) -> bytes:
    """The next piece; nothing when the program has ended and all that it has printed is read."""
    try:
        while True:
            has_ended = process.poll() is not None
            if select.select([ours], [], [], 0 if has_ended else 0.02)[0]:
                return os.read(ours, PIECE)
            if has_ended:
                return b""
    except (OSError, ValueError):  # closed meanwhile
        return b""


def _write(ours: int, typed: bytes) -> None:
    with contextlib.suppress(OSError):
        while typed:
            typed = typed[os.write(ours, typed) :]


def _hang_up(process: subprocess.Popen) -> None:
    for how in (signal.SIGHUP, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S)
            return
