"""The tags a resource has, and the VPC it is in, by its ARN: the condition keys that the request does not tell."""

from __future__ import annotations

from typing import Any, Callable

from localstack_fargate.authorization.readers import Call, asked
from localstack_fargate.backends import moto_backend
from localstack_fargate.tags import as_pairs

_OWN_PREFIX = {"ec2", "ecs", "elasticloadbalancing", "iam", "secretsmanager"}
"""Services that have ResourceTag keys of their own besides aws:ResourceTag."""


def _listing(service: str, operation: str, named: str, field: str) -> Callable[[Call, str], Any]:
    return lambda call, arn: asked(call, service, operation, {named: arn}).get(field)


def _of_ec2(call: Call, arn: str) -> Any:
    return moto_backend("ec2", call.account.id, call.region).tags.get(arn.rsplit("/", 1)[-1])


def _of_balancer(call: Call, arn: str) -> Any:
    found = asked(call, "elbv2", "DescribeTags", {"ResourceArns": [arn]}).get("TagDescriptions")
    return found[0]["Tags"] if found else None


def _of_file_system(call: Call, arn: str) -> Any:
    return asked(call, "efs", "ListTagsForResource", {"ResourceId": arn.rsplit("/", 1)[-1]}).get("Tags")


def _of_role(call: Call, arn: str) -> Any:
    if ":role/" not in arn:
        return None
    return asked(call, "iam", "ListRoleTags", {"RoleName": arn.rsplit("/", 1)[-1]}).get("Tags")


def _of_log_group(call: Call, arn: str) -> Any:
    return asked(call, "logs", "ListTagsForResource", {"resourceArn": arn.split(":log-stream:")[0]}).get("tags")


def _of_backup(call: Call, arn: str) -> Any:
    from localstack_fargate.services.backup.state import region_of

    return region_of(call.account, call.region).tags.get(arn)


_READ: dict[str, Callable[[Call, str], Any]] = {
    "ec2": _of_ec2,
    "ecs": _listing("ecs", "ListTagsForResource", "resourceArn", "tags"),
    "elasticfilesystem": _of_file_system,
    "elasticloadbalancing": _of_balancer,
    "iam": _of_role,
    "logs": _of_log_group,
    "backup": _of_backup,
    "secretsmanager": _listing("secretsmanager", "DescribeSecret", "SecretId", "Tags"),
    "kms": _listing("kms", "ListResourceTags", "KeyId", "Tags"),
    "ecr": _listing("ecr", "ListTagsForResource", "resourceArn", "tags"),
    "acm": _listing("acm", "ListTagsForCertificate", "CertificateArn", "Tags"),
}


def keys_of(call: Call, arn: str) -> dict[str, list[str]]:
    """aws:ResourceTag, the service's own, and ec2:Vpc; nothing of what is yet to be made."""
    service = arn.split(":")[2] if arn.startswith("arn:") else ""
    if service not in _READ or arn.endswith(("*", "?")):
        return {}
    prefixes = ["aws"] + ([service] if service in _OWN_PREFIX else [])
    pairs = as_pairs(_READ[service](call, arn))
    tags = {f"{prefix}:ResourceTag/{key}": [value] for prefix in prefixes for key, value in pairs}
    return tags | (_vpc(call, arn) if service == "ec2" else {})


def _vpc(call: Call, arn: str) -> dict[str, list[str]]:
    kind, _, identity = arn.split(":", 5)[5].partition("/")
    store = moto_backend("ec2", call.account.id, call.region)
    found = {
        "subnet": lambda: next((zone[identity] for zone in store.subnets.values() if identity in zone), None),
        "security-group": lambda: store.get_security_group_from_id(identity),
        "route-table": lambda: store.route_tables.get(identity),
        "network-acl": lambda: store.network_acls.get(identity),
        "network-interface": lambda: getattr(store.enis.get(identity), "subnet", None),
    }.get(kind, lambda: None)()
    return {"ec2:Vpc": [call.arn(f"vpc/{found.vpc_id}", "ec2")]} if found is not None else {}
