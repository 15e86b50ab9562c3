"""The life of one task, from PROVISIONING to STOPPED.

Source: ECS developer guide, "Amazon ECS task lifecycle" and "Stopped tasks error codes".
"""

from __future__ import annotations

import copy
import random
import uuid
from typing import Callable

from localstack_fargate.services import ec2_interfaces, guardduty
from localstack_fargate.services.ecs import (
    containers,
    history,
    images,
    initialising,
    inject,
    model,
    mounts,
    one_shot,
    targets,
)
from localstack_fargate.services.ecs.model import Cluster, Container, Definition, Task

ON_CHANGE: list[Callable] = []
"""fn(account, task), after each change of a task. The service scheduler and plugins listen."""


def launch(account, region: str, cluster: Cluster, definition: Definition, network: dict | None, **facts) -> Task:
    """Makes the task and its network interface and sets it going. Raises EC2's errors for the network."""
    task_id = model.hex_id()
    vpc_network = (network or {}).get("awsvpcConfiguration") or {}
    attachment_id = str(uuid.uuid4())
    eni = zone = subnet_id = None
    if definition.body.get("networkMode") == "awsvpc":
        subnet_id = initialising.choose_subnet(account, region, vpc_network["subnets"])
        eni = ec2_interfaces.create(
            account,
            region,
            subnet_id,
            description=model.make_arn(account, region, f"attachment/{attachment_id}"),
            groups=vpc_network.get("securityGroups") or [],
            requester="578734482556",
            owner="578734482556",
        )
        eni.mac_address = "02:" + ":".join(f"{random.randrange(256):02x}" for _ in range(5))
        zone = eni.subnet.availability_zone
    resource = f"{cluster.name}/{task_id}"
    task = Task(
        id=task_id,
        arn=model.make_arn(account, region, f"task/{resource}"),
        region=region,
        cluster=cluster,
        definition=definition,
        containers=[
            Container(
                copy.deepcopy(c),
                model.make_arn(account, region, f"container/{resource}/{uuid.uuid4()}"),
                images.behaviour_of(account, images.names(account, c), c["name"]),
            )
            for c in definition.body["containerDefinitions"]
        ]
        + inject.containers(account, region, resource),
        created_at=account.clock.now(),
        subnet_id=subnet_id,
        zone=zone,
        eni=eni,
        attachment_id=attachment_id,
        public_ip=vpc_network.get("assignPublicIp") == "ENABLED",
        **facts,
    )
    model.of(account, region).tasks[task.arn] = task
    history.record(account, task)
    one_shot.note(account, task)
    account.schedule(account.settings["ecs.provisioning"], lambda a: _provisioned(a, task))
    return task


def changed(account, task: Task) -> None:
    task.version += 1
    for listener in ON_CHANGE:
        listener(account, task)


def move(account, task: Task, status: str) -> None:
    task.status = status
    history.record(account, task)
    changed(account, task)


def _provisioned(account, task: Task) -> None:
    task.attached = "ATTACHED"
    guardduty.task_started(account, task.region, task.subnet_id)
    if task.desired == "STOPPED":
        return
    task.times["connectivityAt"] = account.clock.now()
    move(account, task, "PENDING")
    account.schedule(account.settings["ecs.initialising"], lambda a: _initialise(a, task))


def _initialise(account, task: Task) -> None:
    if task.desired == "STOPPED":
        return
    if problem := initialising.problem(account, task):
        account.schedule(problem.delay, lambda a: stop(a, task, "TaskFailedToStart", problem.reason))
        return
    task.times["pullStartedAt"] = account.clock.now()
    account.schedule(account.settings["ecs.pull"], lambda a: _pulled(a, task))


def _pulled(account, task: Task) -> None:
    if task.desired == "STOPPED":
        return
    task.times["pullStoppedAt"] = account.clock.now()
    for container in task.containers:
        if reason := initialising.pull_failure(account, task, container):
            container.reason = reason
            if container.injected:
                container.status = "STOPPED"
                continue
            stop(account, task, "TaskFailedToStart", reason)
            return
        container.digest = images.digest_of(account, container.definition["image"])
        if reason := mounts.cannot_be_made(container):
            container.reason = reason
            stop(account, task, "TaskFailedToStart", reason)
            return
        if mounts.is_refused_writing(account, task, container):
            container.behaviour = images.Behaviour("exit", 100, 2, ("Read-only file system",))
    containers.advance(account, task)


def _activate(account, task: Task) -> None:
    """All containers have started."""
    move(account, task, "ACTIVATING")
    account.schedule(account.settings["ecs.activating"], lambda a: _run(a, task))


def _run(account, task: Task) -> None:
    if task.desired == "STOPPED":
        return
    task.times["startedAt"] = account.clock.now()
    targets.register(account, task)
    move(account, task, "RUNNING")


def stop(account, task: Task, code: str, reason: str, drain: bool = False) -> None:
    """Sets the desired status to STOPPED. With `drain`, connections are drained before the containers are signalled."""
    if task.desired == "STOPPED":
        return
    was = task.status
    task.desired, task.stop_code, task.stopped_reason = "STOPPED", code, reason
    if was == "RUNNING":
        targets.deregister(account, task)
        move(account, task, "DEACTIVATING")
        account.schedule(account.settings["ecs.deactivating"], lambda a: _drain(a, task, drain))
    else:
        _stopping(account, task)


def _drain(account, task: Task, drain: bool) -> None:
    if drain and targets.draining(account, task):
        account.schedule(1, lambda a: _drain(a, task, drain))
    else:
        _stopping(account, task)


def _stopping(account, task: Task) -> None:
    task.times["stoppingAt"] = account.clock.now()
    move(account, task, "STOPPING")
    containers.stop_next(account, task)


def _containers_stopped(account, task: Task) -> None:
    task.times["executionStoppedAt"] = account.clock.now()
    move(account, task, "DEPROVISIONING")
    account.schedule(account.settings["ecs.deprovisioning"], lambda a: _stopped(a, task))


def _stopped(account, task: Task) -> None:
    task.times["stoppedAt"] = account.clock.now()
    task.attached = "DELETED"
    move(account, task, "STOPPED")
    account.schedule(account.settings["ecs.eni_release"], lambda a: _release(a, task))
    account.schedule(account.settings["ecs.stopped_kept"], lambda a: _forget(a, task))


def _release(account, task: Task) -> None:
    if task.eni:
        ec2_interfaces.release(account, task.region, task.eni.id)


def _forget(account, task: Task) -> None:
    model.of(account, task.region).tasks.pop(task.arn, None)


def behaviours_changed(account) -> None:
    """Images behave differently from now on: running containers too."""
    for state in model.everywhere(account):
        for task in list(state.tasks.values()):
            for container in [c for c in task.containers if not c.injected and not c.flawed]:
                now = images.behaviour_of(account, images.names(account, container.definition), container.name)
                if now == container.behaviour:
                    continue
                container.behaviour = now
                if container.status == "RUNNING" and task.desired == "RUNNING":
                    if now.kind == "unhealthy":
                        container.serving = False
                    containers.act(account, task, container)


containers.report_to(containers.Listener(_activate, changed, stop, _containers_stopped))
