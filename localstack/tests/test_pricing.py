"""The Price List."""

import json

import pytest
from conftest import refused

HOURS = [
    {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"},
    {"Type": "CONTAINS", "Field": "usagetype", "Value": "Fargate-vCPU-Hours:perCPU"},
]


@pytest.mark.row("pricing:GetProducts", plain="fails")
def test_get_products(account):
    pricing = account.client("pricing")
    pages = pricing.get_paginator("get_products").paginate(ServiceCode="AmazonECS", Filters=HOURS)
    texts = [text for page in pages for text in page["PriceList"]]
    usages = {json.loads(text)["product"]["attributes"]["usagetype"] for text in texts}
    assert usages == {"USE1-Fargate-vCPU-Hours:perCPU", "USE1-SpotUsage-Fargate-vCPU-Hours:perCPU"}
    nowhere = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "nowhere-1"}]
    assert pricing.get_products(ServiceCode="AmazonECS", Filters=nowhere)["PriceList"] == []
    refused(lambda: pricing.get_products(ServiceCode="None"), "NotFoundException")
