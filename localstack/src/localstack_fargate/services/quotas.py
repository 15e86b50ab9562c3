"""Service Quotas: the quotas the stack lives under, with the values the emulator enforces.

Source: AWS General Reference, endpoints and quotas of each service; Service Quotas API Reference, ListServiceQuotas
(some quotas have a default only, and are not retrieved). `quota.*` settings change the applied value of an account;
`quotas.default_only` is a list of the codes that have none. The quotas of CloudWatch Logs' log groups and of EFS's
access points are enforced, but are not here: what Service Quotas calls them is not known.
"""

from __future__ import annotations

from typing import Any, Callable

from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import aws_error, override

setting("quotas.default_only", [])

_SERVICE_NAMES = {
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "fargate": "AWS Fargate",
    "elasticloadbalancing": "Elastic Load Balancing",
    "elasticfilesystem": "Amazon Elastic File System (EFS)",
    "ecs": "Amazon Elastic Container Service (Amazon ECS)",
    "iam": "AWS Identity and Access Management (IAM)",
    "s3": "Amazon Simple Storage Service (Amazon S3)",
    "secretsmanager": "AWS Secrets Manager",
    "backup": "AWS Backup",
    "acm": "AWS Certificate Manager (ACM)",
}

_QUOTAS: tuple[tuple[str, str, str, float, str | None], ...] = (
    ("vpc", "L-F678F1CE", "VPCs per Region", 5, "quota.vpcs"),
    ("vpc", "L-407747CB", "Subnets per VPC", 200, "quota.subnets_per_vpc"),
    ("vpc", "L-A4707A72", "Internet gateways per Region", 5, "quota.internet_gateways"),
    ("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5, "quota.nat_gateways_per_zone"),
    ("vpc", "L-E79EC296", "VPC security groups per Region", 2500, "quota.security_groups_per_region"),
    ("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60, "quota.rules_per_group"),
    ("vpc", "L-2AFB9258", "Security groups per network interface", 5, "quota.groups_per_interface"),
    ("vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC", 50, "quota.interface_endpoints_per_vpc"),
    ("vpc", "L-1B52E74A", "Gateway VPC endpoints per Region", 20, "quota.gateway_endpoints"),
    ("vpc", "L-589F43AA", "Route tables per VPC", 200, "quota.route_tables_per_vpc"),
    ("vpc", "L-B4A6D682", "Network ACLs per VPC", 200, "quota.acls_per_vpc"),
    ("vpc", "L-2AEEBF1A", "Rules per network ACL", 20, "quota.acl_entries_per_direction"),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, "quota.elastic_ips"),
    ("ec2", "L-8EA77D34", "Client VPN endpoints per Region", 5, "quota.client_vpn_endpoints"),
    ("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", 6, "ecs.vcpu_quota"),
    ("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50, "quota.load_balancers"),
    ("elasticloadbalancing", "L-B22855CB", "Target Groups per Region", 3000, "quota.target_groups"),
    ("elasticfilesystem", "L-848C634D", "File systems per account", 1000, "quota.file_systems"),
    ("ecs", "L-21C621EB", "Clusters per account", 10000, "quota.clusters"),
    ("ecs", "L-9EF96962", "Services per cluster", 5000, "quota.services_per_cluster"),
    ("iam", "L-FE177D64", "Roles per account", 1000, "quota.roles"),
    ("s3", "L-DC2B2D3D", "Buckets", 10000, "quota.buckets"),
    ("secretsmanager", "L-2F66C23C", "Secrets per Region", 500000, "quota.secrets"),
    ("acm", "L-F141DD1D", "ACM certificates", 2500, "quota.certificates"),
    ("backup", "L-7705D2CB", "Backup vaults per Region per account", 300, "quota.backup_vaults"),
)
"""(service, code, name, AWS's default, setting with the applied value)."""
_GLOBAL, _GLOBAL_REGION = ("iam",), "us-east-1"


def _rows(account: Account, region: str, service: str | None, default: bool) -> list[tuple]:
    """The quotas of a service that can be retrieved here; those of a global service in one region only."""
    if service in _GLOBAL and region != _GLOBAL_REGION:
        return []
    hidden = () if default else account.settings["quotas.default_only"]
    return [row for row in _QUOTAS if row[0] == service and row[1] not in hidden]


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
        "GlobalQuota": service in _GLOBAL,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


@override("service-quotas", "GetServiceQuota", "GetAWSDefaultServiceQuota")
def _get(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    default = context.operation.name == "GetAWSDefaultServiceQuota"
    for row in _rows(account, region, request.get("ServiceCode"), default):
        if row[1] == request.get("QuotaCode"):
            return {"Quota": _shown(account, region, row, default)}
    raise aws_error(
        "NoSuchResourceException",
        "The request failed because the specified service or quota does not exist in this region.",
    )


@override("service-quotas", "ListServiceQuotas", "ListAWSDefaultServiceQuotas")
def _list(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    default = context.operation.name == "ListAWSDefaultServiceQuotas"
    rows = _rows(account, region, request.get("ServiceCode"), default)
    if not rows:
        raise aws_error("NoSuchResourceException", "The request failed because the specified service does not exist.")
    return {"Quotas": [_shown(account, region, row, default) for row in rows]}


@override("service-quotas", "ListServices")
def _services(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return {"Services": [{"ServiceCode": code, "ServiceName": name} for code, name in sorted(_SERVICE_NAMES.items())]}
