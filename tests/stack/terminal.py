"""Runs a command on a terminal of its own, as somebody who types: `terminal.py SCRIPT COMMAND...`.

SCRIPT is JSON, a list of steps: `["expect", text]`, `["type", text]`, `["size", rows, columns]`, `["signal", number]`.
Prints JSON: all that was shown, the exit code, and whether the terminal is as it was before.
"""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 60


def main() -> None:
    steps, command = json.loads(sys.argv[1]), sys.argv[2:]
    ours, theirs = pty.openpty()
    resize(ours, 24, 80)
    before = termios.tcgetattr(theirs)
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    shown, read = "", 0
    for kind, *rest in steps:
        if kind == "expect":
            end = time.monotonic() + PATIENCE
            while rest[0] not in shown[read:]:
                left = end - time.monotonic()
                if left < 0 or not select.select([ours], [], [], left)[0]:
                    child.kill()
                    raise SystemExit(f"{rest[0]!r} was not shown, but {shown!r}")
                shown += os.read(ours, 4096).decode(errors="replace")
            read = shown.index(rest[0], read) + len(rest[0])
        elif kind == "type":
            os.write(ours, rest[0].encode())
        elif kind == "size":
            resize(ours, *rest)
            child.send_signal(28)
        elif kind == "signal":
            child.send_signal(rest[0])
    end = time.monotonic() + PATIENCE
    while child.poll() is None and time.monotonic() < end:
        if select.select([ours], [], [], 0.1)[0]:
            shown += os.read(ours, 4096).decode(errors="replace")
    if child.poll() is None:
        child.kill()
        raise SystemExit(f"it did not end: {shown!r}")
    while select.select([ours], [], [], 0.1)[0]:
        shown += os.read(ours, 4096).decode(errors="replace")
    restored = termios.tcgetattr(theirs) == before
    print(json.dumps({"shown": shown, "code": child.returncode, "restored": restored}))


def resize(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


main()
