"""Eventual consistency, off by default: what was just made is not found yet, or not by its tags yet.

Settings, AWS seconds: `ec2.visible` until a new EC2 resource is found at all, `tags.visible` until resources are found
by tag filters. Source: EC2 Developer Guide, "Ensuring idempotency" and "Eventual consistency".
"""

from __future__ import annotations

import re
from typing import Any, Iterator

from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import after, aws_error, guard

setting("ec2.visible", 0)
setting("tags.visible", 0)

_NOT_FOUND = {
    "vpc": ("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    "subnet": ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    "sg": ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    "sgr": ("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '{}' does not exist"),
    "igw": ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist"),
    "nat": ("NatGatewayNotFound", "The Nat Gateway {} was not found"),
    "rtb": ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    "acl": ("InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist"),
    "eipalloc": ("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    "eni": ("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
    "vpce": ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
}
_ID = re.compile(r"^(vpc|subnet|sg|sgr|igw|nat|rtb|acl|eipalloc|eni|vpce|fl)-[0-9a-f]{8,}$")


def _born(account: Account) -> dict[str, float]:
    """Virtual time of creation by id or ARN: of everything, so that what a later answer names in passing is not new."""
    return account.state("consistency.born", dict)


def _hidden(account: Account, name: str) -> set[str]:
    delay = account.settings[name]
    if not delay:
        return set()
    now = account.clock.now()
    return {identity for identity, moment in _born(account).items() if now - moment < delay}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value


def _own_ids(value: Any, known: set[str]) -> set[str]:
    """Ids and ARNs in an answer to a create call which the request did not name: the new ones."""
    return {text for text in _strings(value) if (_ID.match(text) or text.startswith("arn:")) and text not in known}


@after("*", "Create*", "AllocateAddress", "RegisterTaskDefinition", "PutSecretValue")
def _note_birth(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    for identity in new_names(account, region, request, response, context):
        _born(account).setdefault(identity, account.clock.now())
    return response


def new_names(account: Account, region: str, request: dict, response: Any, context: Any) -> set[str]:
    """The ids and ARNs of what a call has made."""
    return _own_ids(response, set(_strings(request))) | _unsaid(account, region, request, context)


def _unsaid(account: Account, region: str, request: dict, context: Any) -> set[str]:
    """The ARNs of new resources which the answer does not give."""
    if context.operation.name == "CreateLogGroup":
        return {f"arn:aws:logs:{region}:{account.id}:log-group:{request.get('logGroupName')}"}
    if context.operation.name == "CreateBucket":
        return {f"arn:aws:s3:::{request.get('Bucket')}"}
    return set()


@guard("ec2", "*")
def _not_found_yet(account: Account, region: str, request: dict, context: Any) -> None:
    if getattr(context, "from_inside", False):
        return  # AWS itself finds what it has made
    if hidden := _hidden(account, "ec2.visible"):
        # What a filter asks for is not found; only what a call is about does not exist.
        for text in _strings({name: value for name, value in request.items() if name not in ("Filters", "Filter")}):
            if text in hidden and (prefix := text.split("-")[0]) in _NOT_FOUND:
                code, message = _NOT_FOUND[prefix]
                raise aws_error(code, message.format(text))


@after("ec2", "Describe*")
def _not_listed_yet(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    hidden = _hidden(account, "ec2.visible")
    filters = request.get("Filters") or request.get("Filter") or []  # DescribeFlowLogs says Filter
    if any(str(entry.get("Name", "")).startswith("tag") for entry in filters):
        hidden |= _hidden(account, "tags.visible")
    if hidden:
        for key, items in response.items():
            if isinstance(items, list):
                response[key] = [item for item in items if not (isinstance(item, dict) and _identity(item) & hidden)]
    return response


def _identity(item: dict) -> set[str]:
    """The ids that are the item's own, as opposed to references: its first field that is an id of its kind."""
    for key in (
        "NatGatewayId", "SubnetId", "GroupId", "InternetGatewayId", "RouteTableId", "NetworkAclId", "AllocationId",
        "NetworkInterfaceId", "VpcEndpointId", "SecurityGroupRuleId", "FlowLogId", "VpcId",
    ):  # fmt: skip
        if key in item and _is_own(key, item):
            return {item[key]}
    return set()


def _is_own(key: str, item: dict) -> bool:
    marks = {
        "SubnetId": "CidrBlock",
        "GroupId": "GroupName",
        "NetworkInterfaceId": "InterfaceType",
        "VpcId": "CidrBlock",
    }
    return key not in marks or marks[key] in item


@after("resourcegroupstaggingapi", "GetResources")
def _not_tagged_yet(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    hidden = _hidden(account, "tags.visible")
    if hidden:
        response["ResourceTagMappingList"] = [
            entry
            for entry in response.get("ResourceTagMappingList", [])
            if entry["ResourceARN"] not in hidden and entry["ResourceARN"].rsplit("/", 1)[-1] not in hidden
        ]
    return response
