"""ECS on Fargate, with a state of its own: the operations of a service deployment, and the tasks behind them."""

from localstack_fargate.services.ecs import (  # noqa: F401
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
