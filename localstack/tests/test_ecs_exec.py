"""ECS Exec and its data channel, spoken from here without any library of AWS's. Source: API reference (ExecuteCommand),
and AWS's two ends of the channel: `aws/amazon-ssm-agent`, `aws/session-manager-plugin`.

The WebSocket is `wsproto`, which LocalStack brings. The messages are put together here a second time, apart from the
emulator.
"""

import contextlib
import hashlib
import json
import socket
import struct
import uuid
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from conftest import refused
from ecs_kit import Kit
from policy_kit import only
from wsproto import ConnectionType, WSConnection, events
from wsproto.utilities import LocalProtocolError


VERSION = "1.2.764.0"


def signed(session: dict, secret: str = "test", service: str = "ssmmessages", method: str = "GET") -> dict[str, str]:
    """The headers with which botocore signs the opening of the channel; the account is in the address."""
    request = AWSRequest(method=method, url=session["streamUrl"].replace("ws://", "http://"))
    credentials = Credentials(urlsplit(session["streamUrl"]).path.split("/")[2], secret)
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


class Channel:
    """A client that acknowledges what it gets, and keeps it."""

    def __init__(
        self, session: dict, token: str | None = None, version: str = VERSION, headers: dict | None = None
    ) -> None:
        url = urlsplit(session["streamUrl"])
        self.socket = socket.create_connection((url.hostname, url.port), timeout=10)
        self.connection = WSConnection(ConnectionType.CLIENT)
        extra = signed(session) if headers is None else headers
        extra_headers = [(name.encode(), value.encode()) for name, value in extra.items()]
        self._send(events.Request(host=url.netloc, target=f"{url.path}?{url.query}", extra_headers=extra_headers))
        self.waiting: list = []
        answer = self._event()
        self.refused = answer.status_code if isinstance(answer, events.RejectConnection) else None
        if self.refused:
            return
        assert isinstance(answer, events.AcceptConnection)
        opening = {"MessageSchemaVersion": "1.0", "RequestId": str(uuid.uuid4()), "ClientId": str(uuid.uuid4())}
        opening |= {"TokenValue": token or session["tokenValue"], "ClientVersion": version}
        self._send(events.TextMessage(json.dumps(opening)))

    def _send(self, event) -> None:
        self.socket.sendall(self.connection.send(event))

    def _event(self):
        while not self.waiting:
            self.connection.receive_data(self.socket.recv(65536) or None)
            self.waiting += self.connection.events()
        return self.waiting.pop(0)

    def receive(self):
        """The next message as (kind, sequence, payload type, payload, id); None when the connection closes."""
        event = self._event()
        if isinstance(event, events.CloseConnection):
            return None
        data = bytes(event.data)
        assert data[:4] == struct.pack(">I", 116)
        assert data[80:112] == hashlib.sha256(data[120:]).digest()
        (sequence,) = struct.unpack(">q", data[48:56])
        payload_type, length = struct.unpack(">II", data[112:120])
        assert length == len(data) - 120
        return (
            data[4:36].decode().strip(),
            sequence,
            payload_type,
            data[120:],
            uuid.UUID(bytes=data[72:80] + data[64:72]),
        )

    def say(self, kind: str, payload_type: int, payload: dict) -> None:
        self.write(kind, payload_type, json.dumps(payload).encode(), 0)

    def write(self, kind: str, payload_type: int, body: bytes, sequence: int) -> None:
        ident = uuid.uuid4().bytes
        head = struct.pack(">I32sIQqQ", 116, kind.encode().ljust(32), 1, 1, sequence, 0) + ident[8:] + ident[:8]
        self._send(
            events.BytesMessage(
                head + hashlib.sha256(body).digest() + struct.pack(">II", payload_type, len(body)) + body
            )
        )

    def acknowledge(self, sequence: int, ident: uuid.UUID) -> None:
        content = {"AcknowledgedMessageType": "output_stream_data", "AcknowledgedMessageId": str(ident)}
        content |= {"AcknowledgedMessageSequenceNumber": sequence, "IsSequentialMessage": True}
        with contextlib.suppress(LocalProtocolError, OSError):  # nobody listens any more
            self.say("acknowledge", 0, content)

    def agree(self) -> None:
        action = {"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}
        self.say("input_stream_data", 6, {"ClientVersion": "1.2.0.0", "ProcessedClientActions": [action], "Errors": []})

    def everything(self) -> tuple[list[tuple], str]:
        """The messages of output as they came, and with which kind of message or `cut` the channel ended."""
        got = []
        while message := self.receive():
            kind, sequence, payload_type, payload, ident = message
            if kind == "channel_closed":
                return got, kind
            if kind == "output_stream_data":
                got.append((sequence, payload_type, payload))
                self.acknowledge(sequence, ident)
                if payload_type == 5:
                    self.agree()
        return got, "cut"


class Task:
    """A task that runs, whose commands can be spoken to."""

    def __init__(self, account) -> None:
        self.account, self.kit = account, Kit(account)
        self.arn = self.kit.run(enableExecuteCommand=True)["taskArn"]
        account.advance(60)

    def session(self, command: str = "ls", **rule) -> dict:
        """A session for this command, which does as the rule says."""
        if rule:
            self.account.control("exec", rule)
        wanted = {"cluster": self.kit.cluster, "container": "ui", "command": command, "interactive": True}
        return self.kit.ecs.execute_command(task=self.arn, **wanted)["session"]


def printed(got: list[tuple]) -> str:
    """The output in order of sequence, each message once."""
    parts = {sequence: payload for sequence, payload_type, payload in got if payload_type == 1}
    return b"".join(parts[sequence] for sequence in sorted(parts)).decode()


@pytest.mark.row("ecs:ExecuteCommand: handshake, output and end of the data channel", plain="fails")
def test_a_command_prints_through_the_data_channel(account):
    got, end = Channel(Task(account).session("ls -l", contains="ls", output="one\ntwo\n", chunks=3)).everything()
    assert [(sequence, payload_type) for sequence, payload_type, _ in got] == [(0, 5), (1, 7), (2, 1), (3, 1), (4, 1)]
    assert printed(got) == "one\r\ntwo\r\n" and end == "channel_closed"
    asked = json.loads(got[0][2])["RequestedClientActions"]
    assert [action["ActionType"] for action in asked] == ["SessionType"]


@pytest.mark.row("ssm:ResumeSession: a command's session goes on where its last connection was", plain="fails")
def test_a_commands_session_is_resumed(account):
    task = Task(account)
    lines = "".join(f"{number}\n" for number in range(100))
    session = task.session(output=lines, chunks=50, cut_after=[10, 15])
    got, ends = [], []
    for _ in range(3):
        more, end = Channel(session).everything()
        got, ends = got + more, [*ends, end]
        again = account.client("ssm").resume_session(SessionId=session["sessionId"])
        session |= {"streamUrl": again.get("StreamUrl"), "tokenValue": again.get("TokenValue")}
    assert ends == ["cut", "cut", "channel_closed"] and printed(got) == lines.replace("\n", "\r\n")
    assert session["tokenValue"] is None, "a session that has ended gets no token"


@pytest.mark.row("ssm:ResumeSession: one that ended with its connection gets no token", plain="fails")
def test_a_commands_session_that_is_over_is_not_resumed(account):
    session = Task(account).session(output="half of it", chunks=2, fault="cut")
    assert Channel(session).everything()[1] == "cut"
    assert "TokenValue" not in account.client("ssm").resume_session(SessionId=session["sessionId"])


@pytest.mark.row("ecs:ExecuteCommand: the token opens the data channel", plain="fails")
def test_a_wrong_token_opens_nothing(account):
    assert Channel(Task(account).session(), token="guess").everything() == ([], "cut")


@pytest.mark.row("ecs:ExecuteCommand: the opening of the data channel is signed with SigV4", plain="fails")
def test_an_unsigned_upgrade_is_refused(account):
    task = Task(account)
    session = task.session()
    right = signed(session)
    assert Channel(session, headers={}).refused == 403
    for wrong in (signed(session, secret="other"), signed(session, service="ssm"), signed(session, method="POST")):
        assert Channel(session, headers=wrong).refused == 403
    stale = right | {"X-Amz-Date": "20200101T000000Z"}
    assert Channel(session, headers=stale).refused == 403
    assert Channel(task.session(), headers=right).refused == 403  # signed for another session
    channel = Channel(session, headers=right)
    assert channel.refused is None and channel.everything()[1] == "channel_closed"


@pytest.mark.row("ecs:ExecuteCommand: a client below 1.2.764.0 is not spoken to", plain="fails")
def test_an_old_client_is_refused(account):
    task = Task(account)
    for version in ("0.1.0", "1.2.0.0", "1.2.763.9", "1.2.764", "x"):
        assert Channel(task.session(), version=version).everything() == ([], "cut"), version
    for version in (VERSION, "1.2.835.0", "1.10.0.0"):
        assert Channel(task.session(), version=version).everything()[1] == "channel_closed", version


@pytest.mark.row("ssmmessages:OpenDataChannel: whoever opens the channel needs it", plain="fails")
def test_the_channel_needs_a_permission(account):
    task = Task(account)
    execute = {"Action": "ecs:ExecuteCommand"}
    only(account, execute)
    assert Channel(task.session()).refused == 403
    sessions = f"arn:aws:ssm:us-east-1:{account.id}:session/"
    only(account, execute, {"Action": "ssmmessages:OpenDataChannel", "Resource": f"{sessions}other-*"})
    assert Channel(task.session()).refused == 403
    only(account, execute, {"Action": "ssmmessages:OpenDataChannel", "Resource": f"{sessions}ecs-execute-command-*"})
    assert Channel(task.session()).everything()[1] == "channel_closed"


@pytest.mark.row("ecs:ExecuteCommand: a session whose handshake is refused prints nothing", plain="fails")
def test_a_refused_handshake_ends_the_session(account):
    channel = Channel(Task(account).session(output="secret"))
    action = {"ActionType": "SessionType", "ActionStatus": 2, "ActionResult": None, "Error": "no"}
    refusal = {"ClientVersion": VERSION, "ProcessedClientActions": [action], "Errors": ["no"]}
    channel.agree = lambda: channel.say("input_stream_data", 6, refusal)
    got, end = channel.everything()
    assert printed(got) == "" and end == "channel_closed"


@pytest.mark.row("rules of ECS Exec: a shell's echo, its exit code, faults", plain="absent")
def test_rules_and_faults(account):
    task = Task(account)
    line = "sh -c 'rabbitmqctl list_queues; echo mark $?'"
    assert printed(Channel(task.session(line)).everything()[0]) == "[\r\n]\r\nmark 0\r\n"
    rule = {"output": "Error\n", "exit": 69, "chunks": 4}
    whole = printed(Channel(task.session(line, **rule)).everything()[0])
    assert whole == "Error\r\nmark 69\r\n"
    for fault in ("reorder", "duplicate"):
        got, end = Channel(task.session(line, **rule, fault=fault)).everything()
        assert printed(got) == whole and end == "channel_closed"
        sequences = [sequence for sequence, _, _ in got]
        assert sequences != sorted(set(sequences))
    got, end = Channel(task.session(line, **rule, fault="cut")).everything()
    assert end == "cut" and whole.startswith(printed(got)) and printed(got) != whole
    with pytest.raises(AssertionError):
        Channel(task.session(line, fault="garbage")).everything()
    channel = Channel(task.session(line, fault="silent"))
    channel.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        channel.everything()


@pytest.mark.row("ecs:ExecuteCommand: refused where the agent does not run", plain="fails")
def test_exec_needs_its_agent(account):
    task = Task(account)
    kit, arn = task.kit, task.arn
    command = {"cluster": kit.cluster, "task": arn, "container": "ui", "command": "ls", "interactive": True}
    agents = [container["managedAgents"][0]["lastStatus"] for container in kit.task(arn)["containers"]]
    assert agents == ["RUNNING"] and kit.ecs.execute_command(**command)["session"]["tokenValue"]
    account.settings(**{"ecs.exec_agent_stopped": True})
    assert kit.task(arn)["containers"][0]["managedAgents"][0]["lastStatus"] == "STOPPED"
    refused(lambda: kit.ecs.execute_command(**command), "InvalidParameterException")
    refused(lambda: kit.ecs.execute_command(**{**command, "interactive": False}), "InvalidParameterException")


class Typing:
    """Somebody at the terminal of a session, after the handshake if there is one."""

    def __init__(self, channel: Channel, sequence: int) -> None:
        self.channel, self.sequence, self.shown, self.known = channel, sequence, b"", []

    def until(self, end: str) -> str:
        """What the terminal shows until it ends so; `closed` or `cut` ends it too."""
        while not self.shown.endswith(end.encode()):
            message = self.channel.receive()
            if message is None or message[0] == "channel_closed":
                return "cut" if message is None else "closed"
            kind, sequence, payload_type, payload, ident = message
            if kind == "acknowledge":
                self.known.append(json.loads(payload)["AcknowledgedMessageSequenceNumber"])
            elif kind == "output_stream_data":
                self.channel.acknowledge(sequence, ident)
                if payload_type == 5:
                    self.channel.agree()
                if payload_type == 1:
                    self.shown += payload
        shown, self.shown = self.shown, b""
        return shown.decode()

    def types(self, text: str, payload_type: int = 1, times: int = 1) -> None:
        for _ in range(times):
            self.channel.write("input_stream_data", payload_type, text.encode(), self.sequence)
        self.sequence += 1


@pytest.mark.row("ecs:ExecuteCommand: a terminal echoes, has a size, and passes Ctrl-C", plain="absent")
def test_a_shell_on_a_terminal(account):
    one = Typing(Channel(Task(account).session("sh", shell=True)), 1)
    assert one.until("# ") == "# "
    one.types('{"cols": 120, "rows": 40}', payload_type=3)
    one.types("size\r", times=2)
    assert one.until("# ") == "size\r\n40 120\r\n# ", "what is sent twice is typed once"
    one.types("wrong\x03")
    assert one.until("# ") == "wrong^C\r\n# "
    one.types("\x1aecho a b\r")
    assert one.until("b\r\n# ") == "^Zecho a b\r\na b\r\n# "
    one.types("exit\r")
    assert one.until("never") == "closed" and sorted(set(one.known)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.row("ecs:ExecuteCommand: a handshake may be left out, input may be lost", plain="absent")
def test_input_that_is_lost_is_sent_again(account):
    one = Typing(Channel(Task(account).session("sh", shell=True, handshake=False, fault="deaf-input")), 0)
    assert one.until("# ") == "# "
    one.types("cut\r")
    one.channel.write("input_stream_data", 1, b"cut\r", 0)
    assert one.until("never") == "cut" and one.known == [0]


@pytest.mark.row("ecs:ExecuteCommand: Ctrl-C ends a command that does not end", plain="absent")
def test_a_command_that_hangs_is_interrupted(account):
    one = Typing(Channel(Task(account).session("ls", output="working\n", fault="hangs")), 1)
    assert one.until("\n") == "working\r\n"
    one.types("\x03")
    assert one.until("never") == "closed"
