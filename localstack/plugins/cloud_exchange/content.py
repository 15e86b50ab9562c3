"""What is in containers of any release that are entered or that work on the data: their files, and a small database.

A command of ECS Exec really runs, in a folder that stands for the container's root (`shell.py`), with this machine's
`base64`, `sha256sum`, ... and stand-ins for MongoDB's programs (`mongodb_tools.py`) and for curl. What it leaves on an
access point stays there, goes into recovery points, and comes back with a restore.

    GET|POST /_emulator/<account>/cloud-exchange-database  the database of the running task: {"server", "collections"}
    GET /_emulator/<account>/cloud-exchange-files          every file on access points: {"/path": "uid:gid mode sha256"}

Settings: `cloud_exchange.missing_tools`, names of programs that the images lack; `cloud_exchange.ui_status`, what the
UI answers; `cloud_exchange.core_version`, what core reports instead of its release;
`cloud_exchange.migrates` (true), whether core records its release in the database.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from localstack_fargate.account import setting
from localstack_fargate.control import body_of, route
from localstack_fargate.services.ecs import model
from localstack_fargate.services.ecs.exec_terminal import Program
from localstack_fargate.services.ecs.model import Container, Task

from cloud_exchange import containers, mongodb, mongodb_tools
from cloud_exchange.containers import Running, Shared

setting("cloud_exchange.missing_tools", [])
setting("cloud_exchange.ui_status", 200)
setting("cloud_exchange.core_version", None)
setting("cloud_exchange.migrates", True)

NAMES = {"core", "ui", "mongodb-primary", "rabbitmq-stats"}
TOOLS = """sh bash cat base64 sha256sum gzip head stty mktemp rm mv cp chmod mkdir ls stat test printf sed dd tr cut wc
find id sleep true false touch env rmdir readlink basename dirname sort grep awk python3 kill ln""".split()
STAND_INS = ("mongod", "mongosh", "mongodump", "mongorestore")
INIT = "/opt/netskope/common/api/__init__.py"
TIMEOUT_S = 60
_STAND_IN = """#!{python} -ISs
import sys
sys.path.insert(0, {plugins!r})
from cloud_exchange import mongodb_tools
sys.exit(mongodb_tools.main({name!r}))
"""
_CURL = """#!/bin/sh
case "$*" in *3000*) ;; *) echo 'curl: (7) Failed to connect' >&2; printf 000; exit 7 ;; esac
case "{scheme} $*" in "https "*http://*) status=400 ;; "http "*https://*) status=000 ;; *) status={status} ;; esac
case "$*" in *%{{http_code}}*) printf '%s' $status ;; esac
"""


def program(account, task: Task, container: Container, command: str) -> Program | None:
    """What runs for a command of ECS Exec."""
    if not account.settings["cloud_exchange.run_scripts"]:
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if container.name not in NAMES or words[:2] != ["sh", "-c"] or len(words) != 3:
        return None
    running = _enter(account, task, container)
    shell = _install(account, running)
    return Program([shell, "-c", running.root.inside(words[2])], _environment(running, True), running.root.folder)


def run_step(account, task: Task, container: Container) -> tuple[int, list[str]] | None:
    """A one-shot task that works on the database's content."""
    if "mongorestore" not in str(container.definition.get("command")):
        return None
    running = _enter(account, task, container)
    shell = _install(account, running)
    script = (container.definition.get("command") or [""])[-1]
    first = (container.definition.get("entryPoint") or ["/bin/sh"])[0].rsplit("/", 1)[-1]
    ran = subprocess.run(
        [str(Path(shell).with_name(first)), "-c", running.root.inside(script)],
        env=_environment(running, False),
        cwd=running.root.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
    )
    return ran.returncode, running.root.outside(ran.stdout).splitlines()


def keep(account, file_system: str) -> dict[str, Path]:
    """Copies of the file system's folders, by their paths in it."""
    kept = account.state("cloud_exchange.file_systems", dict)
    backup = containers.root_folder(account) / "backups" / str(len(account.state("cloud_exchange.backups", list)))
    account.state("cloud_exchange.backups", list).append(file_system)
    copies = {}
    for (system, path), volume in kept.items():
        if system == file_system:
            copies[path] = backup / path.strip("/").replace("/", "+")
            shutil.copytree(volume.folder, copies[path], symlinks=True)
    return copies


def give_back(account, file_system: str, copies: dict[str, Path]) -> None:
    account.state("cloud_exchange.restored", dict)[file_system] = copies


# ---- what a program sees -------------------------------------------------------------------------------------------


def _enter(account, task: Task, container: Container) -> Running:
    """The container, in a root folder of its own that lasts as long as the task."""
    folder = containers.root_folder(account) / task.id
    shared = account.state("cloud_exchange.tasks", dict).setdefault(task.arn, Shared(folder))
    entered = account.state("cloud_exchange.entered", dict)
    key = task.arn, container.name
    if key not in entered:
        entered[key] = containers.enter(account, task, shared, container, f"{container.name}.entered")
        if container.name == "core":
            _core(account, task, entered[key])
        _migrate(account, task, entered[key])
    running = entered[key]
    if (folder := _data(running)) and not (folder / mongodb_tools.FILE).exists():
        version = _release(account, task)
        first = {"settings": [{"databaseVersion": version}], "plugins": [{"name": "seed"}]}
        mongodb_tools.keep(folder, {"server": "8.0.6", "collections": first})
    return running


def _release(account, task: Task) -> str | None:
    found = [tag["value"] for tag in [*task.definition.tags, *task.tags] if tag["key"] == "ce-aws:release"]
    return found[0] if found else None


def _core(account, task: Task, running: Running) -> None:
    version = account.settings["cloud_exchange.core_version"] or _release(account, task)
    path = running.root.folder / INIT.strip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'"""API."""\n\n__version__ = "{version}"\n')


def _migrate(account, task: Task, running: Running) -> None:
    """What core has done to the database by the time that its task runs."""
    folder, version = _data(running), _release(account, task)
    if not (folder and version and task.service and account.settings["cloud_exchange.migrates"]):
        return
    database = mongodb_tools.content(folder)
    if settings := database["collections"].get("settings"):
        settings[0]["databaseVersion"] = version
        mongodb_tools.keep(folder, database)


def _data(running: Running) -> Path | None:
    places = (mongodb.DATA, "/bitnami/mongodb")
    found = [volume.folder for path, (volume, _) in running.mounts.items() if path in places]
    return found[0] if found else None


def _environment(running: Running, is_service: bool) -> dict[str, str]:
    root = running.root.folder
    shown = running.environment | {"PATH": str(root.parent / f"{root.name}.tools"), "TMPDIR": str(root / "tmp")}
    shown |= {"HOME": str(root / "root"), "EMULATED_DATA": str(_data(running) or "")}
    return shown | ({"EMULATED_SERVER": "1"} if is_service else {})


def _install(account, running: Running) -> str:
    """The programs that the container has; gives the path of its shell."""
    folder = running.root.folder.parent / f"{running.root.folder.name}.tools"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    missing = set(account.settings["cloud_exchange.missing_tools"])
    for name in TOOLS:
        if name not in missing and (path := shutil.which(name)):
            (folder / name).symlink_to(os.path.realpath(path) if name != "python3" else sys.executable)
    own = {name: _STAND_IN.format(python=sys.executable, plugins=str(Path(__file__).parent.parent), name=name)
           for name in STAND_INS if running.container.name in ("mongodb-primary", "data-step")}
    if running.container.name == "ui":
        own["curl"] = _CURL.format(status=account.settings["cloud_exchange.ui_status"], scheme=running.container.scheme)
    for name, text in own.items():
        if name not in missing:
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
    return str(folder / "sh")


# ---- what a test may see and set -----------------------------------------------------------------------------------


def _running(account) -> Running | None:
    for region in account.state("ecs.regions", set):
        for task in model.of(account, region).tasks.values():
            for container in task.containers:
                if task.status == "RUNNING" and container.name == "mongodb-primary":
                    return _enter(account, task, container)
    return None


@route("cloud-exchange-database", ("GET", "POST"))
def _database(account, request) -> dict | None:
    running = _running(account)
    folder = _data(running) if running else None
    if folder is None:
        return None
    if request.method == "POST":
        mongodb_tools.keep(folder, mongodb_tools.content(folder) | body_of(request))
    return mongodb_tools.content(folder)


@route("cloud-exchange-files")
def _files(account, request) -> dict:
    found = {}
    for (system, path), volume in account.state("cloud_exchange.file_systems", dict).items():
        for name, one in volume.entries().items():
            if one.content is not None:
                digest = hashlib.sha256(one.content).hexdigest()
                found[f"{system}:{path}/{name}"] = f"{one.uid}:{one.gid} {one.mode:04o} {digest}"
    return found
