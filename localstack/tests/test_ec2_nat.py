"""NAT gateways and elastic IP addresses. Sources: EC2 API reference; VPC user guide, "NAT gateways"."""

import pytest
from conftest import refused

row = pytest.mark.row
UNKNOWN = "nat-0123456789abcdef0"


def address(account):
    return account.client("ec2").allocate_address(Domain="vpc")["AllocationId"]


def gateway(account, net, allocation=None, **more):
    """Id of a new NAT gateway in the first subnet."""
    made = account.client("ec2").create_nat_gateway(
        SubnetId=net["subnets"][0], AllocationId=allocation or address(account), **more
    )
    return made["NatGateway"]["NatGatewayId"]


def found(account, gateway_id):
    return account.client("ec2").describe_nat_gateways(NatGatewayIds=[gateway_id])["NatGateways"][0]


def interfaces(account, net):
    answer = account.client("ec2").describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [net["vpc"]]}])
    return answer["NetworkInterfaces"]


@row("life:NAT gateway pending -> available", plain="fails")
def test_a_gateway_is_pending_first(account):
    net = account.network()
    allocation = address(account)
    gateway_id = gateway(account, net, allocation)
    assert found(account, gateway_id)["State"] == "pending"
    account.advance(60)
    assert found(account, gateway_id)["State"] == "pending"
    account.advance(240)
    done = found(account, gateway_id)
    assert done["State"] == "available"
    (used,) = done["NatGatewayAddresses"]
    assert used["AllocationId"] == allocation
    assert used["PublicIp"] and used["PrivateIp"].startswith("10.0.0.")


@row("ec2:CreateNatGateway ClientToken idempotent", plain="fails")
def test_a_gateway_is_made_once_for_a_token(account):
    net = account.network()
    allocation = address(account)
    first = gateway(account, net, allocation, ClientToken="t")
    assert gateway(account, net, allocation, ClientToken="t") == first
    assert len(account.client("ec2").describe_nat_gateways()["NatGateways"]) == 1


@row("neg:CreateNatGateway same token, other parameters -> IdempotentParameterMismatch", plain="fails")
def test_a_token_of_another_gateway_is_refused(account):
    net = account.network()
    gateway(account, net, ClientToken="t")
    refused(lambda: gateway(account, net, ClientToken="t"), "IdempotentParameterMismatch")


@row("NAT gateway's network interface: description, type, address", plain="fails")
def test_a_gateway_has_an_interface(account):
    net = account.network()
    gateway_id = gateway(account, net)
    (eni,) = interfaces(account, net)
    assert eni["Description"] == f"Interface for NAT Gateway {gateway_id}"
    assert eni["InterfaceType"] == "nat_gateway"
    assert eni["RequesterManaged"] is True
    assert eni["Association"]["AllocationId"]
    assert eni["Groups"] == []


@row("NAT deleting -> deleted; deleted ones stay listed about an hour", plain="fails")
def test_a_deleted_gateway_stays_listed(account):
    net = account.network()
    ec2 = account.client("ec2")
    allocation = address(account)
    gateway_id = gateway(account, net, allocation)
    account.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    assert found(account, gateway_id)["State"] == "deleting"
    assert len(interfaces(account, net)) == 1
    account.advance(180)
    assert found(account, gateway_id)["State"] == "deleted"
    account.advance(7200)
    refused(lambda: found(account, gateway_id), "NatGatewayNotFound")


@row("a deleted NAT gateway releases its interface and address", plain="fails")
def test_a_deleted_gateway_releases_its_address(account):
    net = account.network()
    ec2 = account.client("ec2")
    allocation = address(account)
    gateway_id = gateway(account, net, allocation)
    account.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    account.advance(180)
    assert interfaces(account, net) == []
    (left,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert "AssociationId" not in left
    ec2.release_address(AllocationId=allocation)


@row("NAT state `failed`: no internet gateway in the VPC", plain="fails")
def test_a_gateway_without_internet_fails(account):
    net = account.network()
    account.client("ec2").detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"])
    gateway_id = gateway(account, net)
    assert found(account, gateway_id)["State"] == "pending"
    account.advance(300)
    failed = found(account, gateway_id)
    assert (failed["State"], failed["FailureCode"]) == ("failed", "Gateway.NotAttached")


@row("NAT state `failed`: address in use", plain="fails")
def test_a_gateway_with_a_used_address_fails(account):
    net = account.network()
    allocation = address(account)
    gateway(account, net, allocation)
    second = gateway(account, net, allocation)
    account.advance(300)
    assert found(account, second)["FailureCode"] == "Resource.AlreadyAssociated"


@row("NAT state `failed` on demand, and the next one works", plain="fails")
def test_a_gateway_fails_on_demand(account):
    net = account.network()
    account.settings(**{"nat.fail_next": 1})
    allocation = address(account)
    first = gateway(account, net, allocation)
    account.advance(300)
    assert found(account, first)["State"] == "failed"
    second = gateway(account, net, allocation)
    account.advance(300)
    assert found(account, second)["State"] == "available"


@row("ec2:DescribeNatGateways tag and state filters", plain="fails")
def test_gateways_are_found_by_tag_and_state(account):
    net = account.network()
    tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "who", "Value": "me"}]}]
    mine = gateway(account, net, TagSpecifications=tags)
    gateway(account, net)
    ids = lambda *filters: [  # noqa: E731
        g["NatGatewayId"]
        for g in account.client("ec2").describe_nat_gateways(
            Filters=[{"Name": name, "Values": list(values)} for name, *values in filters]
        )["NatGateways"]
    ]
    assert ids(("tag:who", "me")) == [mine]
    assert ids(("tag:who", "m*"), ("vpc-id", net["vpc"])) == [mine]
    assert ids(("tag:who", "you")) == []
    assert ids(("tag-key", "who"), ("state", "available")) == []
    assert ids(("tag-key", "who"), ("state", "pending", "available")) == [mine]


@row("ec2:CreateNatGateway answers tags", plain="passes")
def test_a_gateway_answers_its_tags(account):
    made = account.client("ec2").create_nat_gateway(
        SubnetId=account.network()["subnets"][0], AllocationId=address(account),
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": [{"Key": "who", "Value": "me"}]}],
    )
    assert made["NatGateway"]["Tags"] == [{"Key": "who", "Value": "me"}]


@row("neg:DeleteNatGateway unknown -> NatGatewayNotFound", plain="fails")
def test_an_unknown_gateway_cannot_be_deleted(account):
    refused(lambda: account.client("ec2").delete_nat_gateway(NatGatewayId=UNKNOWN), "NatGatewayNotFound")


@row("neg:CreateNatGateway over the quota of a zone -> NatGatewayLimitExceeded", plain="fails")
def test_gateways_have_a_quota(account):
    net = account.network()
    account.settings(**{"quota.nat_gateways_per_zone": 1})
    gateway(account, net)
    refused(lambda: gateway(account, net), "NatGatewayLimitExceeded")


@row("neg:ReleaseAddress in use by NAT -> InvalidIPAddress.InUse/AuthFailure", plain="fails")
def test_an_address_in_use_cannot_be_released(account):
    allocation = address(account)
    gateway(account, account.network(), allocation)
    refused(
        lambda: account.client("ec2").release_address(AllocationId=allocation), "InvalidIPAddress.InUse", "AuthFailure"
    )


@row("neg:DisassociateAddress of a NAT gateway -> AuthFailure", plain="fails")
def test_an_address_of_a_gateway_cannot_be_taken(account):
    allocation = address(account)
    gateway(account, account.network(), allocation)
    ec2 = account.client("ec2")
    association = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]["AssociationId"]
    refused(lambda: ec2.disassociate_address(AssociationId=association), "AuthFailure")


@row("AddressLimitExceeded by settings, five by default", plain="fails")
def test_addresses_have_a_quota(account):
    for _ in range(5):
        address(account)
    refused(lambda: address(account), "AddressLimitExceeded")
    account.settings(**{"quota.elastic_ips": 6})
    address(account)


@row("ec2:AllocateAddress tags, DescribeAddresses tag filter", plain="passes")
def test_addresses_are_found_by_tag(account):
    ec2 = account.client("ec2")
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "who", "Value": "me"}]}]
    mine = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]
    address(account)
    (only,) = ec2.describe_addresses(Filters=[{"Name": "tag:who", "Values": ["me"]}])["Addresses"]
    assert (only["AllocationId"], only["Tags"]) == (mine, [{"Key": "who", "Value": "me"}])


@row("neg:DeleteSubnet with a NAT gateway -> DependencyViolation", plain="fails")
def test_a_subnet_with_a_gateway_cannot_be_deleted(account):
    net = account.network()
    ec2 = account.client("ec2")
    gateway_id = gateway(account, net)
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    account.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    account.advance(180)
    ec2.delete_subnet(SubnetId=net["subnets"][0])


@row("neg:DetachInternetGateway with NAT/EIP mapped -> DependencyViolation", plain="fails")
def test_an_internet_gateway_with_mapped_addresses_cannot_be_detached(account):
    net = account.network()
    ec2 = account.client("ec2")
    gateway_id = gateway(account, net)
    detach = lambda: ec2.detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"])  # noqa: E731
    refused(detach, "DependencyViolation")
    account.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    account.advance(180)
    detach()
