"""MongoDB: its options, its certificate and key in one file, its authorities, and the user that the first start makes.

Source: MongoDB manual, "Configure mongod and mongos for TLS/SSL", "mongod"; ssl_manager_openssl.cpp of MongoDB's
public repository (words and `InvalidSSLConfiguration`); docker-entrypoint.sh of docker-library/mongo (the first
start).
"""

from __future__ import annotations

from typing import Mapping

from cloud_exchange.certificates import certificates, date_problem, pair_problem
from cloud_exchange.files import Files, Unreadable
from cloud_exchange.verdict import Problem, Server, digest, line_of_mongod

INITIALISATION = "/docker-entrypoint-initdb.d"
DATA = "/data/db"

_FLAGS = {"auth", "noauth", "bind_ip_all", "quiet", "ipv6", "tlsAllowInvalidHostnames", "tlsAllowInvalidCertificates"}
_FLAGS |= {"tlsAllowConnectionsWithoutCertificates"}
_VALUES = {"tlsMode", "tlsCertificateKeyFile", "tlsCAFile", "tlsDisabledProtocols", "tlsClusterFile", "setParameter"}
_VALUES |= {"bind_ip", "port", "dbpath", "wiredTigerCacheSizeGB", "replSet", "keyFile", "config", "logpath"}
_MODES = ("disabled", "allowTLS", "preferTLS", "requireTLS")


def judge(files: Files, environment: Mapping[str, str], arguments: list[str], now: float) -> Problem | None:
    """What keeps the server from starting; `initialisation` is apart."""
    try:
        options = options_of(arguments)
    except ValueError as error:
        return Problem((str(error),))
    mode = options.get("tlsMode", "disabled")
    if mode not in _MODES:
        return Problem((f"BadValue: unsupported value for tlsMode {mode}",))
    if mode == "disabled":
        return None
    key_file = options.get("tlsCertificateKeyFile")
    if key_file is None:
        return Problem(("BadValue: need tlsCertificateKeyFile or certificateSelector when TLS is enabled",))
    try:
        pem = files.read(key_file)
    except Unreadable as unreadable:
        words = unreadable.of_openssl
        return _configuration("Cannot read certificate file", key_file, words, "Can not set up PEM key file.")
    if found := pair_problem(pem, pem):
        return _configuration("Cannot read PEM key file", key_file, found, "Can not set up PEM key file.")
    if date_problem(certificates(pem)[0], now):
        return Problem((_fatal("The provided SSL certificate is expired or not yet valid."),))
    ca_file = options.get("tlsCAFile")
    if ca_file is None:
        return Problem((_fatal("The use of TLS without specifying a chain of trust is no longer supported."),))
    try:
        pem = files.read(ca_file)
    except Unreadable as unreadable:
        words = unreadable.of_openssl
        return _configuration("Cannot read CA file", ca_file, words, words)
    if not certificates(pem):
        return _configuration("Cannot read CA file", ca_file, "no certificate found", "no certificate found")
    return None


def initialisation(environment: Mapping[str, str], scripts: list[str], calls: list[str]) -> Problem | None:
    """The first start, on an empty data directory. `scripts` are the readable ones of initdb.d, `calls` what they gave
    to MongoDB's shell."""
    names = [environment.get(f"MONGO_INITDB_ROOT_{part}") for part in ("USERNAME", "PASSWORD")]
    if any(names) and not all(names):
        return Problem(("error: missing 'MONGO_INITDB_ROOT_USERNAME' or 'MONGO_INITDB_ROOT_PASSWORD'",))
    if scripts and not any("createUser" in call for call in calls):
        return Problem((f"{scripts[0]}: no user was created",))
    return None


def users_of(environment: Mapping[str, str], calls: list[str]) -> dict[str, str]:
    """Digests of the passwords that the first start has set, by name."""
    made = [("MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD")]
    if any("createUser" in call for call in calls):
        made.append(("MONGODB_USERNAME", "MONGODB_PASSWORD"))
    return {environment[n]: digest(environment[p]) for n, p in made if environment.get(n) and environment.get(p)}


def server(files: Files, arguments: list[str], users: dict[str, str]) -> Server:
    """To be asked where `judge` has found nothing."""
    options = options_of(arguments)
    port = int(options.get("port", 27017))
    if options.get("tlsMode", "disabled") == "disabled":
        return Server(port, None, users=users)
    demands = "tlsAllowConnectionsWithoutCertificates" not in options
    certificate = certificates(files.read(options["tlsCertificateKeyFile"]))[0]
    return Server(port, certificate, certificates(files.read(options["tlsCAFile"])), demands, users)


def options_of(arguments: list[str]) -> dict[str, str]:
    """Of `mongod --name value --flag`; raises ValueError in mongod's words."""
    rest, options = list(arguments), {}
    if rest[:1] == ["mongod"]:
        rest.pop(0)
    while rest:
        given = rest.pop(0)
        name, equals, value = given.removeprefix("--").partition("=")
        if not given.startswith("--") or name not in _FLAGS | _VALUES:
            raise ValueError(f"Error parsing command line: unrecognised option '{given}'")
        if name in _VALUES and not equals:
            if not rest:
                raise ValueError(f"Error parsing command line: the required argument for option '--{name}' is missing")
            value = rest.pop(0)
        options[name] = value
    return options


def _fatal(words: str) -> str:
    error = {"code": 140, "codeName": "InvalidSSLConfiguration", "errmsg": words}
    return line_of_mongod("F", "CONTROL", "Error during global initialization", {"error": error})


def _configuration(message: str, path: str, words: str, end: str) -> Problem:
    return Problem((line_of_mongod("E", "NETWORK", message, {"keyFile": path, "error": words}), _fatal(end)))
