"""One-shot tasks: an essential container with a name in `NAMES` does its work and exits 0, after the setting
`ecs.one_shot`.

    GET /_emulator/<account>/one-shot-tasks  each task with such a container, in order of their start

Any other behaviour is given over `/_emulator/<account>/images`, as `*#<name>`: `exit` with another code, `slow`,
`unhealthy` (it never ends), `missing`. A step that speaks of `aws-backup-restore_` in its command or environment and
mounts a file system by its root moves what was restored there to the root. Only root may: EFS user guide, "Working with
users, groups, and permissions at the NFS level" (a new root directory is root's) and "Using IAM to control file system
data access" (root is nobody without elasticfilesystem:ClientRootAccess).
"""

from __future__ import annotations

from localstack_fargate.control import route
from localstack_fargate.services import efs_content
from localstack_fargate.services.ecs import history, mounts
from localstack_fargate.services.ecs.model import Container, Task

NAMES = {"one-shot"}
"""Plugins add theirs."""


def is_one_shot(container: Container) -> bool:
    return container.name in NAMES


def effect(account, task: Task, container: Container) -> str | None:
    """What a step that is about to exit 0 has done; why it has not, if it could not."""
    if efs_content.PREFIX not in str(_run(task, container)):
        return None
    mounted = history.mounts(account, task, container)
    if any(m.writes and not m.path and not _is_root(account, task, m) for m in mounted):
        return "mv: cannot move: Permission denied"
    efs_content.move_to_root(account, mounted)
    return None


def _is_root(account, task: Task, mount: efs_content.Mount) -> bool:
    if mount.posix_user not in (None, 0):
        return False
    return mounts.may_as_root(account, task, mount.file_system, mount.access_point)


def _run(task: Task, container: Container) -> dict:
    """Entry point, command and environment, as the overrides of the task leave them."""
    listed = task.overrides.get("containerOverrides") or []
    over = next((o for o in listed if o.get("name") == container.name), {})
    pairs = [*(container.definition.get("environment") or []), *(over.get("environment") or [])]
    return {
        "entry_point": container.definition.get("entryPoint"),
        "command": over.get("command") or container.definition.get("command"),
        "environment": {pair["name"]: pair["value"] for pair in pairs},
    }


def note(account, task: Task) -> None:
    """Keeps the task for the listing, if it is one: ECS forgets stopped tasks."""
    if any(map(is_one_shot, task.containers)):
        account.state("ecs.one_shot_tasks", list).append(task)


@route("one-shot-tasks")
def _listing(account, request) -> list:
    return [
        {
            "task": task.arn,
            "family": task.definition.family,
            "started_by": task.started_by,
            "image": container.definition["image"],
            **_run(task, container),
            "exit_code": container.exit_code,
            "started_at": container.started_at,
            "stopped_at": container.stopped_at,
            "state": task.status,
            "reason": task.stopped_reason,
            "file_systems": history.written_by(account, task),
            "content": task.content,
        }
        for task in account.state("ecs.one_shot_tasks", list)
        for container in task.containers
        if is_one_shot(container)
    ]
