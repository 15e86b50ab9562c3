"""The services LocalStack's free edition lacks, forwarded to the moto that LocalStack embeds.

They run in the same process and share the EC2 and IAM state. With EMULATOR_PLAIN this is all; the behaviour
comes from `middleware.py` on top.
"""

from __future__ import annotations

FORWARDED = ("ecs", "efs", "elbv2", "ecr", "backup", "service-quotas", "pricing")


def register() -> None:
    """Makes LocalStack serve the forwarded services. To be called before the first request."""
    from localstack.aws.skeleton import Skeleton
    from localstack.aws.spec import load_service
    from localstack.services.moto import _proxy_moto
    from localstack.services.plugins import SERVICE_PLUGINS, Service, ServiceManager

    for name in FORWARDED:  # all of them first: the first look at the list is cached
        SERVICE_PLUGINS.api_provider_specs[name].append("default")
    for name in FORWARDED:
        model = load_service(name)
        table = {operation: _proxy_moto for operation in model.operation_names}
        ServiceManager.add_service(SERVICE_PLUGINS, Service(name, skeleton=Skeleton(model, table)))
