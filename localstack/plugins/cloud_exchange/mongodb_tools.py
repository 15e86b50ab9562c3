"""Stand-ins for MongoDB's server, shell and database tools, over a small database in one file of the data directory.

Run as programs, by what `content.py` puts into a container; they use nothing but the standard library. The database is
`{"server": "8.0.6", "collections": {"settings": [document, ...], ...}}`. Options are those that the tools have, so that
a wrong one fails; of the shell's language only the few expressions are known that ce-aws asks.

Source: MongoDB Database Tools documentation, "mongodump", "mongorestore" (options, `--config`); `mongo-tools`
(`common/archive`: the magic number; `mongorestore.go`: a dry run reads the archive's prelude only, a failure ends with
exit code 1); MongoDB manual, "db.dropDatabase()".
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import sys
import time
import zlib
from pathlib import Path

DATABASE = "cte"
FILE = "emulated-database.json"
MAGIC = bytes.fromhex("6d e2 99 81")
_VALUES = {"host", "port", "config", "username", "authenticationDatabase", "db", "archive", "nsInclude"}
_FLAGS = {"gzip", "dryRun", "drop", "stopOnError", "quiet"}


class Failed(Exception):
    pass


def content(folder: Path) -> dict:
    path = folder / FILE
    return json.loads(path.read_text()) if path.exists() else {"server": "0.0.0", "collections": {}}


def keep(folder: Path, database: dict) -> None:
    path = folder / FILE
    path.with_suffix(".new").write_text(json.dumps(database))
    path.with_suffix(".new").rename(path)


def main(tool: str) -> int:
    try:
        return {"mongod": _server, "mongosh": _shell, "mongodump": _dump, "mongorestore": _restore}[tool](sys.argv[1:])
    except Failed as failed:
        print(f"Failed: {failed}", file=sys.stderr)
        return 1


def _data() -> Path:
    return Path(os.environ["EMULATED_DATA"])


def _is_up() -> bool:
    return bool(os.environ.get("EMULATED_SERVER")) or (_data() / "mongod.lock").exists()


def _server(arguments: list[str]) -> int:
    folder = Path(arguments[arguments.index("--dbpath") + 1])
    lock = folder / "mongod.lock"
    if lock.exists():
        print("DBPathInUse: Unable to lock the lock file: mongod.lock (Resource temporarily unavailable)")
        return 100
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    lock.write_text(str(os.getpid()))
    while not ended:
        time.sleep(0.05)
    lock.unlink()
    return 0


def _shell(arguments: list[str]) -> int:
    if not _is_up():
        print("MongoNetworkError: connect ECONNREFUSED 127.0.0.1:27017", file=sys.stderr)
        return 1
    asked = arguments[arguments.index("--eval") + 1]
    if os.environ.get("EMULATED_SERVER") and ".auth(" not in asked and "ping" not in asked:
        print("MongoServerError: command requires authentication", file=sys.stderr)
        return 1
    database = content(_data())
    collections = database["collections"]
    if "dropDatabase()" in asked:
        database["collections"] = {}
        keep(_data(), database)
    elif "JSON.stringify" in asked:
        documents = [one for each in collections.values() for one in each]
        settings = (collections.get("settings") or [{}])[0]
        answer = {"data_size": len(json.dumps(documents)), "collections": len(collections)}
        answer |= {"documents": len(documents), "server": database["server"]}
        print(json.dumps(answer | {"version": settings.get("databaseVersion")}))
    elif "databaseVersion" in asked:
        print((collections.get("settings") or [{}])[0].get("databaseVersion") or "")
    elif "ping" not in asked:
        print(f"SyntaxError: not known here: {asked}", file=sys.stderr)
        return 1
    return 0


def _options(arguments: list[str]) -> dict[str, str]:
    options = {}
    for given in arguments:
        name, equals, value = given.removeprefix("--").partition("=")
        if not given.startswith("--") or name not in (_VALUES if equals else _FLAGS):
            raise Failed(f"error parsing command line options: unknown option {given!r}")
        options[name] = value
    if not _is_up():
        raise Failed("error connecting to db server: connection refused")
    _log_in(options)
    return options


def _log_in(options: dict[str, str]) -> None:
    """Where the server demands it: in the running service."""
    wanted = os.environ.get("EMULATED_SERVER") and os.environ.get("MONGO_INITDB_ROOT_PASSWORD")
    if not wanted:
        return
    config = Path(options["config"]).read_text() if "config" in options else ""
    found = re.fullmatch(r"password: '((?:[^']|'')*)'\n", config)
    if not found or found[1].replace("''", "'") != wanted or options.get("authenticationDatabase") != "admin":
        raise Failed("can't create session: could not connect to server: auth error: AuthenticationFailed")


def _dump(arguments: list[str]) -> int:
    options = _options(arguments)
    database = content(_data())
    for name, documents in database["collections"].items():
        print(f"done dumping {DATABASE}.{name} ({len(documents)} documents)", file=sys.stderr)
    packed = gzip.compress(MAGIC + json.dumps(database).encode()) if "gzip" in options else b""
    Path(options["archive"]).write_bytes(packed)
    return 0


def _restore(arguments: list[str]) -> int:
    options = _options(arguments)
    try:
        archive = gzip.decompress(Path(options["archive"]).read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise Failed(f"archive: {error}") from None
    if not archive.startswith(MAGIC):
        raise Failed("stream or file does not appear to be a mongodump archive")
    if "dryRun" in options:
        return 0
    database, dumped = content(_data()), json.loads(archive[len(MAGIC) :])
    database["collections"] |= dumped["collections"]
    keep(_data(), database)
    count = sum(map(len, dumped["collections"].values()))
    print(f"{count} document(s) restored successfully. 0 document(s) failed to restore.", file=sys.stderr)
    return 0
