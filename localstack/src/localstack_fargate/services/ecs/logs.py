"""The awslogs driver: log streams `prefix/container/task id` in CloudWatch Logs."""

from __future__ import annotations

from localstack_fargate.backends import moto_backend
from localstack_fargate.services.ecs.model import Container, Task


def options(definition: dict) -> dict | None:
    """The awslogs options of a container definition, None with another log driver."""
    configuration = definition.get("logConfiguration") or {}
    return configuration.get("options") or {} if configuration.get("logDriver") == "awslogs" else None


def missing_group(account, task: Task) -> str | None:
    """The first log group that a container needs and nobody made (`awslogs-create-group` makes it)."""
    for container in task.containers:
        wanted = options(container.definition)
        if wanted is None:
            continue
        store = moto_backend("logs", account.id, wanted.get("awslogs-region") or task.region)
        name = wanted.get("awslogs-group")
        if name not in store.groups:
            if wanted.get("awslogs-create-group") != "true":
                return name
            store.create_log_group(name, {})
    return None


def stream_of(task: Task, container: Container) -> str:
    prefix = (options(container.definition) or {}).get("awslogs-stream-prefix") or "ecs"
    return f"{prefix}/{container.name}/{task.id}"


def write(account, task: Task, container: Container, lines: list[str]) -> None:
    """Appends lines at the present virtual time. A group deleted meanwhile swallows them, as the driver's retries do.
    """
    wanted = options(container.definition)
    if wanted is None or not lines:
        return
    store = moto_backend("logs", account.id, wanted.get("awslogs-region") or task.region)
    group = store.groups.get(wanted.get("awslogs-group"))
    if group is None:
        return
    name = stream_of(task, container)
    if name not in group.streams:
        group.create_log_stream(name)
    stamp = int(account.clock.now() * 1000)
    group.streams[name].put_log_events([{"timestamp": stamp, "message": line} for line in lines])
