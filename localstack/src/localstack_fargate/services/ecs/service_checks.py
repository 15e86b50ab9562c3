"""What CreateService and UpdateService refuse.

Source: ECS API reference, CreateService; developer guide, "API failure reasons"; the wording as quoted in public issue
threads of Terraform, the AWS CLI and copilot.
"""

from __future__ import annotations

import re

from localstack_fargate.middleware import aws_error, invoke
from localstack_fargate.services.ec2_common import backend
from localstack_fargate.services.ecs.model import Definition, invalid

PLATFORMS = {"LATEST", "1.4.0", "1.3.0"}


def name(value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", value or ""):
        raise invalid("Invalid service name. Up to 255 letters, numbers, hyphens and underscores are allowed.")


def platform(version: str | None) -> str:
    if version and version not in PLATFORMS:
        raise aws_error("PlatformUnknownException", "The specified platform does not exist.")
    return version or "LATEST"


def network(account, region: str, definition: Definition, wanted: dict | None) -> None:
    awsvpc = (wanted or {}).get("awsvpcConfiguration")
    if definition.body.get("networkMode") != "awsvpc":
        if awsvpc:
            raise invalid("Network Configuration is not valid for the given networkMode of this task definition.")
        return
    if not awsvpc:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    subnets, groups = awsvpc.get("subnets") or [], awsvpc.get("securityGroups") or []
    if not subnets:
        raise invalid("subnets can not be empty.")
    if len(subnets) > 16 or len(groups) > 5:
        raise invalid("At most 16 subnets and 5 security groups can be specified.")
    store = backend(account, region)
    vpcs = set()
    for subnet_id in subnets:
        found = next((s for zone in store.subnets.values() for s in zone.values() if s.id == subnet_id), None)
        if found is None:
            raise invalid(
                f"Error retrieving subnet information for [{', '.join(subnets)}]: The subnet ID '{subnet_id}' does not "
                "exist (ErrorCode: InvalidSubnetID.NotFound)"
            )
        vpcs.add(found.vpc_id)
    if len(vpcs) > 1:
        raise invalid("Subnets provided are from different VPCs.")
    for group_id in groups:
        group = store.get_security_group_from_id(group_id)
        if group is None:
            raise invalid(
                f"Error retrieving security group information for [{', '.join(groups)}]: The security group "
                f"'{group_id}' does not exist (ErrorCode: InvalidGroup.NotFound)"
            )
        if group.vpc_id not in vpcs:
            raise invalid("Subnets and security groups must be in the same VPC.")


def load_balancers(account, region: str, definition: Definition, wanted: list[dict] | None) -> None:
    if len(wanted or []) > 5:
        raise invalid("At most 5 load balancers can be specified.")
    for balancer in wanted or []:
        _target(definition, balancer)
        group = balancer.get("targetGroupArn")
        if group:
            _group(account, region, definition, group)


def _target(definition: Definition, balancer: dict) -> None:
    container = definition.container(balancer.get("containerName"))
    if container is None:
        raise invalid(f"The container {balancer.get('containerName')} does not exist in the task definition.")
    port = balancer.get("containerPort")
    if port not in [p.get("containerPort") for p in container["portMappings"]]:
        raise invalid(f"The container {container['name']} did not have a container port {port} defined.")


def _group(account, region: str, definition: Definition, arn: str) -> None:
    try:
        found = invoke(account, region, "elbv2", "DescribeTargetGroups", {"TargetGroupArns": [arn]})["TargetGroups"][0]
    except Exception:  # not found, in whichever error type the emulator has
        raise invalid(f"The specified target group does not exist. ({arn})") from None
    if definition.body.get("networkMode") == "awsvpc" and found.get("TargetType") != "ip":
        raise invalid(
            f"The provided target group {arn} has target type {found.get('TargetType')}, which is incompatible with "
            "the "
            "awsvpc network mode specified in the task definition."
        )
    if not found.get("LoadBalancerArns"):
        raise invalid(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")


def configuration(wanted: dict | None, before: dict | None = None) -> dict:
    """The deployment configuration as AWS answers it, defaults filled in."""
    merged = {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        **(before or {}),
        **(wanted or {}),
    }
    low, high = merged["minimumHealthyPercent"], merged["maximumPercent"]
    if not 0 <= low <= 100 or high < 100 or high > 200:
        raise invalid("minimumHealthyPercent must be between 0 and 100, maximumPercent between 100 and 200.")
    if low == high:
        raise invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
    return merged


def grace(seconds: int | None, balancers: list[dict]) -> int:
    """Of a service that has these load balancers already; AWS counts none that come with the same call (AWS
    CloudFormation's public roadmap, issue 1313)."""
    if seconds is not None and not 0 <= seconds <= 2_147_483_647:
        raise invalid("healthCheckGracePeriodSeconds is out of range.")
    if seconds and not balancers:
        raise invalid("Health check grace period is only valid for services configured to use load balancers")
    return seconds or 0
