"""What RegisterTaskDefinition refuses.

Source: ECS developer guide, "Task definition parameters for Fargate" and "API failure reasons"; ECS API reference,
ContainerDefinition, ContainerDependency, HealthCheck, Volume. The words of the refusals: docs/aws-behaviour.md, "Task
volumes, host names and memory limits in ECS".
"""

from __future__ import annotations

import json
import re

from localstack_fargate.services.ecs.model import refused
from localstack_fargate.services.ecs.normalise import ECR_IMAGE, in_units

FARGATE_MEMORY = {
    256: {512, 1024, 2048},
    512: set(range(1024, 4096 + 1, 1024)),
    1024: set(range(2048, 8192 + 1, 1024)),
    2048: set(range(4096, 16384 + 1, 1024)),
    4096: set(range(8192, 30720 + 1, 1024)),
    8192: set(range(16384, 61440 + 1, 4096)),
    16384: set(range(32768, 122880 + 1, 8192)),
}
"""MiB by CPU units: the combinations Fargate has."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

LONGEST = 64 * 1024
"""Bytes of a whole task definition."""

_NOT_IN_AWSVPC = {
    "links": "Links are not supported when networkMode=awsvpc",
    "extraHosts": "Extra hosts are not supported on container when networkMode=awsvpc",
    "hostname": "hostname is not supported on container when networkMode=awsvpc.",
    "dnsServers": "DNS servers are not supported on container when networkMode=awsvpc",
}
"""What of a container the network mode rules out: all containers of a task share one network."""


def check(request: dict) -> None:
    family, containers = request.get("family") or "", request.get("containerDefinitions") or []
    if not NAME.fullmatch(family):
        raise refused("Family contains invalid characters." if family else "Family name can not be blank.")
    if not containers:
        raise refused("Container list cannot be empty.")
    if len(containers) > 10:
        raise refused(f"Too many containers specified. Expected: <= 10, Provided: {len(containers)}.")
    fargate = "FARGATE" in (request.get("requiresCompatibilities") or [])
    if fargate:
        _fargate(request, containers)
    volumes = [v.get("name") for v in request.get("volumes") or []]
    if len(set(volumes)) != len(volumes):
        raise refused("Volume name must be unique.")
    names = [c.get("name") for c in containers]
    if len(set(names)) != len(names):
        raise refused("Container name must be unique.")
    for container in containers:
        _container(container, volumes, fargate)
        if request.get("networkMode") == "awsvpc":
            for key, words in _NOT_IN_AWSVPC.items():
                if container.get(key):
                    raise refused(words)
    if not any(c.get("essential", True) for c in containers):
        raise refused("At least one container must be essential.")
    _dependencies(containers)
    length = len(json.dumps({k: v for k, v in request.items() if k != "tags"}, separators=(",", ":")).encode())
    if length > LONGEST:
        raise refused(f"Actual length: '{length}'. Max allowed length is '{LONGEST}' bytes.")


def _fargate(request: dict, containers: list[dict]) -> None:
    if request.get("networkMode") != "awsvpc":
        raise refused("Fargate only supports network mode \u2018awsvpc\u2019.")
    for key in ("cpu", "memory"):
        if not request.get(key):
            raise refused(f"Fargate requires that '{key}' be defined at the task level.")
    cpu, memory = in_units(request["cpu"], "vcpu"), in_units(request["memory"], "gb")
    if not cpu.isdigit() or not memory.isdigit() or int(memory) not in FARGATE_MEMORY.get(int(cpu), set()):
        raise refused(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            "See the Amazon ECS documentation for the valid values."
        )
    if sum(c.get("cpu") or 0 for c in containers) > int(cpu):
        raise refused("The sum of all container cpu values cannot be greater than the value of the task cpu.")
    _memory(containers, int(memory))
    for volume in request.get("volumes") or []:
        if (volume.get("host") or {}).get("sourcePath"):
            raise refused("host.sourcePath should not be set for volumes in Fargate.")
    for container in containers:
        if container.get("privileged"):
            raise refused("Privileged containers are not supported on Fargate.")
    if not request.get("executionRoleArn"):
        if any(c.get("logConfiguration", {}).get("logDriver") == "awslogs" for c in containers):
            raise refused("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
        if any(ECR_IMAGE.match(c.get("image") or "") for c in containers):
            raise refused("Fargate requires task definition to have execution role ARN to support ECR images.")
        if any(c.get("secrets") for c in containers):
            raise refused(
                "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
            )
    storage = (request.get("ephemeralStorage") or {}).get("sizeInGiB")
    if storage is not None and not 21 <= storage <= 200:
        raise refused("Invalid value for ephemeralStorage. Valid values are between 21 and 200.")


def _memory(containers: list[dict], of_task: int) -> None:
    """Hard and soft limits in MiB; what a container reserves is the soft one, or the hard one where there is none."""
    for container in containers:
        hard, soft = container.get("memory"), container.get("memoryReservation")
        if max(hard or 0, soft or 0) > of_task:
            raise refused(f"The 'memory' setting for container '{container.get('name')}' is greater than for the task.")
        if hard and soft and hard <= soft:
            words = "'memory' must be greater than 'memoryReservation'."
            raise refused(f"Invalid setting for container '{container.get('name')}'. {words}")
    if sum(c.get("memoryReservation") or c.get("memory") or 0 for c in containers) > of_task:
        raise refused("The sum of all container memory values cannot be greater than the value of the task memory.")


def _container(container: dict, volumes: list, fargate: bool) -> None:
    name = container.get("name") or ""
    if not NAME.fullmatch(name):
        raise refused(f"Container name '{name}' is invalid.")
    if not container.get("image"):
        raise refused("Container.image should not be null or empty.")
    for mount in container.get("mountPoints") or []:
        if mount.get("sourceVolume") not in volumes:
            raise refused(f"Unknown volume '{mount.get('sourceVolume')}'.")
    for key in ("startTimeout", "stopTimeout"):
        value = container.get(key)
        if value is not None and (value < 2 or fargate and value > 120):
            raise refused(f"Invalid '{key}' for container '{name}'. Valid values on Fargate are 2-120 seconds.")
    check = container.get("healthCheck")
    if check:
        for key, low, high in (("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)):
            value = check.get(key)
            if value is not None and not low <= value <= high:
                raise refused(f"Invalid health check {key} '{value}' of container '{name}': valid are {low} to {high}.")
        if not check.get("command"):
            raise refused(f"Health check of container '{name}' has no command.")
    environment = {e.get("name") for e in container.get("environment") or []}
    for secret in container.get("secrets") or []:
        if secret.get("name") in environment:
            raise refused(
                f"The secret name must be unique and not shared with any new or existing environment variables "
                f"set on the container, such as '{secret['name']}'."
            )
    for port in container.get("portMappings") or []:
        if port.get("hostPort") not in (None, 0, port.get("containerPort")) and fargate:
            raise refused("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")


def _dependencies(containers: list[dict]) -> None:
    by_name = {c["name"]: c for c in containers}
    for container in containers:
        for need in container.get("dependsOn") or []:
            target = by_name.get(need["containerName"])
            if target is None:
                raise refused(
                    f"Invalid 'dependsOn' setting for container '{container['name']}': "
                    f"container '{need['containerName']}' does not exist in the task definition."
                )
            essential = target.get("essential", True)
            if need["condition"] in ("COMPLETE", "SUCCESS") and essential:
                raise refused(
                    f"A dependency condition of {need['condition']} can't be set on essential container "
                    f"'{target['name']}'."
                )
            if need["condition"] == "HEALTHY" and not target.get("healthCheck"):
                raise refused(
                    f"A dependency condition of HEALTHY requires a health check on container '{target['name']}'."
                )
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise refused("Cycle detected in container dependencies.")
        if name not in done:
            for need in by_name[name].get("dependsOn") or []:
                visit(need["containerName"], (*path, name))
            done.add(name)

    for name in by_name:
        visit(name, ())
