"""What one call needs to be allowed: the tables, read for that request."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from localstack_fargate.account import Account
from localstack_fargate.authorization import backup, ec2, ecs, elasticfilesystem, elasticloadbalancing, iam, notices, s3, small
from localstack_fargate.authorization.readers import READERS, Call
from localstack_fargate.authorization.rule import Rule, Table
from localstack_fargate.tags import carried

_TABLES: dict[str, tuple[str, Table]] = {
    "ec2": ("ec2", ec2.TABLE),
    "ecs": ("ecs", ecs.TABLE),
    "efs": ("elasticfilesystem", elasticfilesystem.TABLE),
    "elbv2": ("elasticloadbalancing", elasticloadbalancing.TABLE),
    "s3": ("s3", s3.TABLE),
    "iam": ("iam", iam.TABLE),
    "sts": ("sts", iam.STS),
    "backup": ("backup", backup.TABLE),
    "logs": ("logs", small.LOGS),
    "secretsmanager": ("secretsmanager", small.SECRETS),
    "kms": ("kms", small.KMS),
    "ecr": ("ecr", small.ECR),
    "acm": ("acm", small.ACM),
    "route53": ("route53", small.ROUTE53),
    "service-quotas": ("servicequotas", small.QUOTAS),
    "pricing": ("pricing", small.PRICING),
    "cloudwatch": ("cloudwatch", notices.CLOUDWATCH),
    "resourcegroupstaggingapi": ("tag", small.TAGGING),
    "sns": ("sns", notices.SNS),
    "events": ("events", notices.EVENTS),
    "ssm": ("ssm", small.SSM),
}
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Need:
    """One decision of IAM's: an action, one resource, and the condition keys that the request itself gives."""

    action: str
    resource: str
    keys: dict[str, list[str]] = field(default_factory=dict)
    owned: bool = True
    """Whether the tags of the resource are condition keys too."""


class NoRule(Exception):
    """The tables do not know the operation."""


def needs_of(account: Account, region: str, service: str, operation: str, request: dict) -> list[Need]:
    """All must be allowed; raises NoRule."""
    prefix, table = _TABLES.get(service, (service, {}))
    if operation not in table:
        raise NoRule(f"{prefix}:{operation}")
    call = Call(account, region, request, prefix)
    return [need for rule in table[operation] if _applies(call, rule) for need in _expanded(call, operation, rule)]


def _applies(call: Call, rule: Rule) -> bool:
    return rule.given is None or bool(_value(call, rule.given))


def _expanded(call: Call, operation: str, rule: Rule) -> list[Need]:
    action = rule.action or f"{call.prefix}:{operation}"
    keys = {name: values for name, template in rule.keys.items() if (values := _filled(call, template))}
    if rule.tagged if rule.tagged is not None else action.startswith(f"{call.prefix}:"):
        keys |= _request_tags(call.request)
    resources = dict.fromkeys(_arn(call, text) for text in _filled(call, rule.resource) or ["*"])
    return [Need(action, resource, keys, rule.owned) for resource in resources]


def _arn(call: Call, resource: str) -> str:
    return resource if resource == "*" or resource.startswith("arn:") else call.arn(resource)


def _filled(call: Call, template: str) -> list[str]:
    """Every combination of the values of its fields; none if a field has none."""
    parts = _FIELD.split(template)
    choices = [_value(call, part) if n % 2 else [part] for n, part in enumerate(parts)]
    return ["".join(choice) for choice in itertools.product(*choices)]


def _value(call: Call, expression: str) -> list[str]:
    name, _, reader = expression.partition("|")
    value = name[1:] if name.startswith("=") else call.request.get(name)
    if reader:
        return READERS[reader](call, value)
    values = value if isinstance(value, list) else [value]
    return [str(item) for item in values if item not in (None, "", {})]


def _request_tags(request: dict) -> dict[str, list[str]]:
    pairs = dict(pair for pairs in carried(request) for pair in pairs)
    untagged = request.get("TagKeys") or request.get("tagKeys") or request.get("TagKeyList") or []
    keys = {f"aws:RequestTag/{key}": [value] for key, value in pairs.items()}
    names = [*pairs, *untagged]
    return keys | {"aws:TagKeys": names} if names else keys

