"""Starting a task: who may (roles, vCPU quota, capacity), and with which facts.

Source: ECS API reference, RunTask; ECS developer guide, "API failure reasons" and "Service event messages"; Fargate
quotas (L-3032A538, Fargate On-Demand vCPU resource count).
"""

from __future__ import annotations

from localstack_fargate.middleware import aws_error
from localstack_fargate.services.ecs import lifecycle, model, permissions, roles
from localstack_fargate.services.ecs.model import Cluster, Definition, Task, refused


def start(account, region: str, cluster: Cluster, definition: Definition, network: dict | None, **facts) -> Task:
    """Raises RoleNotAssumable, QuotaReached or NoCapacity, and EC2's errors for the network."""
    check_roles(account, region, definition)
    check_quota(account, region, definition)
    if account.settings["ecs.capacity_unavailable"]:
        raise NoCapacity
    return lifecycle.launch(account, region, cluster, definition, network, **facts)


class NoCapacity(Exception):
    """Fargate has no room at the moment."""

    reason = "Capacity is unavailable at this time. Please try again later or in a different availability zone"


class RoleNotAssumable(Exception):
    def __init__(self, role: str) -> None:
        self.role = role
        super().__init__(
            f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role "
            "being passed has the proper trust relationship and permissions and that your IAM user has permissions "
            "to pass this role."
        )


class QuotaReached(Exception):
    reason = "You've reached the limit on the number of vCPUs you can run concurrently"


def check_roles(account, region: str, definition: Definition) -> None:
    for key in ("taskRoleArn", "executionRoleArn"):
        role = definition.body.get(key)
        if role and not (roles.usable(account, role) and permissions.trusts_tasks(account, region, role)):
            raise RoleNotAssumable(role)


def check_quota(account, region: str, definition: Definition) -> None:
    used = sum(_vcpu(t.definition) for t in model.of(account, region).tasks.values() if t.status != "STOPPED")
    if used + _vcpu(definition) > float(account.settings["ecs.vcpu_quota"]):
        raise QuotaReached


def _vcpu(definition: Definition) -> float:
    return int(definition.body.get("cpu") or 0) / 1024


def as_api_error(error: Exception):
    """What RunTask answers."""
    if isinstance(error, QuotaReached):
        return refused(error.reason)
    if isinstance(error, RoleNotAssumable):
        return refused(str(error))
    return aws_error("ServerException", str(error), 500, sender_fault=False)
