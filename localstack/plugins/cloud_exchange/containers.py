"""Starts the containers of a Cloud Exchange 6.x task: runs their scripts and judges what they have.

    GET /_emulator/<account>/cloud-exchange  what was run: container, exit code, arguments, names of variables, files
                                             with owner and mode, the problem found; never a content or a value

A task is one of 6.x if it has a container with an image `core6-...`, by tag or label. Run are
the scripts of the container that delivers files (not essential, `/bin/sh -c`, variables FILE_... or SECRET_...), which a
task of another release may have, too, and the essential ones with images `core6-`, `ui6-`, `mongo<n>-`, `rabbitmq<n>-`, unless the test chose a behaviour that
fails anyway. The setting `cloud_exchange.run_scripts` turns all of it off.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from localstack_fargate.account import setting
from localstack_fargate.control import route
from localstack_fargate.services import efs
from localstack_fargate.services.ecs import images
from localstack_fargate.services.ecs.initialising import secret_value
from localstack_fargate.services.ecs.model import Container, Task

from cloud_exchange import core, mongodb, rabbitmq, ui
from cloud_exchange.files import File, Files
from cloud_exchange.shell import Call, Root, Run
from cloud_exchange.verdict import Problem, Server
from cloud_exchange.volumes import Owner, Volume

setting("cloud_exchange.run_scripts", True)

ROLES = {"core": r"core6-", "ui": r"ui6-", "mongodb": r"mongo\d+-", "rabbitmq": r"rabbitmq\d+-"}
STARTS = {
    "core": ["/opt/start.sh"],
    "ui": ["./start.sh"],
    "mongodb": ["docker-entrypoint.sh", "mongod"],
    "rabbitmq": ["docker-entrypoint.sh", "rabbitmq-server"],
}
"""What the images start where the task definition says nothing."""
USERS = {"root": 0, "mongodb": 1001}
DATA = {"mongodb": mongodb.DATA, "rabbitmq": "/var/lib/rabbitmq/mnesia"}
STEPS: list[Callable[..., tuple[int, list[str]] | None]] = []
"""fn(account, task, container) -> exit code and output of a one-shot task that is run; None: it only ends."""
HEALTHY = ("run", "slow", "healthy-then-dies", "ignores-sigterm", "out-of-memory")


@dataclass
class Shared:
    """What the containers of one task share."""

    folder: Path
    volumes: dict[str, Volume] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)


@dataclass
class Running:
    """One container and what it sees."""

    container: Container
    environment: dict[str, str]
    user: tuple[int | None, int | None]
    mounts: dict[str, tuple[Volume, bool]]
    root: Root

    @property
    def owner(self) -> Owner:
        return self.user[0] or 0, self.user[1] or 0


def start(account, task: Task, container: Container) -> list[str]:
    """The container starts: gives what it writes. One that would not come up behaves so from now on."""
    if container.name == "data-step" and account.settings["cloud_exchange.run_scripts"]:
        return _step(account, task, container)
    role = _role(account, container)
    if (
        not account.settings["cloud_exchange.run_scripts"]
        or container.injected
    ):
        return []
    delivers = _delivers(container)
    if not delivers and not _is_cloud_exchange(account, task):
        return []
    if container.behaviour.kind not in HEALTHY:
        return []
    if not delivers and (role is None or not container.essential):
        return []
    shared = account.state("cloud_exchange.tasks", dict).setdefault(task.arn, Shared(root_folder(account) / task.id))
    running = enter(account, task, shared, container)
    run, problem = _run(running, _command(container, role))
    if not problem and not delivers:
        problem = _judge(account, shared, running, role, run)
    _note(account, task, running, role, run, problem)
    if problem:
        container.flawed = True
        code = run.exit_code or 1
        kind = images.Behaviour("exit", code, 2.0, problem.lines) if problem.exits else None
        container.behaviour = kind or images.Behaviour("unhealthy", log=problem.lines)
    return run.output


def files_at(account, task: Task, container: Container, folder: str) -> dict[str, File] | None:
    """What the container finds in a folder that it mounts, by name; None if it mounts none there, or nothing is run."""
    mounts = container.definition["mountPoints"]
    mount = next((one for one in mounts if one["containerPath"].rstrip("/") == folder), None)
    if mount is None or not account.settings["cloud_exchange.run_scripts"]:
        return None
    shared = account.state("cloud_exchange.tasks", dict).setdefault(task.arn, Shared(root_folder(account) / task.id))
    return _volume(account, task, shared, mount["sourceVolume"]).entries()


def _step(account, task: Task, container: Container) -> list[str]:
    if container.behaviour.kind not in HEALTHY:
        return []
    ran = next((found for run in STEPS if (found := run(account, task, container))), None)
    code, output = ran or (0, [])
    if code:
        container.behaviour = images.Behaviour("exit", code, 2.0, tuple(output))
        return []
    return output


def forget(account, task: Task) -> None:
    """Removes what was only the task's own once it has stopped."""
    if task.status == "STOPPED" and account.state("cloud_exchange.tasks", dict).pop(task.arn, None):
        entered = account.state("cloud_exchange.entered", dict)
        for key in [key for key in entered if key[0] == task.arn]:
            del entered[key]
        shutil.rmtree(root_folder(account) / task.id, ignore_errors=True)


# ---- which containers
# ---------------------------------------------------------------------------------------------------


def _role(account, container: Container) -> str | None:
    known_by = images.names(account, container.definition)
    for role, tag in ROLES.items():
        if any(re.search(rf"(^|[/:]){tag}", name) for name in known_by):
            return role
    return None


def _is_cloud_exchange(account, task: Task) -> bool:
    return any(_role(account, one) == "core" for one in task.containers if not one.injected)


def _delivers(container: Container) -> bool:
    definition = container.definition
    variables = [one["name"] for key in ("environment", "secrets") for one in definition.get(key) or []]
    shell = (definition.get("entryPoint") or [])[:2] == ["/bin/sh", "-c"]
    return not container.essential and shell and any(name.startswith(("FILE_", "SECRET_")) for name in variables)


def _command(container: Container, role: str | None) -> list[str]:
    entry_point, command = (container.definition.get(key) or [] for key in ("entryPoint", "command"))
    if not entry_point and role:
        start = STARTS[role]
        return [*start[:1], *(command or start[1:])]
    return [*entry_point, *command]


def _user(container: Container) -> tuple[int | None, int | None]:
    """User and group; None where only the image knows them."""
    user, _, group = (container.definition.get("user") or "").partition(":")
    uid = int(user) if user.isdigit() else USERS.get(user)
    return uid, int(group) if group.isdigit() else uid


# ---- what they see -----------------------------------------------------------------------------------------------


def root_folder(account) -> Path:
    """Where everything of the account's tasks and file systems lies on this machine."""
    return account.state("cloud_exchange.folder", lambda: Path(tempfile.mkdtemp(prefix="cloud-exchange-")))


def enter(account, task: Task, shared: Shared, container: Container, name: str = "") -> Running:
    """With a root folder of that name, else of the container's."""
    definition = container.definition
    environment = {one["name"]: one["value"] for one in definition.get("environment") or []}
    for one in definition.get("secrets") or []:
        environment[one["name"]] = secret_value(account, task.region, one["valueFrom"]) or ""
    mounts = {}
    for mount in definition["mountPoints"]:
        volume = _volume(account, task, shared, mount["sourceVolume"])
        mounts[mount["containerPath"].rstrip("/")] = volume, bool(mount.get("readOnly"))
    user = _user(container)
    folders = {path: volume.folder for path, (volume, _) in mounts.items()}
    root = Root(shared.folder / (name or container.name), folders, user[0] == 0)
    return Running(container, environment, user, mounts, root)


def _volume(account, task: Task, shared: Shared, name: str) -> Volume:
    """A task volume is empty and root's when the task starts; an access point keeps what it has."""
    found = next(v for v in task.definition.body["volumes"] if v["name"] == name)
    config = found.get("efsVolumeConfiguration")
    if not config:
        if name not in shared.volumes:
            shared.volumes[name] = Volume.make(shared.folder / "volumes" / name)
        return shared.volumes[name]
    system = config["fileSystemId"]
    wanted = (config.get("authorizationConfig") or {}).get("accessPointId")
    point = efs.region_of(account, task.region).access_points.get(wanted)
    root = (point or {}).get("RootDirectory") or {}
    path = root.get("Path") or config.get("rootDirectory") or "/"
    kept = account.state("cloud_exchange.file_systems", dict)
    if (system, path) not in kept:
        info = root.get("CreationInfo") or {}
        owner = int(info.get("OwnerUid", 0)), int(info.get("OwnerGid", 0))
        folder = root_folder(account) / system / path.strip("/").replace("/", "+")
        if copy := account.state("cloud_exchange.restored", dict).get(system, {}).get(path):
            shutil.copytree(copy, folder, symlinks=True)
        kept[system, path] = Volume.make(folder, owner, int(str(info.get("Permissions", "0755")), 8))
    user = (point or {}).get("PosixUser")
    kept[system, path].enforced = (int(user["Uid"]), int(user["Gid"])) if user else None
    return kept[system, path]


def _files(running: Running) -> Files:
    """As the container sees them. What belongs to the image is its user's."""
    own = Volume(running.root.folder, running.owner)
    entries: dict[str, File] = {f"/{path}": one for path, one in own.entries().items() if one.content is not None}
    if running.user[0] not in (None, 0):
        entries[ui.HOSTS] = File(b"127.0.0.1 localhost\n", mode=0o644)
    for mount, (volume, _) in running.mounts.items():
        entries |= {f"{mount}/{path}".rstrip("/"): one for path, one in volume.entries().items()}
    return Files(entries, *running.user)


# ---- what they do ------------------------------------------------------------------------------------------------


def _run(running: Running, command: list[str]) -> tuple[Run, Problem | None]:
    before = {path: (volume.state(), volume.entries()) for path, (volume, _) in running.mounts.items()}
    run = running.root.run(command, running.environment)
    problems = []
    for path, (volume, read_only) in running.mounts.items():
        inodes = {inode for inode, _, _ in volume.state().values()} | {volume.folder.stat().st_ino}
        for inode, owner in run.owners:
            if inode in inodes and volume.enforced and volume.enforced != owner:
                problems.append(f"chown: changing ownership in '{path}': Operation not permitted")
            elif inode in inodes:
                volume.owners[inode] = owner
        volume.take(running.owner)
        if words := volume.refused(*before[path], running.user, read_only):
            problems.append(f"{path}/{words}")
    if run.exit_code is None:
        problems.append("the entry point does not end")
    if not run.calls and run.exit_code:
        problems.append(f"the entry point has failed with exit code {run.exit_code}")
    return run, Problem(tuple(problems)) if problems else None


def _judge(account, shared: Shared, running: Running, role: str, run: Run) -> Problem | None:
    call = _started(role, run)
    if call is None:
        return Problem((f"the entry point has ended without {STARTS[role][-1]}",))
    files, now = _files(running), account.clock.now()
    context = files, call.environment, call.arguments, now
    if role == "ui":
        return ui.judge(*context)
    if role == "core":
        names = ui.names_of(files) | {"localhost"}
        return core.judge(*context, shared.servers.get("mongodb"), shared.servers.get("rabbitmq"), names)
    data, _ = running.mounts.get(DATA[role], (Volume(running.root.folder), False))
    if role == "rabbitmq":
        if problem := rabbitmq.judge(*context):
            return problem
        if server := rabbitmq.server(files, call.environment):
            # The user is made at the first start, on an empty data directory.
            users = data.facts.setdefault("users", server.users)
            shared.servers[role] = Server(server.port, server.certificate, users=users)
        return None
    if problem := mongodb.judge(*context):
        return problem
    if "users" not in data.facts:
        users, problem = _initialise(running, files, call)
        if problem:
            return problem
        data.facts["users"] = users
    shared.servers[role] = mongodb.server(files, call.arguments, data.facts["users"])
    return None


def _started(role: str, run: Run) -> Call | None:
    """How the role's program was called in the end; its arguments begin with its own name."""
    for call in reversed(run.calls):
        name, *rest = call.arguments
        if name == "docker-entrypoint.sh" and role in DATA:
            return Call(rest, call.environment)
        if name == STARTS[role][-1].rsplit("/", 1)[-1]:
            return call
    return None


def _initialise(running: Running, files: Files, call: Call) -> tuple[dict[str, str], Problem | None]:
    """MongoDB's first start: runs the scripts of the image's folder for that, with a stand-in for its shell."""
    scripts, commands = [], []
    for path in files.within(mongodb.INITIALISATION):
        entry = files.stat(path)
        if not path.endswith((".sh", ".js")) or not entry.grants(files.uid, files.gid, 4):
            continue
        scripts.append(path)
        if path.endswith(".js"):
            commands.append((entry.content or b"").decode(errors="replace"))
            continue
        run = running.root.run(["/bin/bash", "-c", f". {path}"], call.environment)
        commands += run.mongodb_commands
        if run.exit_code:
            return {}, Problem((*run.output, f"{path}: exit code {run.exit_code}"))
    return mongodb.users_of(call.environment, commands), mongodb.initialisation(call.environment, scripts, commands)


# ---- what a test may see -----------------------------------------------------------------------------------------


def _note(account, task: Task, running: Running, role: str | None, run: Run, problem: Problem | None) -> None:
    entries = {
        f"{mount}/{path}": f"{one.uid}:{one.gid} {one.mode:04o}"
        for mount, (volume, _) in running.mounts.items()
        for path, one in volume.entries().items()
        if one.content is not None
    }
    call = run.calls[-1] if run.calls else None
    account.state("cloud_exchange.runs", list).append(
        {
            "task": task.arn,
            "container": running.container.name,
            "role": role,
            "exit_code": run.exit_code,
            "arguments": call.arguments if call else None,
            "variables": sorted(call.environment if call else running.environment),
            "files": entries,
            "problem": list(problem.lines) if problem else None,
        }
    )


@route("cloud-exchange")
def _listing(account, request) -> list:
    return account.state("cloud_exchange.runs", list)
