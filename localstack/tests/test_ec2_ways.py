"""Where the traffic of a subnet goes: routes to other things than gateways of one's own, and what lies beside them.

Source: EC2 API reference (CreateRoute, DescribeRouteTables, CreateTransitGateway, CreateTransitGatewayVpcAttachment,
DescribeSubnets); Amazon VPC user guide, "Route tables" and "Subnet CIDR blocks" (five addresses are reserved).
"""

import pytest
from conftest import refused
from ecs_kit import Kit

row = pytest.mark.row
ANYWHERE = "0.0.0.0/0"


def table_of(account, net, subnet):
    """A route table of the subnet's own: its id."""
    ec2 = account.client("ec2")
    table = ec2.create_route_table(VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return table


def default_route(account, table):
    routes = account.client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return next(r for r in routes if r.get("DestinationCidrBlock") == ANYWHERE)


@row("ec2:DescribeRouteTables by association.subnet-id: the subnet's own; none for the main table's", plain="passes")
def test_tables_are_found_by_subnet(account):
    net = account.network()
    table = table_of(account, net, net["subnets"][0])
    by = lambda subnet: account.client("ec2").describe_route_tables(  # noqa: E731
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["RouteTables"]
    assert [t["RouteTableId"] for t in by(net["subnets"][0])] == [table]
    assert by(net["subnets"][1]) == []


@row("a default route through a transit gateway, active while the VPC is attached", plain="fails")
def test_a_route_through_a_transit_gateway(account):
    net, ec2 = account.network(), account.client("ec2")
    table = table_of(account, net, net["subnets"][0])
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": ANYWHERE, "TransitGatewayId": gateway}
    refused(lambda: ec2.create_route(**route), "InvalidTransitGatewayID.NotFound")
    made = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway, VpcId=net["vpc"], SubnetIds=net["subnets"]
    )["TransitGatewayVpcAttachment"]
    ec2.create_route(**route)
    shown = default_route(account, table)
    assert (shown["TransitGatewayId"], shown["State"]) == (gateway, "active")
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=made["TransitGatewayAttachmentId"])
    assert default_route(account, table)["State"] == "blackhole"


@row("a default route through a firewall's endpoint answers it as GatewayId", plain="fails")
def test_a_route_through_a_firewall(account):
    net, ec2 = account.network(), account.client("ec2")
    endpoint = ec2.create_vpc_endpoint(
        VpcId=net["vpc"], ServiceName="com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
        VpcEndpointType="GatewayLoadBalancer", SubnetIds=net["subnets"][:1],
    )["VpcEndpoint"]["VpcEndpointId"]
    table = table_of(account, net, net["subnets"][1])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, VpcEndpointId=endpoint)
    shown = default_route(account, table)
    assert (shown["GatewayId"], shown["State"]) == (endpoint, "active")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    account.advance(300)
    assert default_route(account, table)["State"] == "blackhole"


def peering_of(account, net):
    """A peering connection of the network with a VPC beside it, not accepted yet."""
    ec2 = account.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=net["vpc"], PeerVpcId=other)["VpcPeeringConnection"]
    return made["VpcPeeringConnectionId"]


@row("ec2:CreateRoute through a peering that is not active, a prefix list or a gateway that is not there", plain="fails")
def test_a_route_needs_a_target_that_serves_the_vpc(account):
    net, ec2 = account.network(), account.client("ec2")
    table = table_of(account, net, net["subnets"][0])
    route = lambda **to: lambda: ec2.create_route(RouteTableId=table, **to)  # noqa: E731
    peering, block = peering_of(account, net), {"DestinationCidrBlock": "10.9.0.0/16"}
    refused(route(**block, VpcPeeringConnectionId=peering), "InvalidVpcPeeringConnectionID.NotFound")
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    route(**block, VpcPeeringConnectionId=peering)()
    shown = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [r["State"] for r in shown if r.get("VpcPeeringConnectionId")] == ["active"]
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    shown = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [r["State"] for r in shown if r.get("VpcPeeringConnectionId")] == ["blackhole"]
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    beyond = {"DestinationCidrBlock": "192.168.0.0/16"}
    refused(route(**beyond, GatewayId=gateway), "InvalidParameterValue")
    ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=net["vpc"])
    route(**beyond, GatewayId=gateway)()
    listed = {"DestinationPrefixListId": "pl-0123456789abcdef0"}
    refused(route(**listed, GatewayId=gateway), "InvalidPrefixListID.NotFound")


@row("ec2:CreateRoute to one destination twice, or into the VPC: RouteAlreadyExists, InvalidParameterValue", plain="fails")
def test_a_route_to_one_destination_is_made_once(account):
    net, ec2 = account.network(), account.client("ec2")
    table = table_of(account, net, net["subnets"][0])
    peering = peering_of(account, net)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    route = {"RouteTableId": table, "VpcPeeringConnectionId": peering}
    ec2.create_route(**route, DestinationCidrBlock="10.9.0.0/16")
    refused(lambda: ec2.create_route(**route, DestinationCidrBlock="10.9.0.1/16"), "RouteAlreadyExists")
    inside = next(iter(ec2.describe_subnets(SubnetIds=net["subnets"])["Subnets"]))["CidrBlock"]
    refused(lambda: ec2.create_route(**route, DestinationCidrBlock=inside), "InvalidParameterValue")
    refused(lambda: ec2.replace_route(**route, DestinationCidrBlock="10.8.0.0/16"), "InvalidParameterValue")
    made = ec2.create_managed_prefix_list(PrefixListName="sites", MaxEntries=2, AddressFamily="IPv4")["PrefixList"]
    ec2.create_route(**route, DestinationPrefixListId=made["PrefixListId"])
    again = lambda: ec2.create_route(**route, DestinationPrefixListId=made["PrefixListId"])  # noqa: E731
    refused(again, "RouteAlreadyExists")


@row("AvailableIpAddressCount: five addresses of a subnet are AWS's, and one is every interface's", plain="passes")
def test_addresses_of_a_small_subnet(account):
    net, ec2 = account.network(), account.client("ec2")
    small = ec2.create_subnet(VpcId=net["vpc"], CidrBlock="10.0.9.0/28")["Subnet"]["SubnetId"]
    free = lambda: ec2.describe_subnets(SubnetIds=[small])["Subnets"][0]["AvailableIpAddressCount"]  # noqa: E731
    assert free() == 11
    ec2.create_network_interface(SubnetId=small)
    assert free() == 10


@row("ec2:DescribeVpcEndpoints by VPC, service and state", plain="passes")
def test_endpoints_are_found_by_network(account):
    net, other, ec2 = account.network(), account.network(), account.client("ec2")
    name = "com.amazonaws.us-east-1.s3"
    make = lambda vpc: ec2.create_vpc_endpoint(VpcId=vpc,
        ServiceName=name)["VpcEndpoint"]["VpcEndpointId"]  # noqa: E731
    mine, _ = make(net["vpc"]), make(other["vpc"])
    account.advance(60)
    wanted = {"vpc-id": net["vpc"], "service-name": name, "vpc-endpoint-state": "available"}
    filters = [{"Name": k, "Values": [v]} for k, v in wanted.items()]
    assert [e["VpcEndpointId"] for e in ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]] == [mine]


@row("a network ACL of one's own takes a subnet over and is found by it", plain="passes")
def test_acls_are_found_by_subnet(account):
    net, ec2 = account.network(), account.client("ec2")
    by = lambda subnet: ec2.describe_network_acls(  # noqa: E731
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["NetworkAcls"]
    subnet = net["subnets"][0]
    [default] = by(subnet)
    assert default["IsDefault"]
    entries = [(e["RuleNumber"], e["RuleAction"], e["Egress"]) for e in default["Entries"]]
    assert sorted(entries) == [
        (100, "allow", False),
        (100, "allow", True),
        (32767, "deny", False),
        (32767, "deny", True),
    ]
    acl = ec2.create_network_acl(VpcId=net["vpc"])["NetworkAcl"]["NetworkAclId"]
    [association] = [a for a in default["Associations"] if a["SubnetId"] == subnet]
    ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    assert [a["NetworkAclId"] for a in by(subnet)] == [acl]
    assert [a["NetworkAclId"] for a in by(net["subnets"][1])] == [default["NetworkAclId"]]


@row(
    "a task starts behind a transit gateway, and not behind an internet gateway without a public address", plain="fails"
)
@pytest.mark.parametrize("way", ["transit", "internet", "blackhole"])
def test_a_task_needs_a_way_out(account, way):
    kit = Kit(account)
    net, ec2 = account.network(), kit.ec2
    table = table_of(account, net, net["subnets"][0])
    route = {"RouteTableId": table, "DestinationCidrBlock": ANYWHERE}
    if way == "internet":
        ec2.create_route(**route, GatewayId=net["igw"])
    else:
        gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        attachment = ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=gateway, VpcId=net["vpc"], SubnetIds=net["subnets"]
        )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        ec2.create_route(**route, TransitGatewayId=gateway)
        if way == "blackhole":
            ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    private = {"awsvpcConfiguration": {"subnets": net["subnets"][:1], "securityGroups": [net["sg"]]}}
    task = kit.run(networkConfiguration=private)["taskArn"]
    account.advance(200)
    task = kit.task(task)
    if way == "transit":
        assert task["lastStatus"] == "RUNNING"
    else:
        assert task["stoppedReason"].startswith("ResourceInitializationError")
