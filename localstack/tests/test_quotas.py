"""Service Quotas."""


import pytest
from conftest import refused
from policy_kit import trust

KNOWN = [
    ("vpc", "L-F678F1CE", "VPCs per Region"),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"),
    ("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count"),
]


@pytest.mark.row("service-quotas:GetServiceQuota (vpc, eip, fargate)", plain="fails")
def test_get_service_quota(account):
    quotas = account.client("service-quotas")
    for service, code, name in KNOWN:
        assert quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["QuotaName"] == name
    refused(lambda: quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-00000000"), "NoSuchResourceException")


@pytest.mark.row("service-quotas:ListServiceQuotas / ListAWSDefaultServiceQuotas", plain="fails")
def test_list_service_quotas(account):
    quotas = account.client("service-quotas")
    for service, code, name in KNOWN:
        for answer in (
            quotas.list_service_quotas(ServiceCode=service),
            quotas.list_aws_default_service_quotas(ServiceCode=service),
        ):
            assert name in {q["QuotaName"] for q in answer["Quotas"] if q["QuotaCode"] == code}
    refused(lambda: quotas.list_service_quotas(ServiceCode="none"), "NoSuchResourceException")


@pytest.mark.row("quota errors: the applied value is what the account lives under", plain="fails")
def test_quota_is_enforced(account):
    account.settings(**{"quota.elastic_ips": 1})
    quota = account.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")["Quota"]
    assert quota["Value"] == 1
    account.client("ec2").allocate_address(Domain="vpc")
    refused(lambda: account.client("ec2").allocate_address(Domain="vpc"), "AddressLimitExceeded")


@pytest.mark.row("service-quotas: where and for what there is a value", plain="absent")
def test_quotas_that_cannot_be_retrieved(account):
    here, there = account.client("service-quotas"), account.client("service-quotas", "eu-west-1")
    roles = {"ServiceCode": "iam", "QuotaCode": "L-FE177D64"}
    account.settings(**{"quota.roles": 7, "quotas.default_only": ["L-F678F1CE"]})
    quota = here.get_service_quota(**roles)["Quota"]
    assert (quota["Value"], quota["GlobalQuota"]) == (7, True)
    assert here.get_aws_default_service_quota(**roles)["Quota"]["Value"] == 1000
    refused(lambda: there.get_service_quota(**roles), "NoSuchResourceException")
    vpcs = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    refused(lambda: here.get_service_quota(**vpcs), "NoSuchResourceException")
    assert here.get_aws_default_service_quota(**vpcs)["Quota"]["Value"] == 5
    assert "L-F678F1CE" not in {q["QuotaCode"] for q in here.list_service_quotas(ServiceCode="vpc")["Quotas"]}


def service(account, name):
    """Creates an ECS service that starts nothing."""
    ecs, network = account.client("ecs"), {"awsvpcConfiguration": {"subnets": account.net["subnets"]}}
    if name == "a":
        account.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
        account.advance(15)
        ecs.create_cluster(clusterName="c")
        container = {"name": "x", "image": "public.ecr.aws/x/y:1"}
        ecs.register_task_definition(
            family="f", networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"],
            containerDefinitions=[container],
        )  # fmt: skip
    ecs.create_service(
        cluster="c",
        serviceName=name,
        taskDefinition="f",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=network,
    )


def endpoint(account, kind):
    where = {"SubnetIds": account.net["subnets"][:1]} if kind == "Interface" else {}
    service_name = "com.amazonaws.us-east-1." + ("logs" if kind == "Interface" else "s3")
    account.client("ec2").create_vpc_endpoint(
        VpcId=account.net["vpc"], ServiceName=service_name, VpcEndpointType=kind, PrivateDnsEnabled=False, **where
    )


def balancer(account, name):
    account.client("elbv2").create_load_balancer(Name=name, Subnets=account.net["subnets"])


def target_group(account, name):
    account.client("elbv2").create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId=account.net["vpc"], TargetType="ip", HealthCheckPath="/"
    )


def gateway(account, name):
    ec2 = account.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=account.net["subnets"][0], AllocationId=address)


TRUST = trust()
ENFORCED = {
    "quota.vpcs": (3, lambda w, n: w.client("ec2").create_vpc(CidrBlock="10.9.0.0/16"), "VpcLimitExceeded", 400),
    "quota.internet_gateways": (2, lambda w, n: w.client("ec2").create_internet_gateway(),
        "InternetGatewayLimitExceeded", 400),
    "quota.nat_gateways_per_zone": (1, gateway, "NatGatewayLimitExceeded", 400),
    "quota.route_tables_per_vpc": (
        2, lambda w, n: w.client("ec2").create_route_table(VpcId=w.net["vpc"]), "RouteTableLimitExceeded", 400,
    ),
    "quota.acls_per_vpc": (
        2, lambda w, n: w.client("ec2").create_network_acl(VpcId=w.net["vpc"]), "NetworkAclLimitExceeded", 400,
    ),
    "quota.security_groups_per_region": (
        4, lambda w, n: w.client("ec2").create_security_group(GroupName=n, Description="d", VpcId=w.net["vpc"]),
        "SecurityGroupLimitExceeded", 400,
    ),
    "quota.interface_endpoints_per_vpc": (1, lambda w, n: endpoint(w, "Interface"), "VpcEndpointLimitExceeded", 400),
    "quota.gateway_endpoints": (1, lambda w, n: endpoint(w, "Gateway"), "VpcEndpointLimitExceeded", 400),
    "quota.load_balancers": (1, balancer, "TooManyLoadBalancers", 400),
    "quota.target_groups": (1, target_group, "TooManyTargetGroups", 400),
    "quota.file_systems": (
        1, lambda w, n: w.client("efs").create_file_system(CreationToken=n), "FileSystemLimitExceeded", 403,
    ),
    "quota.clusters": (1, lambda w, n: w.client("ecs").create_cluster(clusterName=n), "ClientException", 400),
    "quota.services_per_cluster": (1, service, "ClientException", 400),
    "quota.roles": (
        1, lambda w, n: w.client("iam").create_role(RoleName=n, AssumeRolePolicyDocument=TRUST), "LimitExceeded", 409,
    ),
    "quota.buckets": (1, lambda w, n: w.client("s3").create_bucket(Bucket=f"quota-{n}-{w.id}"), "TooManyBuckets", 400),
    "quota.log_groups": (
        1, lambda w, n: w.client("logs").create_log_group(logGroupName=n), "LimitExceededException", 400,
    ),
    "quota.secrets": (
        1, lambda w, n: w.client("secretsmanager").create_secret(Name=n, SecretString="x"), "LimitExceededException",
        400,
    ),
    "quota.backup_vaults": (
        1, lambda w, n: w.client("backup").create_backup_vault(BackupVaultName=f"vault-{n}"), "LimitExceededException",
        400,
    ),
}  # fmt: skip
"""(applied value, create call, code, status): the account holds one less than the value when the first call is made."""


@pytest.mark.row("quota errors of each create call", plain="absent")
@pytest.mark.parametrize("name", ENFORCED)
def test_create_calls_refuse_at_the_quota(account, name):
    value, create, code, status = ENFORCED[name]
    account.net = account.network()
    account.settings(**{name: value})
    create(account, "a")
    refused(lambda: create(account, "b"), code, status=status)
    account.settings(**{name: value + 1})
    create(account, "b")
