"""The service scheduler: keeps the desired number of tasks of the PRIMARY deployment, within the deployment's limits.

Source: ECS API reference, DeploymentConfiguration (minimumHealthyPercent, maximumPercent, what counts as healthy),
CreateService (healthCheckGracePeriodSeconds), DeleteService (DRAINING, INACTIVE); developer guide, "Amazon ECS
services" (replacement of unhealthy tasks).

A task counts against maximumPercent until it is STOPPING: so a replacement starts while the old task is still
stopping, whatever the percentages. That is what makes "0/100" no protection against two writers.
"""

from __future__ import annotations

import math

from localstack_fargate.middleware import CommonServiceException
from localstack_fargate.services.ecs import deployments, launching, lifecycle, model, targets
from localstack_fargate.services.ecs.model import Service, Task

ENDED = ("STOPPING", "DEPROVISIONING", "STOPPED")


def wake(account, service: Service, delay: float | None = None) -> None:
    """The scheduler will look at the service soon."""
    delay = account.settings["ecs.scheduler"] if delay is None else delay
    due = account.clock.now() + delay
    if service.waking and not service.waking.cancelled and service.waking.due <= due:
        return
    if service.waking:
        service.waking.cancel()
    service.waking = account.schedule(delay, lambda a: _woken(a, service))


def _woken(account, service: Service) -> None:
    service.waking = None
    reconcile(account, service)


def on_task_change(account, task: Task) -> None:
    service = task.service
    if service is None or service.status == "INACTIVE":
        return
    failed = task.desired == "STOPPED" and not task.failure_noted
    if failed:
        task.failure_noted = True
        if not task.ready_seen and _is_failure(task):
            deployments.note_failure(account, service, task.deployment)
    wake(account, service)


def _is_failure(task: Task) -> bool:
    if task.stop_code in ("TaskFailedToStart", "EssentialContainerExited"):
        return True
    return task.stop_code == "ServiceSchedulerInitiated" and "health checks" in (task.stopped_reason or "")


lifecycle.ON_CHANGE.append(on_task_change)


def is_ready(account, task: Task) -> bool:
    """Counts towards minimumHealthyPercent."""
    if task.status != "RUNNING" or task.desired != "RUNNING":
        return False
    if task.has_health_check and task.health != "HEALTHY":
        return False
    if task.targets:
        return all(state == "healthy" for _, state in targets.states(account, task))
    if task.has_health_check:
        return True
    return account.clock.now() - task.times["startedAt"] >= account.settings["ecs.no_check_wait"]


def sickness(account, service: Service, task: Task) -> str | None:
    """Why the scheduler would replace the task, once its grace period is over."""
    if task.status != "RUNNING" or account.clock.now() < task.times["startedAt"] + service.grace:
        return None
    if task.has_health_check and task.health == "UNHEALTHY":
        return "Task failed container health checks"
    for group, state in targets.states(account, task):
        if state == "unhealthy":
            return f"Task failed ELB health checks in (target-group {group})"
    return None


def reconcile(account, service: Service) -> None:
    if service.status == "INACTIVE":
        return
    tasks = model.tasks_of(account, service)
    if service.status == "DRAINING":
        _drain(account, service, tasks)
        return
    primary = service.primary
    primary.desired = service.desired if primary.rollout != "FAILED" else primary.desired
    wanted = [t for t in tasks if t.desired == "RUNNING"]
    reasons = {t.arn: sickness(account, service, t) for t in wanted}
    current = [t for t in wanted if t.deployment is primary and not reasons[t.arn]]
    sick = [t for t in wanted if t.deployment is primary and reasons[t.arn]]
    old = [t for t in wanted if t.deployment is not primary]
    ready = [t for t in wanted if not reasons[t.arn] and is_ready(account, t)]
    for task in ready:
        task.ready_seen = True
        if task.deployment is primary:
            primary.verified, primary.failed, service.failures = True, 0, 0
    live = [t for t in tasks if t.status not in ENDED]

    _scale_in(account, service, current)
    minimum, maximum = limits(service)
    missing = service.desired - len(current)
    room = maximum - len(live)
    if primary.rollout != "FAILED" and missing > 0:
        if account.clock.now() >= service.not_before:
            _launch(account, service, min(missing, room))
        else:
            wake(account, service, service.not_before - account.clock.now())
    _stop_old(account, service, old, ready, minimum)
    _stop_sick(account, service, sick, reasons, room, [t for t in ready if t.deployment is primary])
    _conclude(account, service, tasks, current, ready)
    service.deployments = [
        d
        for d in service.deployments
        if d.status == "PRIMARY" or any(t.deployment is d and t.status != "STOPPED" for t in tasks)
    ]
    _look_again(account, service, wanted)


def limits(service: Service) -> tuple[int, int]:
    """Fewest healthy and most not yet stopping tasks."""
    configuration, desired = service.configuration, service.desired
    minimum = math.ceil(desired * configuration["minimumHealthyPercent"] / 100)
    maximum = desired * configuration["maximumPercent"] // 100
    return minimum, maximum


def _short(tasks: list[Task]) -> str:
    return " ".join(f"(task {t.id})" for t in tasks)


def _launch(account, service: Service, count: int) -> None:
    revision, started = service.primary.revision, []
    for _ in range(count):
        try:
            started.append(_launch_one(account, service, revision))
        except launching.RoleNotAssumable as error:
            deployments.tell(account, service, f"failed to launch a task with (error {error}).")
            service.not_before = account.clock.now() + account.settings["ecs.role_retry"]
            wake(account, service, account.settings["ecs.role_retry"])
            break
        except (launching.QuotaReached, launching.NoCapacity) as error:
            deployments.tell(account, service, f"was unable to place a task. Reason: {error.reason}.")
            deployments.note_failure(account, service, service.primary)
            wake(account, service, service.not_before - account.clock.now())
            break
        except CommonServiceException as error:
            deployments.tell(account, service, f"failed to launch a task with (error {error.message}).")
            deployments.note_failure(account, service, service.primary)
            wake(account, service, service.not_before - account.clock.now())
            break
    if started:
        service.steady = False
        deployments.tell(account, service, f"has started {len(started)} tasks: {_short(started)}.")


def _launch_one(account, service: Service, revision) -> Task:
    propagate = service.options.get("propagateTags")
    source = {"SERVICE": service.tags, "TASK_DEFINITION": revision.definition.tags}.get(propagate, [])
    managed = []
    if service.options.get("enableECSManagedTags"):
        managed = [
            {"key": "aws:ecs:clusterName", "value": service.cluster.name},
            {"key": "aws:ecs:serviceName", "value": service.name},
        ]
    return launching.start(
        account,
        service.region,
        service.cluster,
        revision.definition,
        revision.network,
        group=f"service:{service.name}",
        launch_type=None if revision.strategy else "FARGATE",
        platform_version="1.4.0" if revision.platform_version == "LATEST" else revision.platform_version,
        exec_enabled=bool(service.options.get("enableExecuteCommand")),
        overrides={},
        tags=[dict(t) for t in [*source, *managed]],
        started_by=service.primary.id,
        service=service,
        deployment=service.primary,
        targets=[
            (lb["targetGroupArn"], lb["containerName"], lb["containerPort"])
            for lb in revision.load_balancers
            if lb.get("targetGroupArn")
        ],
    )


def _stop(account, service: Service, tasks: list[Task], reason) -> None:
    if not tasks:
        return
    service.steady = False
    running = [t for t in tasks if t.status == "RUNNING" and t.targets]
    for task in tasks:
        text = reason(task) if callable(reason) else reason
        lifecycle.stop(account, task, "ServiceSchedulerInitiated", text, drain=True)
    deployments.tell(account, service, f"has stopped {len(tasks)} running tasks: {_short(tasks)}.")
    if running:
        deployments.tell(account, service, f"has begun draining connections on {len(running)} tasks.")


def _scale_in(account, service: Service, current: list[Task]) -> None:
    surplus = len(current) - service.desired
    if surplus > 0:
        newest = sorted(current, key=lambda t: t.created_at, reverse=True)[:surplus]
        _stop(account, service, newest, f"Scaling activity initiated by (deployment {service.primary.id})")
        for task in newest:
            current.remove(task)


def _stop_old(account, service: Service, old: list[Task], ready: list[Task], minimum: int) -> None:
    """Tasks of earlier deployments: at once if they do not count as healthy, else down to the minimum."""
    serving = [t for t in old if t in ready]
    still_ready = len([t for t in ready if t.desired == "RUNNING"])
    spare = max(0, still_ready - minimum) if service.desired else len(serving)
    gone = [t for t in old if t not in serving] + serving[:spare]
    _stop(account, service, gone, f"Scaling activity initiated by (deployment {service.primary.id})")


def _stop_sick(account, service: Service, sick: list[Task], reasons: dict, room: int, ready: list[Task]) -> None:
    """Replacement first when maximumPercent has room, else one unhealthy task is stopped to make room."""
    if not sick or room > 0 and len(ready) < service.desired and service.primary.rollout != "FAILED":
        return
    gone = sick if len(ready) >= service.desired else sick[:1]
    for task in gone:
        text = reasons[task.arn]
        if "ELB" in text:
            port = task.targets[0][2]
            group = text.split("target-group ", 1)[1].rstrip(")")
            deployments.tell(
                account,
                service,

                f"(task {task.id}) (port {port}) is unhealthy in (target-group {group}) due to (reason Request timed "
                "out).",
            )
        else:
            deployments.tell(account, service, f"(task {task.id}) failed container health checks.")
    _stop(account, service, gone, lambda task: reasons[task.arn])


def _conclude(account, service: Service, tasks: list[Task], current: list[Task], ready: list[Task]) -> None:
    primary = service.primary
    done = len([t for t in current if t in ready]) >= service.desired
    others = any(t.status != "STOPPED" and t not in current for t in tasks)
    if not done or others:
        return
    if primary.rollout == "IN_PROGRESS":
        deployments.complete(account, service, primary)
    if not service.steady and primary.rollout == "COMPLETED":
        service.steady = True
        deployments.tell(account, service, "has reached a steady state.")


def _look_again(account, service: Service, wanted: list[Task]) -> None:
    """Target health and the end of grace periods are no changes of a task, so somebody has to look."""
    rolling = service.primary.rollout == "IN_PROGRESS"
    if wanted and (rolling or any(t.targets for t in wanted)):
        wake(account, service, account.settings["ecs.poll" if rolling else "ecs.poll_steady"])
    for task in wanted:
        over = task.times.get("startedAt", 0) + service.grace - account.clock.now()
        if task.status == "RUNNING" and over > 0 and not task.grace_watched:
            task.grace_watched = True
            account.schedule(over, lambda a: wake(a, service, 0))


def _drain(account, service: Service, tasks: list[Task]) -> None:
    _stop(
        account,
        service,
        [t for t in tasks if t.desired == "RUNNING"],
        f"Scaling activity initiated by (deployment {service.primary.id})",
    )
    if all(t.status in ENDED for t in tasks):
        account.schedule(account.settings["ecs.service_drain"], lambda a: _retire(a, service))


def _retire(account, service: Service) -> None:
    if service.status != "DRAINING":
        return
    service.status = "INACTIVE"
    account.schedule(account.settings["ecs.inactive_kept"], lambda a: _forget(a, service))


def _forget(account, service: Service) -> None:
    services = model.of(account, service.region).services
    if services.get((service.cluster.name, service.name)) is service:
        del services[service.cluster.name, service.name]
