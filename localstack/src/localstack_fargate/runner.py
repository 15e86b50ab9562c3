"""Runs a command against an emulator of its own: starts the server, runs the command, stops the server.

Standard library only, so that any Python can do it; the server needs one that has LocalStack.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from localstack_fargate.install import Failure

SOURCE = Path(__file__).resolve().parents[1]
REGION = "us-east-1"
TIME_SCALE = "12"
START_TIMEOUT_S = 120


@dataclass
class Emulator:
    """How the server is started."""

    python: str = sys.executable
    """The Python that has LocalStack, boto3 and pytest."""
    plain: bool = False
    """LocalStack with forwarding to moto only."""
    plugins: str = ""
    """As in EMULATOR_PLUGINS."""
    cache: Path | None = None
    """Where LocalStack keeps what it downloads; the user's cache folder if not given."""
    name: str = "localstack-fargate"
    """Begins each message."""

    def say(self, text: str) -> None:
        print(f"{self.name}: {text}", file=sys.stderr, flush=True)


def run(emulator: Emulator, command: list[str]) -> int:
    """The exit code of the command. With AWS_ENDPOINT_URL set, nothing is started and the command runs as it is."""
    exit_on_signals()
    try:
        if os.environ.get("AWS_ENDPOINT_URL"):
            return run_command(command, dict(os.environ))
        with server(emulator) as url:
            code = run_command(command, command_environment(url, emulator.python))
            if not emulator.plain:
                report_checks(url, emulator.say)
            return code
    except Failure as failure:
        emulator.say(str(failure))
        return 70
    except KeyboardInterrupt:
        return 130


def exit_on_signals() -> None:
    """Turns signals into an exception while starting, so that what was started is stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))


# ---- the server ------------------------------------------------------------------------------------------------


class PortTaken(Exception):
    """Somebody else was faster in taking the port that was free."""


@contextlib.contextmanager
def server(emulator: Emulator):
    """A running server as its URL; stopped and cleaned up at the end, whatever happens."""
    scratch = Path(tempfile.mkdtemp(prefix="localstack-fargate-"))
    process = None
    try:
        for _ in range(5):
            port, instance = free_port(), secrets.token_hex(8)
            process = start(emulator, scratch, port, instance)
            url = f"http://127.0.0.1:{port}"
            try:
                wait_until_it_answers(url, instance, process)
                break
            except PortTaken:
                stop(process)
            except Failure as failure:
                raise Failure(f"{failure}; {keep_log(scratch, process)}") from None
        else:
            raise Failure("no port stays free long enough")
        yield url
        if process.poll() is not None:
            emulator.say(f"LocalStack ended while the command was running; {keep_log(scratch, process)}")
    finally:
        if process:
            stop(process)
        shutil.rmtree(scratch, ignore_errors=True)


def start(emulator: Emulator, scratch: Path, port: int, instance: str) -> subprocess.Popen:
    with open(scratch / "server.log", "wb") as out:
        return subprocess.Popen(
            [emulator.python, "-m", "localstack_fargate.server"],
            stdin=subprocess.PIPE,  # never written to: the server ends itself when it closes, even if we are killed
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=server_environment(emulator, scratch, port, instance),
            cwd=scratch,
        )


def keep_log(scratch: Path, process: subprocess.Popen) -> str:
    kept = Path(tempfile.gettempdir()) / f"localstack-fargate-{process.pid}.log"
    shutil.copy(scratch / "server.log", kept)
    return f"its log: {kept}"


def server_environment(emulator: Emulator, scratch: Path, port: int, instance: str) -> dict[str, str]:
    own = {
        "PYTHONPATH": str(SOURCE),
        # LocalStack binds 0.0.0.0 for a plain IPv4 address; the mapped form binds loopback only.
        "GATEWAY_LISTEN": f"[::ffff:127.0.0.1]:{port}",
        "LOCALSTACK_HOST": f"127.0.0.1:{port}",
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "LOCALSTACK_VOLUME_DIR": str(scratch / "volume"),
        "TMPDIR": str(scratch),
        "EMULATOR_TIME_SCALE": time_scale(),
        "EMULATOR_INSTANCE": instance,
        "EMULATOR_PLAIN": "1" if emulator.plain else "",
        "EMULATOR_PLUGINS": emulator.plugins,
    }
    if emulator.cache:
        own["XDG_CACHE_HOME"] = str(emulator.cache)
    foreign = ("AWS_", "LOCALSTACK_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | own


def time_scale() -> str:
    """How many times faster than AWS the emulator runs."""
    return os.environ.get("EMULATOR_TIME_SCALE") or TIME_SCALE


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(url: str, instance: str, process: subprocess.Popen) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failure(f"LocalStack stopped while starting (exit code {process.returncode})")
        try:
            with direct.open(f"{url}/_emulator/health", timeout=5) as answer:
                if json.load(answer).get("instance") != instance:
                    raise PortTaken
                return
        except (urllib.error.HTTPError, ValueError):
            raise PortTaken from None
        except OSError:
            time.sleep(0.05)
    raise Failure(f"LocalStack does not answer after {START_TIMEOUT_S} s")


def stop(process: subprocess.Popen) -> None:
    """Ends the whole process group: nothing in the emulator is worth an orderly shutdown."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# ---- the command -----------------------------------------------------------------------------------------------


def command_environment(url: str, python: str) -> dict[str, str]:
    """The user's environment with everything about AWS replaced, so that nothing can reach a real account."""
    account = os.environ.get("AWS_ACCESS_KEY_ID", "")
    loopback = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost"]))
    own = {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": account if re.fullmatch(r"\d{12}", account) else "000000000000",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        "EMULATOR_TIME_SCALE": time_scale(),
        "EMULATOR_PYTHON": python,
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | own


def run_command(command: list[str], env: dict[str, str]) -> int:
    """Runs the command in the foreground; Ctrl-C is the command's business, SIGTERM and SIGHUP are passed on."""
    passed_on = (signal.SIGTERM, signal.SIGHUP)

    def undo() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, passed_on)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, passed_on)  # held back until there is a command to pass them on to
    try:
        child = subprocess.Popen(command, env=env, preexec_fn=undo)
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    for number in passed_on:
        signal.signal(number, lambda received, _: send(received, [child.pid, *descendants(child.pid)]))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, passed_on)
    code = child.wait()
    return 128 - code if code < 0 else code


def report_checks(url: str, say) -> None:
    """One line about the requests of the program under test, if there were any."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError, ValueError):  # the server may have ended with the command
        with direct.open(f"{url}/_emulator/requests", timeout=5) as answer:
            counts = json.load(answer)
        if counts["requests"]:
            checked = "{requests} requests of {operations} operations checked against AWS's models".format(**counts)
            say(f"{checked}, {counts['violations']} violations")


def descendants(process: int) -> list[int]:
    """Whom a shell or cargo would leave behind when it is ended. Linux only; elsewhere nobody is found."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found + [other for child in found for other in descendants(child)]


def send(number: int, processes: list[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
