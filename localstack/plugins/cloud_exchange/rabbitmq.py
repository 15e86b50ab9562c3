"""RabbitMQ: its cookie, its configuration files, its TLS listener.

Source: RabbitMQ documentation, "Configuration", "TLS Support", "Clustering Guide" (Erlang cookie);
rabbitmq/rabbitmq-server#2685 and #739 (words of unreadable files). The server does not verify its own certificate: its
clients do.
"""

from __future__ import annotations

import re
from typing import Mapping

from cloud_exchange.certificates import certificates, pair_problem
from cloud_exchange.files import Files, Unreadable
from cloud_exchange.verdict import Problem, Server, digest

COOKIE = "/var/lib/rabbitmq/.erlang.cookie"
CONFIGURATION = "/etc/rabbitmq/conf.d"
PARTS = ("certfile", "keyfile", "cacertfile")


def judge(files: Files, environment: Mapping[str, str], arguments: list[str], now: float) -> Problem | None:
    if arguments[-1:] != ["rabbitmq-server"]:
        return Problem((f"{arguments[-1] if arguments else ''}: not rabbitmq-server",))
    if problem := _cookie(files):
        return Problem((problem,))
    try:
        settings = configuration(files, environment)
    except Mistake as mistake:
        return Problem(("BOOT FAILED", str(mistake)))
    if listeners(settings, "tcp"):
        words = "a listener without TLS is open on port 5672, where Cloud Exchange 6 has none"
        return Problem((words,), exits=False)
    groups = [*(["ssl_options"] if listeners(settings, "ssl") else [])]
    groups += ["management.ssl"] if "management.ssl.port" in settings else []
    for group in groups:
        if problem := _tls(files, settings, group):
            return Problem(("BOOT FAILED", problem))
    return None


def server(files: Files, environment: Mapping[str, str]) -> Server | None:
    """Its TLS listener, if it has one. To be asked where `judge` has found nothing."""
    settings = configuration(files, environment)
    ports = listeners(settings, "ssl")
    if not ports:
        return None
    user, password = (environment.get(f"RABBITMQ_DEFAULT_{one}", "guest") for one in ("USER", "PASS"))
    certificate = certificates(files.read(settings["ssl_options.certfile"]))[0]
    return Server(ports[0], certificate, users={user: digest(password)})


class Mistake(Exception):
    """In the configuration, in words of RabbitMQ."""


def configuration(files: Files, environment: Mapping[str, str]) -> dict[str, str]:
    """All settings of conf.d, the later file's before the earlier one's; other files than *.conf are not read."""
    settings: dict[str, str] = {}
    for path in files.within(CONFIGURATION):
        if not path.endswith(".conf"):
            continue
        try:
            lines = files.read(path).decode().splitlines()
        except Unreadable as unreadable:
            raise Mistake(f"Error preparing configuration: {path}: {unreadable.code.lower()}") from None
        for number, line in enumerate(lines, 1):
            key, equals, value = line.partition("=")
            if not line.strip() or line.strip().startswith("#"):
                continue
            if not equals or not re.fullmatch(r"[\w.$-]+", key.strip()):
                words = f"Syntax error in {path} after line {number}"
                raise Mistake(f"Error preparing configuration in phase parsing: {words}")
            settings[key.strip()] = re.sub(r"\$\((\w+)\)", lambda m: _variable(environment, m[1]), value.strip())
    return settings


def _variable(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise Mistake(f"Error preparing configuration: environment variable {name} is not set")
    return environment[name]


def listeners(settings: Mapping[str, str], kind: str) -> list[int]:
    """Ports of `listeners.tcp.*` or `listeners.ssl.*`; without any, tcp has its default."""
    if settings.get(f"listeners.{kind}") == "none":
        return []
    ports = [int(v.rpartition(":")[2]) for k, v in settings.items() if k.startswith(f"listeners.{kind}.")]
    return ports or ([5672] if kind == "tcp" else [])


def _cookie(files: Files) -> str | None:
    try:
        entry = files.stat(COOKIE)
        content = files.read(COOKIE)
    except Unreadable as unreadable:
        # Without one, Erlang makes its own.
        return None if unreadable.code == "ENOENT" else f"Error when reading {COOKIE}: {unreadable.code.lower()}"
    if entry.mode & 0o077:
        return f"Cookie file {COOKIE} must be accessible by owner only"
    return None if content.strip() else "Too short cookie string"


def _tls(files: Files, settings: Mapping[str, str], group: str) -> str | None:
    contents = {}
    for part in PARTS:
        path = settings.get(f"{group}.{part}")
        if path is None:
            return f"{group}.{part} is not set"
        try:
            contents[part] = files.read(path)
        except Unreadable as unreadable:
            if unreadable.code == "ENOENT":
                return f"{group}.{part} invalid, file does not exist or cannot be read by the node"
            return f'{{error,{{options,{{{part},"{path}",{{error,{unreadable.code.lower()}}}}}}}}}'
    if not certificates(contents["cacertfile"]):
        return f'{{error,{{options,{{cacertfile,"{settings[f"{group}.cacertfile"]}",no_certificates}}}}}}'
    if problem := pair_problem(contents["certfile"], contents["keyfile"]):
        return f'{{error,{{options,{{keyfile,"{settings[f"{group}.keyfile"]}","{problem}"}}}}}}'
    return None
