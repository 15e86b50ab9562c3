"""ECS on Fargate, with a state of its own: every operation that Cloud Exchange's deployment uses, and the tasks behind it.

For other services: `responds` tells a load balancer whether something listens at an address.
"""

from localstack_fargate.services.ecs import (
    clusters,
    control,
    definitions,
    rollouts,
    scheduler,
    services,
    settings,
    tags,
    tasks,
)
from localstack_fargate.services.ecs.targets import responds

__all__ = ["responds"]
