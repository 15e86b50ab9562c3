"""The virtual clock of one account.

All delays of the emulator are AWS seconds measured on this clock, so a test can pause it, advance it, or let
it run many times faster than the wall clock, without any sleep.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import Iterator

DEFAULT_SCALE = float(os.environ.get("EMULATOR_TIME_SCALE") or 12)


class Clock:
    """Virtual seconds since the epoch. Starts at the wall clock's time, running at `DEFAULT_SCALE`."""

    def __init__(self) -> None:
        self.scale = DEFAULT_SCALE
        self.paused = False
        self._virtual = time.time()
        self._anchor = time.monotonic()
        self._frozen: float | None = None

    def now(self) -> float:
        """Virtual epoch seconds; inside a scheduled event this is the moment the event was due."""
        if self._frozen is not None:
            return self._frozen
        return self._running()

    def pause(self) -> None:
        self._rebase()
        self.paused = True

    def resume(self) -> None:
        self._rebase()
        self.paused = False

    def advance(self, seconds: float) -> None:
        """Jumps forward. Due events run at the next settle."""
        if seconds < 0:
            raise ValueError("a clock only moves forward")
        self._rebase()
        self._virtual += seconds

    def set_scale(self, scale: float) -> None:
        """`scale` virtual seconds pass in one second of the wall clock."""
        if not scale > 0:
            raise ValueError("scale must be positive")
        self._rebase()
        self.scale = scale

    def wall_seconds(self, virtual_seconds: float) -> float:
        """How long a virtual duration takes on the wall clock."""
        return virtual_seconds / self.scale

    @contextmanager
    def frozen_at(self, moment: float) -> Iterator[None]:
        """While an event runs, time stands at the moment it was due."""
        before, self._frozen = self._frozen, moment
        try:
            yield
        finally:
            self._frozen = before

    def _running(self) -> float:
        if self.paused:
            return self._virtual
        return self._virtual + (time.monotonic() - self._anchor) * self.scale

    def _rebase(self) -> None:
        self._virtual, self._anchor = self._running(), time.monotonic()
