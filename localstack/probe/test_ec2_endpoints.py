"""VPC endpoints, flow logs, network interfaces. Source: EC2 API reference; AWS PrivateLink guide; VPC user guide."""

import pytest
from conftest import REGION, refused

row = pytest.mark.row
SERVICE = f"com.amazonaws.{REGION}.ec2"


def endpoint(world, net, **more):
    """A new interface endpoint in all subnets."""
    return world.client("ec2").create_vpc_endpoint(
        VpcId=net["vpc"], ServiceName=SERVICE, VpcEndpointType="Interface", SubnetIds=net["subnets"],
        SecurityGroupIds=[net["sg"]], PrivateDnsEnabled=False, **more,
    )["VpcEndpoint"]


def found(world, endpoint_id):
    return world.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]


def interfaces(world, name, value):
    answer = world.client("ec2").describe_network_interfaces(Filters=[{"Name": name, "Values": [value]}])
    return answer["NetworkInterfaces"]


@row("life:VPC endpoint pending -> available", bare="fails")
def test_an_endpoint_is_pending_first(world):
    """In lower case, as the PrivateLink guide has it and EC2 answers; the API model says `Pending`, `Available`."""
    made = endpoint(world, world.network())
    assert made["State"] == "pending"
    world.advance(20)
    assert found(world, made["VpcEndpointId"])["State"] == "pending"
    world.advance(120)
    assert found(world, made["VpcEndpointId"])["State"] == "available"


@row("ec2:CreateVpcEndpoint ClientToken idempotent", bare="fails")
def test_an_endpoint_is_made_once_for_a_token(world):
    net = world.network()
    first = endpoint(world, net, ClientToken="t")
    assert endpoint(world, net, ClientToken="t")["VpcEndpointId"] == first["VpcEndpointId"]


@row("ec2:DescribeNetworkInterfaces (of endpoint)", bare="fails")
def test_an_endpoint_has_interfaces(world):
    net = world.network()
    made = endpoint(world, net)
    listed = interfaces(world, "group-id", net["sg"])
    assert {i["NetworkInterfaceId"] for i in listed} == set(made["NetworkInterfaceIds"])
    assert {i["InterfaceType"] for i in listed} == {"vpc_endpoint"}
    assert {i["Description"] for i in listed} == {f"VPC Endpoint Interface {made['VpcEndpointId']}"}
    assert {i["SubnetId"] for i in listed} == set(net["subnets"])


@row("ec2:ModifyVpcEndpoint", bare="fails")
def test_groups_of_an_endpoint_can_be_changed(world):
    net = world.network()
    ec2 = world.client("ec2")
    endpoint_id = endpoint(world, net)["VpcEndpointId"]
    other = ec2.create_security_group(GroupName="o", Description="o", VpcId=net["vpc"])["GroupId"]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint_id, AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[net["sg"]],
        RemoveSubnetIds=net["subnets"][1:],
    )
    changed = found(world, endpoint_id)
    assert [g["GroupId"] for g in changed["Groups"]] == [other]
    assert changed["SubnetIds"] == net["subnets"][:1]
    assert interfaces(world, "group-id", net["sg"]) == []
    assert len(interfaces(world, "group-id", other)) == 1


@row("ec2:DescribeVpcEndpoints filter vpc-endpoint-id", bare="fails")
def test_endpoints_are_found_by_filters(world):
    net = world.network()
    tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "who", "Value": "me"}]}]
    mine = endpoint(world, net, TagSpecifications=tags)
    assert mine["Tags"] == tags[0]["Tags"]
    ids = lambda name, value: [  # noqa: E731
        e["VpcEndpointId"]
        for e in world.client("ec2").describe_vpc_endpoints(Filters=[{"Name": name, "Values": [value]}])["VpcEndpoints"]
    ]
    for name, value in (("vpc-endpoint-id", mine["VpcEndpointId"]), ("tag:who", "me"), ("service-name", SERVICE),
                        ("vpc-id", net["vpc"]), ("vpc-endpoint-state", "pending")):
        assert ids(name, value) == [mine["VpcEndpointId"]], name
    assert ids("tag:who", "you") == []


@row("neg:CreateVpcEndpoint private DNS without DNS host names -> InvalidParameter", bare="fails")
def test_private_dns_needs_host_names(world):
    net = world.network()
    ec2 = world.client("ec2")
    make = lambda: ec2.create_vpc_endpoint(  # noqa: E731
        VpcId=net["vpc"], ServiceName=SERVICE, VpcEndpointType="Interface", SubnetIds=net["subnets"],
        PrivateDnsEnabled=True,
    )
    refused(make, "InvalidParameter")
    ec2.modify_vpc_attribute(VpcId=net["vpc"], EnableDnsHostnames={"Value": True})
    make()


@row("VPC endpoint deleting -> gone, its interfaces with it", bare="fails")
def test_a_deleted_endpoint_goes_with_its_interfaces(world):
    net = world.network()
    ec2 = world.client("ec2")
    endpoint_id = endpoint(world, net)["VpcEndpointId"]
    world.advance(120)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    assert found(world, endpoint_id)["State"] == "deleting"
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    world.advance(120)
    refused(lambda: found(world, endpoint_id), "InvalidVpcEndpointId.NotFound")
    ec2.delete_security_group(GroupId=net["sg"])


# ---- flow logs ----


def flow_log(world, net, group="flow", **more):
    role = more.pop("role", None) or world.role(f"flow-{group}", "vpc-flow-logs.amazonaws.com")
    answer = world.client("ec2").create_flow_logs(
        ResourceIds=[net["vpc"]], ResourceType="VPC", TrafficType="REJECT", LogGroupName=group,
        DeliverLogsPermissionArn=role, **more,
    )
    assert answer["Unsuccessful"] == []
    return answer["FlowLogIds"][0]


def flow_logs(world, **filters):
    wanted = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    return world.client("ec2").describe_flow_logs(Filters=wanted)["FlowLogs"]


@row("flow logs: what was asked for is described", bare="passes")
def test_a_flow_log_is_described(world):
    net = world.network()
    log_id = flow_log(world, net, MaxAggregationInterval=60)
    (log,) = flow_logs(world, resource_id=net["vpc"])
    assert log["FlowLogId"] == log_id
    assert (log["TrafficType"], log["LogGroupName"], log["MaxAggregationInterval"]) == ("REJECT", "flow", 60)
    assert log["DeliverLogsPermissionArn"].endswith(":role/flow-flow")


@row("flow logs: the service makes a missing log group, delivery is a SUCCESS", bare="fails")
def test_a_missing_log_group_is_made(world):
    flow_log(world, world.network())
    assert [g["logGroupName"] for g in world.client("logs").describe_log_groups()["logGroups"]] == ["flow"]
    assert flow_logs(world)[0]["DeliverLogsStatus"] == "SUCCESS"


@row("flow logs: a role that has gone -> DeliverLogsStatus FAILED, Access error", bare="fails")
def test_a_flow_log_whose_role_has_gone_fails(world):
    net = world.network()
    world.client("logs").create_log_group(logGroupName="flow")
    flow_log(world, net)
    world.client("iam").delete_role(RoleName="flow-flow")
    (log,) = flow_logs(world)
    assert (log["DeliverLogsStatus"], log.get("DeliverLogsErrorMessage")) == ("FAILED", "Access error")


@row("ec2:DescribeFlowLogs tag filters", bare="passes")
def test_flow_logs_are_found_by_tag(world):
    net = world.network()
    tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "who", "Value": "me"}]}]
    mine = flow_log(world, net, TagSpecifications=tags)
    flow_log(world, net, group="second")
    wanted = [{"Name": "tag:who", "Values": ["me"]}]
    (log,) = world.client("ec2").describe_flow_logs(Filters=wanted)["FlowLogs"]
    assert (log["FlowLogId"], log["Tags"]) == (mine, [{"Key": "who", "Value": "me"}])


@row("neg:CreateFlowLogs duplicate -> FlowLogAlreadyExists", bare="passes")
def test_a_destination_has_one_flow_log(world):
    net = world.network()
    role = world.role("flow", "vpc-flow-logs.amazonaws.com")
    flow_log(world, net, role=role)
    refused(lambda: flow_log(world, net, role=role), "FlowLogAlreadyExists")


@row("ec2:CreateFlowLogs ClientToken idempotent", bare="fails")
def test_a_flow_log_is_made_once_for_a_token(world):
    net = world.network()
    role = world.role("flow", "vpc-flow-logs.amazonaws.com")
    first = flow_log(world, net, role=role, ClientToken="t")
    assert flow_log(world, net, role=role, ClientToken="t") == first


@row("DeleteFlowLogs, unknown -> InvalidFlowLogId.NotFound", bare="passes")
def test_a_flow_log_can_be_deleted(world):
    ec2 = world.client("ec2")
    log_id = flow_log(world, world.network())
    ec2.delete_flow_logs(FlowLogIds=[log_id])
    assert flow_logs(world) == []
    refused(lambda: ec2.delete_flow_logs(FlowLogIds=[log_id]), "InvalidFlowLogId.NotFound")


# ---- network interfaces ----


@row("DescribeNetworkInterfaces filters: group, subnet, VPC, description, attachment, status", bare="fails")
def test_interfaces_are_found_by_filters(world):
    net = world.network()
    ec2 = world.client("ec2")
    plain = ec2.create_network_interface(SubnetId=net["subnets"][0], Description="mine", Groups=[net["sg"]])
    plain_id = plain["NetworkInterface"]["NetworkInterfaceId"]
    made = endpoint(world, net)["NetworkInterfaceIds"]
    ids = lambda name, value: {i["NetworkInterfaceId"] for i in interfaces(world, name, value)}  # noqa: E731
    assert ids("vpc-id", net["vpc"]) == {plain_id, *made}
    assert ids("subnet-id", net["subnets"][1]) == {made[1]}
    assert ids("description", "min?") == {plain_id}
    assert ids("requester-managed", "true") == set(made)
    assert ids("attachment.status", "attached") == set(made)
    assert ids("status", "available") == {plain_id}
    assert ids("group-id", net["sg"]) == {plain_id, *made}


@row("neg:DeleteNetworkInterface of a service -> in use", bare="fails")
def test_an_interface_of_a_service_cannot_be_deleted(world):
    made = endpoint(world, world.network())["NetworkInterfaceIds"]
    refused(lambda: world.client("ec2").delete_network_interface(NetworkInterfaceId=made[0]),
            "InvalidNetworkInterface.InUse", "InvalidParameterValue")


@row("neg: a full subnet -> InsufficientFreeAddressesInSubnet", bare="fails")
def test_a_subnet_has_so_many_addresses(world):
    net = world.network()
    ec2 = world.client("ec2")
    subnet = ec2.create_subnet(VpcId=net["vpc"], CidrBlock="10.0.8.0/28", AvailabilityZone=f"{REGION}a")["Subnet"]
    assert subnet["AvailableIpAddressCount"] == 11
    for _ in range(11):
        ec2.create_network_interface(SubnetId=subnet["SubnetId"])
    refused(lambda: ec2.create_vpc_endpoint(
        VpcId=net["vpc"], ServiceName=SERVICE, VpcEndpointType="Interface", SubnetIds=[subnet["SubnetId"]],
        PrivateDnsEnabled=False), "InsufficientFreeAddressesInSubnet")
