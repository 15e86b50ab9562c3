"""What lies between the agent in a container and whoever is connected to its session: it outlives lost connections.

Source: Systems Manager API reference, ResumeSession. Whoever connects again gets what nobody has acknowledged, the
oldest first, and what is sent while nobody is connected waits.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import deque
from typing import Any

from localstack_fargate.services.ecs.exec_message import Message, Over

_LOOK_S = 0.02
PATIENCE_S = 60
"""For how long the agent waits for another connection, and for acknowledgements in the end, by the wall."""


class Line:
    """`cut_after`: connections break after so many messages of output. `changed` guards all fields."""

    def __init__(self, cut_after: list[int]) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.cuts, self.sent = deque(cut_after), 0
        self.connection: Any = None
        self.came: deque[bytes] = deque()
        self.unacknowledged: dict[int, bytes] = {}
        self.is_over = False
        self.left = time.monotonic()

    # ---- for the agent

    def send(self, frame: bytes) -> None:
        message = Message.decode(frame)
        with self.changed:
            if message.kind == "channel_closed":
                self.changed.wait_for(lambda: not self.unacknowledged, PATIENCE_S)
            if message.kind == "output_stream_data":
                self.unacknowledged[message.sequence] = frame
                self._output(frame)
            elif self.connection is not None:
                self.connection.send(frame)
            if message.kind == "channel_closed":
                self.close()

    def receive(self) -> bytes:
        """The next message of whoever is connected."""
        with self.changed:
            while not self.came:
                is_alone = self.connection is None and time.monotonic() - self.left > PATIENCE_S
                if self.is_over or is_alone:
                    raise Over
                self.changed.wait(1)
            return self.came.popleft()

    def close(self) -> None:
        """The session is over."""
        with self.changed:
            self.is_over = True
            self._leave()

    # ---- for whoever is connected

    def serve(self, connection: Any) -> None:
        """Until the connection breaks or the session is over."""
        with self.changed:
            self.connection = connection
            connection.send(Message("start_publication", 0, 0, b"").encode())
            for frame in list(self.unacknowledged.values()):
                self._output(frame)
        try:
            while self.connection is connection:
                with contextlib.suppress(TimeoutError):
                    self._take(connection.socket.receive(timeout=_LOOK_S).data)
        finally:
            with self.changed:
                if self.connection is connection:
                    self._leave()

    def _take(self, frame: Any) -> None:
        if not isinstance(frame, bytes):
            raise Over
        message = Message.decode(frame)
        with self.changed:
            if message.kind == "acknowledge":
                self.unacknowledged.pop(json.loads(message.payload)["AcknowledgedMessageSequenceNumber"], None)
            self.came.append(frame)
            self.changed.notify_all()

    def _output(self, frame: bytes) -> None:
        """Sends a message of output, if somebody is connected; the connection may break with it."""
        if self.connection is None:
            return
        self.connection.send(frame)
        self.sent += 1
        if self.cuts and self.sent >= self.cuts[0]:
            self.cuts.popleft()
            self._leave()

    def _leave(self) -> None:
        self.connection, self.left, self.sent = None, time.monotonic(), 0
        self.changed.notify_all()
