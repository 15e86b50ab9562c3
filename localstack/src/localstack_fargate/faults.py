"""Fault rules of one account: what goes wrong, for which calls, and how often.

A rule is a JSON object:

    service, operation   globs; default "*"
    kind                 one of `KINDS`
    code, status, message  of `error`, and of the other refusals in place of the service's own
    seconds              of `latency`, AWS seconds; of `lockstep`, seconds of the wall clock
    nth                  first matching call that is hit, counted from 1
    times                how many calls are hit from then on; default: all
    probability, seed    hit only this share of the remaining calls
    contains, lacks      only calls whose request, as JSON, contains this text, or does not
    before               of `hold`, `garbage`, `truncated`, `empty`: true to strike before anything is done

Several rules may be active at once: each draws for itself, by its seed, its place in the list and the account-wide
number of the call, so the same calls in the same order meet the same faults.

`throttle`, `expired`, `invalid-token`, `skewed`, `opt-in` (a region that is not enabled), `wrong-region`: refusals in
the words of each service (`refusals.py`). `garbage`, `truncated`, `empty`: the call is executed, and its answer is no
XML or JSON, breaks off half way, or has no body (`outage.py`). `nameless`: the call is executed, and its answer is
without identifiers and ARNs. `lost`: the call is executed, then the connection breaks. `before-lost`: it breaks before
anything is done. `hold`: the call is executed, and its answer waits until the rules are deleted, or for a minute of the
wall clock; so a client can be killed exactly there, once the rule's `held` counts it. Held before, it is never
executed: its connection breaks in the end.

`lockstep`: the call waits until all that were let through before it are answered and no other has arrived for
`seconds`; then all that wait are executed (`lockstep.py`). So what a client calls side by side takes one round, however
busy the machine is, and rounds can be counted.
"""

from __future__ import annotations

import fnmatch
import json
import random
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields

from localstack_fargate.lockstep import Lockstep

REFUSALS = ("throttle", "error", "expired", "invalid-token", "skewed", "opt-in", "wrong-region")
SPOILT = ("garbage", "truncated", "empty")
KINDS = (*REFUSALS, *SPOILT, "nameless", "latency", "lockstep", "lost", "before-lost", "html404", "html503", "hold")
HOLD_SECONDS = 60
_COUNTERS = ("seen", "hits", "held")


@dataclass
class Rule:
    kind: str
    service: str = "*"
    operation: str = "*"
    code: str | None = None
    status: int | None = None
    message: str | None = None
    seconds: float = 0.0
    nth: int = 1
    times: int | None = None
    probability: float | None = None
    seed: int = 0
    contains: str | None = None
    lacks: str | None = None
    before: bool = False
    seen: int = 0
    hits: int = 0
    held: int = 0
    _place: int = 0
    _lockstep: Lockstep = field(default_factory=Lockstep, repr=False)
    _released: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")

    def strikes(self, service: str, operation: str, request: object, number: int) -> bool:
        """Whether this call, the account's `number`th, is hit; counts it."""
        if not (fnmatch.fnmatchcase(service, self.service) and fnmatch.fnmatchcase(operation, self.operation)):
            return False
        if self.contains is not None and self.contains not in json.dumps(request, default=str):
            return False
        if self.lacks is not None and self.lacks in json.dumps(request, default=str):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.hits >= self.times):
            return False
        if self.probability is not None and self._draw(number) >= self.probability:
            return False
        self.hits += 1
        return True

    def _draw(self, number: int) -> float:
        return random.Random(f"{self.seed}/{self._place}/{number}").random()

    def hold(self) -> None:
        """Waits for the release, without the account's lock."""
        self.held += 1
        self._released.wait(HOLD_SECONDS)

    def release(self) -> None:
        self._released.set()

    def one_round(self) -> AbstractContextManager:
        """Of `lockstep`: entered when the call's round begins, left when the call is answered."""
        return self._lockstep.one_round(self.seconds)


class Faults:
    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def add(self, spec: dict) -> None:
        """Adds a rule; raises TypeError or ValueError when it is not one."""
        if unknown := {name for name in spec if name in _COUNTERS or name.startswith("_")}:
            raise ValueError(f"not settable: {', '.join(sorted(unknown))}")
        self.rules.append(Rule(**spec, _place=len(self.rules)))

    def clear(self) -> None:
        """Also lets go what is held."""
        for rule in self.rules:
            rule.release()
        self.rules.clear()

    def listing(self) -> list[dict]:
        """The rules with their counters: `seen` matching calls, `hits` struck ones, `held` of which have come to their
        wait."""
        return [
            {f.name: getattr(rule, f.name) for f in fields(rule) if not f.name.startswith("_")} for rule in self.rules
        ]

    def struck(self, service: str, operation: str, request: object, number: int) -> list[Rule]:
        """Rules that hit this call, in the order they were added."""
        return [rule for rule in self.rules if rule.strikes(service, operation, request, number)]
