"""Every call an account received, in order of arrival."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import asdict, dataclass, field
from typing import Any

_READS = re.compile(
    r"^(Describe|List|Get|Head|Search|Lookup|Select|Simulate|BatchGet|BatchCheck|Filter|Check|Test|Validate|Decode)"
)
_SECRET_FIELDS = {"SecretString", "SecretBinary", "PrivateKey"}
_TEXT_LIMIT = 20_000


def is_mutating(operation: str) -> bool:
    """Whether an operation of this name changes anything."""
    return not _READS.match(operation)


@dataclass
class Entry:
    """One call. `status`, `code`, `error` and the ends are None until it has been answered; times are epoch seconds.

    `time` and `ended` are on the account's clock, `wall` and `wall_ended` on the wall's.
    `authorizations` are IAM's decisions on it: action, resource, allowed, and the condition keys of the request.
    `violations` are what AWS's models say is wrong with it (`conformance/`).
    """

    n: int
    time: float
    wall: float
    service: str
    operation: str
    region: str
    mutating: bool
    dry_run: bool
    request: Any
    request_id: str
    user_agent: str
    ended: float | None = None
    wall_ended: float | None = None
    status: int | None = None
    code: str | None = None
    error: str | None = None
    fault: str | None = None
    authorizations: list[dict] = field(default_factory=list)
    violations: list[dict] = field(default_factory=list)


class Journal:
    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._count = 0

    def add(self, now: float, service: str, operation: str, request: dict, context: Any) -> Entry:
        """Notes a call that has just arrived; the caller fills in the outcome."""
        self._count += 1
        dry_run = bool(request.get("DryRun"))
        entry = Entry(
            n=self._count,
            time=now,
            wall=time.time(),
            service=service,
            operation=operation,
            region=context.region,
            mutating=is_mutating(operation) and not dry_run,
            dry_run=dry_run,
            request=presentable(request),
            request_id=context.request_id,
            user_agent=context.request.headers.get("User-Agent", ""),
        )
        self._entries.append(entry)
        return entry

    def since(self, n: int) -> list[dict]:
        """Entries numbered above `n`."""
        return [asdict(entry) for entry in self._entries if entry.n > n]

    def authorizations(self, n: int) -> list[dict]:
        """What the calls numbered above `n` needed: each action on each resource once, with the operations."""
        found: dict[tuple, dict] = {}
        for entry in self._entries:
            for one in entry.authorizations if entry.n > n else []:
                new = {key: one[key] for key in ("action", "resource", "allowed")} | {"operations": [], "calls": 0}
                known = found.setdefault((one["action"], str(one["resource"]), one["allowed"]), new)
                known["calls"] += 1
                operation = f"{entry.service}:{entry.operation}"
                if operation not in known["operations"]:
                    known["operations"].append(operation)
        return [found[key] for key in sorted(found, key=str)]

    def clear(self) -> None:
        """Forgets the entries; numbering goes on."""
        self._entries.clear()


def presentable(value: Any, field: str = "") -> Any:
    """A JSON copy of a request, without secret values and without bodies that are streams."""
    if field in _SECRET_FIELDS:
        return "***"
    if isinstance(value, dict):
        return {str(key): presentable(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [presentable(item) for item in value]
    if isinstance(value, str):
        return value if len(value) <= _TEXT_LIMIT else value[:_TEXT_LIMIT] + "…"
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value[:_TEXT_LIMIT]).decode()
    return str(value) if not hasattr(value, "read") else "<stream>"
