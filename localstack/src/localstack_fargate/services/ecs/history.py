"""Every state of every task, from its first: who could write to which file system, when, and what it found there.

    GET|DELETE /_emulator/<account>/tasks/history

A task may write from PROVISIONING (as far as an onlooker can tell) until STOPPED. `content` is the version of each of
its file systems when its first container that mounts it started (see `localstack_fargate.services.efs_content`).
"""

from __future__ import annotations

from localstack_fargate.services import efs_content
from localstack_fargate.services.ecs.model import Container, Task


def record(account, task: Task) -> None:
    account.state("ecs.history", list).append(
        {
            "task": task.arn,
            "family": task.definition.family,
            "revision": task.definition.revision,
            "group": task.group,
            "service": task.service.arn if task.service else None,
            "deployment": task.deployment.id if task.deployment else None,
            "started_by": task.started_by,
            "state": task.status,
            "desired": task.desired,
            "health": task.health,
            "reason": task.stopped_reason,
            "time": account.clock.now(),
            "file_systems": written_by(account, task),
            "content": dict(task.content),
        }
    )


def mounts(account, task: Task, container: Container) -> list[efs_content.Mount]:
    return list(efs_content.mounts(account, task.region, task.definition.body["volumes"], container.definition))


def written_by(account, task: Task) -> list[str]:
    """The EFS file systems that a container of the task mounts for writing."""
    return sorted({m.file_system for c in task.containers for m in mounts(account, task, c) if m.writes})
