"""The entry script: what it starts, and that nothing is left of it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from localstack_fargate import install

WITH = Path(__file__).resolve().parent.parent / "with"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CE_", "EMULATOR_"))}
ELSEWHERE = CLEAN | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "eu-west-1"}


def answers(url):
    try:
        with urllib.request.urlopen(f"{url}/_emulator/health", timeout=5):
            return True
    except OSError:
        return False


def listening(port):
    """Addresses, as the kernel writes them, that listen on the port."""
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [line[1].split(":")[0] for line in lines if line[3] == "0A" and line[1].endswith(f":{port:04X}")]


@pytest.mark.row("with: exit code, loopback only, ready in time, nothing left", plain="absent")
def test_runs_a_command_and_stops():
    started = time.monotonic()
    show = 'echo "$AWS_ENDPOINT_URL $AWS_REGION $AWS_ACCESS_KEY_ID $CE_AWS_TIME_SCALE"; read wait; exit 7'
    with subprocess.Popen([WITH, "sh", "-c", show], env=CLEAN, stdin=-1, stdout=-1, text=True) as run:
        url, *rest = run.stdout.readline().split()
        ready = time.monotonic() - started
        addresses = listening(int(url.rsplit(":", 1)[1])) if Path("/proc/net/tcp").exists() else None
        assert answers(url)
        run.communicate("\n")
    assert run.returncode == 7 and rest == ["us-east-1", "000000000000", "12"]
    assert addresses in (None, ["0100007F"], ["0000000000000000FFFF00000100007F"])
    assert not answers(url)
    assert ready < 30, "10 s on an idle machine"


@pytest.mark.row("with: stops what it started when it is ended itself", plain="absent")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_from_outside(number):
    command = [WITH, "sh", "-c", 'echo "$AWS_ENDPOINT_URL"; exec sleep 20']
    with subprocess.Popen(command, env=CLEAN, stdout=-1, text=True, start_new_session=True) as run:
        url = run.stdout.readline().strip()
        assert answers(url)
        run.send_signal(number)
        run.wait(timeout=10)
        if number == signal.SIGKILL:
            os.killpg(run.pid, signal.SIGKILL)  # the command; the server is in a group of its own
    deadline = time.monotonic() + 10
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(url)


@pytest.mark.row("with: SIGTERM and SIGHUP reach all that the command has started", plain="absent")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ending_the_command(number):
    command = [WITH, "sh", "-c", "sleep 20 & echo; wait"]
    with subprocess.Popen(command, env=ELSEWHERE, stdout=-1, text=True) as run:
        run.stdout.readline()
        run.send_signal(number)
        assert run.wait(timeout=10) == 128 + number
        assert run.stdout.read() == "", "ends only when nobody holds the pipe"


@pytest.mark.row("with: Ctrl-C is the command's business", plain="absent")
def test_interrupting_the_command():
    program = "import sys, time\ntry: print(flush=True); time.sleep(20)\nexcept KeyboardInterrupt: sys.exit(5)"
    command = [WITH, sys.executable, "-c", program]
    with subprocess.Popen(command, env=ELSEWHERE, stdout=-1, text=True, start_new_session=True) as run:
        run.stdout.readline()
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=10) == 5


@pytest.mark.row("with: an endpoint that is given is used, nothing is started", plain="absent")
def test_given_endpoint():
    show = 'echo "$AWS_ENDPOINT_URL $AWS_REGION"'
    done = subprocess.run([WITH, "sh", "-c", show], env=ELSEWHERE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["http://127.0.0.1:1", "eu-west-1"]


@pytest.mark.row("with: a Python that is only a shim is passed over", plain="absent")
def test_python_that_does_not_run(tmp_path, monkeypatch):
    good = tmp_path / "good"
    good.mkdir()
    (good / "python3.11").write_text("#!/bin/sh\necho 3.11.9\n")
    shims = tmp_path / "shims"
    shims.mkdir()
    (shims / "python3.13").write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    (shims / "python3").write_text("#!/bin/sh\necho 3.9.2\n")
    for path in tmp_path.glob("*/*"):
        path.chmod(0o755)
    monkeypatch.setattr(install.sys, "executable", str(shims / "python3"))
    monkeypatch.setenv("PATH", f"{shims}{os.pathsep}{good}")
    assert install.find_python() == (str(good / "python3.11"), "3.11.9")
    monkeypatch.setenv("PATH", str(shims))
    with pytest.raises(install.Failure, match="needs a working Python 3.13, 3.12 or 3.11"):
        install.find_python()
