"""Tags of vaults, plans and recovery points."""

from __future__ import annotations

from typing import Any, Callable

from localstack_fargate.account import Account
from localstack_fargate.middleware import override
from localstack_fargate.services.backup.state import missing, region_of


def _tags(account: Account, region: str, request: dict) -> dict[str, str]:
    tags = region_of(account, region).tags
    if request.get("ResourceArn") not in tags:
        raise missing(f"Resource does not exist: {request.get('ResourceArn')}")
    return tags[request["ResourceArn"]]


@override("backup", "ListTags")
def _list(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return {"Tags": dict(_tags(account, region, request))}


@override("backup", "TagResource")
def _tag(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    _tags(account, region, request).update(request.get("Tags") or {})
    return {}


@override("backup", "UntagResource")
def _untag(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    tags = _tags(account, region, request)
    for key in request.get("TagKeyList") or []:
        tags.pop(key, None)
    return {}
