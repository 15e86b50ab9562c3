"""Everything the emulator knows of one AWS account.

Nothing runs in the background: what AWS does by itself is an event in the account's queue, and the queue
is settled before each operation. Pausing, advancing or scaling the clock therefore just works, and two
runs of the same test see the same order.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from typing import Any, Callable, TypeVar

from localstack_fargate.clock import Clock
from localstack_fargate.faults import Faults
from localstack_fargate.journal import Journal

LOG = logging.getLogger(__name__)
T = TypeVar("T")

SETTINGS: dict[str, Any] = {}
"""Default of every setting, by name. Delays are AWS seconds. Filled by `setting`."""


CHECKS: dict[str, Callable[[Any], None]] = {}
"""What refuses a value of a setting, by name; raises ValueError."""


def setting(name: str, default: Any, check: Callable[[Any], None] | None = None) -> None:
    """Declares a setting, so that a misspelt name (or what `check` refuses) can be refused over HTTP."""
    SETTINGS[name] = default
    if check:
        CHECKS[name] = check


class Event:
    """Something that will happen in the account at virtual time `due`, unless cancelled."""

    __slots__ = ("due", "order", "run", "cancelled")

    def __init__(self, due: float, order: int, run: Callable[["Account"], None]) -> None:
        self.due, self.order, self.run, self.cancelled = due, order, run, False

    def cancel(self) -> None:
        self.cancelled = True

    def __lt__(self, other: "Event") -> bool:
        return (self.due, self.order) < (other.due, other.order)


class Account:
    """One account. All fields belong to whoever holds `lock`; the middleware holds it around each operation."""

    def __init__(self, account_id: str) -> None:
        self.id = account_id
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Back to a new account, as far as the emulator knows; LocalStack's own state is not touched."""
        self.clock = Clock()
        self.faults = Faults()
        self.journal = Journal()
        self.settings = dict(SETTINGS)
        self.errors: list[str] = []
        self._state: dict[str, Any] = {}
        self._queue: list[Event] = []
        self._order = itertools.count()

    def state(self, key: str, factory: Callable[[], T]) -> T:
        """A service's own state in this account, made on first use."""
        if key not in self._state:
            self._state[key] = factory()
        return self._state[key]

    def schedule(self, delay_s: float, run: Callable[["Account"], None]) -> Event:
        """Runs `run(account)` once the virtual clock has passed now + `delay_s` AWS seconds."""
        event = Event(self.clock.now() + max(0.0, delay_s), next(self._order), run)
        heapq.heappush(self._queue, event)
        return event

    def settle(self) -> None:
        """Runs all due events in order of virtual time, each seeing the clock at its own due time.

        An event that raises is a defect of the emulator: it is logged and kept in `errors` (shown by the control API),
        and never breaks the operation that happened to settle it.
        """
        with self.lock:
            now = self.clock.now()
            while self._queue and self._queue[0].due <= now:
                event = heapq.heappop(self._queue)
                if event.cancelled:
                    continue
                with self.clock.frozen_at(event.due):
                    try:
                        event.run(self)
                    except Exception as error:
                        LOG.exception("event of account %s failed", self.id)
                        self.errors.append(f"{type(error).__name__}: {error}")

    def next_due(self) -> float | None:
        """Virtual time of the next event, or None when nothing is left to happen."""
        pending = [event.due for event in self._queue if not event.cancelled]
        return min(pending, default=None)


_accounts: dict[str, Account] = {}
_accounts_lock = threading.Lock()


def get(account_id: str) -> Account:
    """The account of this id, created on first use."""
    with _accounts_lock:
        if account_id not in _accounts:
            _accounts[account_id] = Account(account_id)
        return _accounts[account_id]


def everyone() -> list[Account]:
    """All accounts seen so far (bucket names, for one, are shared by all)."""
    with _accounts_lock:
        return list(_accounts.values())
