"""Which resource types AWS Backup may touch in a region.

Source: AWS Backup API reference, DescribeRegionSettings and UpdateRegionSettings. That StartBackupJob answers "Resource
type is not opted in" is observed by others; its error code is unverified.
"""

from __future__ import annotations

from typing import Any, Callable

from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.backup.state import invalid, region_of


def check(account: Account, region: str, kind: str) -> None:
    if not region_of(account, region).opted_in[kind]:
        raise aws_error("InvalidRequestException", f"Resource type is not opted in: {kind}")


@override("backup", "DescribeRegionSettings")
def _describe(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here = region_of(account, region)
    return {
        "ResourceTypeOptInPreference": dict(here.opted_in),
        "ResourceTypeManagementPreference": dict(here.fully_managed),
    }


@override("backup", "UpdateRegionSettings")
def _update(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here = region_of(account, region)
    for name, kept in (
        ("ResourceTypeOptInPreference", here.opted_in),
        ("ResourceTypeManagementPreference", here.fully_managed),
    ):
        wanted = request.get(name) or {}
        if set(wanted) - set(kept):
            raise invalid(
                "Element present in resource type opt in preference has invalid values. "
                "Please use describeRegionSettings API to know the supported resource types"
            )
        kept.update(wanted)
    return {}
