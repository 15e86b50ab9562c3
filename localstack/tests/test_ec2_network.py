"""VPCs, subnets, gateways, routes, network ACLs. Source: EC2 API reference; VPC user guide."""

import pytest
from conftest import REGION, refused

row = pytest.mark.row


def table(account, net, **more):
    return account.client("ec2").create_route_table(VpcId=net["vpc"], **more)["RouteTable"]["RouteTableId"]


def described(account, table_id):
    return account.client("ec2").describe_route_tables(RouteTableIds=[table_id])["RouteTables"][0]


def gateway(account, net):
    ec2 = account.client("ec2")
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=net["subnets"][0], AllocationId=allocation)
    return made["NatGateway"]["NatGatewayId"]


def vpcs(account):
    return [v["VpcId"] for v in account.client("ec2").describe_vpcs()["Vpcs"]]


# ---- VPC, subnet, internet gateway ----


@row("neg:ec2 DryRun -> DryRunOperation, not executed: CreateVpc", plain="fails")
def test_a_dry_run_makes_no_vpc(account):
    before = vpcs(account)
    refused(
        lambda: account.client("ec2").create_vpc(CidrBlock="10.1.0.0/16", DryRun=True), "DryRunOperation", status=412
    )
    assert vpcs(account) == before


@row("ec2 DhcpOptions: every VPC has the region's, which name Amazon's DNS, unless none is associated", plain="fails")
def test_the_options_that_a_vpc_has(account):
    ec2, net = account.client("ec2"), account.network()

    def associated():
        return ec2.describe_vpcs(VpcIds=[net["vpc"]])["Vpcs"][0]["DhcpOptionsId"]

    options = ec2.describe_dhcp_options(DhcpOptionsIds=[associated()])["DhcpOptions"][0]
    values = {one["Key"]: [value["Value"] for value in one["Values"]] for one in options["DhcpConfigurations"]}
    assert values["domain-name-servers"] == ["AmazonProvidedDNS"]
    configuration = [{"Key": "domain-name-servers", "Values": ["10.0.0.53"]}]
    own = ec2.create_dhcp_options(DhcpConfigurations=configuration)["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=own, VpcId=net["vpc"])
    assert associated() == own
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=net["vpc"])
    assert associated() == "default"


@row("neg:DryRun of a network ACL entry, a route and a NAT gateway is not executed", plain="fails")
def test_a_dry_run_changes_nothing(account):
    net = account.network()
    ec2 = account.client("ec2")
    table_id, acl_id = table(account, net), default_acl(account, net)["NetworkAclId"]
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    for call in (
        lambda: ec2.create_route(
            RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=net["igw"], DryRun=True
        ),
        lambda: ec2.create_network_acl_entry(
            NetworkAclId=acl_id, RuleNumber=90, Protocol="-1", RuleAction="deny", Egress=False,
            CidrBlock="0.0.0.0/0", DryRun=True,
        ),
        lambda: ec2.create_nat_gateway(SubnetId=net["subnets"][0], AllocationId=allocation, DryRun=True),
    ):
        refused(call, "DryRunOperation")
    assert len(described(account, table_id)["Routes"]) == 1
    assert len(default_acl(account, net)["Entries"]) == 4
    assert ec2.describe_nat_gateways()["NatGateways"] == []


@row("VpcLimitExceeded by settings, five by default", plain="fails")
def test_vpcs_have_a_quota(account):
    make = lambda: account.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")  # noqa: E731
    for _ in range(5 - len(vpcs(account))):
        make()
    refused(make, "VpcLimitExceeded")
    account.settings(**{"quota.vpcs": 6})
    make()


@row("DescribeVpcAttribute/ModifyVpcAttribute", plain="passes")
def test_dns_attributes_can_be_changed(account):
    net = account.network()
    ec2 = account.client("ec2")

    def value(name):
        answer = ec2.describe_vpc_attribute(VpcId=net["vpc"], Attribute=name)
        return answer[name[0].upper() + name[1:]]["Value"]

    assert (value("enableDnsSupport"), value("enableDnsHostnames")) == (True, False)
    ec2.modify_vpc_attribute(VpcId=net["vpc"], EnableDnsHostnames={"Value": True})
    assert (value("enableDnsSupport"), value("enableDnsHostnames")) == (True, True)
    ec2.modify_vpc_attribute(VpcId=net["vpc"], EnableDnsSupport={"Value": False})
    assert value("enableDnsSupport") is False


@row("neg:ModifyVpcAttribute two attributes in one call -> InvalidParameterCombination", plain="fails")
def test_one_attribute_a_call(account):
    refused(lambda: account.client("ec2").modify_vpc_attribute(
        VpcId=account.network()["vpc"], EnableDnsHostnames={"Value": True}, EnableDnsSupport={"Value": True}),
        "InvalidParameterCombination")


@row("DescribeAvailabilityZones: names, ids, state of the region's zones", plain="passes")
def test_zones_are_listed(account):
    zones = account.client("ec2").describe_availability_zones(
        Filters=[{"Name": "state", "Values": ["available"]}]
    )["AvailabilityZones"]
    assert {z["ZoneName"] for z in zones} >= {f"{REGION}a", f"{REGION}b"}
    assert all(z["State"] == "available" and z["ZoneId"] for z in zones)


@row("neg:DeleteVpc with anything left in it -> DependencyViolation", plain="fails")
def test_a_vpc_is_deleted_last(account):
    net = account.network()
    ec2 = account.client("ec2")
    delete = lambda: ec2.delete_vpc(VpcId=net["vpc"])  # noqa: E731
    table_id = table(account, net)
    for subnet in net["subnets"]:
        refused(delete, "DependencyViolation")
        ec2.delete_subnet(SubnetId=subnet)
    refused(delete, "DependencyViolation")
    ec2.detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"])
    refused(delete, "DependencyViolation")
    ec2.delete_route_table(RouteTableId=table_id)
    refused(delete, "DependencyViolation")  # the security group is left
    ec2.delete_security_group(GroupId=net["sg"])
    delete()
    assert net["vpc"] not in vpcs(account)
    of_vpc = [{"Name": "vpc-id", "Values": [net["vpc"]]}]
    assert ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"] == []
    assert ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"] == []
    assert ec2.describe_route_tables(Filters=of_vpc)["RouteTables"] == []


def emptied(account):
    """A VPC with nothing in it but what goes with it."""
    net, ec2 = account.network(), account.client("ec2")
    for subnet in net["subnets"]:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"])
    ec2.delete_security_group(GroupId=net["sg"])
    return net["vpc"]


@row("neg:DeleteVpc with a peering connection -> DependencyViolation", plain="fails")
def test_a_peered_vpc_cannot_be_deleted(account):
    ec2, vpc = account.client("ec2"), emptied(account)
    peer = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=peer, PeerVpcId=vpc)["VpcPeeringConnection"][
        "VpcPeeringConnectionId"
    ]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=made)
    refused(lambda: ec2.delete_vpc(VpcId=vpc), "DependencyViolation")
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=made)
    ec2.delete_vpc(VpcId=vpc)


@row("neg:DeleteVpc with a virtual private gateway attached -> DependencyViolation", plain="passes")
def test_a_vpc_with_a_vpn_gateway_cannot_be_deleted(account):
    ec2, vpc = account.client("ec2"), emptied(account)
    made = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=made)
    refused(lambda: ec2.delete_vpc(VpcId=vpc), "DependencyViolation")
    ec2.detach_vpn_gateway(VpcId=vpc, VpnGatewayId=made)
    ec2.delete_vpc(VpcId=vpc)


@row("neg:DeleteVpc with an egress-only internet gateway -> DependencyViolation", plain="fails")
def test_a_vpc_with_an_egress_only_gateway_cannot_be_deleted(account):
    ec2, vpc = account.client("ec2"), emptied(account)
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"][
        "EgressOnlyInternetGatewayId"
    ]
    refused(lambda: ec2.delete_vpc(VpcId=vpc), "DependencyViolation")
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=made)
    ec2.delete_vpc(VpcId=vpc)


@row("neg:DeleteVpc with a transit gateway attachment -> DependencyViolation", plain="fails")
def test_a_vpc_with_a_transit_gateway_attachment_cannot_be_deleted(account):
    ec2, net = account.client("ec2"), account.network()
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    made = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway, VpcId=net["vpc"], SubnetIds=net["subnets"][:1]
    )
    attachment = made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    for subnet in net["subnets"]:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"])
    ec2.delete_security_group(GroupId=net["sg"])
    refused(lambda: ec2.delete_vpc(VpcId=net["vpc"]), "DependencyViolation")
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    ec2.delete_vpc(VpcId=net["vpc"])


@row("neg:DeleteSubnet with an ENI -> DependencyViolation", plain="fails")
def test_a_subnet_with_an_interface_cannot_be_deleted(account):
    net = account.network()
    ec2 = account.client("ec2")
    made = ec2.create_network_interface(SubnetId=net["subnets"][0])["NetworkInterface"]["NetworkInterfaceId"]
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    ec2.delete_network_interface(NetworkInterfaceId=made)
    ec2.delete_subnet(SubnetId=net["subnets"][0])


@row("neg:AttachInternetGateway attached already -> Resource.AlreadyAssociated", plain="passes")
def test_a_gateway_is_attached_once(account):
    net = account.network()
    refused(lambda: account.client("ec2").attach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"]),
            "Resource.AlreadyAssociated")


@row("neg:AttachInternetGateway second gateway of a VPC -> InvalidParameterValue", plain="fails")
def test_a_vpc_has_one_gateway(account):
    net = account.network()
    ec2 = account.client("ec2")
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    refused(lambda: ec2.attach_internet_gateway(InternetGatewayId=other, VpcId=net["vpc"]), "InvalidParameterValue")


@row("neg:DeleteInternetGateway attached -> DependencyViolation", plain="passes")
def test_an_attached_gateway_cannot_be_deleted(account):
    net = account.network()
    refused(lambda: account.client("ec2").delete_internet_gateway(InternetGatewayId=net["igw"]), "DependencyViolation")


@row("tags in create answers: VPC, subnet, internet gateway, route table", plain="passes")
def test_create_answers_hold_tags(account):
    ec2 = account.client("ec2")
    tags = [{"Key": "who", "Value": "me"}]
    spec = lambda kind: [{"ResourceType": kind, "Tags": tags}]  # noqa: E731
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=spec("vpc"))["Vpc"]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.1.0.0/24", TagSpecifications=spec("subnet"))["Subnet"]
    igw = ec2.create_internet_gateway(TagSpecifications=spec("internet-gateway"))["InternetGateway"]
    rtb = ec2.create_route_table(VpcId=vpc["VpcId"], TagSpecifications=spec("route-table"))["RouteTable"]
    for made in (vpc, subnet, igw, rtb):
        assert [{k: t[k] for k in ("Key", "Value")} for t in made["Tags"]] == tags


@row("neg:TagSpecifications of another resource type -> InvalidParameterValue", plain="fails")
def test_tags_must_be_for_what_is_made(account):
    tags = [{"ResourceType": "subnet", "Tags": [{"Key": "a", "Value": "b"}]}]
    refused(lambda: account.client("ec2").create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tags),
            "InvalidParameterValue")


# ---- routes ----


@row("ec2: routes' Origin and State", plain="passes")
def test_routes_have_an_origin(account):
    net = account.network()
    ec2 = account.client("ec2")
    table_id = table(account, net)
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=net["igw"])
    local, default = described(account, table_id)["Routes"]
    assert (local["GatewayId"], local["Origin"], local["State"]) == ("local", "CreateRouteTable", "active")
    assert (default["GatewayId"], default["Origin"], default["State"]) == (net["igw"], "CreateRoute", "active")


@row("ec2:CreateRouteTable answers the local route with its Origin", plain="fails")
def test_a_new_table_has_the_local_route(account):
    made = account.client("ec2").create_route_table(VpcId=account.network()["vpc"])["RouteTable"]
    assert made["Routes"] == [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local",
                               "Origin": "CreateRouteTable", "State": "active"}]


@row("ec2:CreateRouteTable ClientToken idempotent", plain="fails")
def test_a_table_is_made_once_for_a_token(account):
    net = account.network()
    assert table(account, net, ClientToken="t") == table(account, net, ClientToken="t")


@row("neg:CreateRoute to unknown NAT -> InvalidNatGatewayID.NotFound", plain="fails")
def test_a_route_needs_its_gateway(account):
    net = account.network()
    table_id = table(account, net)
    refused(
        lambda: account.client("ec2").create_route(
            RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-0123456789abcdef0"
        ),
        "InvalidNatGatewayID.NotFound", "NatGatewayNotFound",
    )
    assert len(described(account, table_id)["Routes"]) == 1


@row("neg:CreateRoute twice -> RouteAlreadyExists", plain="passes")
def test_a_destination_has_one_route(account):
    net = account.network()
    table_id = table(account, net)
    make = lambda: account.client("ec2").create_route(  # noqa: E731
        RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=net["igw"]
    )
    make()
    refused(make, "RouteAlreadyExists")


@row("a route to a deleted NAT gateway is a blackhole", plain="fails")
def test_a_route_to_nothing_is_a_blackhole(account):
    net = account.network()
    ec2 = account.client("ec2")
    gateway_id, table_id = gateway(account, net), table(account, net)
    account.advance(300)
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway_id)
    route = described(account, table_id)["Routes"][1]
    assert (route["NatGatewayId"], route["State"]) == (gateway_id, "active")
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    account.advance(180)
    assert described(account, table_id)["Routes"][1]["State"] == "blackhole"


@row("neg:AssociateRouteTable subnet of another table -> Resource.AlreadyAssociated", plain="fails")
def test_a_subnet_has_one_table(account):
    net = account.network()
    ec2 = account.client("ec2")
    first, second = table(account, net), table(account, net)
    ec2.associate_route_table(RouteTableId=first, SubnetId=net["subnets"][0])
    refused(lambda: ec2.associate_route_table(RouteTableId=second, SubnetId=net["subnets"][0]),
            "Resource.AlreadyAssociated")
    (association,) = described(account, first)["Associations"]
    assert (association["SubnetId"], association["Main"]) == (net["subnets"][0], False)


@row("neg:DeleteRouteTable associated -> DependencyViolation", plain="passes")
def test_a_table_in_use_cannot_be_deleted(account):
    net = account.network()
    ec2 = account.client("ec2")
    table_id = table(account, net)
    made = ec2.associate_route_table(RouteTableId=table_id, SubnetId=net["subnets"][0])
    refused(lambda: ec2.delete_route_table(RouteTableId=table_id), "DependencyViolation")
    ec2.disassociate_route_table(AssociationId=made["AssociationId"])
    ec2.delete_route_table(RouteTableId=table_id)


@row("neg:DeleteRouteTable main -> DependencyViolation", plain="fails")
def test_the_main_table_cannot_be_deleted(account):
    net = account.network()
    ec2 = account.client("ec2")
    filters = [{"Name": "vpc-id", "Values": [net["vpc"]]}, {"Name": "association.main", "Values": ["true"]}]
    (main,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    refused(lambda: ec2.delete_route_table(RouteTableId=main["RouteTableId"]), "DependencyViolation")


# ---- network ACLs ----


def default_acl(account, net):
    filters = [{"Name": "vpc-id", "Values": [net["vpc"]]}, {"Name": "default", "Values": ["true"]}]
    (only,) = account.client("ec2").describe_network_acls(Filters=filters)["NetworkAcls"]
    return only


def entry(account, net, call, number, **more):
    wanted = {"Protocol": "6", "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0",
              "PortRange": {"From": 443, "To": 443}} | more
    return getattr(account.client("ec2"), call)(
        NetworkAclId=default_acl(account, net)["NetworkAclId"], RuleNumber=number, **wanted
    )


def ingress(account, net):
    found = [e for e in default_acl(account, net)["Entries"] if not e["Egress"]]
    return {e["RuleNumber"]: e for e in found}


@row("default NACL and its entries", plain="passes")
def test_the_default_acl_allows_everything(account):
    net = account.network()
    acl = default_acl(account, net)
    assert sorted((e["Egress"], e["RuleNumber"], e["RuleAction"], e["Protocol"], e["CidrBlock"])
                  for e in acl["Entries"]) == [
        (egress, number, action, "-1", "0.0.0.0/0")
        for egress in (False, True) for number, action in ((100, "allow"), (32767, "deny"))
    ]
    assert {a["SubnetId"] for a in acl["Associations"]} == set(net["subnets"])


@row("neg:CreateNetworkAclEntry duplicate -> NetworkAclEntryAlreadyExists", plain="passes")
def test_an_entry_number_is_used_once_a_direction(account):
    net = account.network()
    entry(account, net, "create_network_acl_entry", 90)
    refused(lambda: entry(account, net, "create_network_acl_entry", 90, RuleAction="deny"),
            "NetworkAclEntryAlreadyExists")
    entry(account, net, "create_network_acl_entry", 90, Egress=True)


@row("ReplaceNetworkAclEntry, DeleteNetworkAclEntry", plain="passes")
def test_an_entry_can_be_replaced_and_deleted(account):
    net = account.network()
    entry(account, net, "create_network_acl_entry", 90)
    entry(account, net, "replace_network_acl_entry", 90, RuleAction="deny", PortRange={"From": 22, "To": 22})
    assert (ingress(account, net)[90]["RuleAction"], ingress(account, net)[90]["PortRange"]) == (
        "deny", {"From": 22, "To": 22})
    ec2, acl_id = account.client("ec2"), default_acl(account, net)["NetworkAclId"]
    ec2.delete_network_acl_entry(NetworkAclId=acl_id, RuleNumber=90, Egress=False)
    assert sorted(ingress(account, net)) == [100, 32767]


@row("neg:DeleteNetworkAclEntry and ReplaceNetworkAclEntry unknown -> InvalidNetworkAclEntry.NotFound", plain="fails")
def test_an_unknown_entry_is_refused(account):
    net = account.network()
    acl_id = default_acl(account, net)["NetworkAclId"]
    refused(lambda: account.client("ec2").delete_network_acl_entry(NetworkAclId=acl_id, RuleNumber=90, Egress=False),
            "InvalidNetworkAclEntry.NotFound")
    refused(lambda: entry(account, net, "replace_network_acl_entry", 90), "InvalidNetworkAclEntry.NotFound")


@row("NACL entries are normalised: protocol numbers, ICMP, host bits", plain="fails")
def test_entries_are_normalised(account):
    net = account.network()
    entry(account, net, "create_network_acl_entry", 90, Protocol="tcp", CidrBlock="100.68.0.18/18")
    entry(
        account, net, "create_network_acl_entry", 91, Protocol="1", PortRange={}, IcmpTypeCode={"Type": -1, "Code": -1}
    )
    found = ingress(account, net)
    assert (found[90]["Protocol"], found[90]["CidrBlock"]) == ("6", "100.68.0.0/18")
    assert found[91]["IcmpTypeCode"] == {"Type": -1, "Code": -1}


@row("neg:CreateNetworkAclEntry tcp without ports -> MissingParameter", plain="fails")
def test_tcp_needs_ports(account):
    net = account.network()
    refused(lambda: entry(account, net, "create_network_acl_entry", 90, PortRange={}), "MissingParameter")


@row("neg:CreateNetworkAclEntry over 20 a direction -> NetworkAclEntryLimitExceeded", plain="fails")
def test_entries_have_a_quota(account):
    net = account.network()
    # Beside 100 and the last refusal, which count.
    for number in range(1, 19):
        entry(account, net, "create_network_acl_entry", number)
    refused(lambda: entry(account, net, "create_network_acl_entry", 19), "NetworkAclEntryLimitExceeded")
    account.client("ec2").create_network_acl_entry(
        NetworkAclId=default_acl(account, net)["NetworkAclId"],
        RuleNumber=19,
        Protocol="-1",
        RuleAction="deny",
        Egress=False,
        Ipv6CidrBlock="::/0",
    )
