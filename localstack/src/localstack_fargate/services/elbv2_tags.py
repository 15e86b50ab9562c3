"""Tags of load balancers, target groups, listeners and rules.

Source: Elastic Load Balancing API reference (AddTags, RemoveTags, DescribeTags: at most 20 resources a call, 50 tags
each).
"""

from __future__ import annotations

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import elbv2
from localstack_fargate.services.elbv2 import validation

RESOURCES_A_CALL = 20
LIMIT = 50


def _tags(account, region, arn: str) -> dict[str, str]:
    """The tags of one resource; NotFound of its kind otherwise."""
    here = elbv2.region_of(account, region)
    if ":loadbalancer/" in arn:
        elbv2.balancer(account, region, arn)
    elif ":targetgroup/" in arn:
        elbv2.group(account, region, arn)
    elif ":listener/" in arn:
        elbv2.listener(account, region, arn)
    elif arn not in here.rules:
        raise aws_error("RuleNotFound", "One or more rules not found")
    return here.tags.setdefault(arn, {})


def put(account, region, arn: str, tags: dict[str, str]) -> None:
    known = _tags(account, region, arn)
    if len({k for k in known | tags if not k.startswith("aws:")}) > LIMIT:
        raise aws_error("TooManyTags", f"You've reached the limit of {LIMIT} tags on the resource '{arn}'")
    known.update(tags)


def remove(account, region, arn: str, keys) -> None:
    known = _tags(account, region, arn)
    for key in keys:
        known.pop(key, None)


def _arns(request: dict) -> list[str]:
    arns = request.get("ResourceArns") or []
    if len(arns) > RESOURCES_A_CALL:
        raise validation(f"You can specify at most {RESOURCES_A_CALL} resources in a single request")
    return arns


@override("elbv2", "AddTags")
def add_tags(account, region, request, context, call_next):
    tags = {t["Key"]: t.get("Value") or "" for t in request.get("Tags") or []}
    for arn in _arns(request):
        _tags(account, region, arn)
    for arn in _arns(request):
        put(account, region, arn, tags)
    return {}


@override("elbv2", "RemoveTags")
def remove_tags(account, region, request, context, call_next):
    for arn in _arns(request):
        remove(account, region, arn, request.get("TagKeys") or [])
    return {}


@override("elbv2", "DescribeTags")
def describe_tags(account, region, request, context, call_next):
    answers = []
    for arn in _arns(request):
        tags = _tags(account, region, arn)
        answers.append({"ResourceArn": arn, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]})
    return {"TagDescriptions": answers}
