"""core: a Python program that must reach MongoDB and RabbitMQ over TLS.

The words are those of Python, PyMongo and py-amqp as their documentation and public threads print them. core goes on
trying, so a problem leaves it running without ever answering. Taken stricter than may be true: that core verifies
RabbitMQ's certificate against the authorities in /usr/local/share/ca-certificates is unverified, and MongoDB itself,
with preferTLS, would also speak without TLS.
"""

from __future__ import annotations

from typing import Mapping
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from cloud_exchange import certificates as tls
from cloud_exchange.files import Files, Unreadable
from cloud_exchange.verdict import Problem, Server, digest

AUTHORITIES = "/usr/local/share/ca-certificates"
_VERIFY = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"


class _Refused(Exception):
    pass


def judge(
    files: Files,
    environment: Mapping[str, str],
    arguments: list[str],
    now: float,
    mongodb: Server | None = None,
    rabbitmq: Server | None = None,
    names: frozenset[str] = frozenset({"localhost"}),
) -> Problem | None:
    """`mongodb` and `rabbitmq` are what listens in the task; `names` the host names that resolve."""
    if not environment.get("JWT_SECRET"):
        return Problem(("KeyError: 'JWT_SECRET'",))
    try:
        _mongodb(files, environment, now, mongodb, names)
        _rabbitmq(files, environment, now, rabbitmq, names)
    except Unreadable as unreadable:
        kind = "FileNotFoundError" if unreadable.code == "ENOENT" else "PermissionError"
        return Problem((f"{kind}: [Errno {unreadable.errno}] {unreadable.words}: '{unreadable.path}'",), exits=False)
    except _Refused as refused:
        return Problem((str(refused),), exits=False)
    return None


def _address(environment: Mapping[str, str], name: str) -> SplitResult:
    if not environment.get(name):
        raise _Refused(f"KeyError: '{name}'")
    return urlsplit(environment[name])


def _reach(address: SplitResult, port: int, server: Server | None, names: frozenset[str]) -> Server:
    host = address.hostname or ""
    if host not in names and not host.replace(".", "").isdigit():
        raise _Refused(f"socket.gaierror: [Errno -2] Name or service not known: {host}")
    if server is None or server.port != (address.port or port):
        raise _Refused(f"ConnectionRefusedError: [Errno 111] Connection refused: {host}:{address.port or port}")
    return server


def _log_in(address: SplitResult, server: Server, words: str) -> None:
    if server.users.get(unquote(address.username or "")) != digest(unquote(address.password or "")):
        raise _Refused(words)


def _mongodb(files: Files, environment: Mapping[str, str], now: float, server: Server | None, names) -> None:
    address = _address(environment, "MONGO_CONNECTION_STRING")
    if address.scheme != "mongodb" or "?" in address.query:
        raise _Refused("pymongo.errors.InvalidURI: MONGO_CONNECTION_STRING is no connection string of MongoDB")
    options = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
    if options.get("tls") != "true":
        raise _Refused("MONGO_CONNECTION_STRING does not ask for TLS, as Cloud Exchange 6 does")
    key_pem = files.read(options["tlsCertificateKeyFile"]) if "tlsCertificateKeyFile" in options else None
    trusted = tls.certificates(files.read(options["tlsCAFile"])) if "tlsCAFile" in options else []
    if key_pem is not None and (found := tls.pair_problem(key_pem, key_pem)):
        raise _Refused(f"pymongo.errors.ConfigurationError: Private key doesn't match certificate: {found}")
    server = _reach(address, 27017, server, names)
    failed = "pymongo.errors.ServerSelectionTimeoutError: {}:{}: ".format(address.hostname, server.port)
    if server.certificate is None:
        raise _Refused(f"{failed}[SSL: WRONG_VERSION_NUMBER] wrong version number")
    if found := tls.problem(server.certificate, trusted, now, tls.SERVER):
        raise _Refused(f"{failed}{_VERIFY}: {found}")
    if options.get("tlsAllowInvalidHostnames") != "true" and not tls.serves(server.certificate, address.hostname or ""):
        raise _Refused(f"{failed}{_VERIFY}: Hostname mismatch, certificate is not valid for '{address.hostname}'.")
    if server.demands_certificate:
        if key_pem is None:
            raise _Refused(f"{failed}connection closed: No SSL certificate provided by peer; connection rejected")
        if found := tls.problem(tls.certificates(key_pem)[0], server.authorities, now, tls.CLIENT):
            raise _Refused(f"{failed}connection closed: SSL peer certificate validation failed: {found}")
    _log_in(address, server, "pymongo.errors.OperationFailure: Authentication failed., code: 18, AuthenticationFailed")


def _rabbitmq(files: Files, environment: Mapping[str, str], now: float, server: Server | None, names) -> None:
    address = _address(environment, "RABBITMQ_CONNECTION_STRING")
    if address.scheme not in ("amqp", "amqps"):
        raise _Refused(f"KeyError: 'No such transport: {address.scheme}'")
    port = 5671 if address.scheme == "amqps" else 5672
    server = _reach(address, port, server, names)
    if address.scheme == "amqp":
        raise _Refused("amqp.exceptions.ConnectionForced: Server unexpectedly closed connection")
    assert server.certificate is not None
    trusted = [one for path in files.within(AUTHORITIES) if path.endswith(".crt") for one in _authorities(files, path)]
    if found := tls.problem(server.certificate, trusted, now, tls.SERVER):
        raise _Refused(f"ssl.SSLCertVerificationError: {_VERIFY}: {found}")
    if not tls.serves(server.certificate, address.hostname or ""):
        mismatch = f"Hostname mismatch, certificate is not valid for '{address.hostname}'."
        raise _Refused(f"ssl.SSLCertVerificationError: {_VERIFY}: {mismatch}")
    _log_in(address, server, "amqp.exceptions.AccessRefused: (0, 0): (403) ACCESS_REFUSED - Login was refused")


def _authorities(files: Files, path: str) -> list:
    try:
        return tls.certificates(files.read(path))
    except Unreadable:
        return []
