"""The agent in a container during a port session: the data channel with smux on it, and connections to what the
container serves (`port_web.py`).

Source: `aws/amazon-ssm-agent` (`agent/session/datachannel`, `agent/session/plugins/port`). It outlives a lost
connection: another one takes up its messages where they were. As a simplification it has at most 100 unacknowledged
messages, where the real one has as many as it likes, and sends nothing while nobody is connected, as if the service had
paused it.

    GET|POST|DELETE /_emulator/<account>/ports   what the agents of sessions that start from now on do
        {"agent_version": "3.3.3572.0",                        what they say of themselves
         "kms_key": "", "altered": false,                      the KMS key with which they ask for encryption, which AWS's
                                                               agents do not for ports (`isEncryptionEnabled`), and
                                                               whether they send something else
         "notice": "",                                         what they say to people
         "listens": true,                                      whether anything listens on the port
         "forgets": false,                                     whether a session ends with its first connection
         "cut_after": [2000],                                  connections break after so many messages from the client
         "drop": 0, "duplicate": 0, "reorder": 0, "delay": 0,  shares of the messages both ways; delay in seconds
         "seed": 1}
"""

from __future__ import annotations

import contextlib
import json
import queue
import random
import socket as sockets
import threading
import time
from collections import OrderedDict, deque
from dataclasses import asdict, dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag

from localstack_fargate.control import body_of, route
from localstack_fargate.services.ecs import port_web, session_encryption, smux
from localstack_fargate.services.ecs.exec_channel import HANDSHAKE_COMPLETE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE
from localstack_fargate.services.ecs.exec_channel import STDOUT, take_token
from localstack_fargate.services.ecs.exec_message import Message, Over
from localstack_fargate.services.ecs.session_encryption import CHALLENGE, CHALLENGE_RESPONSE, Encryption

FLAG, REFUSED = 10, 3
PAYLOAD, WINDOW = 1024, 100
MULTIPLEXED = (1, 1, 70)
"""From this version of a client on several connections share a session."""
_LOOK, _RESEND = 0.02, 0.2


@dataclass
class Rule:
    agent_version: str = "3.3.3572.0"
    kms_key: str = ""
    altered: bool = False
    notice: str = ""
    listens: bool = True
    forgets: bool = False
    cut_after: list[int] = field(default_factory=list)
    drop: float = 0
    duplicate: float = 0
    reorder: float = 0
    delay: float = 0
    seed: int = 1


class Agent:
    """Of one session. `lock` guards all fields; `changed` says that something may be sent."""

    def __init__(self, rule: Rule, port: int, encryption: Encryption | None = None) -> None:
        self.rule, self.port, self.random = rule, port, random.Random(rule.seed)
        self.encryption = encryption
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.writing = threading.Lock()
        self.cuts = deque(rule.cut_after)
        self.connection: Any = None
        self.ended: str | None = None
        self.greeted = self.is_ready = False
        self.next = self.expected = self.heard = 0
        self.unacknowledged: OrderedDict[int, tuple[float, bytes]] = OrderedDict()
        self.early: dict[int, Message] = {}
        self.decoder = smux.Decoder()
        self.streams: dict[int, queue.Queue] = {}
        self.late: deque[tuple[float, bytes]] = deque()
        self.kept: bytes | None = None
        self.used = time.monotonic()

    # ---- the connection

    def serve(self, connection: Any, token: str, watch: Any) -> None:
        """Until the connection or the session ends. `watch` says why the session is to end, if it is."""
        take_token(connection, token)
        with self.lock:
            self.connection = connection
            self._send(Message("start_publication", 0, 0, b"").encode())
            if not self.greeted:
                self.greeted = True
                self._say(HANDSHAKE_REQUEST, json.dumps(self._greeting()).encode())
            self.changed.notify_all()
        looked = 0.0
        try:
            while self.ended is None:
                with contextlib.suppress(TimeoutError):
                    self._receive(connection.socket.receive(timeout=_LOOK).data)
                if time.monotonic() - looked >= _LOOK:
                    looked = time.monotonic()
                    self._look()
                    if (why := watch()) is not None:
                        self.end(why)
        finally:
            with self.lock:
                if self.connection is connection:
                    self.connection = None
                    self.late.clear()
                    self.kept = None

    def end(self, why: str) -> None:
        """The session ends, and whoever is connected hears of it."""
        with self.lock:
            if self.ended is not None:
                return
            self.ended = why
            closed = {"MessageType": "channel_closed", "Output": why}
            if self.connection is not None:
                self.connection.send(Message("channel_closed", 0, 0, json.dumps(closed).encode()).encode())
            for waiting in self.streams.values():
                waiting.put(None)
            self.changed.notify_all()

    def _greeting(self) -> dict:
        properties = {"portNumber": str(self.port), "type": "LocalPortForwarding"}
        actions = session_encryption.actions("Port", properties, self.encryption)
        return {"AgentVersion": self.rule.agent_version, "RequestedClientActions": actions}

    def _look(self) -> None:
        """What is due: what was held back, and the oldest message that nobody has acknowledged."""
        now = time.monotonic()
        with self.lock:
            while self.late and self.late[0][0] <= now:
                self.connection.send(self.late.popleft()[1])
            if self.kept is not None:
                self.connection.send(self.kept)
                self.kept = None
            for sequence, (sent, frame) in self.unacknowledged.items():
                if now - sent >= _RESEND + self.rule.delay * 2:
                    self.unacknowledged[sequence] = (now, frame)
                    self._send(frame)
                break

    # ---- messages

    def _say(self, payload_type: int, payload: bytes) -> None:
        if self.encryption:
            payload = self.encryption.sealed(payload_type, payload)
        frame = Message("output_stream_data", self.next, payload_type, payload).encode()
        self.unacknowledged[self.next] = (time.monotonic(), frame)
        self.next += 1
        self._send(frame)

    def _send(self, frame: bytes) -> None:
        """With the faults of the rule."""
        rule, chance = self.rule, self.random.random()
        if self.connection is None or chance < rule.drop:
            return
        if rule.delay:
            self.late.append((time.monotonic() + rule.delay, frame))
            return
        if self.kept is None and chance < rule.drop + rule.reorder:
            self.kept = frame
            return
        self.connection.send(frame)
        if self.kept is not None:
            self.connection.send(self.kept)
            self.kept = None
        if chance > 1 - rule.duplicate:
            self.connection.send(frame)

    def _receive(self, data: Any) -> None:
        if not isinstance(data, bytes):
            raise Over
        self.used = time.monotonic()
        self.heard += 1
        if self.cuts and self.heard >= self.cuts[0]:
            self.cuts.popleft()
            self.heard = 0
            if self.rule.forgets:
                self.ended = ""
            raise Over
        if self.random.random() < self.rule.drop:
            return
        message = Message.decode(data)
        with self.lock:
            if message.kind == "acknowledge":
                self.unacknowledged.pop(json.loads(message.payload)["AcknowledgedMessageSequenceNumber"], None)
                self.changed.notify_all()
            elif message.kind == "input_stream_data":
                self._send(message.acknowledgement())
                if message.sequence >= self.expected:
                    self.early.setdefault(message.sequence, message)
                while self.expected in self.early:
                    self.expected += 1
                    self._take(self.early.pop(self.expected - 1))

    def _take(self, message: Message) -> None:
        if message.payload_type == HANDSHAKE_RESPONSE:
            # KMS is asked without the lock: whoever ends the session holds the account's while it takes this one.
            threading.Thread(target=self._agree, args=(json.loads(message.payload),), daemon=True).start()
        elif message.payload_type == CHALLENGE_RESPONSE and self.encryption:
            if not self.encryption.is_proof(message.payload):
                return self.end("Encryption challenge does not match!")
            self._complete(session_encryption.NOTICE)
        elif message.payload_type == STDOUT and self.is_ready:
            try:
                payload = self.encryption.opened(STDOUT, message.payload) if self.encryption else message.payload
                frames = self.decoder.push(payload)
            except InvalidTag:
                return self.end("Error decrypting stream data message")
            except smux.Broken as broken:
                return self.end(str(broken))
            for command, stream, data in frames:
                self._frame(command, stream, data)

    def _agree(self, response: dict) -> None:
        """Takes up what the client answers to the handshake."""
        why = session_encryption.refusal(response, self.encryption)
        version = tuple(int(part) for part in response["ClientVersion"].split("."))
        if why is None and version < MULTIPLEXED:
            why = "one connection at a time is not emulated"
        if why is not None:
            return self.end(why)
        with self.lock:
            if self.encryption:
                self._say(CHALLENGE, self.encryption.challenge())
            else:
                self._complete(self.rule.notice)

    def _complete(self, notice: str) -> None:
        self.is_ready = True
        complete = {"HandshakeTimeToComplete": 1_000_000, "CustomerMessage": notice}
        self._say(HANDSHAKE_COMPLETE, json.dumps(complete).encode())

    # ---- streams

    def _frame(self, command: int, stream: int, data: bytes) -> None:
        if command == smux.OPEN and stream not in self.streams:
            self.streams[stream] = waiting = queue.Queue()
            threading.Thread(target=self._connect, args=(stream, waiting), daemon=True).start()
        elif command == smux.DATA and stream in self.streams:
            self.streams[stream].put(data)
        elif command == smux.FINISH and stream in self.streams:
            self.streams.pop(stream).put(None)

    def _connect(self, stream: int, waiting: queue.Queue) -> None:
        """Carries a stream's bytes both ways, in threads of its own: the connection's must not wait."""
        if not self.rule.listens:
            self._write(FLAG, REFUSED.to_bytes(4, "big"))
            return self._finish(stream)
        with sockets.create_connection(("127.0.0.1", port_web.port())) as there:
            threading.Thread(target=self._forward, args=(there, waiting), daemon=True).start()
            try:
                while data := there.recv(smux.LARGEST):
                    self._write(STDOUT, smux.frame(smux.DATA, stream, data))
            except OSError:
                pass
        self._finish(stream)

    def _forward(self, there: sockets.socket, waiting: queue.Queue) -> None:
        try:
            while (data := waiting.get()) is not None:
                there.sendall(data)
            # Closes both directions, as the real agent does.
            there.shutdown(sockets.SHUT_RDWR)
        except OSError:
            pass

    def _finish(self, stream: int) -> None:
        with self.lock:
            was_open = self.streams.pop(stream, None)
        if was_open is not None:
            was_open.put(None)
            self._write(STDOUT, smux.frame(smux.FINISH, stream))

    def _write(self, payload_type: int, data: bytes) -> None:
        """One after the other, as fast as the client acknowledges."""
        with self.writing:
            for at in range(0, len(data), PAYLOAD):
                with self.changed:
                    self.changed.wait_for(lambda: self.ended is not None or self._has_room())
                    if self.ended is not None:
                        return
                    self._say(payload_type, data[at : at + PAYLOAD])

    def _has_room(self) -> bool:
        return self.connection is not None and len(self.unacknowledged) < WINDOW


def rule_of(account: Any) -> Rule:
    return account.state("ssm.ports", lambda: [Rule()])[0]


@route("ports", ("GET", "POST", "DELETE"))
def _ports(account: Any, request: Any) -> dict:
    rules = account.state("ssm.ports", lambda: [Rule()])
    if request.method == "DELETE":
        rules[0] = Rule()
    elif request.method == "POST":
        rules[0] = Rule(**body_of(request))
    return asdict(rules[0])
