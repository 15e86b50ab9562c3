"""NAT gateways: pending, available, failed, deleting, deleted, as on AWS.

Sources: Amazon EC2 API reference (CreateNatGateway, DeleteNatGateway, DescribeNatGateways, "Ensuring idempotency");
VPC user guide, "Troubleshoot NAT gateways" (why creation fails, failed and deleted gateways stay listed for about an
hour). Settle times: see the settings.
"""

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import ec2_interfaces
from localstack_fargate.services.ec2_common import (
    at,
    backend,
    chosen,
    filtered,
    new_id,
    once,
    page,
    tag_list,
    tags_of_request,
    timestamp,
    with_token,
)

setting("nat.available", 105)
setting("nat.failed", 20)
setting("nat.deleted", 60)
setting("nat.listed", 3600)
setting("nat.fail_next", 0)  # how many of the next gateways end in `failed`
setting("quota.nat_gateways_per_zone", 5)

FAILURES = {
    "Gateway.NotAttached": "Network {vpc} has no Internet gateway attached",
    "Resource.AlreadyAssociated": "Elastic IP address {allocation} is already associated",
    "InternalError": "Network interface {eni} was created but could not be used: internal error, please try again",
}


class NatGateway:
    """One gateway; `id` and `get_tags` are what moto asks of it (routes, tagging)."""

    def __init__(self, store, subnet, connectivity: str, allocation_id: str | None, created: float):
        self.id = new_id("nat")
        self.store = store
        self.subnet_id = subnet.id
        self.vpc_id = subnet.vpc_id
        self.zone = subnet.availability_zone
        self.connectivity = connectivity
        self.allocation_id = allocation_id
        self.created = created
        self.deleted = None
        self.state = "pending"
        self.failure = None
        self.address: dict = {}
        self.eni_id = None

    def get_tags(self):
        return [{"key": t["Key"], "value": t["Value"]} for t in tag_list(self.store, self.id)]

    def describe(self) -> dict:
        answer = {
            "NatGatewayId": self.id,
            "State": self.state,
            "SubnetId": self.subnet_id,
            "VpcId": self.vpc_id,
            "ConnectivityType": self.connectivity,
            "AvailabilityMode": "zonal",
            "CreateTime": timestamp(self.created),
            "NatGatewayAddresses": [self.address] if self.address else [],
            "Tags": tag_list(self.store, self.id),
        }
        if self.deleted is not None:
            answer["DeleteTime"] = timestamp(self.deleted)
        if self.failure:
            answer["FailureCode"], answer["FailureMessage"] = self.failure
        return answer


def not_found(gateway_id: str):
    return aws_error("NatGatewayNotFound", f"NatGateway {gateway_id} was not found")


@override("ec2", "CreateNatGateway")
def create_nat_gateway(account, region, request, context, call_next):
    gateway = once(account, region, "CreateNatGateway", request, lambda: _begin(account, region, request))
    return with_token(request, {"NatGateway": gateway.describe()})


def _begin(account, region, request) -> NatGateway:
    store = backend(account, region)
    tags = tags_of_request(request, "natgateway")
    connectivity = request.get("ConnectivityType") or "public"
    allocation_id = request.get("AllocationId")
    subnet = store.get_subnet(request.get("SubnetId"))
    if connectivity == "public" and not allocation_id:
        raise aws_error("MissingParameter", "The request must contain the parameter AllocationId")
    if connectivity == "private" and allocation_id:
        raise aws_error(
            "InvalidParameterCombination", "AllocationId is not supported with the private connectivity type"
        )
    address = store.address_by_allocation([allocation_id])[0] if allocation_id else None
    alive = [g for g in store.nat_gateways.values()
             if g.zone == subnet.availability_zone and g.state in ("pending", "available", "deleting")]
    if len(alive) >= account.settings["quota.nat_gateways_per_zone"]:
        raise aws_error(
            "NatGatewayLimitExceeded",
            "Performing this operation would exceed the limit of "
            f"{account.settings['quota.nat_gateways_per_zone']} NAT gateways",
        )

    gateway = NatGateway(store, subnet, connectivity, allocation_id, account.clock.now())
    code = _failure(account, store, gateway, address)
    if allocation_id:
        gateway.address = {"AllocationId": allocation_id, "IsPrimary": True, "Status": "associating"}
    if code is None or code == "InternalError":
        _connect(account, region, gateway, address)
    if code is None:
        account.schedule(account.settings["nat.available"], lambda _: _become_available(gateway))
    else:
        account.schedule(account.settings["nat.failed"], lambda acct: _fail(acct, region, gateway, code))
    store.nat_gateways[gateway.id] = gateway
    store.create_tags([gateway.id], tags)
    return gateway


def _failure(account, store, gateway: NatGateway, address) -> str | None:
    if account.settings["nat.fail_next"] > 0:
        account.settings["nat.fail_next"] -= 1
        return "InternalError"
    if gateway.connectivity == "public":
        if not any(g.vpc and g.vpc.id == gateway.vpc_id for g in store.internet_gateways.values()):
            return "Gateway.NotAttached"
        if address.association_id:
            return "Resource.AlreadyAssociated"
    return None


def _connect(account, region, gateway: NatGateway, address) -> None:
    eni = ec2_interfaces.create(
        account,
        region,
        gateway.subnet_id,
        description=f"Interface for NAT Gateway {gateway.id}",
        interface_type="nat_gateway",
        requester=account.id,
    )
    gateway.eni_id = eni.id
    gateway.address |= {
        "NetworkInterfaceId": eni.id,
        "PrivateIp": eni.private_ip_address,
        "IsPrimary": True,
        "Status": "succeeded",
    }
    if address is not None:
        address.eni = eni
        address.association_id = new_id("eipassoc")
        gateway.address |= {"PublicIp": address.public_ip, "AssociationId": address.association_id}


def _become_available(gateway: NatGateway) -> None:
    if gateway.state == "pending":
        gateway.state = "available"


def _fail(account, region, gateway: NatGateway, code: str) -> None:
    if gateway.state != "pending":
        return
    gateway.state = "failed"
    gateway.failure = (
        code,
        FAILURES[code].format(vpc=gateway.vpc_id, allocation=gateway.allocation_id, eni=gateway.eni_id),
    )
    if gateway.address:
        gateway.address = {**gateway.address, "Status": "failed", "FailureMessage": gateway.failure[1]}
    _release(account, region, gateway)
    account.schedule(account.settings["nat.listed"], lambda _: gateway.store.nat_gateways.pop(gateway.id, None))


def _release(account, region, gateway: NatGateway) -> None:
    """Takes interface and address association back."""
    if gateway.eni_id:
        ec2_interfaces.release(account, region, gateway.eni_id)
        gateway.eni_id = None


@override("ec2", "DeleteNatGateway")
def delete_nat_gateway(account, region, request, context, call_next):
    gateway_id = request.get("NatGatewayId")
    gateway = backend(account, region).nat_gateways.get(gateway_id)
    if gateway is None or gateway.state == "deleted":
        raise not_found(gateway_id)
    if gateway.state != "deleting":
        gateway.state = "deleting"
        account.schedule(account.settings["nat.deleted"], lambda acct: _finish_delete(acct, region, gateway))
    return {"NatGatewayId": gateway_id}


def _finish_delete(account, region, gateway: NatGateway) -> None:
    gateway.state = "deleted"
    gateway.deleted = account.clock.now()
    _release(account, region, gateway)
    account.schedule(account.settings["nat.listed"], lambda _: gateway.store.nat_gateways.pop(gateway.id, None))


FIELDS = {
    "nat-gateway-id": at("NatGatewayId"),
    "state": at("State"),
    "subnet-id": at("SubnetId"),
    "vpc-id": at("VpcId"),
}


@override("ec2", "DescribeNatGateways")
def describe_nat_gateways(account, region, request, context, call_next):
    listed = chosen(
        [g.describe() for g in backend(account, region).nat_gateways.values()],
        request.get("NatGatewayIds"),
        "NatGatewayId",
        "NatGatewayNotFound",
        "NatGateway {} was not found",
    )
    rules = list(request.get("Filter") or []) + list(request.get("Filters") or [])
    return page(request, "NatGateways", filtered(listed, rules, FIELDS))


def alive_in_subnet(store, subnet_id: str) -> list[NatGateway]:
    return [g for g in store.nat_gateways.values()
            if g.subnet_id == subnet_id and g.state in ("pending", "available", "deleting")]
