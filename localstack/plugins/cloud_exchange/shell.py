"""Runs a container's entry point in a folder that stands for its root, with stand-ins for the programs.

Absolute paths in the script are rewritten: a mount's to the folder of its volume, those of the image's own folders to
the container's root; the environment is left as it is. `chown` notes the owner. `mongosh` records its commands. The
programs of Cloud Exchange note their arguments, environment and folder, and end.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("docker-entrypoint.sh", "mongod", "rabbitmq-server")
START = ("opt/start.sh", "srv/start.sh")
"""core's, by its path, and ui's, in the folder in which the container starts."""
FOLDERS = ("etc", "var", "opt", "data", "files", "tmp", "run", "home", "root", "srv", "mnt", "usr/local/share")
"""What of an image is the container's own; the rest (/bin, /usr, /dev, /proc) is this machine's."""
TIMEOUT_S = 30

_RECORDER = """#!{python} -ISs
import json, os, sys
with open({record!r}, "a") as out:
    out.write(json.dumps([sys.argv, dict(os.environ)]) + "\\n")
"""
_SHELL_OF_MONGODB = """#!{python} -ISs
import json, sys
with open({record!r}, "a") as out:
    out.write(json.dumps(" ".join(sys.argv[1:]) + "\\n" + sys.stdin.read()) + "\\n")
"""
_CHOWN = """#!/bin/sh
all=
while :; do
    case "$1" in
        --) shift; break ;;
        --recursive) all=1; shift ;;
        -*) case "$1" in *R*) all=1 ;; esac; shift ;;
        *) break ;;
    esac
done
owner=$1; shift
for file do
    if [ ! -e "$file" ]; then echo "chown: cannot access '$file': No such file or directory" >&2; exit 1; fi
    if [ {root} != 1 ]; then echo "chown: changing ownership of '$file': Operation not permitted" >&2; exit 1; fi
    if [ "$all" ]; then find -H "$file" -exec ls -di {{}} + ; else ls -dLi "$file"; fi |
    while read -r inode rest; do echo "$owner $inode"; done >> '{record}'
done
"""


@dataclass(frozen=True)
class Call:
    """How a program was started."""

    arguments: list[str]
    environment: dict[str, str]


@dataclass
class Run:
    """What came of an entry point. `exit_code` None: it did not end."""

    exit_code: int | None
    output: list[str]
    calls: list[Call] = field(default_factory=list)
    mongodb_commands: list[str] = field(default_factory=list)
    owners: list[tuple[int, tuple[int, int]]] = field(default_factory=list)


class Root:
    """A container's root folder; `mounts` are the folders of its volumes by the path at which it mounts them."""

    def __init__(self, folder: Path, mounts: dict[str, Path], is_root: bool) -> None:
        self.folder, self.mounts, self._is_root = folder, mounts, is_root
        self._records = folder.parent / f"{folder.name}.records"
        self._programs = folder.parent / f"{folder.name}.programs"
        for path in (self._records, self._programs, *(folder / one for one in FOLDERS)):
            path.mkdir(parents=True, exist_ok=True)
        (folder / "var/lib/rabbitmq").mkdir(parents=True)
        for path, target in mounts.items():
            link = folder / path.strip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            if link.is_dir() and not link.is_symlink():
                shutil.rmtree(link)
            link.symlink_to(target)
        (folder / "etc/hosts").write_text("127.0.0.1 localhost\n")
        self._install()
        firsts = {path.strip("/").split("/")[0] for path in mounts}
        self._places = {path.rstrip("/"): str(target) for path, target in mounts.items()}
        self._places |= {f"/{one}": str(folder / one) for one in {*FOLDERS, *firsts}}
        places = "|".join(sorted(map(re.escape, self._places), key=len, reverse=True))
        self._pattern = re.compile(rf"""(?<![\w.}}/$)*?-])({places})(?=[/\s"'`;:,&|<>()]|$)""")

    def _install(self) -> None:
        def program(path: Path, text: str, record: str) -> None:
            path.write_text(
                text.format(python=sys.executable, record=str(self._records / record), root=int(self._is_root))
            )
            path.chmod(0o755)

        for name in PROGRAMS:
            program(self._programs / name, _RECORDER, "calls")
        for name in START:
            program(self.folder / name, _RECORDER, "calls")
        program(self._programs / "mongosh", _SHELL_OF_MONGODB, "mongosh")
        program(self._programs / "chown", _CHOWN, "owners")

    def inside(self, text: str) -> str:
        """The text with this machine's paths."""
        return self._pattern.sub(lambda found: self._places[found[1]], text)

    def outside(self, text: str) -> str:
        """The text with the container's paths."""
        for path, target in sorted(self.mounts.items(), key=lambda item: len(str(item[1])), reverse=True):
            text = text.replace(str(target), path.rstrip("/"))
        return text.replace(str(self.folder), "")

    def run(self, command: list[str], environment: dict[str, str]) -> Run:
        own = {"HOME": str(self.folder / "root"), "PATH": f"{self._programs}:/usr/local/bin:/usr/bin:/bin"}
        shown = {**own, **{k: v for k, v in environment.items() if k not in own}}
        first, *rest = command
        shell = shutil.which(first.rsplit("/", 1)[-1]) if first in ("/bin/bash", "/bin/sh", "bash", "sh") else None
        command = [shell, *map(self.inside, rest)] if shell else [self.inside(first), *rest]
        code, output = _run(command, shown, self.folder / "srv")
        return Run(code, self.outside(output).splitlines(), self._calls(own), self._told(), self._owners())

    def _lines(self, record: str) -> list[str]:
        path = self._records / record
        if not path.exists():
            return []
        lines = path.read_text().splitlines()
        path.unlink()
        return lines

    def _calls(self, own: dict[str, str]) -> list[Call]:
        calls = []
        for line in self._lines("calls"):
            arguments, environment = json.loads(line)
            seen = {k: self.outside(v) for k, v in environment.items() if k not in own}
            name = self.outside(arguments[0]).rsplit("/", 1)[-1]
            calls.append(Call([name, *map(self.outside, arguments[1:])], seen))
        return calls

    def _told(self) -> list[str]:
        return [json.loads(line) for line in self._lines("mongosh")]

    def _owners(self) -> list[tuple[int, tuple[int, int]]]:
        found = []
        for line in self._lines("owners"):
            owner, inode = line.split()
            uid, _, gid = owner.replace(".", ":").partition(":")
            found.append((int(inode), (int(uid), int(gid or uid))))
        return found


def _run(command: list[str], environment: dict[str, str], folder: Path) -> tuple[int | None, str]:
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            umask=0o022,
        )
    except OSError as error:
        return 127, f"exec: {command[0]}: {error.strerror}"
    try:
        output, _ = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output
