"""Runs a command and writes what it used: `python launch.py FIGURES COMMAND...`.

A process of its own and a small one: Linux counts the memory of whoever starts a program as the program's.
"""

import json
import os
import sys
import time

figures, *command = sys.argv[1:]
begin = time.monotonic()
child = os.fork()
if not child:
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        os._exit(127)
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - begin
with open(figures, "w") as out:
    json.dump({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024}, out)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
