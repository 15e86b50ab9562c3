"""Elastic Load Balancing v2: what its parts share.

Own state instead of moto's; one file for each kind: `elbv2_balancers`, `elbv2_groups`, `elbv2_listeners`,
`elbv2_rules`, `elbv2_targets`, `elbv2_attributes`, `elbv2_access_logs`, `elbv2_tags`. Source: Elastic Load Balancing
API reference, version 2015-12-01.
"""

from __future__ import annotations

import random
import re

from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")


class Region:
    """All of ELBv2 in one region of an account, by ARN. Records hold AWS's fields and, after `_`, the emulator's own.
    """

    def __init__(self) -> None:
        self.balancers: dict[str, dict] = {}
        self.groups: dict[str, dict] = {}
        self.listeners: dict[str, dict] = {}
        self.rules: dict[str, dict] = {}
        self.tags: dict[str, dict[str, str]] = {}


def region_of(account: Account, region: str) -> Region:
    return account.state(f"elbv2:{region}", Region)


def new_arn(account: Account, region: str, path: str) -> str:
    """An ARN that ends in a new id of 16 hexadecimal digits."""
    return f"arn:aws:elasticloadbalancing:{region}:{account.id}:{path}/{random.getrandbits(64):016x}"


def shown(record: dict) -> dict:
    return {k: v for k, v in record.items() if not k.startswith("_")}


def validation(message: str):
    return aws_error("ValidationError", message)


def check_name(name: str, kind: str) -> None:
    if not NAME.fullmatch(name or ""):
        if len(name or "") > 32:
            raise validation(f"{kind} name '{name}' cannot be longer than '32' characters")
        raise validation(f"{kind} name '{name}' can only contain characters that are alphanumeric characters and "
                         "hyphens(-) and cannot begin or end with a hyphen(-)")


def balancer(account: Account, region: str, arn: str) -> dict:
    found = region_of(account, region).balancers.get(arn)
    if found is None:
        if ":loadbalancer/" not in (arn or ""):
            raise validation(f"'{arn}' is not a valid load balancer ARN")
        raise aws_error("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
    return found


def group(account: Account, region: str, arn: str) -> dict:
    found = region_of(account, region).groups.get(arn)
    if found is None:
        if ":targetgroup/" not in (arn or ""):
            raise validation(f"'{arn}' is not a valid target group ARN")
        raise aws_error("TargetGroupNotFound", "One or more target groups not found")
    return found


def listener(account: Account, region: str, arn: str) -> dict:
    found = region_of(account, region).listeners.get(arn)
    if found is None:
        if ":listener/" not in (arn or ""):
            raise validation(f"'{arn}' is not a valid listener ARN")
        raise aws_error("ListenerNotFound", "One or more listeners not found")
    return found


def groups_of_actions(actions: list[dict]) -> list[str]:
    """ARNs of all target groups that the actions forward to, in their order."""
    found = []
    for action in actions or []:
        found += [t["TargetGroupArn"] for t in (action.get("ForwardConfig") or {}).get("TargetGroups") or []]
        if action.get("TargetGroupArn"):
            found.append(action["TargetGroupArn"])
    return list(dict.fromkeys(found))


def balancers_of_group(account: Account, region: str, group_arn: str) -> list[str]:
    """ARNs of the load balancers whose listeners or rules forward to the group."""
    here = region_of(account, region)
    found = []
    for record in here.listeners.values():
        rules = [r for r in here.rules.values() if r["_listener"] == record["ListenerArn"]]
        actions = record["DefaultActions"] + [a for r in rules for a in r["Actions"]]
        if group_arn in groups_of_actions(actions):
            found.append(record["LoadBalancerArn"])
    return list(dict.fromkeys(found))


def paged(items: list, request: dict, key: str, default: int = 400) -> dict:
    """One page in the API's manner: `PageSize` and `Marker` in, `NextMarker` out."""
    start = int(request.get("Marker") or 0)
    size = min(int(request.get("PageSize") or default), default)
    answer = {key: items[start : start + size]}
    if start + size < len(items):
        answer["NextMarker"] = str(start + size)
    return answer
