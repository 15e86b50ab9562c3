"""The containers of a task: start order, health checks, exits, stopping. All of it events in the account's queue.

Source: ECS API reference (ContainerDependency, HealthCheck, ContainerDefinition startTimeout and stopTimeout) and
developer guide, "Amazon ECS container dependencies": the order is reversed when the task stops.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Callable

from localstack_fargate.services import efs_content
from localstack_fargate.services.ecs import history, logs, one_shot
from localstack_fargate.services.ecs.images import start_lines
from localstack_fargate.services.ecs.model import Container, Task, digits

READY_AFTER = 3.0
"""Seconds until a healthy container answers."""

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"

ON_START: list[Callable] = []
"""fn(account, task, container) -> lines it writes; called when a container starts, and may change its behaviour."""


@dataclass
class Listener:
    """What the containers report to the life of their task; each is fn(account, task), `fail` also with stop code and
    reason."""

    all_started: Callable
    changed: Callable
    fail: Callable
    all_stopped: Callable


_listener: Listener


def report_to(listener: Listener) -> None:
    global _listener
    _listener = listener


def advance(account, task: Task) -> None:
    """Starts every container whose dependencies are met, until nothing more can start."""
    progress = True
    while progress and task.desired == "RUNNING":
        progress = False
        for container in task.containers:
            if container.status == "PENDING":
                verdict = _dependencies(task, container)
                if verdict == "met":
                    _start(account, task, container)
                    progress = True
                elif verdict != "wait":
                    container.reason = verdict
                    _listener.fail(account, task, "TaskFailedToStart", "Task failed to start")
                    return
    started = all(c.status != "PENDING" for c in task.containers)
    if started and task.status == "PENDING" and task.desired == "RUNNING":
        _listener.all_started(account, task)


def _dependencies(task: Task, container: Container) -> str:
    """`met`, `wait`, or why it can never be met."""
    for need in container.definition.get("dependsOn") or []:
        target = next(c for c in task.containers if c.name == need["containerName"])
        condition = need["condition"]
        failed = "dependency graph: failed to resolve container ordering dependency"
        text = f"{failed} [{target.name}] for target [{container.name}]"
        if condition == "START":
            met = target.status != "PENDING"
        elif condition == "COMPLETE":
            met = target.status == "STOPPED"
        elif condition == "SUCCESS":
            if target.status == "STOPPED" and target.exit_code != 0:
                return f"{text} as dependency did not exit successfully."
            met = target.status == "STOPPED"
        else:
            if target.status == "STOPPED":
                return f"{text} as dependency exited before it was healthy."
            met = target.was_healthy
        if not met:
            return "wait"
    return "met"


def _start(account, task: Task, container: Container) -> None:
    now = account.clock.now()
    container.status, container.started_at = "RUNNING", now
    container.runtime_id = f"{task.id}-{digits(10)}"
    task.times.setdefault("firstContainer", now)
    efs_content.begin(account, task.arn, task.content, history.mounts(account, task, container))
    written = [line for hook in ON_START for line in hook(account, task, container)]
    logs.write(account, task, container, written + start_lines(container.name, container.behaviour))
    act(account, task, container)
    if timeout := container.definition.get("startTimeout"):
        account.schedule(timeout, lambda a: _give_up(a, task, container))


def _give_up(account, task: Task, container: Container) -> None:
    """The container's startTimeout has passed: whoever still waits for it never starts."""
    for waiting in task.containers:
        if waiting.status != "PENDING" or task.desired != "RUNNING":
            continue
        if any(n["containerName"] == container.name for n in waiting.definition.get("dependsOn") or []):
            if _dependencies(task, waiting) == "wait" and not _is_met_for(waiting, container):
                waiting.reason = (
                    f"dependency graph: container ordering dependency [{container.name}] for target "
                    f"[{waiting.name}] has timed out."
                )
                _listener.fail(account, task, "TaskFailedToStart", "Task failed to start")
                return


def _is_met_for(waiting: Container, container: Container) -> bool:
    """Whether what `waiting` wants of `container` alone has happened."""
    for need in waiting.definition.get("dependsOn") or []:
        if need["containerName"] == container.name and need["condition"] != "START":
            return container.was_healthy if need["condition"] == "HEALTHY" else container.status == "STOPPED"
    return True


def act(account, task: Task, container: Container) -> None:
    """Plans what the container does from now on, by its behaviour; also after the behaviour was changed."""
    for event in container.events:
        event.cancel()
    container.events = []
    behaviour, kind = container.behaviour, container.behaviour.kind

    def later(after_start: float, fn) -> None:
        delay = container.started_at + after_start - account.clock.now()
        container.events.append(account.schedule(delay, fn))

    if kind == "exit":
        code = 1 if behaviour.exit_code is None else behaviour.exit_code
        later(behaviour.delay, lambda a: finish(a, task, container, code))
    elif one_shot.is_one_shot(container) and kind in ("run", "slow"):
        work = account.settings["ecs.one_shot"] if behaviour.after is None and kind == "run" else behaviour.delay
        later(work, lambda a: finish(a, task, container, behaviour.exit_code or 0))
    elif not container.essential and not container.injected:
        work = behaviour.delay if kind in ("run", "slow") else READY_AFTER
        later(work, lambda a: finish(a, task, container, behaviour.exit_code or 0))
    elif kind == "unhealthy":
        serve(account, task, container, False)
    else:
        later(behaviour.delay if kind == "slow" else READY_AFTER, lambda a: serve(a, task, container, True))
        if kind == "healthy-then-dies":
            if behaviour.exit_code is None:
                later(behaviour.delay, lambda a: serve(a, task, container, False))
            else:
                later(behaviour.delay, lambda a: finish(a, task, container, behaviour.exit_code))
        elif kind == "out-of-memory":
            later(behaviour.delay, lambda a: finish(a, task, container, 137, OUT_OF_MEMORY))
    if not container.serving:
        _plan_health(account, task, container)


def serve(account, task: Task, container: Container, serving: bool) -> None:
    """The container begins or ceases to answer."""
    container.serving = serving
    _plan_health(account, task, container)


def _plan_health(account, task: Task, container: Container) -> None:
    """Schedules the health check that will change the container's health, if any will."""
    check = container.definition.get("healthCheck")
    if container.health_event:
        container.health_event.cancel()
    if not check or container.status != "RUNNING":
        return
    # A web server answers 400 to a request without TLS on its port for TLS, and nothing else to one with it.
    asked = re.search("https?(?=://)", " ".join(check["command"]))
    answers = container.answers_to(asked[0]) if asked else container.serving
    target = "HEALTHY" if answers else "UNHEALTHY"
    if container.health == target:
        return
    interval, now = check["interval"], account.clock.now()
    since = now
    if not answers and not container.was_healthy:
        since = max(now, container.started_at + (check.get("startPeriod") or 0))
    checks = max(1, math.ceil((since - container.started_at) / interval))
    if not answers:
        checks += check["retries"] - 1
    due = container.started_at + checks * interval
    container.health_event = account.schedule(due - now, lambda a: _set_health(a, task, container, target))


def _set_health(account, task: Task, container: Container, health: str) -> None:
    if container.status != "RUNNING":
        return
    container.health = health
    container.was_healthy = container.was_healthy or health == "HEALTHY"
    _listener.changed(account, task)
    advance(account, task)


def finish(account, task: Task, container: Container, code: int, reason: str | None = None) -> None:
    """The container's process ends."""
    if container.status != "RUNNING":
        return
    if not code and one_shot.is_one_shot(container) and not container.signalled:
        if failure := one_shot.effect(account, task, container):
            logs.write(account, task, container, [failure])
            code = 1
    _end(account, container, code)
    container.reason = reason
    if code:
        logs.write(account, task, container, [f"Exited with code {code}."])
    if task.desired == "STOPPED":
        stop_next(account, task)
    elif container.essential:
        _listener.fail(account, task, "EssentialContainerExited", "Essential container in task exited")
    else:
        _listener.changed(account, task)
        advance(account, task)


def _end(account, container: Container, code: int | None) -> None:
    container.status, container.exit_code, container.serving = "STOPPED", code, False
    container.stopped_at = account.clock.now()
    for event in container.events:
        event.cancel()
    if container.health_event:
        container.health_event.cancel()


def stop_next(account, task: Task) -> None:
    """Signals every container nobody running depends on; when none is left the task is through with STOPPING."""
    if task.status != "STOPPING":
        return
    running = [c for c in task.containers if c.status == "RUNNING"]
    if not running:
        for container in task.containers:
            container.status = "STOPPED"
        _listener.all_stopped(account, task)
        return
    needed = {n["containerName"] for c in running for n in c.definition.get("dependsOn") or []}
    for container in running:
        if container.name not in needed and not container.signalled:
            container.signalled = True
            _signal(account, task, container)


def _signal(account, task: Task, container: Container) -> None:
    timeout = container.definition.get("stopTimeout") or 30
    polite = account.settings["ecs.container_stop"]
    if container.behaviour.kind == "ignores-sigterm" or polite > timeout:
        account.schedule(timeout, lambda a: finish(a, task, container, 137))
    else:
        account.schedule(polite, lambda a: finish(a, task, container, 0))
