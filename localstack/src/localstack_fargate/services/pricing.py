"""The Price List: answers of AWS's GetProducts, trimmed to what tells a product and its price.

Source: AWS Billing User Guide, "Using the AWS Price List Query API"; Price List API Reference, GetProducts: filters are
ANDed, products are JSON in strings, and a service that is not known is NotFoundException. Prices are those that AWS
published for these products in 2026. Beside the wanted products are some whose usage types look alike, as in AWS.
us-east-1 has its application load balancers under AmazonEC2, eu-central-1 under AWSELB; EFS of eu-central-1 has no
product for reads and writes.
"""

from __future__ import annotations

import json
from typing import Any, Callable

from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, override

_PUBLISHED = "2026-10-01T16:20:00Z"
_PAGE = 2
"""Products a page: fewer than in AWS, so that pages are seen in tests."""

_ALB, _NLB = {"operation": "LoadBalancing:Application"}, {"operation": "LoadBalancing:Network"}

_PRODUCTS: tuple[tuple[str, str, str, dict[str, str], str, tuple[tuple[str, str], ...]], ...] = (
    ("AmazonECS", "us-east-1", "USE1-Fargate-vCPU-Hours:perCPU", {}, "USD", (("0", "0.0404800000"),)),
    ("AmazonECS", "us-east-1", "USE1-Fargate-ARM-vCPU-Hours:perCPU", {}, "USD", (("0", "0.0323800000"),)),
    ("AmazonECS", "us-east-1", "USE1-SpotUsage-Fargate-vCPU-Hours:perCPU", {}, "USD", (("0", "0.0127000000"),)),
    ("AmazonECS", "us-east-1", "USE1-Fargate-GB-Hours", {}, "USD", (("0", "0.0044450000"),)),
    ("AmazonEC2", "us-east-1", "NatGateway-Hours", {}, "USD", (("0", "0.0450000000"),)),
    ("AmazonEC2", "us-east-1", "RegionalNatGateway-Hours", {}, "USD", (("0", "0.0450000000"),)),
    ("AmazonEC2", "us-east-1", "NatGateway-Bytes", {}, "USD", (("0", "0.0450000000"),)),
    ("AmazonVPC", "us-east-1", "USE1-PublicIPv4:InUseAddress", {}, "USD", (("0", "0.0050000000"),)),
    ("AmazonVPC", "us-east-1", "USE1-ClientVPN-EndpointHours", {}, "USD", (("0", "0.1000000000"),)),
    ("AmazonVPC", "us-east-1", "USE1-ClientVPN-ConnectionHours", {}, "USD", (("0", "0.0500000000"),)),
    ("AmazonEC2", "us-east-1", "LoadBalancerUsage", _NLB, "USD", (("0", "0.0225000000"),)),
    ("AmazonEC2", "us-east-1", "LoadBalancerUsage", _ALB, "USD", (("0", "0.0225000000"),)),
    ("AmazonEC2", "us-east-1", "LCUUsage", _ALB, "USD", (("0", "0.0080000000"),)),
    ("AmazonEFS", "us-east-1", "TimedStorage-ByteHrs", {}, "USD", (("0", "0.3000000000"),)),
    ("AmazonEFS", "us-east-1", "IATimedStorage-ByteHrs", {}, "USD", (("0", "0.0250000000"),)),
    ("AmazonEFS", "us-east-1", "USE1-ETDataAccess-Bytes", {"accessType": "Read"}, "USD", (("0", "0.0300000000"),)),
    ("AmazonEFS", "us-east-1", "USE1-ETDataAccess-Bytes", {"accessType": "Write"}, "USD", (("0", "0.0600000000"),)),
    ("AmazonCloudWatch", "us-east-1", "USE1-DataProcessing-Bytes", {}, "USD", (("0", "0.5000000000"),)),
    (
        "AmazonCloudWatch", "us-east-1", "USE1-VendedLog-Bytes", {}, "USD",
        (("0", "0.5000000000"), ("10240", "0.2500000000")),
    ),
    (
        "AmazonCloudWatch", "us-east-1", "CW:MetricMonitorUsage", {}, "USD",
        (("10000", "0.1000000000"), ("0", "0.3000000000")),
    ),
    ("AWSSecretsManager", "us-east-1", "USE1-AWSSecretsManager-Secrets", {}, "USD", (("0", "0.4000000000"),)),
    ("AmazonECS", "eu-central-1", "EUC1-Fargate-vCPU-Hours:perCPU", {}, "USD", (("0", "0.0465600000"),)),
    ("AmazonECS", "eu-central-1", "EUC1-Fargate-GB-Hours", {}, "USD", (("0", "0.0051100000"),)),
    ("AmazonEC2", "eu-central-1", "EUC1-NatGateway-Hours", {}, "USD", (("0", "0.0520000000"),)),
    ("AmazonEC2", "eu-central-1", "EUC1-NatGateway-Bytes", {}, "USD", (("0", "0.0520000000"),)),
    ("AmazonVPC", "eu-central-1", "EUC1-PublicIPv4:InUseAddress", {}, "USD", (("0", "0.0050000000"),)),
    ("AWSELB", "eu-central-1", "EUC1-TS-LoadBalancerUsage", _ALB, "USD", (("0", "0.0050000000"),)),
    ("AWSELB", "eu-central-1", "EUC1-LoadBalancerUsage", _ALB, "USD", (("0", "0.0270000000"),)),
    ("AWSELB", "eu-central-1", "EUC1-LCUUsage", _ALB, "USD", (("0", "0.0080000000"),)),
    ("AmazonEFS", "eu-central-1", "EUC1-TimedStorage-ByteHrs", {}, "USD", (("0", "0.3600000000"),)),
    ("AWSSecretsManager", "eu-central-1", "EUC1-AWSSecretsManager-Secrets", {}, "USD", (("0", "0.4000000000"),)),
)  # fmt: skip
"""(service, region, usage type, further attributes, currency, tiers by beginning and price)."""
_SERVICES = {product[0] for product in _PRODUCTS} | {"AWSBackup", "AmazonS3"}


def _shown(service: str, region: str, usage: str, attributes: dict, currency: str, tiers: tuple) -> str:
    dimensions = {
        f"SKU.JRTCKXETXF.{number}": {"unit": "Hrs", "beginRange": begin, "pricePerUnit": {currency: price}}
        for number, (begin, price) in enumerate(tiers)
    }
    all_attributes = {"servicecode": service, "regionCode": region, "usagetype": usage, **attributes}
    return json.dumps(
        {
            "product": {"productFamily": "", "attributes": all_attributes, "sku": "SKU"},
            "serviceCode": service,
            "terms": {"OnDemand": {"SKU.JRTCKXETXF": {"priceDimensions": dimensions, "sku": "SKU"}}},
            "version": "20261001162000",
            "publicationDate": _PUBLISHED,
        }
    )


def _matches(product: tuple, filters: list[dict]) -> bool:
    _, region, usage, attributes, *_ = product
    values = {"regionCode": region, "usagetype": usage, **attributes}
    for one in filters:
        found, wanted = values.get(one["Field"]), one["Value"]
        if found is None or (wanted not in found if one["Type"] == "CONTAINS" else wanted != found):
            return False
    return True


@override("pricing", "GetProducts")
def _products(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    service = request["ServiceCode"]
    if service not in _SERVICES:
        raise aws_error("NotFoundException", f"Service code {service} is not found.")
    found = [one for one in _PRODUCTS if one[0] == service and _matches(one, request.get("Filters") or [])]
    start = int(request.get("NextToken") or 0)
    answer = {"FormatVersion": "aws_v1", "PriceList": [_shown(*one) for one in found[start : start + _PAGE]]}
    if start + _PAGE < len(found):
        answer["NextToken"] = str(start + _PAGE)
    return answer
