"""Roles as ECS sees them: whether it may assume one, and whether its own service-linked role exists."""

from __future__ import annotations

from moto.utilities.utils import get_partition

from cebed.backends import moto_backend


def usable(account, role: str) -> bool:
    """Whether the role (ARN or name) exists and has propagated."""
    from cebed.services import iam

    return iam.usable(account, role)


def service_linked(account) -> str | None:
    """ARN of ECS's service-linked role, if the account has one."""
    for role in moto_backend("iam", account.id, "aws").get_roles():
        if role.arn.split(":role/", 1)[-1].startswith("aws-service-role/ecs.amazonaws.com/"):
            return role.arn
    return None


def caller(account, region: str) -> str:
    return f"arn:{get_partition(region)}:iam::{account.id}:root"
