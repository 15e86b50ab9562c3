"""Containers that others put into each new Fargate task, beside those of its task definition.

The setting `ecs.inject` is a list of `{"name", "behaviour", "image"}`; every task started from then on, of a service
or by RunTask, gets them, the name followed by a hyphen and six characters of its own. DescribeTasks shows them and
DescribeTaskDefinition does not; none is essential, and none has the agent of ECS Exec.

    run          runs until the task stops; where the image is in ECR and the execution role may not pull it: as below
    cannot-pull  is STOPPED with CannotPullContainerError and no exit code, and the task runs on
    exit         exits with 1 a few seconds after its start
    unhealthy    runs, and its own health check fails

Source: GuardDuty user guide, "How Runtime Monitoring works with Fargate (Amazon ECS only)" (a sidecar that cannot start
does not keep the task from running) and "Prerequisites for AWS Fargate (Amazon ECS only) support" (the execution role
pulls it); aws/aws-cdk#32877 (how a stopped task shows it); aws-containers/amazon-ecs-exec-checker#83 (no managed
agents).
"""

from __future__ import annotations

import random
import string
import uuid
from typing import Any

from localstack_fargate.account import setting
from localstack_fargate.services.ecs import images, model
from localstack_fargate.services.ecs.model import Container

BEHAVIOURS = {"run": "run", "cannot-pull": "denied", "exit": "exit", "unhealthy": "unhealthy"}

IMAGE = "593207742271.dkr.ecr.us-east-1.amazonaws.com/aws-guardduty-agent-fargate:v1.5.0-Fg_x86_64"
"""GuardDuty's in us-east-1 (GuardDuty user guide, "ECR Repository for GuardDuty agent on AWS Fargate")."""

CHECK = {"command": ["CMD-SHELL", "true"], "interval": 5, "timeout": 2, "retries": 2, "startPeriod": 0}


def _check(wanted: Any) -> None:
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise ValueError("ecs.inject is a list of objects")
    for one in wanted:
        if unknown := set(one) - {"name", "behaviour", "image"}:
            raise ValueError(f"ecs.inject: unknown: {', '.join(sorted(unknown))}")
        if not one.get("name"):
            raise ValueError("ecs.inject: each has a name")
        if one.get("behaviour", "run") not in BEHAVIOURS:
            raise ValueError(f"ecs.inject: behaviour {one['behaviour']!r} is none of {', '.join(BEHAVIOURS)}")


setting("ecs.inject", [], _check)


def containers(account, region: str, resource: str) -> list[Container]:
    """What a new task gets; `resource` is `<cluster>/<task id>`."""
    return [_container(account, region, resource, one) for one in account.settings["ecs.inject"]]


def _container(account, region: str, resource: str, wanted: dict) -> Container:
    kind = BEHAVIOURS[wanted.get("behaviour", "run")]
    suffix = "".join(random.choices(string.ascii_letters + string.digits, k=6))
    definition = {
        "name": f"{wanted['name']}-{suffix}",
        "image": wanted.get("image") or IMAGE,
        "essential": False,
        "portMappings": [],
        "mountPoints": [],
        "volumesFrom": [],
        "environment": [],
    }
    if kind == "unhealthy":
        definition["healthCheck"] = CHECK
    arn = model.make_arn(account, region, f"container/{resource}/{uuid.uuid4()}")
    return Container(definition, arn, images.Behaviour(kind), injected=True)
