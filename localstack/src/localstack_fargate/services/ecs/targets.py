"""The task's side of a load balancer: its targets are registered once it runs and drained before it stops.

Also answers to the load balancer whether something is listening at an address.
"""

from __future__ import annotations

from localstack_fargate.middleware import CommonServiceException
from localstack_fargate.services import elbv2_targets
from localstack_fargate.services.ecs import deployments, model
from localstack_fargate.services.ecs.model import Task


def register(account, task: Task) -> None:
    """Where the load balancer refuses, the service tells of it and its deployment goes on waiting."""
    for group, _, port in task.targets:
        try:
            elbv2_targets.register(account, task.region, group, task.address, port)
        except CommonServiceException as error:
            text = f"failed to register targets in (target-group {group}) with (error {error.message})"
            deployments.tell(account, task.service, text)


def deregister(account, task: Task) -> None:
    for group, _, port in task.targets:
        elbv2_targets.deregister(account, task.region, group, task.address, port)


def states(account, task: Task) -> list[tuple[str, str | None]]:
    """Target group ARN and state (None: not registered) of each of the task's targets."""
    return [
        (group, elbv2_targets.state_of(account, task.region, group, task.address, port))
        for group, _, port in task.targets
    ]


def draining(account, task: Task) -> bool:
    return any(state == "draining" for _, state in states(account, task))


@elbv2_targets.responder
def _responds(account, ip: str, port: int, scheme: str, tls_versions: frozenset[str]) -> bool:
    """Whether a container of a RUNNING task listens at the address and answers to the scheme, with one of the versions
    of TLS."""
    for state in model.everywhere(account):
        for task in state.tasks.values():
            if task.address != ip or task.status not in ("RUNNING", "DEACTIVATING"):
                continue
            for container in task.containers:
                ports = {p.get("containerPort") for p in container.definition["portMappings"]}
                if port not in ports or container.status != "RUNNING" or not container.answers_to(scheme):
                    continue
                if scheme == "http" or container.tls_versions & tls_versions:
                    return True
    return False
