"""Lets calls through in rounds: see the fault `lockstep`."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import Iterator


class Lockstep:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._round = 0
        self._waiting = self._unanswered = 0
        self._quiet_since = 0.0

    @contextmanager
    def one_round(self, quiet_seconds: float) -> Iterator[None]:
        """Waits for the next round; the round lasts until all its calls have left."""
        self._wait(quiet_seconds)
        try:
            yield
        finally:
            with self._changed:
                self._unanswered -= 1
                self._quiet_since = time.monotonic()
                self._changed.notify_all()

    def _wait(self, quiet_seconds: float) -> None:
        with self._changed:
            self._waiting += 1
            self._quiet_since = time.monotonic()
            before = self._round
            while self._round == before:
                left = self._quiet_since + quiet_seconds - time.monotonic()
                if self._unanswered:
                    self._changed.wait()
                elif left > 0:
                    self._changed.wait(left)
                else:
                    self._round += 1
                    self._unanswered, self._waiting = self._waiting, 0
                    self._changed.notify_all()
