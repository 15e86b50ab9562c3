"""Service Quotas: the quotas the stack lives under, with the values the bed enforces.

Source: AWS General Reference, endpoints and quotas of each service. `quota.*` settings change the applied value of an account.
"""

from __future__ import annotations

from typing import Any, Callable

from cebed.account import Account
from cebed.middleware import aws_error, override

_SERVICE_NAMES = {
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "fargate": "AWS Fargate",
    "elasticloadbalancing": "Elastic Load Balancing",
    "elasticfilesystem": "Amazon Elastic File System (EFS)",
    "ecs": "Amazon Elastic Container Service (Amazon ECS)",
}

_QUOTAS: tuple[tuple[str, str, str, float, str | None], ...] = (
    ("vpc", "L-F678F1CE", "VPCs per Region", 5, "quota.vpcs"),
    ("vpc", "L-407747CB", "Subnets per VPC", 200, "quota.subnets_per_vpc"),
    ("vpc", "L-A4707A72", "Internet gateways per Region", 5, "quota.internet_gateways"),
    ("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5, "quota.nat_gateways_per_zone"),
    ("vpc", "L-E79EC296", "VPC security groups per Region", 2500, "quota.security_groups_per_region"),
    ("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60, None),
    ("vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC", 50, None),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, "quota.elastic_ips"),
    ("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", 6, "ecs.vcpu_quota"),
    ("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50, "quota.load_balancers"),
    ("elasticfilesystem", "L-848C634D", "File systems per account", 1000, "quota.file_systems"),
    ("ecs", "L-21C621EB", "Clusters per account", 10000, None),
    ("ecs", "L-9EF96962", "Services per cluster", 5000, None),
)
"""(service, code, name, AWS's default, setting with the applied value)."""


def _shown(account: Account, region: str, row: tuple, default: bool) -> dict:
    service, code, name, value, applied = row
    if applied is not None and not default:
        value = account.settings.get(applied, value)
    return {
        "ServiceCode": service,
        "ServiceName": _SERVICE_NAMES[service],
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account.id}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


@override("service-quotas", "GetServiceQuota", "GetAWSDefaultServiceQuota")
def _get(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    default = context.operation.name == "GetAWSDefaultServiceQuota"
    for row in _QUOTAS:
        if row[:2] == (request.get("ServiceCode"), request.get("QuotaCode")):
            return {"Quota": _shown(account, region, row, default)}
    raise aws_error(
        "NoSuchResourceException",
        "The request failed because the specified service or quota does not exist in this region.",
    )


@override("service-quotas", "ListServiceQuotas", "ListAWSDefaultServiceQuotas")
def _list(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    default = context.operation.name == "ListAWSDefaultServiceQuotas"
    rows = [row for row in _QUOTAS if row[0] == request.get("ServiceCode")]
    if not rows:
        raise aws_error("NoSuchResourceException", "The request failed because the specified service does not exist.")
    return {"Quotas": [_shown(account, region, row, default) for row in rows]}


@override("service-quotas", "ListServices")
def _services(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return {"Services": [{"ServiceCode": code, "ServiceName": name} for code, name in sorted(_SERVICE_NAMES.items())]}
