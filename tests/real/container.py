"""Containers without a container engine: a Debian root, mounts, a user and an environment, in namespaces of their own.

All share the network of the caller, as the containers of one Fargate task do. As there, the first process is process 1
of its namespace: it gets no signal that it has no handler for.
"""

import os
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

PATH = "/opt/rabbitmq/sbin:/opt/mongodb:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Ended(AssertionError):
    """A container that should be up has ended."""


@dataclass
class Container:
    """How to run a program; each run has its own namespaces."""

    root: Path
    mounts: dict = field(default_factory=dict)  # path inside: folder outside
    environment: dict = field(default_factory=dict)
    user: str = "1001:1001"

    def _command(self, arguments):
        lines = ["set -e", "mount --make-rprivate /", f"mount -t proc proc {self.root}/proc"]
        # Outer mount points before inner ones.
        for inside, outside in sorted(self.mounts.items()):
            target = shlex.quote(str(self.root) + inside)
            lines.append(f"mkdir -p {target}; mount --bind {shlex.quote(str(outside))} {target}")
        lines.append("exec " + shlex.join(self.inside(arguments)))
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", "\n".join(lines)]

    def inside(self, arguments):
        """What makes it the container's own process, where its mounts are."""
        environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/tmp"} | self.environment
        command = ["chroot", f"--userspec={self.user}", "--groups=", str(self.root), "env", "-i"]
        return command + [f"{key}={value}" for key, value in environment.items()] + list(arguments)

    def start(self, arguments, log):
        """Starts it; what it prints goes to the file `log`."""
        with open(log, "ab") as out:
            process = subprocess.Popen(
                self._command(arguments), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
        return Running(self, process, Path(log))

    def run(self, arguments, timeout=900):
        """Runs it to its end: exit code and all that it printed."""
        return _run(self._command(arguments), timeout)


def _run(command, timeout):
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace")


@dataclass
class Running:
    """A started container."""

    container: Container
    process: subprocess.Popen
    log: Path

    def text(self):
        return self.log.read_text(errors="replace")

    def first(self):
        """Process 1 of the container, as this namespace numbers it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def run(self, arguments, timeout=120):
        """Runs a command in the container, as health checks are: exit code and all that it printed."""
        first = None if self.ended() else self.first()
        if first is None:
            return 125, "the container does not run"
        enter = ["nsenter", f"--target={first}", "--mount", "--pid", "--wdns=/", "--"]
        return _run(enter + self.container.inside(arguments), timeout)

    def ended(self):
        return self.process.poll() is not None

    def wait_for(self, ready, seconds=180):
        """Until `ready()` is true; an error if the container ends or the time does."""
        end = time.monotonic() + seconds
        while not ready():
            if self.ended():
                raise Ended(f"ended with {self.process.returncode}:\n{self.text()[-3000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"not up after {seconds} s:\n{self.text()[-3000:]}")
            time.sleep(1)

    def wait_for_end(self, seconds=180):
        return self.process.wait(seconds)

    def stop(self, seconds=120):
        """SIGTERM to process 1, as ECS stops a container; SIGKILL after the stop timeout. True: it ended by itself."""
        if self.ended():
            return True
        first = self.first()
        if first:
            os.kill(first, signal.SIGTERM)
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
