"""Roles as ECS sees them: whether it may assume one, and whether its own service-linked role exists."""

from __future__ import annotations

from moto.utilities.utils import get_partition

from localstack_fargate.backends import moto_backend
from localstack_fargate.services.ecs.model import invalid


def usable(account, role: str) -> bool:
    """Whether the role (ARN or name) exists and has propagated."""
    from localstack_fargate.services import iam

    return iam.usable(account, role)


def service_linked(account) -> str | None:
    """ARN of ECS's service-linked role, if the account has one."""
    for role in moto_backend("iam", account.id, "aws").get_roles():
        if role.arn.split(":role/", 1)[-1].startswith("aws-service-role/ecs.amazonaws.com/"):
            return role.arn
    return None


def check_service_linked(account) -> None:
    """A role that was made a moment ago cannot be assumed yet (aws/containers-roadmap#2614, pulumi/pulumi-aws#1041)."""
    from localstack_fargate.services import iam

    arn = service_linked(account)
    if arn and not iam.usable(account, arn):
        raise invalid(
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
        )


def caller(account, region: str) -> str:
    return f"arn:{get_partition(region)}:iam::{account.id}:root"
