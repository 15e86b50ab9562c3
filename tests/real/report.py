"""What a run has shown, and the page that is made of it."""

import datetime
import time
from dataclasses import dataclass
from pathlib import Path

import install

PAGE = Path(__file__).resolve().parents[2] / "docs" / "real-servers.md"

HEAD = """\
# MongoDB and RabbitMQ, the real ones

`just real` runs the data steps and the TLS settings of the release files (`src/release/catalogue/`) on real servers,
outside the emulator, and writes this page. A row is here only because what it says was checked; a run in which
something turns out otherwise fails and writes nothing. How: [tests/real](../tests/real/README.md).

Last run: {date}, {minutes} minutes.

## Servers

| Server | From | Runs on |
| --- | --- | --- |
{servers}

## What could not be had

{missing}

## Results

"""

MISSING = """\
* **MongoDB 7.0 and 8.0**: no package of the registries that this can use holds them. So the step to compatibility
  version 7.0, the step from 6.0 over 7.0 to 8.0 (5.1.1 to 5.1.2) and 8.0 itself (5.1.2 and later) were not seen on a
  real server. The script of the step to 7.0 is that of the others but for the version and `confirm: true`;
  what is tried is that it fails on the wrong server and leaves the data as it was. The TLS settings of 6.x are tried on
  6.0.5 with OpenSSL 3.
* **MongoDB 5.0.21 and 6.0.12**: the nearest, 5.0.4 and 6.0.27.
* **The vendor's images**, and with them their users, files and own entry points: the entry points are the official
  images' of today.
* **Erlang 26**, with which RabbitMQ 3.13 came: here it runs on 27, for which it was not released.
"""

SECTIONS = {
    "rabbitmq-road": "RabbitMQ: one data directory through all releases",
    "rabbitmq-first-start": "RabbitMQ: new nodes of 6.x and Khepri",
    "rabbitmq-tls": "RabbitMQ: TLS of 6.x",
    "mongodb-5": "MongoDB: 5.0.0 to 5.0.1",
    "mongodb-6": "MongoDB: 5.1.1 to 5.1.2",
    "mongodb-tls": "MongoDB: TLS of 6.x",
}


@dataclass
class Result:
    """One thing that was tried and turned out as it should."""

    release: str
    what: str
    servers: str
    begin: float = 0.0
    seconds: float = 0.0

    def __post_init__(self):
        if self.begin:
            self.seconds = time.monotonic() - self.begin


def write(results, seconds):
    """The page, of the results of every scenario."""
    page = HEAD.format(
        date=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        minutes=round(seconds / 60),
        servers="\n".join(_servers()),
        missing=MISSING.strip(),
    )
    sections = []
    for name, title in SECTIONS.items():
        rows = [f"| {r.release} | {r.servers} | {r.what} | {r.seconds:.0f} |" for r in results[name]]
        table = "\n".join(["| Release | Server | Seen | Seconds |", "| --- | --- | --- | --- |", *rows])
        sections.append(f"### {title}\n\n{table}\n")
    PAGE.write_text(page + "\n".join(sections))


def _servers():
    for version, (requirement, suite) in install.MONGODB.items():
        yield f"| MongoDB {version} | PyPI, `{requirement}`, whose wheel holds `mongod` | Debian {suite} |"
    for version, suite in install.RABBITMQ.items():
        erlang = _erlang(suite)
        yield f"| RabbitMQ {version} | its tag, built here | Debian {suite}, Erlang {erlang} |"
    yield f"| mongosh | npm, `{install.NODE[0]}`, on `{install.NODE[1]}` | with each MongoDB |"


def _erlang(suite):
    releases = install.root(suite) / "usr" / "lib" / "erlang" / "releases"
    return max(p.name for p in releases.iterdir() if p.name.isdigit())
