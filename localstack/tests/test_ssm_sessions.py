"""Sessions of Systems Manager with the port of a container, spoken from here: the data channel as in `test_ecs_exec.py`,
with smux on it. Source: Systems Manager API reference (StartSession, ResumeSession, TerminateSession,
DescribeSessions); `aws/amazon-ssm-agent` and `aws/session-manager-plugin` (port sessions); `xtaci/smux`.

The frames are put together here a second time, apart from the emulator.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time

import pytest
from conftest import refused
from policy_kit import anything, only
from test_ecs_exec import Channel as Plain
from test_ecs_exec import Task as ExecTask
from wsproto import events

PORT, HOST = "AWS-StartPortForwardingSession", "AWS-StartPortForwardingSessionToRemoteHost"
OPEN, FINISH, DATA = 0, 1, 2


class Task(ExecTask):
    """A task that runs, with a container that listens on port 3000."""

    def __init__(self, account) -> None:
        super().__init__(account)
        self.ssm = account.client("ssm")

    @property
    def target(self) -> str:
        container = self.kit.task(self.arn)["containers"][0]
        return f"ecs:{self.kit.cluster}_{self.arn.rsplit('/', 1)[-1]}_{container['runtimeId']}"

    def start(self, port: str = "3000", document: str = PORT, **more) -> dict:
        parameters = {"portNumber": [port], "localPortNumber": ["8000"], **{k: [v] for k, v in more.items()}}
        return self.ssm.start_session(Target=self.target, DocumentName=document, Parameters=parameters, Reason="test")

    def rule(self, **rule) -> None:
        self.account.control("ports", rule)

    def shown(self, state: str) -> list[dict]:
        return self.ssm.describe_sessions(State=state)["Sessions"]


class Channel(Plain):
    """A client of a port session; it counts, acknowledges and orders messages as the real one does."""

    def __init__(self, answer: dict, former: Channel | None = None, **more) -> None:
        super().__init__({"streamUrl": answer["StreamUrl"], "tokenValue": answer["TokenValue"]}, **more)
        self.sequence = former.sequence if former else 0
        self.expected = former.expected if former else 0
        self.early: dict = former.early if former else {}
        self.held = former.held if former else b""
        self.flags: list[int] = []
        self.known: list[int] = []
        self.asked: dict = {}
        self.notice = None
        self.ready = former is not None
        self.deaf = False
        """Whether it acknowledges nothing."""
        self.ended: str | None = None

    def _event(self):
        """Messages that came in several pieces are put together."""
        event, data = super()._event(), b""
        while isinstance(event, events.BytesMessage) and not event.message_finished:
            data += bytes(event.data)
            event = super()._event()
        return events.BytesMessage(data + bytes(event.data)) if data else event

    def step(self) -> None:
        """Takes one message, and whatever it puts in order."""
        message = self.receive()
        if message is None:
            self.ended = "cut"
            return
        kind, sequence, payload_type, payload, ident = message
        if kind == "channel_closed":
            self.ended = json.loads(payload)["Output"]
        elif kind == "acknowledge":
            self.known.append(json.loads(payload)["AcknowledgedMessageSequenceNumber"])
        elif kind == "output_stream_data":
            if self.deaf:
                return
            self.acknowledge(sequence, ident)
            if sequence >= self.expected:
                self.early[sequence] = (payload_type, payload)
            while self.expected in self.early:
                self.expected += 1
                self.take(*self.early.pop(self.expected - 1))

    def take(self, payload_type: int, payload: bytes) -> None:
        if payload_type == 5:
            self.asked = json.loads(payload)
            actions = [{"ActionType": one["ActionType"], "ActionStatus": 1, "ActionResult": None, "Error": ""}
                       for one in self.asked["RequestedClientActions"]]  # fmt: skip
            answer = {"ClientVersion": "1.2.764.0", "ProcessedClientActions": actions, "Errors": []}
            self.put(6, json.dumps(answer).encode())
        elif payload_type == 7:
            self.ready, self.notice = True, json.loads(payload)["CustomerMessage"]
        elif payload_type == 10:
            self.flags.append(struct.unpack(">I", payload)[0])
        elif payload_type == 1:
            self.held += payload

    def put(self, payload_type: int, payload: bytes) -> int:
        self.write("input_stream_data", payload_type, payload, self.sequence)
        self.sequence += 1
        return self.sequence - 1

    def frame(self, command: int, stream: int, data: bytes = b"") -> int:
        return self.put(1, struct.pack("<BBHI", 1, command, len(data), stream) + data)

    def until(self, done) -> None:
        while not done() and self.ended is None:
            self.step()

    def begin(self) -> Channel:
        self.until(lambda: self.ready)
        assert self.ready, self.ended
        return self

    def frames(self) -> list[tuple[int, int, bytes]]:
        """Those that are whole; they are taken."""
        whole = []
        while len(self.held) >= 8:
            version, command, length, stream = struct.unpack_from("<BBHI", self.held)
            assert version == 1
            if len(self.held) < 8 + length:
                break
            whole.append((command, stream, self.held[8 : 8 + length]))
            self.held = self.held[8 + length :]
        return whole

    def get(self, *paths: str) -> list[bytes]:
        """The bodies of these, each asked for on a stream of its own before any is read."""
        streams = {3 + 2 * n: path for n, path in enumerate(paths)}
        for stream, path in streams.items():
            self.frame(OPEN, stream)
            request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
            self.frame(DATA, stream, request)
        return [self.collect(streams)[stream].partition(b"\r\n\r\n")[2] for stream in streams]

    def collect(self, streams) -> dict[int, bytes]:
        """What these streams bring until they end."""
        if not hasattr(self, "got"):
            self.got, self.finished = {stream: b"" for stream in streams}, set()

        def done() -> bool:
            for command, stream, data in self.frames():
                if command == FINISH:
                    self.finished.add(stream)
                else:
                    self.got[stream] += data
            return self.finished >= set(streams)

        self.until(done)
        return self.got


def content(count: int) -> bytes:
    blocks = (hashlib.sha256(str(number).encode()).digest() * 2048 for number in range(count // 65536 + 1))
    return b"".join(blocks)[:count]


@pytest.mark.row("ssm:StartSession: connections share a session as streams of smux", plain="fails")
def test_several_connections_share_a_session(account):
    channel = Channel(Task(account).start()).begin()
    (action,) = channel.asked["RequestedClientActions"]
    assert action["ActionParameters"]["SessionType"] == "Port"
    sizes = [1, 100_000, 3000]
    assert channel.get(*(f"/bytes/{size}" for size in sizes)) == [content(size) for size in sizes]


@pytest.mark.row("ssm:StartSession: what is sent to the port arrives", plain="fails")
def test_an_upload_arrives(account):
    channel = Channel(Task(account).start()).begin()
    body = content(50_000)
    channel.frame(OPEN, 3)
    head = f"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for at in range(0, len(head + body), 1000):
        channel.frame(DATA, 3, (head + body)[at : at + 1000])
    assert channel.collect([3])[3].partition(b"\r\n\r\n")[2] == body


@pytest.mark.row("ssm:StartSession: the port of a host that the task reaches", plain="fails")
def test_a_remote_host_is_reached_through_the_task(account):
    task = Task(account)
    task.kit.attach(task.kit.target_group(attached=False))
    host = account.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["DNSName"]
    assert Channel(task.start("80", HOST, host=host)).begin().get("/bytes/10") == [content(10)]
    other = Channel(task.start("81", HOST, host=host)).begin()
    assert other.get("/bytes/10") == [b""] and other.flags == [3]


@pytest.mark.row("ssm:StartSession: a port where nothing listens is reported, and its stream ends", plain="fails")
def test_nothing_listens_on_the_port(account):
    channel = Channel(Task(account).start("3001")).begin()
    assert channel.get("/") == [b""] and channel.flags == [3]


@pytest.mark.row("ssm:StartSession: only with a container that runs, and a document that exists", plain="fails")
def test_what_cannot_be_reached(account):
    task = Task(account)
    call, target = task.ssm.start_session, task.target
    known = {"DocumentName": PORT, "Parameters": {"portNumber": ["3000"]}}
    refused(lambda: call(Target=target, DocumentName="AWS-Other"), "InvalidDocument")
    for wrong in (target[:-1], target.replace("ecs:", ""), target.replace("_", "-", 1)):
        refused(lambda wrong=wrong: call(Target=wrong, **known), "TargetNotConnected")
    account.settings(**{"ecs.exec_agent_stopped": True})
    refused(lambda: call(Target=target, **known), "TargetNotConnected")
    account.settings(**{"ecs.exec_agent_stopped": False})
    task.kit.ecs.stop_task(cluster=task.kit.cluster, task=task.arn)
    refused(lambda: call(Target=target, **known), "TargetNotConnected")


@pytest.mark.row("ssm:StartSession: the task and AWS's document have to be allowed", plain="fails")
def test_permissions_of_a_tunnel(account):
    task = Task(account)
    target = task.target
    start = lambda: task.ssm.start_session(Target=target, DocumentName=PORT, Parameters={"portNumber": ["3000"]})
    tasks = {"Action": "ssm:StartSession", "Resource": f"arn:aws:ecs:us-east-1:{account.id}:task/{task.kit.cluster}/*"}
    document = {"Action": "ssm:StartSession", "Resource": f"arn:aws:ssm:us-east-1::document/{PORT}"}
    for lacking in ([tasks], [document], [tasks, {**document, "Resource": document["Resource"] + "ToRemoteHost"}]):
        only(account, *lacking)
        refused(start, "AccessDeniedException")
    only(account, tasks, document)
    assert Plain({"streamUrl": start()["StreamUrl"], "tokenValue": ""}).refused == 403
    own = f"arn:aws:ssm:us-east-1:{account.id}:session/${{aws:userid}}-*"
    only(account, tasks, document, {"Action": "ssmmessages:OpenDataChannel", "Resource": own})
    answer = start()
    assert Channel(answer).begin().get("/bytes/1") == [content(1)]
    refused(lambda: task.ssm.terminate_session(SessionId=answer["SessionId"]), "AccessDeniedException")
    only(account, {"Action": ["ssm:TerminateSession", "ssm:ResumeSession"], "Resource": own})
    assert task.ssm.resume_session(SessionId=answer["SessionId"])["TokenValue"]
    task.ssm.terminate_session(SessionId=answer["SessionId"])
    anything(account)


@pytest.mark.row("ssm:StartSession: the upgrade is signed, and old clients are not spoken to", plain="fails")
def test_an_unsigned_or_old_client_opens_no_tunnel(account):
    task = Task(account)
    assert Plain({"streamUrl": task.start()["StreamUrl"], "tokenValue": "x"}, headers={}).refused == 403
    old = Channel(task.start(), version="1.2.763.0")
    old.until(lambda: old.ready)
    assert old.ended == "cut" and not old.ready


@pytest.mark.row("ssm:ResumeSession: another connection goes on where the last one was", plain="fails")
def test_a_session_is_resumed(account):
    task = Task(account)
    task.rule(cut_after=[60])
    answer = task.start()
    first = Channel(answer).begin()
    wanted = content(300_000)
    assert len(first.get("/bytes/300000")[0]) < len(wanted) and first.ended == "cut"
    again = task.ssm.resume_session(SessionId=answer["SessionId"])
    assert again["TokenValue"] != answer["TokenValue"]
    second = Channel(again, first)
    second.got, second.finished = first.got, first.finished
    assert second.collect([3])[3].partition(b"\r\n\r\n")[2] == wanted
    assert Channel(answer, first).receive() is None, "a token opens one connection"


@pytest.mark.row("ssm:ResumeSession: a session that has ended gets no token", plain="fails")
def test_an_ended_session_is_not_resumed(account):
    task = Task(account)
    task.rule(cut_after=[4], forgets=True)
    answer = task.start()
    channel = Channel(answer).begin()
    channel.get("/bytes/100000")
    assert channel.ended == "cut"
    assert not task.ssm.resume_session(SessionId=answer["SessionId"]).get("TokenValue")
    refused(lambda: task.ssm.resume_session(SessionId="other-0123456789abcdef0"), "DoesNotExistException")


@pytest.mark.row("ssm:TerminateSession: ends the session for whoever is connected", plain="fails")
def test_a_session_is_terminated(account):
    task = Task(account)
    answer = task.start()
    channel = Channel(answer).begin()
    assert [one["SessionId"] for one in task.shown("Active")] == [answer["SessionId"]]
    assert task.shown("Active")[0]["Reason"] == "test" and task.shown("History") == []
    for _ in range(2):
        assert task.ssm.terminate_session(SessionId=answer["SessionId"])["SessionId"] == answer["SessionId"]
    channel.until(lambda: False)
    assert channel.ended == ""
    assert task.shown("Active") == [] and task.shown("History")[0]["Status"] == "Terminated"


@pytest.mark.row("ssm:StartSession: a session ends with its task, and when it is idle", plain="fails")
def test_a_session_ends_with_its_task_or_when_idle(account):
    task = Task(account)
    idle = Channel(task.start()).begin()
    account.control("clock", {"scale": 100_000})
    idle.until(lambda: False)
    assert "inactivity" in idle.ended
    account.control("clock", {"scale": 1})
    channel = Channel(task.start()).begin()
    task.kit.ecs.stop_task(cluster=task.kit.cluster, task=task.arn)
    channel.until(lambda: False)
    assert channel.ended == "The task has stopped."


@pytest.mark.row("rules of port sessions: what the agent says of itself and to people", plain="absent")
def test_what_the_agent_says(account):
    task = Task(account)
    task.rule(agent_version="3.0.1.0", notice="be careful")
    channel = Channel(task.start()).begin()
    assert channel.asked["AgentVersion"] == "3.0.1.0" and channel.notice == "be careful"
    assert [one["ActionType"] for one in channel.asked["RequestedClientActions"]] == ["SessionType"]
    task.rule(listens=False)
    channel = Channel(task.start()).begin()
    assert channel.get("/") == [b""] and channel.flags == [3]


@pytest.mark.row("rules of port sessions: a message that is not acknowledged comes again", plain="absent")
def test_what_is_not_acknowledged_comes_again(account):
    channel = Channel(Task(account).start()).begin()
    channel.deaf = True
    channel.frame(OPEN, 3)
    channel.frame(DATA, 3, b"GET /bytes/10 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    end = time.monotonic() + 1
    channel.until(lambda: time.monotonic() > end)
    channel.deaf = False
    assert channel.collect([3])[3].endswith(content(10))


@pytest.mark.row("rules of port sessions: loss, repetition, reordering and delay lose nothing", plain="absent")
@pytest.mark.parametrize("fault", [{"drop": 0.05}, {"duplicate": 0.3}, {"reorder": 0.3}, {"delay": 0.05}])
def test_faults_of_the_way(account, fault):
    task = Task(account)
    task.rule(**fault)
    answer = task.start()
    channel = Channel(answer)
    # What the agent loses of ours is sent again, as clients do.
    channel.until(lambda: channel.sequence > 0)
    channel.socket.settimeout(0.5)
    sent: list[tuple[int, bytes]] = []

    def patiently(done) -> None:
        end = time.monotonic() + 30
        while not done() and time.monotonic() < end:
            try:
                channel.step()
            except TimeoutError:
                for sequence, payload in sent:
                    if sequence not in channel.known:
                        channel.write("input_stream_data", payload[0], payload[1:], sequence)

    response = {"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}
    greeting = {"ClientVersion": "1.2.764.0", "ProcessedClientActions": [response], "Errors": []}
    sent.append((0, b"\x06" + json.dumps(greeting).encode()))
    patiently(lambda: channel.ready)
    sent.append((channel.frame(OPEN, 3), b"\x01" + struct.pack("<BBHI", 1, OPEN, 0, 3)))
    request = b"GET /bytes/100000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    sent.append((channel.frame(DATA, 3, request), b"\x01" + struct.pack("<BBHI", 1, DATA, len(request), 3) + request))
    got: dict[int, bytes] = {3: b""}
    ends: list[int] = []

    def done() -> bool:
        for command, stream, data in channel.frames():
            if command == FINISH:
                ends.append(stream)
            else:
                got[stream] += data
        return bool(ends)

    patiently(done)
    assert got[3].partition(b"\r\n\r\n")[2] == content(100_000)
