"""The data channel behind ExecuteCommand: a WebSocket on LocalStack's own port, with the agent's side of the protocol.

Source: `aws/amazon-ssm-agent` (`agent/session/contracts`, `agent/session/datachannel`) and
`aws/session-manager-plugin`. How AWS answers a wrong token is not documented; here the connection closes, as it does
for a client below 1.2.764.0. An upgrade that is not signed, or by somebody who may not `ssmmessages:OpenDataChannel`,
is answered with 403 (`exec_signature.py`).

A session is encrypted where its cluster's `executeCommandConfiguration` has a `kmsKeyId` (ECS API reference,
ExecuteCommandConfiguration).

What a rule's `fault` does:

    silent     nothing is said after the token has been taken
    deaf       the first handshake response is not acknowledged, as if it were lost; the second is
    deaf-input every message of input has to be sent twice until it is acknowledged
    altered, other-key   what is printed is not encrypted with the session's data key: see `session_encryption.py`
    hangs      the command does not end before Ctrl-C, which kills its shell too
    cut        the session ends halfway through the output, without a word
    garbage    messages whose payload is not the one of their digest instead of output
    reorder    the last message of the output comes first
    duplicate  every message of the output comes twice
"""

from __future__ import annotations

import functools
import json
import re
import threading
import time
import uuid
from typing import Any, Iterator

from cryptography.exceptions import InvalidTag

from localstack_fargate import access
from localstack_fargate import account as accounts
from localstack_fargate.authorization.needs import Need
from localstack_fargate.services.ecs import exec_rules, exec_signature, exec_terminal, session_encryption
from localstack_fargate.services.ecs.exec_line import Line
from localstack_fargate.services.ecs.exec_message import Message, Over
from localstack_fargate.services.ecs.exec_shell import Shell
from localstack_fargate.services.ecs.session_encryption import CHALLENGE, CHALLENGE_RESPONSE

STDOUT, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE = 1, 5, 6, 7
INTERRUPT = b"\x03"


def register() -> None:
    """Adds the WebSocket to LocalStack."""
    from localstack.services.edge import ROUTER

    ROUTER.add("/_emulator/<account_id>/exec/<session>", _serve, methods=["WEBSOCKET"])


def address(host: str, account, session: str) -> str:
    """Where the channel of a session is."""
    return f"ws://{host}/_emulator/{account.id}/exec/{session}?role=publish_subscribe"


def _serve(request: Any, account_id: str, session: str) -> Any:
    def find(account: Any) -> Any:
        return exec_rules.session_of(account, session)

    return serve(request, account_id, session, find, _speak)


def _speak(socket: Any, session: exec_rules.Session) -> None:
    """Until the connection or the session ends. Only with the rule's `cut_after` a session outlives a connection."""
    take_token(socket, session.token)
    if not session.rule.cut_after:
        return Channel(socket, session).converse()
    if session.line is None:
        session.line = Line(session.rule.cut_after)
        threading.Thread(target=_converse, args=(session,), daemon=True).start()
    session.line.serve(socket)


def _converse(session: exec_rules.Session) -> None:
    try:
        Channel(session.line, session).converse()
    except Over:
        pass
    finally:
        session.line.close()


def resumed(account: Any, name: str, session: exec_rules.Session, host: str) -> dict:
    """What ResumeSession answers: no token if the session has ended."""
    if session.line is None or session.line.is_over:
        return {"SessionId": name}
    session.token = uuid.uuid4().hex
    return {"SessionId": name, "StreamUrl": address(host, account, name), "TokenValue": session.token}


def take_token(socket: Any, token: str) -> None:
    """The first message on a connection, of any kind of session."""
    opening = socket.receive()
    try:
        opening = json.loads(opening) if isinstance(opening, str) else {}
    except ValueError:
        raise Over from None
    needed = {"MessageSchemaVersion", "RequestId", "TokenValue", "ClientId", "ClientVersion"}
    if not needed <= set(opening) or opening["TokenValue"] != token:
        raise Over
    if not exec_signature.is_supported(opening["ClientVersion"]):
        raise Over


def serve(request: Any, account_id: str, session: str, find: Any, speak: Any) -> Any:
    """Lets a signed upgrade by somebody who may open the channel in: `find(account)` gives its session, and
    `speak(socket, session)` has the conversation."""
    from localstack.http import Response
    from localstack.http.websocket import WebSocketDisconnectedError

    _write_where_it_is_safe(request.socket.channel)
    _put_together(request.socket.channel)
    if not re.fullmatch(r"\d{12}", account_id):
        return Response("", status=404)
    account = accounts.get(account_id)
    with account.lock:
        found = find(account)
    if found is None:
        return Response("", status=404)
    if (why := exec_signature.refusal(request, account, found.region)) is not None:
        return Response(why, status=403)
    # The session's ARN is one of Systems Manager's: see `docs/aws-behaviour.md`.
    need = Need("ssmmessages:OpenDataChannel", f"arn:aws:ssm:{found.region}:{account.id}:session/{session}")
    with account.lock:
        why = access.refusal(account, found.region, need, found.entry)
    if why is not None:
        return Response(why, status=403)
    with request.accept() as socket:
        try:
            speak(socket, found)
        except (Over, WebSocketDisconnectedError, TimeoutError):
            pass  # leaving the block closes the connection
    return Response("", status=101)


def _write_where_it_is_safe(channel: Any) -> None:
    """rolo writes to Twisted's connections from its own threads, which Twisted forbids: other connections then hang."""
    from twisted.internet import reactor

    for name in ("wsSend", "wsReject", "wsClose", "close"):
        setattr(channel, name, functools.partial(reactor.callFromThread, getattr(channel, name)))


def _put_together(channel: Any) -> None:
    """rolo takes each piece of a message that arrives in several for a whole one."""
    from wsproto import events

    put, held = channel.eventQueue.put_nowait, bytearray()

    def whole(event: Any) -> None:
        if isinstance(event, events.BytesMessage):
            held.extend(event.data)
            if not event.message_finished:
                return
            event = events.BytesMessage(bytes(held))
            held.clear()
        put(event)

    channel.eventQueue.put_nowait = whole


class Channel:
    """One conversation. What has been acknowledged to us is in `known`."""

    def __init__(self, socket: Any, session: exec_rules.Session) -> None:
        self.socket, self.session, self.fault = socket, session, session.rule.fault
        self.next = 0
        self.known: set[int] = set()
        self.taken = 0
        self.early: dict[int, Message] = {}
        self.lost: set[int] = set()

    def converse(self) -> None:
        if self.fault == "silent":
            self.receive()
        self.send("start_publication", 0, 0, b"")
        if self.session.rule.handshake or self.session.encryption:
            self.shake_hands()
        if self.session.program:
            exec_terminal.run(self, self.session.program)
            self.close()
        if self.session.rule.shell:
            Shell(self.say, self.session).run(self.inputs())
            self.close()
        parts = self.session.printed(ends=self.fault != "hangs")
        if self.fault == "cut":
            parts = parts[: len(parts) // 2]
        frames = [self.frame(STDOUT, part) for part in parts]
        if self.fault == "duplicate":
            frames = [frame for frame in frames for _ in range(2)]
        if self.fault == "reorder":
            frames.insert(0, frames.pop())
        if self.fault == "garbage":
            frames = [frame[:-1] + b"\xff" for frame in frames]
        for number, frame in enumerate(frames):
            if number and self.session.rule.pause:
                time.sleep(self.session.rule.pause)
            self.socket.send(frame)
        if self.fault in ("cut", "garbage"):
            raise Over
        if self.fault == "hangs":
            any(message.payload == INTERRUPT for message in self.inputs())
            self.close()
        while len(self.known) < self.next:
            message = self.receive()
            if message.kind == "input_stream_data":
                self.acknowledge(message)
        self.close()

    def shake_hands(self) -> None:
        encryption, properties = self.session.encryption, {"linux": {"commands": self.session.command}}
        actions = session_encryption.actions("InteractiveCommands", properties, encryption)
        request = {"AgentVersion": "3.3.40.0", "RequestedClientActions": actions}
        self.socket.send(self.frame(HANDSHAKE_REQUEST, json.dumps(request).encode()))
        response = self.receive_until(HANDSHAKE_RESPONSE, unheard=self.fault == "deaf")
        why = session_encryption.refusal(json.loads(response.payload), encryption)
        if why is not None:
            self.close(why)
        if encryption:
            self.socket.send(self.frame(CHALLENGE, encryption.challenge()))
            if not encryption.is_proof(self.receive_until(CHALLENGE_RESPONSE, unheard=False).payload):
                self.close("Encryption challenge does not match!")
        notice = session_encryption.NOTICE if encryption else ""
        complete = {"HandshakeTimeToComplete": 1_000_000, "CustomerMessage": notice}
        self.socket.send(self.frame(HANDSHAKE_COMPLETE, json.dumps(complete).encode()))

    def receive_until(self, payload_type: int, unheard: bool) -> Message:
        """The first message of input of this type; the second, if one was `unheard`."""
        while True:
            message = self.receive()
            if message.kind == "input_stream_data" and message.payload_type == payload_type:
                if not unheard:
                    self.acknowledge(message)
                    self.taken = message.sequence + 1
                    return message
                unheard = False

    def say(self, printed: bytes) -> None:
        """Output of the terminal."""
        self.socket.send(self.frame(STDOUT, printed))

    def inputs(self) -> Iterator[Message]:
        """Every message of input once and in order, whatever is sent again."""
        while True:
            message = self.receive()
            if message.kind != "input_stream_data":
                continue
            if self.fault == "deaf-input" and message.sequence not in self.lost:
                self.lost.add(message.sequence)
                continue
            self.acknowledge(message)
            self.early.setdefault(message.sequence, message)
            while self.taken in self.early:
                self.taken += 1
                yield self.opened(self.early[self.taken - 1])

    def opened(self, message: Message) -> Message:
        """Input, decrypted if the session is encrypted."""
        if self.session.encryption:
            try:
                message.payload = self.session.encryption.opened(message.payload_type, message.payload)
            except InvalidTag:
                self.close("Error decrypting stream data message")
        return message

    def receive(self) -> Message:
        data = self.socket.receive()
        if not isinstance(data, bytes):
            raise Over
        message = Message.decode(data)
        if message.kind == "acknowledge":
            self.known.add(json.loads(message.payload)["AcknowledgedMessageSequenceNumber"])
        return message

    def frame(self, payload_type: int, payload: bytes) -> bytes:
        """The next message of output."""
        self.next += 1
        if self.session.encryption:
            payload = self.session.encryption.sealed(payload_type, payload)
        return Message("output_stream_data", self.next - 1, payload_type, payload).encode()

    def send(self, kind: str, sequence: int, payload_type: int, payload: bytes) -> None:
        self.socket.send(Message(kind, sequence, payload_type, payload).encode())

    def acknowledge(self, message: Message) -> None:
        self.socket.send(message.acknowledgement())

    def close(self, why: str = "") -> None:
        self.send("channel_closed", 0, 0, json.dumps({"MessageType": "channel_closed", "Output": why}).encode())
        raise Over
