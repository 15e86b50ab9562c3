"""Service Quotas."""

import pytest
from conftest import refused

KNOWN = [
    ("vpc", "L-F678F1CE", "VPCs per Region"),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"),
    ("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count"),
]


@pytest.mark.row("service-quotas:GetServiceQuota (vpc, eip, fargate)", bare="fails")
def test_get_service_quota(world):
    quotas = world.client("service-quotas")
    for service, code, name in KNOWN:
        assert quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["QuotaName"] == name
    refused(lambda: quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-00000000"), "NoSuchResourceException")


@pytest.mark.row("service-quotas:ListServiceQuotas / ListAWSDefaultServiceQuotas", bare="fails")
def test_list_service_quotas(world):
    quotas = world.client("service-quotas")
    for service, code, name in KNOWN:
        for answer in (
            quotas.list_service_quotas(ServiceCode=service),
            quotas.list_aws_default_service_quotas(ServiceCode=service),
        ):
            assert name in {q["QuotaName"] for q in answer["Quotas"] if q["QuotaCode"] == code}
    refused(lambda: quotas.list_service_quotas(ServiceCode="none"), "NoSuchResourceException")


@pytest.mark.row("quota errors: the applied value is what the account lives under", bare="fails")
def test_quota_is_enforced(world):
    world.settings(**{"quota.elastic_ips": 1})
    quota = world.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")["Quota"]
    assert quota["Value"] == 1
    world.client("ec2").allocate_address(Domain="vpc")
    refused(lambda: world.client("ec2").allocate_address(Domain="vpc"), "AddressLimitExceeded")
