"""Resource Groups Tagging API: one sweep finds everything the stack is made of."""

import pytest
from conftest import refused

TAG = {"Key": "probe", "Value": "yes"}


def specification(kind):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": [TAG]}]}


def make_everything(account):
    """Tagged resources of every kind of the stack: {kind: part of its ARN}."""
    ec2, elb, ecs, efs = (account.client(service) for service in ("ec2", "elbv2", "ecs", "efs"))
    small = [{"key": "probe", "value": "yes"}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", **specification("vpc"))["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone, **specification("subnet"))[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate(("us-east-1a", "us-east-1b"))
    ]
    igw = ec2.create_internet_gateway(**specification("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    eip = ec2.allocate_address(Domain="vpc", **specification("elastic-ip"))["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=eip, **specification("natgateway"))["NatGateway"]
    table = ec2.create_route_table(VpcId=vpc, **specification("route-table"))["RouteTable"]["RouteTableId"]
    acl = ec2.create_network_acl(VpcId=vpc, **specification("network-acl"))["NetworkAcl"]["NetworkAclId"]
    group = ec2.create_security_group(
        GroupName="probe", Description="probe", VpcId=vpc, **specification("security-group")
    )
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.elasticfilesystem",
        VpcEndpointType="Interface",
        SubnetIds=subnets,
        SecurityGroupIds=[group["GroupId"]],
        PrivateDnsEnabled=False,
        **specification("vpc-endpoint"),
    )["VpcEndpoint"]["VpcEndpointId"]
    balancer = elb.create_load_balancer(Name="probe", Subnets=subnets, Scheme="internal", Tags=[TAG])["LoadBalancers"][
        0
    ]
    targets = elb.create_target_group(Name="probe", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", Tags=[TAG])
    forward = {"Type": "forward", "TargetGroupArn": targets["TargetGroups"][0]["TargetGroupArn"]}
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[forward], Tags=[TAG]
    )["Listeners"][0]
    cluster = ecs.create_cluster(clusterName="probe", tags=small)["cluster"]
    definition = ecs.register_task_definition(
        family="probe",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "a", "image": "a"}],
        tags=small,
    )["taskDefinition"]
    system = efs.create_file_system(CreationToken="probe", Tags=[TAG])["FileSystemId"]
    account.advance(10)
    point = efs.create_access_point(ClientToken="probe", FileSystemId=system, Tags=[TAG])
    account.client("logs").create_log_group(logGroupName="/probe", tags={"probe": "yes"})
    secret = account.client("secretsmanager").create_secret(Name="probe", SecretString="x", Tags=[TAG])
    bucket = f"probe-tagging-{account.id}"
    account.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"Tags": [TAG]})
    return {
        "vpc": f"vpc/{vpc}", "subnet": f"subnet/{subnets[0]}", "igw": f"internet-gateway/{igw}",
        "eip": f"elastic-ip/{eip}",
        "nat": f"natgateway/{nat['NatGatewayId']}", "rtb": f"route-table/{table}", "acl": f"network-acl/{acl}",
        "sg": f"security-group/{group['GroupId']}", "vpce": f"vpc-endpoint/{endpoint}",
        "alb": balancer["LoadBalancerArn"],
        "tg": targets["TargetGroups"][0]["TargetGroupArn"], "listener": listener["ListenerArn"],
        "cluster": cluster["clusterArn"], "definition": definition["taskDefinitionArn"],
        "efs": f"file-system/{system}", "ap": point["AccessPointArn"], "logs": "log-group:/probe",
        "secret": secret["ARN"],
        "bucket": f"arn:aws:s3:::{bucket}",
    }  # fmt: skip


def found(account, **filters):
    pages = account.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(**filters)
    return {entry["ResourceARN"]: entry["Tags"] for page in pages for entry in page["ResourceTagMappingList"]}


@pytest.mark.row("tagging:GetResources (tag filter)", plain="fails")
def test_get_resources_finds_every_kind(account):
    parts = make_everything(account)
    arns = found(account, TagFilters=[{"Key": "probe", "Values": ["yes"]}])
    missing = {kind for kind, part in parts.items() if not any(arn.endswith(part) for arn in arns)}
    assert missing == set()
    assert all(TAG in tags for tags in arns.values())
    assert found(account, TagFilters=[{"Key": "probe", "Values": ["no"]}]) == {}
    only = found(account, TagFilters=[{"Key": "probe"}], ResourceTypeFilters=["ec2:vpc", "s3"])
    assert len(only) == 2


@pytest.mark.row("tagging:GetResources pages", plain="fails")
def test_get_resources_in_pages(account):
    for n in range(3):
        account.client("secretsmanager").create_secret(Name=f"probe-{n}", SecretString="x", Tags=[TAG])
    tagging = account.client("resourcegroupstaggingapi")
    first = tagging.get_resources(TagFilters=[{"Key": "probe"}], ResourcesPerPage=2)
    assert len(first["ResourceTagMappingList"]) == 2 and first["PaginationToken"]
    rest = tagging.get_resources(
        TagFilters=[{"Key": "probe"}], ResourcesPerPage=2, PaginationToken=first["PaginationToken"]
    )
    assert len(rest["ResourceTagMappingList"]) == 1 and not rest["PaginationToken"]


@pytest.mark.row("tagging: what is deleted is no longer found", plain="fails")
def test_deleted_resources_are_not_found(account):
    ec2, s3 = account.client("ec2"), account.client("s3")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", **specification("vpc"))["Vpc"]["VpcId"]
    bucket = f"probe-deleted-{account.id}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"Tags": [TAG]})
    assert len(found(account, TagFilters=[{"Key": "probe"}])) == 2
    ec2.delete_vpc(VpcId=vpc)
    s3.delete_bucket(Bucket=bucket)
    assert found(account, TagFilters=[{"Key": "probe"}]) == {}


@pytest.mark.row("tagging:TagResources", plain="fails")
def test_tag_and_untag_resources(account):
    tagging = account.client("resourcegroupstaggingapi")
    parts = make_everything(account)
    before = found(account, TagFilters=[{"Key": "probe"}])
    arns = [arn for arn in before if any(arn.endswith(part) for part in parts.values())]
    for start in range(0, len(arns), 20):
        answer = tagging.tag_resources(ResourceARNList=arns[start : start + 20], Tags={"more": "1"})
        assert answer["FailedResourcesMap"] == {}
    assert set(arns) <= set(found(account, TagFilters=[{"Key": "more", "Values": ["1"]}, {"Key": "probe"}]))
    for start in range(0, len(arns), 20):
        answer = tagging.untag_resources(ResourceARNList=arns[start : start + 20], TagKeys=["more"])
        assert answer["FailedResourcesMap"] == {}
    assert (
        found(account, TagFilters=[{"Key": "more"}]) == {} and found(account, TagFilters=[{"Key": "probe"}]) == before
    )
    missing = f"arn:aws:ec2:us-east-1:{account.id}:vpc/vpc-00000000000000000"
    assert missing in tagging.tag_resources(ResourceARNList=[missing], Tags={"a": "b"})["FailedResourcesMap"]
    refused(lambda: tagging.tag_resources(ResourceARNList=arns[:1], Tags={"a<": "b"}), "InvalidParameterException")
