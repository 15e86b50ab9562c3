"""Resource Groups Tagging API over all services of the emulator.

Source: Resource Groups Tagging API Reference.
"""

from __future__ import annotations

from typing import Any, Callable

from localstack.aws.api import ServiceException

from localstack_fargate import tags as rules
from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, invoke, override
from localstack_fargate.services.tagged import Tagged, all_tagged, bucket_tags

_API = "resourcegroupstaggingapi"
_PAGE = 50


@override(_API, "GetResources")
def _get_resources(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    filters, arns = request.get("TagFilters") or [], request.get("ResourceARNList") or []
    if arns and (filters or request.get("ResourceTypeFilters")):
        raise aws_error("InvalidParameterException", "ResourceARNList cannot be combined with filters")
    wanted = [
        (arn, tags)
        for arn, tags in all_tagged(account, region)
        if (not arns or arn in arns) and _has_type(arn, request) and all(_matches(tags, one) for one in filters)
    ]
    start = int(request.get("PaginationToken") or 0)
    size = request.get("ResourcesPerPage") or _PAGE
    page = wanted[start : start + size]
    more = start + size < len(wanted)
    return {
        "PaginationToken": str(start + size) if more else "",
        "ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}
            for arn, tags in page
        ],
    }


def _matches(tags: dict[str, str], wanted: dict) -> bool:
    return wanted["Key"] in tags and (not wanted.get("Values") or tags[wanted["Key"]] in wanted["Values"])


def _has_type(arn: str, request: dict) -> bool:
    wanted = request.get("ResourceTypeFilters")
    if not wanted:
        return True
    service, rest = arn.split(":")[2], arn.split(":", 5)[5]
    kind = "" if service == "s3" else rest.replace(":", "/").split("/")[0]
    return service in wanted or f"{service}:{kind}" in wanted


@override(_API, "GetTagKeys")
def _get_keys(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return {"PaginationToken": "", "TagKeys": sorted({key for _, tags in all_tagged(account, region) for key in tags})}


@override(_API, "GetTagValues")
def _get_values(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    found: list[Tagged] = all_tagged(account, region)
    return {
        "PaginationToken": "",
        "TagValues": sorted({tags[request["Key"]] for _, tags in found if request["Key"] in tags}),
    }


@override(_API, "TagResources")
def _tag(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    tags = request.get("Tags") or {}
    if any(not rules.is_common(key + value) or key.lower().startswith("aws:") for key, value in tags.items()):
        raise aws_error("InvalidParameterException", "The tags contain characters or keys that are not allowed")
    return _for_each(account, region, request, lambda arn: _tag_one(account, region, arn, tags))


@override(_API, "UntagResources")
def _untag(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    keys = request.get("TagKeys") or []
    return _for_each(account, region, request, lambda arn: _untag_one(account, region, arn, keys))


def _for_each(account: Account, region: str, request: dict, change: Callable[[str], Any]) -> dict:
    failed = {}
    for arn in request.get("ResourceARNList") or []:
        try:
            change(arn)
        except ServiceException as error:
            failed[arn] = {
                "StatusCode": getattr(error, "status_code", 400),
                "ErrorCode": "InvalidParameterException",
                "ErrorMessage": error.message,
            }
    return {"FailedResourcesMap": failed}


def _pairs(tags: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict]:
    return [{key: name, value: text} for name, text in tags.items()]


_UNTAGGED_BY_KEYS = {
    "elasticloadbalancing": ("elbv2", "RemoveTags", "TagKeys", "ResourceArns"),
    "ecs": ("ecs", "UntagResource", "tagKeys", "resourceArn"),
    "elasticfilesystem": ("efs", "UntagResource", "TagKeys", "ResourceId"),
    "logs": ("logs", "UntagResource", "tagKeys", "resourceArn"),
    "secretsmanager": ("secretsmanager", "UntagResource", "TagKeys", "SecretId"),
    "kms": ("kms", "UntagResource", "TagKeys", "KeyId"),
    "ecr": ("ecr", "UntagResource", "tagKeys", "resourceArn"),
    "backup": ("backup", "UntagResource", "TagKeyList", "ResourceArn"),
}
"""Service in the ARN -> (service, operation, field of the keys, field of the resource)."""

_TAGGED_BY = {
    "elasticloadbalancing": ("elbv2", "AddTags", "Tags", "ResourceArns", _pairs),
    "ecs": ("ecs", "TagResource", "tags", "resourceArn", lambda tags: _pairs(tags, "key", "value")),
    "elasticfilesystem": ("efs", "TagResource", "Tags", "ResourceId", _pairs),
    "logs": ("logs", "TagResource", "tags", "resourceArn", dict),
    "secretsmanager": ("secretsmanager", "TagResource", "Tags", "SecretId", _pairs),
    "kms": ("kms", "TagResource", "Tags", "KeyId", lambda tags: _pairs(tags, "TagKey", "TagValue")),
    "ecr": ("ecr", "TagResource", "tags", "resourceArn", _pairs),
    "backup": ("backup", "TagResource", "Tags", "ResourceArn", dict),
}


def _resource(service: str, arn: str) -> Any:
    """How the service itself wants its resource named."""
    if service == "elasticloadbalancing":
        return [arn]
    return arn.rsplit("/", 1)[-1] if service in ("elasticfilesystem", "kms") else arn


def _tag_one(account: Account, region: str, arn: str, tags: dict[str, str]) -> None:
    service = arn.split(":")[2]
    if service == "ec2":
        invoke(account, region, "ec2", "CreateTags", {"Resources": [arn.rsplit("/", 1)[-1]], "Tags": _pairs(tags)})
    elif service == "s3":
        _put_bucket_tags(account, region, arn, bucket_tags(account, arn.rsplit(":", 1)[-1]) | tags)
    else:
        called, operation, field, named, spelt = _known(_TAGGED_BY, service)
        invoke(account, region, called, operation, {named: _resource(service, arn), field: spelt(tags)})


def _untag_one(account: Account, region: str, arn: str, keys: list[str]) -> None:
    service = arn.split(":")[2]
    if service == "ec2":
        gone = [{"Key": key} for key in keys]
        invoke(account, region, "ec2", "DeleteTags", {"Resources": [arn.rsplit("/", 1)[-1]], "Tags": gone})
    elif service == "s3":
        present = bucket_tags(account, arn.rsplit(":", 1)[-1])
        _put_bucket_tags(account, region, arn, {key: value for key, value in present.items() if key not in keys})
    else:
        called, operation, field, named = _known(_UNTAGGED_BY_KEYS, service)
        invoke(account, region, called, operation, {named: _resource(service, arn), field: keys})


def _known(table: dict[str, tuple], service: str) -> tuple:
    if service not in table:
        raise aws_error("InvalidParameterException", f"{service} resources cannot be tagged through this API")
    return table[service]


def _put_bucket_tags(account: Account, region: str, arn: str, tags: dict[str, str]) -> None:
    request = {"Bucket": arn.rsplit(":", 1)[-1], "Tagging": {"TagSet": _pairs(tags)}}
    invoke(account, region, "s3", "PutBucketTagging", request)
