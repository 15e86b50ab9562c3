"""The set of DHCP options that every VPC has unless somebody associates another one, or none.

Source: Amazon VPC user guide, "DHCP option sets in Amazon VPC" (the default set names AmazonProvidedDNS); Amazon EC2
API reference, AssociateDhcpOptions (`default` associates no options).
"""

from __future__ import annotations

from localstack_fargate.account import Account
from localstack_fargate.middleware import after, override

_NONE = "default"


def _own(account: Account, region: str) -> dict:
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    values = {"domain-name": domain, "domain-name-servers": "AmazonProvidedDNS"}
    return {
        "DhcpOptionsId": f"dopt-{int(account.id):017x}",
        "OwnerId": account.id,
        "DhcpConfigurations": [{"Key": key, "Values": [{"Value": value}]} for key, value in values.items()],
        "Tags": [],
    }


def _without(account: Account) -> set[str]:
    """The VPCs that somebody has given no options at all."""
    return account.state("ec2.without_dhcp_options", set)


@after("ec2", "AssociateDhcpOptions")
def note_association(account, region, request, response, context):
    change = _without(account).add if request.get("DhcpOptionsId") == _NONE else _without(account).discard
    change(request.get("VpcId"))
    return response


@after("ec2", "CreateVpc")
@after("ec2", "CreateDefaultVpc")
def show_on_new(account, region, request, response, context):
    response["Vpc"]["DhcpOptionsId"] = _own(account, region)["DhcpOptionsId"]
    return response


@after("ec2", "DescribeVpcs")
def show_on_all(account, region, request, response, context):
    for vpc in response.get("Vpcs", []):
        if vpc.get("DhcpOptionsId") == _NONE and vpc["VpcId"] not in _without(account):
            vpc["DhcpOptionsId"] = _own(account, region)["DhcpOptionsId"]
    return response


@override("ec2", "DescribeDhcpOptions")
def list_own(account, region, request, context, call_next):
    own, wanted = _own(account, region), request.get("DhcpOptionsIds") or []
    if wanted == [own["DhcpOptionsId"]]:
        return {"DhcpOptions": [own]}
    others = [one for one in wanted if one != own["DhcpOptionsId"]]
    response = call_next({**request, "DhcpOptionsIds": others} if wanted else request)
    if not request.get("Filters") and (not wanted or others != wanted):
        response["DhcpOptions"] = [own, *response.get("DhcpOptions", [])]
    return response
