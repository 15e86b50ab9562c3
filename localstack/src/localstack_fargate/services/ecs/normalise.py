"""A task definition as AWS answers it: the defaults that RegisterTaskDefinition fills in, and its attributes.

Source: ECS API reference (ContainerDefinition, PortMapping, HealthCheck, EFSVolumeConfiguration) and the answers of
DescribeTaskDefinition printed in the developer guide's examples.
"""

from __future__ import annotations

import copy
import re

DOCKER_API = "com.amazonaws.ecs.capability.docker-remote-api."
ECR_IMAGE = re.compile(r"^\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/")


def body_of(request: dict, sorted_env: bool = False) -> dict:
    """The description without ARN, revision and times."""
    body = {
        "family": request["family"],
        "containerDefinitions": [_container(c, request, sorted_env) for c in request["containerDefinitions"]],
        "volumes": [_volume(v) for v in request.get("volumes") or []],
        "placementConstraints": copy.deepcopy(request.get("placementConstraints") or []),
    }
    kept = (
        "taskRoleArn executionRoleArn networkMode requiresCompatibilities runtimePlatform ephemeralStorage pidMode"
        " ipcMode proxyConfiguration inferenceAccelerators enableFaultInjection"
    )
    for key in kept.split():
        if request.get(key) not in (None, [], {}):
            body[key] = copy.deepcopy(request[key])
    for key, unit in (("cpu", "vcpu"), ("memory", "gb")):
        if request.get(key):
            body[key] = in_units(request[key], unit)
    body["compatibilities"] = ["EC2", "FARGATE"] if body.get("networkMode") == "awsvpc" else ["EC2", "EXTERNAL"]
    body["requiresAttributes"] = [{"name": name} for name in attributes_of(body)]
    return body


def in_units(value: str, unit: str) -> str:
    """`1 vCPU` is 1024 units and `2 GB` is 2048 MiB (API reference, RegisterTaskDefinition cpu and memory)."""
    match = re.fullmatch(rf"\s*([0-9.]+)\s*{unit}\s*", value.lower())
    return str(int(float(match[1]) * 1024)) if match else value.strip()


def _container(given: dict, request: dict, sorted_env: bool) -> dict:
    container = copy.deepcopy(given)
    container.setdefault("cpu", 0)
    container.setdefault("essential", True)
    for key in ("portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"):
        container[key] = container.get(key) or []
    if sorted_env:
        container["environment"].sort(key=lambda e: e["name"], reverse=True)
    for port in container["portMappings"]:
        port.setdefault("protocol", "tcp")
        if "containerPort" in port:
            port["hostPort"] = (
                port["containerPort"]
                if request.get("networkMode") in ("awsvpc", "host")
                else port.get("hostPort", 0)
            )
    if check := container.get("healthCheck"):
        check.setdefault("interval", 30)
        check.setdefault("timeout", 5)
        check.setdefault("retries", 3)
    for key in ("dependsOn", "secrets", "entryPoint", "command", "links", "ulimits", "dnsServers", "extraHosts"):
        if container.get(key) == []:
            del container[key]
    return container


def _volume(given: dict) -> dict:
    volume = copy.deepcopy(given)
    if efs := volume.get("efsVolumeConfiguration"):
        efs.setdefault("rootDirectory", "/")
    elif len(volume) == 1:
        volume["host"] = {}
    return volume


def attributes_of(body: dict) -> list[str]:
    """The capabilities a place must have to run the task."""
    containers = body["containerDefinitions"]
    found = {DOCKER_API + "1.18"}
    if any(c.get("logConfiguration", {}).get("logDriver") == "awslogs" for c in containers):
        found |= {"com.amazonaws.ecs.capability.logging-driver.awslogs", DOCKER_API + "1.19"}
        if body.get("executionRoleArn"):
            found.add("ecs.capability.execution-role-awslogs")
    if any(ECR_IMAGE.match(c["image"]) for c in containers):
        found |= {"com.amazonaws.ecs.capability.ecr-auth", DOCKER_API + "1.21"}
        if body.get("executionRoleArn"):
            found.add("ecs.capability.execution-role-ecr-pull")
    if body.get("taskRoleArn"):
        found |= {"com.amazonaws.ecs.capability.task-iam-role", DOCKER_API + "1.17"}
    if body.get("networkMode") == "awsvpc":
        found.add("ecs.capability.task-eni")
    if any(c.get("healthCheck") for c in containers):
        found |= {"ecs.capability.container-health-check", DOCKER_API + "1.24"}
    if any(c.get("dependsOn") or c.get("startTimeout") or c.get("stopTimeout") for c in containers):
        found.add("ecs.capability.container-ordering")
    for container in containers:
        for secret in container.get("secrets") or []:
            kind = "asm" if ":secretsmanager:" in secret["valueFrom"] else "ssm"
            found.add(f"ecs.capability.secrets.{kind}.environment-variables")
    for volume in body["volumes"]:
        if efs := volume.get("efsVolumeConfiguration"):
            found |= {"ecs.capability.efs", DOCKER_API + "1.25"}
            if efs.get("authorizationConfig") or efs.get("transitEncryption") == "ENABLED":
                found.add("ecs.capability.efsAuth")
    return sorted(found)
