"""VPC endpoints, flow logs, network interfaces. Source: EC2 API reference; AWS PrivateLink guide; VPC user guide."""

import pytest
from conftest import REGION, refused

row = pytest.mark.row
SERVICE = f"com.amazonaws.{REGION}.ec2"


def endpoint(account, net, **more):
    """A new interface endpoint in all subnets."""
    return account.client("ec2").create_vpc_endpoint(
        VpcId=net["vpc"], ServiceName=SERVICE, VpcEndpointType="Interface", SubnetIds=net["subnets"],
        SecurityGroupIds=[net["sg"]], PrivateDnsEnabled=False, **more,
    )["VpcEndpoint"]


def found(account, endpoint_id):
    return account.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]


def interfaces(account, name, value):
    answer = account.client("ec2").describe_network_interfaces(Filters=[{"Name": name, "Values": [value]}])
    return answer["NetworkInterfaces"]


@row("life:VPC endpoint pending -> available", plain="fails")
def test_an_endpoint_is_pending_first(account):
    """In lower case, as the PrivateLink guide has it and EC2 answers; the API model says `Pending`, `Available`."""
    made = endpoint(account, account.network())
    assert made["State"] == "pending"
    account.advance(20)
    assert found(account, made["VpcEndpointId"])["State"] == "pending"
    account.advance(120)
    assert found(account, made["VpcEndpointId"])["State"] == "available"


@row("ec2:CreateVpcEndpoint ClientToken idempotent", plain="fails")
def test_an_endpoint_is_made_once_for_a_token(account):
    net = account.network()
    first = endpoint(account, net, ClientToken="t")
    assert endpoint(account, net, ClientToken="t")["VpcEndpointId"] == first["VpcEndpointId"]


@row("ec2:DescribeNetworkInterfaces (of endpoint)", plain="fails")
def test_an_endpoint_has_interfaces(account):
    net = account.network()
    made = endpoint(account, net)
    listed = interfaces(account, "group-id", net["sg"])
    assert {i["NetworkInterfaceId"] for i in listed} == set(made["NetworkInterfaceIds"])
    assert {i["InterfaceType"] for i in listed} == {"vpc_endpoint"}
    assert {i["Description"] for i in listed} == {f"VPC Endpoint Interface {made['VpcEndpointId']}"}
    assert {i["SubnetId"] for i in listed} == set(net["subnets"])


@row("ec2:ModifyVpcEndpoint", plain="fails")
def test_groups_of_an_endpoint_can_be_changed(account):
    net = account.network()
    ec2 = account.client("ec2")
    endpoint_id = endpoint(account, net)["VpcEndpointId"]
    other = ec2.create_security_group(GroupName="o", Description="o", VpcId=net["vpc"])["GroupId"]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint_id, AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[net["sg"]],
        RemoveSubnetIds=net["subnets"][1:],
    )
    changed = found(account, endpoint_id)
    assert [g["GroupId"] for g in changed["Groups"]] == [other]
    assert changed["SubnetIds"] == net["subnets"][:1]
    assert interfaces(account, "group-id", net["sg"]) == []
    assert len(interfaces(account, "group-id", other)) == 1


@row("ec2:DescribeVpcEndpoints filter vpc-endpoint-id", plain="fails")
def test_endpoints_are_found_by_filters(account):
    net = account.network()
    tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "who", "Value": "me"}]}]
    mine = endpoint(account, net, TagSpecifications=tags)
    assert mine["Tags"] == tags[0]["Tags"]
    ids = lambda name, value: [  # noqa: E731
        e["VpcEndpointId"]
        for e in account.client("ec2").describe_vpc_endpoints(Filters=[{"Name": name, "Values": [value]}])[
            "VpcEndpoints"
        ]
    ]
    for name, value in (("vpc-endpoint-id", mine["VpcEndpointId"]), ("tag:who", "me"), ("service-name", SERVICE),
                        ("vpc-id", net["vpc"]), ("vpc-endpoint-state", "pending")):
        assert ids(name, value) == [mine["VpcEndpointId"]], name
    assert ids("tag:who", "you") == []


@row("neg:CreateVpcEndpoint private DNS without DNS host names -> InvalidParameter", plain="fails")
def test_private_dns_needs_host_names(account):
    net = account.network()
    ec2 = account.client("ec2")
    make = lambda: ec2.create_vpc_endpoint(  # noqa: E731
        VpcId=net["vpc"], ServiceName=SERVICE, VpcEndpointType="Interface", SubnetIds=net["subnets"],
        PrivateDnsEnabled=True,
    )
    refused(make, "InvalidParameter")
    ec2.modify_vpc_attribute(VpcId=net["vpc"], EnableDnsHostnames={"Value": True})
    make()


@row("VPC endpoint deleting -> gone, its interfaces with it", plain="fails")
def test_a_deleted_endpoint_goes_with_its_interfaces(account):
    net = account.network()
    ec2 = account.client("ec2")
    endpoint_id = endpoint(account, net)["VpcEndpointId"]
    account.advance(120)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    assert found(account, endpoint_id)["State"] == "deleting"
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    account.advance(120)
    refused(lambda: found(account, endpoint_id), "InvalidVpcEndpointId.NotFound")
    ec2.delete_security_group(GroupId=net["sg"])


# ---- flow logs ----


def flow_log(account, net, group="flow", **more):
    role = more.pop("role", None) or account.role(f"flow-{group}", "vpc-flow-logs.amazonaws.com")
    answer = account.client("ec2").create_flow_logs(
        ResourceIds=[net["vpc"]], ResourceType="VPC", TrafficType="REJECT", LogGroupName=group,
        DeliverLogsPermissionArn=role, **more,
    )
    assert answer["Unsuccessful"] == []
    return answer["FlowLogIds"][0]


def flow_logs(account, **filters):
    wanted = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    return account.client("ec2").describe_flow_logs(Filters=wanted)["FlowLogs"]


@row("flow logs: what was asked for is described", plain="passes")
def test_a_flow_log_is_described(account):
    net = account.network()
    log_id = flow_log(account, net, MaxAggregationInterval=60)
    (log,) = flow_logs(account, resource_id=net["vpc"])
    assert log["FlowLogId"] == log_id
    assert (log["TrafficType"], log["LogGroupName"], log["MaxAggregationInterval"]) == ("REJECT", "flow", 60)
    assert log["DeliverLogsPermissionArn"].endswith(":role/flow-flow")


@row("flow logs: the service makes a missing log group, delivery is a SUCCESS", plain="fails")
def test_a_missing_log_group_is_made(account):
    flow_log(account, account.network())
    assert [g["logGroupName"] for g in account.client("logs").describe_log_groups()["logGroups"]] == ["flow"]
    assert flow_logs(account)[0]["DeliverLogsStatus"] == "SUCCESS"


@row("flow logs: a role that has gone -> DeliverLogsStatus FAILED, Access error", plain="fails")
def test_a_flow_log_whose_role_has_gone_fails(account):
    net = account.network()
    account.client("logs").create_log_group(logGroupName="flow")
    flow_log(account, net)
    account.client("iam").delete_role(RoleName="flow-flow")
    (log,) = flow_logs(account)
    assert (log["DeliverLogsStatus"], log.get("DeliverLogsErrorMessage")) == ("FAILED", "Access error")


@row("ec2:DescribeFlowLogs tag filters", plain="passes")
def test_flow_logs_are_found_by_tag(account):
    net = account.network()
    tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "who", "Value": "me"}]}]
    mine = flow_log(account, net, TagSpecifications=tags)
    flow_log(account, net, group="second")
    wanted = [{"Name": "tag:who", "Values": ["me"]}]
    (log,) = account.client("ec2").describe_flow_logs(Filters=wanted)["FlowLogs"]
    assert (log["FlowLogId"], log["Tags"]) == (mine, [{"Key": "who", "Value": "me"}])


@row("neg:CreateFlowLogs duplicate -> FlowLogAlreadyExists", plain="passes")
def test_a_destination_has_one_flow_log(account):
    net = account.network()
    role = account.role("flow", "vpc-flow-logs.amazonaws.com")
    flow_log(account, net, role=role)
    refused(lambda: flow_log(account, net, role=role), "FlowLogAlreadyExists")


@row("ec2:CreateFlowLogs ClientToken idempotent", plain="fails")
def test_a_flow_log_is_made_once_for_a_token(account):
    net = account.network()
    role = account.role("flow", "vpc-flow-logs.amazonaws.com")
    first = flow_log(account, net, role=role, ClientToken="t")
    assert flow_log(account, net, role=role, ClientToken="t") == first


@row("DeleteFlowLogs, unknown -> InvalidFlowLogId.NotFound", plain="passes")
def test_a_flow_log_can_be_deleted(account):
    ec2 = account.client("ec2")
    log_id = flow_log(account, account.network())
    ec2.delete_flow_logs(FlowLogIds=[log_id])
    assert flow_logs(account) == []
    refused(lambda: ec2.delete_flow_logs(FlowLogIds=[log_id]), "InvalidFlowLogId.NotFound")


# ---- network interfaces ----


@row("DescribeNetworkInterfaces filters: group, subnet, VPC, description, attachment, status", plain="fails")
def test_interfaces_are_found_by_filters(account):
    net = account.network()
    ec2 = account.client("ec2")
    plain = ec2.create_network_interface(SubnetId=net["subnets"][0], Description="mine", Groups=[net["sg"]])
    plain_id = plain["NetworkInterface"]["NetworkInterfaceId"]
    made = endpoint(account, net)["NetworkInterfaceIds"]
    ids = lambda name, value: {i["NetworkInterfaceId"] for i in interfaces(account, name, value)}  # noqa: E731
    assert ids("vpc-id", net["vpc"]) == {plain_id, *made}
    assert ids("subnet-id", net["subnets"][1]) == {made[1]}
    assert ids("description", "min?") == {plain_id}
    assert ids("requester-managed", "true") == set(made)
    assert ids("attachment.status", "attached") == set(made)
    assert ids("status", "available") == {plain_id}
    assert ids("group-id", net["sg"]) == {plain_id, *made}


@row("neg:DeleteNetworkInterface of a service -> in use", plain="fails")
def test_an_interface_of_a_service_cannot_be_deleted(account):
    made = endpoint(account, account.network())["NetworkInterfaceIds"]
    refused(lambda: account.client("ec2").delete_network_interface(NetworkInterfaceId=made[0]),
            "InvalidNetworkInterface.InUse", "InvalidParameterValue")


@row("neg: a full subnet -> InsufficientFreeAddressesInSubnet", plain="fails")
def test_a_subnet_has_so_many_addresses(account):
    net = account.network()
    ec2 = account.client("ec2")
    subnet = ec2.create_subnet(VpcId=net["vpc"], CidrBlock="10.0.8.0/28", AvailabilityZone=f"{REGION}a")["Subnet"]
    assert subnet["AvailableIpAddressCount"] == 11
    for _ in range(11):
        ec2.create_network_interface(SubnetId=subnet["SubnetId"])
    refused(lambda: ec2.create_vpc_endpoint(
        VpcId=net["vpc"], ServiceName=SERVICE, VpcEndpointType="Interface", SubnetIds=[subnet["SubnetId"]],
        PrivateDnsEnabled=False), "InsufficientFreeAddressesInSubnet")
