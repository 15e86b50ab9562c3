"""The least time in which AWS lets the stack of `plans/new-vpc.toml` be created and deleted, in AWS seconds.

Written by hand from what AWS makes wait for what, with the emulator's settings for how long each takes; nothing here
comes from the program under test, and its own estimates are not asked. Calls take no time. What a task does between its
start and its deployment's completion follows from its task definition and from the emulator's rules for containers
(`services/ecs/containers.py`), load balancer targets and the service scheduler.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

ANSWERS_AFTER = 3
"""Seconds after its start until a container answers, or has done its work if it is not essential: `READY_AFTER`."""

LONGEST_PROPAGATION = 15
"""Of a role, where `iam.propagation` is None: the emulator takes 8 to 15 s, by account and name."""


@dataclass
class Step:
    name: str
    needs: tuple[str, ...]
    seconds: float
    why: str


@dataclass
class Path:
    seconds: float
    steps: list[str]
    """Those that nothing could shorten, in order, each with its end."""


def of_apply(settings: dict, task_definition: dict, check_interval: float) -> Path:
    """`check_interval`: of the target group's health checks."""
    roles = settings["iam.propagation"]
    before = [
        Step("NAT gateway", (), settings["nat.available"], "nat.available"),
        Step("file system", (), settings["efs.available"], "efs.available"),
        Step("mount target", ("file system",), settings["efs.mount_target_available"], "efs.mount_target_available"),
        Step("access point", ("file system",), settings["efs.access_point_available"], "efs.access_point_available"),
        Step("role", (), LONGEST_PROPAGATION if roles is None else roles, "iam.propagation"),
        Step("load balancer", (), settings["elb.active"], "elb.active"),
        # A task that begins earlier finds no way to the registry or no file system, and fails.
        Step("service", ("NAT gateway", "mount target", "access point", "role"), 0, "no failed task"),
    ]
    ends = _ends(before)
    completed, words = _deployment(settings, task_definition, check_interval, ends["load balancer"] - ends["service"])
    steps = [*before, Step("deployment", ("service",), completed, words)]
    return _longest(steps)


def of_destroy(settings: dict, task_definition: dict) -> Path:
    levels = _stop_levels(task_definition["containerDefinitions"])
    stop = (
        settings["ecs.scheduler"] + settings["ecs.deactivating"] + levels * settings["ecs.container_stop"]
        + settings["ecs.deprovisioning"]
    )  # fmt: skip
    words = f"ecs.scheduler, .deactivating, {levels} × .container_stop, .deprovisioning"
    return _longest([
        # The listener goes first, so no connections are drained.
        Step("task stopped", (), stop, words),
        Step("task's interface", ("task stopped",), settings["ecs.eni_release"], "ecs.eni_release"),
        Step("service", ("task stopped",), settings["ecs.service_drain"], "ecs.service_drain"),
        Step("NAT gateways", (), settings["nat.deleted"], "nat.deleted"),
        Step("load balancer's interfaces", (), settings["elb.interfaces_linger"], "elb.interfaces_linger"),
        # Not while a task may write: a rule of ours, not of AWS.
        Step("mount targets", ("task stopped",), settings["efs.mount_target_deleted"], "efs.mount_target_deleted"),
        Step("access points", ("task stopped",), settings["efs.access_point_deleted"], "efs.access_point_deleted"),
        Step("file system", ("mount targets", "access points"), settings["efs.deleted"], "efs.deleted"),
        Step("VPC", ("NAT gateways", "load balancer's interfaces", "mount targets", "task's interface"), 0, ""),
        Step("everything", ("VPC", "service", "file system"), 0, ""),
    ])  # fmt: skip


def _ends(steps: list[Step]) -> dict[str, float]:
    ends: dict[str, float] = {}
    for step in steps:
        ends[step.name] = max((ends[need] for need in step.needs), default=0) + step.seconds
    return ends


def _longest(steps: list[Step]) -> Path:
    ends, by_name = _ends(steps), {step.name: step for step in steps}
    step, path = by_name[max(ends, key=lambda name: ends[name])], []
    while True:
        if step.seconds:
            path.append(f"{step.name} at {ends[step.name]:g} s ({step.why})")
        if not step.needs:
            return Path(max(ends.values()), path[::-1])
        step = by_name[max(step.needs, key=lambda name: ends[name])]


def _deployment(settings: dict, definition: dict, check_interval: float, active: float) -> tuple[float, str]:
    """Seconds from CreateService until the deployment is COMPLETED, and what they consist of.

    `active`: when the load balancer becomes active, from the same moment.
    """
    provisioned = settings["ecs.scheduler"] + settings["ecs.provisioning"]
    pulled = provisioned + settings["ecs.initialising"] + settings["ecs.pull"]
    started, done = _containers(definition["containerDefinitions"], pulled)
    activating = max(started.values())
    running = activating + settings["ecs.activating"]
    healthy = max(done[one["name"]] for one in definition["containerDefinitions"] if one.get("healthCheck"))
    checked = max(running, active) + settings["elb.registration"]
    while checked < started["ui"] + ANSWERS_AFTER:
        checked += check_interval
    ready = max(healthy, running, checked)
    changes = sorted([provisioned, activating, running, *done.values()])
    completed = _scheduler_look(settings, changes, ready)
    words = (
        f"task begins at {settings['ecs.scheduler']:g}, images pulled {pulled:g}, running {running:g}, healthy "
        f"{healthy:g}, target healthy {checked:g}, seen by the scheduler {completed:g}"
    )
    return completed, words


def _containers(containers: list[dict], begin: float) -> tuple[dict[str, float], dict[str, float]]:
    """When each starts, and when it is healthy or has done its work."""
    started: dict[str, float] = {}
    done: dict[str, float] = {}
    while len(started) < len(containers):
        for one in containers:
            needs = one.get("dependsOn") or []
            if one["name"] in started or any(need["containerName"] not in started for need in needs):
                continue
            ends = [(started if need["condition"] == "START" else done)[need["containerName"]] for need in needs]
            started[one["name"]] = max(ends, default=begin)
            takes = ANSWERS_AFTER
            if check := one.get("healthCheck"):
                takes = max(1, math.ceil(ANSWERS_AFTER / check["interval"])) * check["interval"]
            done[one["name"]] = started[one["name"]] + takes
    return started, done


def _scheduler_look(settings: dict, changes: list[float], ready: float) -> float:
    """When the service scheduler first looks at or after `ready`: `ecs.scheduler` after each change of the task, and
    every `ecs.poll` while a deployment goes on."""
    look = settings["ecs.scheduler"] + settings["ecs.poll"]
    for change in [*changes, math.inf]:
        while look <= change:
            if look >= ready:
                return look
            look += settings["ecs.poll"]
        look = min(look, change + settings["ecs.scheduler"])
    raise AssertionError("it looks again and again")


def _stop_levels(containers: list[dict]) -> int:
    """Containers stop after all that depend on them."""
    users: dict[str, list[str]] = {one["name"]: [] for one in containers if one.get("essential", True)}
    for one in containers:
        for need in one.get("dependsOn") or []:
            if one["name"] in users and need["containerName"] in users:
                users[need["containerName"]].append(one["name"])

    def level(name: str) -> int:
        return 1 + max((level(user) for user in users[name]), default=0)

    return max(level(name) for name in users)
