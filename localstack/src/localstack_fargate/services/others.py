"""What other people's automation does to what has just been made, some seconds later.

Settings: `others.tags`, tags that a tagger puts on everything new that can be tagged (as of AWS's own "Auto tagging
resources with EventBridge and Lambda"); `others.vpc`, each new VPC gets a secondary IPv4 block and an IPv6 block, its
default group is emptied (AWS Config's remediation AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules) and its
default ACL denies Telnet; `others.after`, how much later, AWS seconds.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable

from localstack.aws.api import ServiceException

from localstack_fargate.account import Account, setting
from localstack_fargate.consistency import new_names
from localstack_fargate.middleware import after, invoke

setting("others.tags", {})
setting("others.vpc", False)
setting("others.after", 10)

_SECONDARY = "100.64.0.0/20"


@after("*", "Create*", "AllocateAddress", "RegisterTaskDefinition")
def _tag_what_is_new(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    tags = account.settings["others.tags"]
    if tags and not getattr(context, "from_inside", False):
        names = new_names(account, region, request, response, context)
        account.schedule(account.settings["others.after"], lambda account: _tag(account, region, names, tags))
    return response


def _tag(account: Account, region: str, names: set[str], tags: dict[str, str]) -> None:
    ids = sorted(name for name in names if not name.startswith("arn:"))
    arns = sorted(name for name in names if name.startswith("arn:") and ":iam:" not in name and ":ec2:" not in name)
    # Some of it may be gone by then.
    for one in ids:
        spelt = [{"Key": key, "Value": value} for key, value in tags.items()]
        _try(lambda one=one: invoke(account, region, "ec2", "CreateTags", {"Resources": [one], "Tags": spelt}))
    if arns:
        request = {"ResourceARNList": arns, "Tags": tags}
        _try(lambda: invoke(account, region, "resourcegroupstaggingapi", "TagResources", request))


@after("ec2", "CreateVpc")
def _change_the_vpc(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    if account.settings["others.vpc"] and not getattr(context, "from_inside", False):
        vpc = response["Vpc"]["VpcId"]
        account.schedule(account.settings["others.after"], lambda account: _secure(account, region, vpc))
    return response


def _secure(account: Account, region: str, vpc: str) -> None:
    def ec2(operation: str, **request: Any) -> Any:
        return _try(lambda: invoke(account, region, "ec2", operation, request)) or {}

    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    ec2("AssociateVpcCidrBlock", VpcId=vpc, CidrBlock=_SECONDARY)
    ec2("AssociateVpcCidrBlock", VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    default = [*of_vpc, {"Name": "group-name", "Values": ["default"]}]
    for group in ec2("DescribeSecurityGroups", Filters=default).get("SecurityGroups", []):
        named = {"GroupId": group["GroupId"]}
        ec2("RevokeSecurityGroupIngress", **named, IpPermissions=group["IpPermissions"])
        ec2("RevokeSecurityGroupEgress", **named, IpPermissions=group["IpPermissionsEgress"])
    default = [*of_vpc, {"Name": "default", "Values": ["true"]}]
    for acl in ec2("DescribeNetworkAcls", Filters=default).get("NetworkAcls", []):
        ec2(
            "CreateNetworkAclEntry", NetworkAclId=acl["NetworkAclId"], RuleNumber=7, Protocol="6", RuleAction="deny",
            Egress=False, CidrBlock="0.0.0.0/0", PortRange={"From": 23, "To": 23},
        )  # fmt: skip


def _try(call: Callable[[], Any]) -> Any:
    with contextlib.suppress(ServiceException):
        return call()
