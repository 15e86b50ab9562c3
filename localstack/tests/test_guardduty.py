"""GuardDuty Runtime Monitoring in a VPC. Source: GuardDuty user guide, "How Runtime Monitoring works with Fargate"
and "Using Infrastructure as Code with automated security agents"."""

import pytest
from conftest import REGION, refused
from ecs_kit import Kit

row = pytest.mark.row


def started(account, **settings):
    """A task runs in a VPC with DNS, and GuardDuty has seen it: the kit, the endpoint and the group."""
    account.settings(**{"guardduty.vpc": True, **settings})
    kit = Kit(account)
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        kit.ec2.modify_vpc_attribute(VpcId=kit.net["vpc"], **{name: {"Value": True}})
    kit.run()
    account.advance(120)
    return kit, endpoints(kit), groups(kit)


def of_vpc(kit):
    return [{"Name": "vpc-id", "Values": [kit.net["vpc"]]}, {"Name": "tag:GuardDutyManaged", "Values": ["true"]}]


def endpoints(kit):
    return kit.ec2.describe_vpc_endpoints(Filters=of_vpc(kit))["VpcEndpoints"]


def groups(kit):
    return kit.ec2.describe_security_groups(Filters=of_vpc(kit))["SecurityGroups"]


@row("GuardDuty makes an endpoint and a group, marked, in the VPC of a Fargate task", plain="absent")
def test_a_task_brings_an_endpoint_and_a_group(account):
    kit, (endpoint,), (group,) = started(account)
    assert endpoint["ServiceName"] == f"com.amazonaws.{REGION}.guardduty-data"
    assert endpoint["State"] == "available" and endpoint["VpcEndpointType"] == "Interface"
    assert group["GroupName"] == f"GuardDutyManagedSecurityGroup-{kit.net['vpc']}"
    assert [g["GroupId"] for g in endpoint["Groups"]] == [group["GroupId"]]


@row("without Runtime Monitoring a VPC stays as it is", plain="absent")
def test_no_monitoring_no_endpoint(account):
    kit, found, made = started(account, **{"guardduty.vpc": False})
    assert found == [] and made == []


@row(
    "neg:DeleteSubnet, DeleteSecurityGroup and DeleteVpc with GuardDuty's endpoint -> DependencyViolation",
    plain="absent",
)
def test_the_network_goes_after_the_endpoint(account):
    kit, (endpoint,), (group,) = started(account)
    for task in kit.ecs.list_tasks(cluster=kit.cluster)["taskArns"]:
        kit.ecs.stop_task(cluster=kit.cluster, task=task)
    account.advance(300)
    subnet = endpoint["SubnetIds"][0]
    refused(lambda: kit.ec2.delete_subnet(SubnetId=subnet), "DependencyViolation")
    refused(lambda: kit.ec2.delete_security_group(GroupId=group["GroupId"]), "DependencyViolation")
    kit.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    refused(lambda: kit.ec2.delete_subnet(SubnetId=subnet), "DependencyViolation")
    account.advance(60)
    kit.ec2.delete_subnet(SubnetId=subnet)
    kit.ec2.delete_security_group(GroupId=group["GroupId"])
    assert endpoints(kit) == [] and groups(kit) == []


@row("GuardDuty makes again what is removed", plain="absent")
def test_a_deleted_endpoint_is_recreated(account):
    kit, (endpoint,), _ = started(account, **{"guardduty.again": 1})
    kit.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    account.advance(60)
    (again,) = endpoints(kit)
    assert again["VpcEndpointId"] != endpoint["VpcEndpointId"]
    kit.ec2.delete_vpc_endpoints(VpcEndpointIds=[again["VpcEndpointId"]])
    account.advance(120)
    assert endpoints(kit) == []
