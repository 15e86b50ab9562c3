"""NAT gateways and elastic IP addresses. Sources: EC2 API reference; VPC user guide, "NAT gateways"."""

import pytest
from conftest import refused

row = pytest.mark.row
UNKNOWN = "nat-0123456789abcdef0"


def address(world):
    return world.client("ec2").allocate_address(Domain="vpc")["AllocationId"]


def gateway(world, net, allocation=None, **more):
    """Id of a new NAT gateway in the first subnet."""
    made = world.client("ec2").create_nat_gateway(
        SubnetId=net["subnets"][0], AllocationId=allocation or address(world), **more
    )
    return made["NatGateway"]["NatGatewayId"]


def found(world, gateway_id):
    return world.client("ec2").describe_nat_gateways(NatGatewayIds=[gateway_id])["NatGateways"][0]


def interfaces(world, net):
    answer = world.client("ec2").describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [net["vpc"]]}])
    return answer["NetworkInterfaces"]


@row("life:NAT gateway pending -> available", bare="fails")
def test_a_gateway_is_pending_first(world):
    net = world.network()
    allocation = address(world)
    gateway_id = gateway(world, net, allocation)
    assert found(world, gateway_id)["State"] == "pending"
    world.advance(60)
    assert found(world, gateway_id)["State"] == "pending"
    world.advance(240)
    done = found(world, gateway_id)
    assert done["State"] == "available"
    (used,) = done["NatGatewayAddresses"]
    assert used["AllocationId"] == allocation
    assert used["PublicIp"] and used["PrivateIp"].startswith("10.0.0.")


@row("ec2:CreateNatGateway ClientToken idempotent", bare="fails")
def test_a_gateway_is_made_once_for_a_token(world):
    net = world.network()
    allocation = address(world)
    first = gateway(world, net, allocation, ClientToken="t")
    assert gateway(world, net, allocation, ClientToken="t") == first
    assert len(world.client("ec2").describe_nat_gateways()["NatGateways"]) == 1


@row("neg:CreateNatGateway same token, other parameters -> IdempotentParameterMismatch", bare="fails")
def test_a_token_of_another_gateway_is_refused(world):
    net = world.network()
    gateway(world, net, ClientToken="t")
    refused(lambda: gateway(world, net, ClientToken="t"), "IdempotentParameterMismatch")


@row("NAT gateway's network interface: description, type, address", bare="fails")
def test_a_gateway_has_an_interface(world):
    net = world.network()
    gateway_id = gateway(world, net)
    (eni,) = interfaces(world, net)
    assert eni["Description"] == f"Interface for NAT Gateway {gateway_id}"
    assert eni["InterfaceType"] == "nat_gateway"
    assert eni["RequesterManaged"] is True
    assert eni["Association"]["AllocationId"]
    assert eni["Groups"] == []


@row("NAT deleting -> deleted; deleted ones stay listed about an hour", bare="fails")
def test_a_deleted_gateway_stays_listed(world):
    net = world.network()
    ec2 = world.client("ec2")
    allocation = address(world)
    gateway_id = gateway(world, net, allocation)
    world.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    assert found(world, gateway_id)["State"] == "deleting"
    assert len(interfaces(world, net)) == 1
    world.advance(180)
    assert found(world, gateway_id)["State"] == "deleted"
    world.advance(7200)
    refused(lambda: found(world, gateway_id), "NatGatewayNotFound")


@row("a deleted NAT gateway releases its interface and address", bare="fails")
def test_a_deleted_gateway_lets_go(world):
    net = world.network()
    ec2 = world.client("ec2")
    allocation = address(world)
    gateway_id = gateway(world, net, allocation)
    world.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    world.advance(180)
    assert interfaces(world, net) == []
    (left,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert "AssociationId" not in left
    ec2.release_address(AllocationId=allocation)


@row("NAT state `failed`: no internet gateway in the VPC", bare="fails")
def test_a_gateway_without_internet_fails(world):
    net = world.network()
    world.client("ec2").detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"])
    gateway_id = gateway(world, net)
    assert found(world, gateway_id)["State"] == "pending"
    world.advance(300)
    failed = found(world, gateway_id)
    assert (failed["State"], failed["FailureCode"]) == ("failed", "Gateway.NotAttached")


@row("NAT state `failed`: address in use", bare="fails")
def test_a_gateway_with_a_used_address_fails(world):
    net = world.network()
    allocation = address(world)
    gateway(world, net, allocation)
    second = gateway(world, net, allocation)
    world.advance(300)
    assert found(world, second)["FailureCode"] == "Resource.AlreadyAssociated"


@row("NAT state `failed` on demand, and the next one works", bare="fails")
def test_a_gateway_fails_on_demand(world):
    net = world.network()
    world.settings(**{"nat.fail_next": 1})
    allocation = address(world)
    first = gateway(world, net, allocation)
    world.advance(300)
    assert found(world, first)["State"] == "failed"
    second = gateway(world, net, allocation)
    world.advance(300)
    assert found(world, second)["State"] == "available"


@row("ec2:DescribeNatGateways tag and state filters", bare="fails")
def test_gateways_are_found_by_tag_and_state(world):
    net = world.network()
    tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "who", "Value": "me"}]}]
    mine = gateway(world, net, TagSpecifications=tags)
    gateway(world, net)
    ids = lambda *filters: [  # noqa: E731
        g["NatGatewayId"]
        for g in world.client("ec2").describe_nat_gateways(
            Filters=[{"Name": name, "Values": list(values)} for name, *values in filters]
        )["NatGateways"]
    ]
    assert ids(("tag:who", "me")) == [mine]
    assert ids(("tag:who", "m*"), ("vpc-id", net["vpc"])) == [mine]
    assert ids(("tag:who", "you")) == []
    assert ids(("tag-key", "who"), ("state", "available")) == []
    assert ids(("tag-key", "who"), ("state", "pending", "available")) == [mine]


@row("ec2:CreateNatGateway answers tags", bare="passes")
def test_a_gateway_answers_its_tags(world):
    made = world.client("ec2").create_nat_gateway(
        SubnetId=world.network()["subnets"][0], AllocationId=address(world),
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": [{"Key": "who", "Value": "me"}]}],
    )
    assert made["NatGateway"]["Tags"] == [{"Key": "who", "Value": "me"}]


@row("neg:DeleteNatGateway unknown -> NatGatewayNotFound", bare="fails")
def test_an_unknown_gateway_cannot_be_deleted(world):
    refused(lambda: world.client("ec2").delete_nat_gateway(NatGatewayId=UNKNOWN), "NatGatewayNotFound")


@row("neg:CreateNatGateway over the quota of a zone -> NatGatewayLimitExceeded", bare="fails")
def test_gateways_have_a_quota(world):
    net = world.network()
    world.settings(**{"quota.nat_gateways_per_zone": 1})
    gateway(world, net)
    refused(lambda: gateway(world, net), "NatGatewayLimitExceeded")


@row("neg:ReleaseAddress in use by NAT -> InvalidIPAddress.InUse/AuthFailure", bare="fails")
def test_an_address_in_use_cannot_be_released(world):
    allocation = address(world)
    gateway(world, world.network(), allocation)
    refused(
        lambda: world.client("ec2").release_address(AllocationId=allocation), "InvalidIPAddress.InUse", "AuthFailure"
    )


@row("neg:DisassociateAddress of a NAT gateway -> AuthFailure", bare="fails")
def test_an_address_of_a_gateway_cannot_be_taken(world):
    allocation = address(world)
    gateway(world, world.network(), allocation)
    ec2 = world.client("ec2")
    association = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]["AssociationId"]
    refused(lambda: ec2.disassociate_address(AssociationId=association), "AuthFailure")


@row("AddressLimitExceeded by settings, five by default", bare="fails")
def test_addresses_have_a_quota(world):
    for _ in range(5):
        address(world)
    refused(lambda: address(world), "AddressLimitExceeded")
    world.settings(**{"quota.elastic_ips": 6})
    address(world)


@row("ec2:AllocateAddress tags, DescribeAddresses tag filter", bare="passes")
def test_addresses_are_found_by_tag(world):
    ec2 = world.client("ec2")
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "who", "Value": "me"}]}]
    mine = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]
    address(world)
    (only,) = ec2.describe_addresses(Filters=[{"Name": "tag:who", "Values": ["me"]}])["Addresses"]
    assert (only["AllocationId"], only["Tags"]) == (mine, [{"Key": "who", "Value": "me"}])


@row("neg:DeleteSubnet with a NAT gateway -> DependencyViolation", bare="fails")
def test_a_subnet_with_a_gateway_cannot_be_deleted(world):
    net = world.network()
    ec2 = world.client("ec2")
    gateway_id = gateway(world, net)
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    world.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    world.advance(180)
    ec2.delete_subnet(SubnetId=net["subnets"][0])


@row("neg:DetachInternetGateway with NAT/EIP mapped -> DependencyViolation", bare="fails")
def test_an_internet_gateway_with_mapped_addresses_cannot_be_detached(world):
    net = world.network()
    ec2 = world.client("ec2")
    gateway_id = gateway(world, net)
    detach = lambda: ec2.detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"])  # noqa: E731
    refused(detach, "DependencyViolation")
    world.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    world.advance(180)
    detach()
