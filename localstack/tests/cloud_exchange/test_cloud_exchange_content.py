"""Commands of ECS Exec in containers of Cloud Exchange, which really run: on a terminal, over files that last, and with
stand-ins for MongoDB's programs.

Source: termios(3) (echo, canonical mode), `aws/amazon-ssm-agent` (`agent/session/shell`: a pseudo-terminal), MongoDB
Database Tools documentation (options, `--config`).
"""

import base64
import gzip
import json
import threading

import pytest
from cloud_exchange_kit import Deployment
from ecs_kit import Kit
from test_ecs_exec import Channel, printed


class Entered:
    """A task that runs, and a channel to a command in one of its containers."""

    def __init__(self, account) -> None:
        self.account = account
        self.deployment = Deployment(Kit(account))
        self.arn = self.deployment.start(enableExecuteCommand=True)

    def session(self, container: str, script: str) -> dict:
        kit = self.deployment.kit
        quoted = script.replace("'", "'\\''")
        wanted = {"cluster": kit.cluster, "container": container, "interactive": True}
        return kit.ecs.execute_command(task=self.arn, command=f"sh -c '{quoted}'", **wanted)["session"]

    def run(self, container: str, script: str, typed: bytes = b"") -> str:
        channel = Channel(self.session(container, script))
        if typed:
            # After the handshake, in order, and as the client sends it: in pieces.
            pieces = [typed[at : at + 1024] for at in range(0, len(typed), 1024)]
            timers = [threading.Timer(1 + n / 100, channel.write, ("input_stream_data", 1, piece, n + 1))
                      for n, piece in enumerate(pieces)]
            for timer in timers:
                timer.start()
        got, _ = channel.everything()
        return printed(got)


@pytest.fixture
def entered(account):
    return Entered(account)


@pytest.mark.row("Cloud Exchange: a command runs on a terminal, which echoes unless it is told not to", plain="absent")
def test_a_terminal_echoes_unless_told_not_to(entered):
    assert entered.run("core", "read line; echo got $line", b"secret\n") == "secret\r\ngot secret\r\n"
    assert entered.run("core", "stty -echo; read line; echo got it", b"secret\n") == "got it\r\n"


@pytest.mark.row(
    "Cloud Exchange: what is typed into a file lasts, and belongs to the access point's user", plain="absent"
)
def test_typed_content_lasts(entered):
    content = bytes(range(256)) * 40
    lines = b"".join(base64.b64encode(content[at : at + 720]) + b"\n" for at in range(0, len(content), 720))
    path = "/data/db/x"
    script = f"stty -echo; head -c {len(lines)} | base64 -d > {path}; sha256sum < {path} | cut -c1-64; ls -l {path}"
    out = entered.run("mongodb-primary", script, lines)
    files = entered.account.control("cloud-exchange-files")
    (found,) = [what for name, what in files.items() if name.endswith("/x")]
    owner, mode, digest = found.split()
    assert owner == "1001:1001" and digest == out.split()[0]


@pytest.mark.row("Cloud Exchange: mongodump demands the password, in a file, and knows its options", plain="absent")
def test_mongodump_has_its_options(entered):
    start = "mongodump --host=localhost --username=root --authenticationDatabase=admin --gzip --archive=/tmp/d"
    quoted = """$(printf %s "$MONGO_INITDB_ROOT_PASSWORD" | sed "s/'/''/g")"""
    config = f"""printf "password: '%s'\\n" "{quoted}" > /tmp/c; """
    assert "AuthenticationFailed" in entered.run("mongodb-primary", f"{start} --db=cte")
    assert "unknown option '--dp=cte'" in entered.run("mongodb-primary", f"{config}{start} --config=/tmp/c --dp=cte")
    out = entered.run("mongodb-primary", f"{config}{start} --config=/tmp/c --db=cte 2>/dev/null; base64 < /tmp/d")
    database = json.loads(gzip.decompress(base64.b64decode(out))[4:])
    assert database["collections"]["plugins"] == [{"name": "seed"}]


@pytest.mark.row("Cloud Exchange: a command that runs can be cut off or damaged at a byte", plain="absent")
def test_faults_of_a_command_that_runs(entered):
    script = "printf 0123456789"
    assert entered.run("core", script) == "0123456789"
    for fault, seen in (("cut", "0123"), ("corrupt", "0123A56789")):
        entered.account.control("exec", {"contains": "printf", "runs": True, "fault": fault, "at": 4})
        assert entered.run("core", script) == seen


@pytest.mark.row("Cloud Exchange: an image may lack a program", plain="absent")
def test_a_program_that_is_missing(entered):
    entered.account.control("settings", {"cloud_exchange.missing_tools": ["base64"]})
    assert entered.run("core", "command -v base64 || echo none").strip() == "none"
