"""What a Fargate task needs before its containers start: a way out, secrets, mounts, log groups, images.

Source: ECS developer guide, "Stopped tasks error codes", "ResourceInitializationError", "CannotPullContainer errors";
the wording follows the messages quoted in the AWS knowledge centre.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from moto.utilities.utils import get_partition

from localstack_fargate.backends import moto_backend
from localstack_fargate.services.ecs import images, logs, model, mounts, permissions, routes
from localstack_fargate.services.ecs.model import Container, Task
from localstack_fargate.services.ecs.normalise import ECR_IMAGE

PULL = "ResourceInitializationError: unable to pull secrets or registry auth"


@dataclass(frozen=True)
class Problem:
    reason: str
    delay: float
    """AWS seconds until the task gives up."""


def choose_subnet(account, region: str, subnets: list[str]) -> str:
    """Subnets in turn; with availability-zone rebalancing off, AWS gives no better promise."""
    turn = account.state(f"ecs.turn/{region}", lambda: [0])
    turn[0] += 1
    return subnets[(turn[0] - 1) % len(subnets)]


def problem(account, task: Task) -> Problem | None:
    """The first thing that keeps the task from initialising."""
    settings = account.settings
    if task.subnet_id and settings["ecs.check_routes"] and not routes.way_out(account, task):
        return Problem(_no_route(task), settings["ecs.network_timeout"])
    role = task.definition.body.get("executionRoleArn")
    if any(ECR_IMAGE.match(c.definition["image"]) for c in task.containers if not c.injected):
        if text := permissions.denial(account, role, "ecr:GetAuthorizationToken", "*"):
            return Problem(
                f"{PULL}: execution resource retrieval failed: unable to retrieve ecr registry auth: {text}", 2
            )
    for container in task.containers:
        for secret in container.definition.get("secrets") or []:
            if text := _secret_problem(account, task, secret["valueFrom"]):
                return Problem(f"{PULL}: execution resource retrieval failed: {text}", 2)
    if text := mounts.problem(account, task):
        return Problem(f"ResourceInitializationError: {text}", 10)
    if group := logs.missing_group(account, task):
        return Problem(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
            f"failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
            f"exist. : exit status 1 (log group {group})",
            2,
        )
    if text := _log_denial(account, task):
        return Problem(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
            f"failed to create Cloudwatch log stream: {text} : exit status 1",
            2,
        )
    return None


def _log_denial(account, task: Task) -> str | None:
    role = task.definition.body.get("executionRoleArn")
    for container in task.containers:
        wanted = logs.options(container.definition)
        if wanted is None:
            continue
        region, group = wanted.get("awslogs-region") or task.region, wanted.get("awslogs-group")
        stream = f"log-group:{group}:log-stream:{logs.stream_of(task, container)}"
        resource = model.make_arn(account, region, stream, "logs")
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if text := permissions.denial(account, role, action, resource):
                return text
    return None


def _no_route(task: Task) -> str:
    for container in task.containers:
        for secret in container.definition.get("secrets") or []:
            return (
                f"{PULL}: unable to retrieve secret from asm: There is a connection issue between the task and "
                "AWS Secrets Manager. Check your task network configuration. failed to fetch secret "
                f"{secret['valueFrom']} from secrets manager: RequestCanceled: request context canceled "
                "caused by: context deadline exceeded"
            )
    image = task.containers[0].definition["image"]
    if any(ECR_IMAGE.match(c.definition["image"]) for c in task.containers if not c.injected):
        return (
            f"{PULL}: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the "
            "task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused "
            f'by: Post "https://api.ecr.{task.region}.amazonaws.com/": dial tcp 44.213.79.50:443: i/o timeout'
        )
    return (
        "CannotPullContainerError: The task cannot pull the image "
        f"{image} from the registry. There is a connection issue between the task and the registry. "
        "Check your task network configuration."
    )


def _secret_problem(account, task: Task, value_from: str) -> str | None:
    role = task.definition.body.get("executionRoleArn")
    if ":secretsmanager:" in value_from:
        arn = ":".join(value_from.split(":")[:7])
        if text := permissions.denial(account, role, "secretsmanager:GetSecretValue", arn):
            tried = "unable to retrieve secret from asm: service call has been retried 1 time(s)"
            return f"{tried}: failed to fetch secret {value_from} from secrets manager: {text}"
        return _from_asm(account, value_from)[1]
    name = value_from.split(":parameter", 1)[-1]
    arn = model.make_arn(account, task.region, f"parameter/{name.lstrip('/')}", "ssm")
    text = permissions.denial(account, role, "ssm:GetParameters", arn)
    if text is None and moto_backend("ssm", account.id, task.region).get_parameter(name) is None:
        text = f"invalid ssm parameters: {value_from}"
    return text and f"unable to retrieve secrets from ssm: service call has been retried 1 time(s): {text}"


def secret_value(account, region: str, value_from: str) -> str | None:
    """What the container gets; None if it cannot be had. Who may read it is not asked here."""
    if ":secretsmanager:" in value_from:
        return _from_asm(account, value_from)[0]
    found = moto_backend("ssm", account.id, region).get_parameter(value_from.split(":parameter", 1)[-1])
    return found and found.value


def _from_asm(account, value_from: str) -> tuple[str | None, str | None]:
    """`arn:aws:secretsmanager:region:account:secret:name[:json key[:stage[:version]]]`: the value, or why there is
    none."""
    parts = value_from.split(":")
    arn, (key, stage, version) = ":".join(parts[:7]), (parts[7:] + ["", "", ""])[:3]
    retried = "unable to retrieve secret from asm: service call has been retried 1 time(s): "
    fetch = f"{retried}failed to fetch secret {value_from} from secrets manager: "
    store = moto_backend("secretsmanager", account.id, parts[3])
    secret = next(
        (s for s in store.secrets.values() if s.arn == arn or arn.endswith(f":secret:{s.name}")),
        None,
    )
    if secret is None:
        return None, f"{fetch}ResourceNotFoundException: Secrets Manager can't find the specified secret."
    if secret.is_deleted():
        return None, (
            f"{fetch}InvalidRequestException: You can't perform this operation on the secret because it was "
            "marked for deletion."
        )
    wanted_stage = stage or "AWSCURRENT"
    held = next(
        (v for i, v in secret.versions.items() if (i == version if version else wanted_stage in v["version_stages"])),
        None,
    )
    if held is None:
        return None, (
            f"{fetch}ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging "
            f"label: {wanted_stage}"
        )
    value = held.get("secret_string") or ""
    if not key:
        return value, None
    try:
        fields = json.loads(value)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or key not in fields:
        return None, f"{retried}retrieved secret from Secrets Manager did not contain json key {key}"
    return str(fields[key]), None


def pull_failure(account, task: Task, container: Container) -> str | None:
    image, kind = container.definition["image"], container.behaviour.kind
    reference = image if "/" in image and "." in image.split("/", 1)[0] else f"docker.io/library/{image}"
    failed = (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
        f"{reference}: "
    )
    if kind == "missing" or images.is_missing(account, image):
        return f"{failed}{reference}: not found"
    if kind == "denied" or _ecr_denial(account, task, image):
        registry, _, path = reference.partition("/")
        name, _, tag = path.partition("@" if "@" in path else ":")
        return (
            f"{failed}unexpected status from HEAD request to https://{registry}/v2/{name}/manifests/"
            f"{tag or 'latest'}: 403 Forbidden"
        )
    return None


def _ecr_denial(account, task: Task, image: str) -> str | None:
    if not ECR_IMAGE.match(image):
        return None
    host, _, path = image.partition("/")
    registry, region = host.split(".")[0], host.split(".")[3]
    name = path.partition("@")[0].partition(":")[0]
    repository = f"arn:{get_partition(region)}:ecr:{region}:{registry}:repository/{name}"
    role = task.definition.body.get("executionRoleArn")
    if text := permissions.denial(account, role, "ecr:GetAuthorizationToken", "*"):
        return text
    for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"):
        if text := permissions.denial(account, role, action, repository):
            return text
    return None
