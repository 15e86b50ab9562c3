"""What becomes of a container, and what its server offers to others of the task."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from cryptography import x509


@dataclass(frozen=True)
class Problem:
    """Why a container does not come up: the lines that it writes, and whether its process ends."""

    lines: tuple[str, ...]
    exits: bool = True


@dataclass(frozen=True)
class Server:
    """What listens in the task, as a client finds it. `certificate` None: without TLS."""

    port: int
    certificate: x509.Certificate | None
    authorities: list[x509.Certificate] = field(default_factory=list)
    """Whose certificates it demands of clients, if `demands_certificate`."""
    demands_certificate: bool = False
    users: dict[str, str] = field(default_factory=dict)
    """Digest of the password by name."""


def digest(password: str) -> str:
    """What stands for a password here; the password itself is never kept."""
    return hashlib.sha256(password.encode()).hexdigest()


def line_of_mongod(severity: str, component: str, message: str, attributes: dict) -> str:
    """One line of MongoDB's structured log (MongoDB manual, "Log Messages"), without its time and number."""
    line = {"s": severity, "c": component, "ctx": "main", "msg": message, "attr": attributes}
    return json.dumps(line, separators=(",", ":"))
