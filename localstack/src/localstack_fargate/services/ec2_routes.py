"""Route tables: targets that must exist, origins and states of routes, associations, client tokens.

Source: Amazon EC2 API reference (CreateRouteTable, CreateRoute, ReplaceRoute, AssociateRouteTable,
DescribeRouteTables, data type Route).
"""

import ipaddress

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error, guard, override
from localstack_fargate.services.ec2_common import (
    at,
    backend,
    canonical_cidr,
    chosen,
    dependency,
    filtered,
    once,
    page,
    tag_list,
    tags_of_request,
    with_token,
)

setting("quota.route_tables_per_vpc", 200)


def _target(route) -> tuple[str, str] | None:
    """The answer's key and the id of what the route leads to."""
    for key, thing in (
        ("NatGatewayId", route.nat_gateway),
        ("InstanceId", route.instance),
        ("NetworkInterfaceId", route.interface),
        ("TransitGatewayId", route.transit_gateway),
        ("VpcPeeringConnectionId", route.vpc_pcx),
        ("EgressOnlyInternetGatewayId", route.egress_only_igw),
        ("CarrierGatewayId", route.carrier_gateway),
        ("GatewayId", route.gateway),
    ):
        if thing is not None:
            return key, thing.id
    if route.vpc_endpoint_id:
        return "GatewayId", route.vpc_endpoint_id
    return None


def _attached(store, gateway_id: str, vpc_id: str) -> bool:
    """Whether a transit gateway serves the VPC."""
    attachments = store.transit_gateway_attachments.values()
    return any(
        a.transit_gateway_id == gateway_id and a.resource_id == vpc_id and a.state == "available" for a in attachments
    )


def _peered(store, peering_id: str, vpc_id: str) -> bool:
    """Whether a peering connection is active, and one of the VPC."""
    peering = store.vpc_pcxs.get(peering_id)
    sides = (peering.vpc.id, peering.peer_vpc.id) if peering is not None else ()
    return vpc_id in sides and peering._status.code == "active"


def _served(store, gateway_id: str, vpc_id: str) -> bool:
    """Whether a virtual private gateway is attached to the VPC."""
    gateway = store.vpn_gateways.get(gateway_id)
    attachments = gateway.attachments.values() if gateway is not None else ()
    return any(one.vpc_id == vpc_id and one.state == "attached" for one in attachments)


def state(store, table, route) -> str:
    """`blackhole` when the target is gone: its gateway or endpoint deleted, detached or failed."""
    if route.nat_gateway is not None:
        return "active" if route.nat_gateway.state in ("pending", "available") else "blackhole"
    if route.interface is not None:
        return "active" if route.interface.id in store.enis else "blackhole"
    if route.transit_gateway is not None:
        return "active" if _attached(store, route.transit_gateway.id, table.vpc_id) else "blackhole"
    if route.vpc_pcx is not None:
        return "active" if _peered(store, route.vpc_pcx.id, table.vpc_id) else "blackhole"
    if route.vpc_endpoint_id:
        return "active" if route.vpc_endpoint_id in store.vpc_end_points else "blackhole"
    if route.gateway is not None and route.gateway.id.startswith("vgw-"):
        return "active" if _served(store, route.gateway.id, table.vpc_id) else "blackhole"
    if route.gateway is not None and route.gateway.id.startswith("igw-"):
        gateway = store.internet_gateways.get(route.gateway.id)
        attached = gateway is not None and gateway.vpc and gateway.vpc.id == table.vpc_id
        return "active" if attached else "blackhole"
    return "active"


def _describe_route(store, table, route) -> dict:
    answer = {"Origin": "CreateRouteTable" if route.local else "CreateRoute"}
    if route.destination_cidr_block:
        answer["DestinationCidrBlock"] = route.destination_cidr_block
    if route.destination_ipv6_cidr_block:
        answer["DestinationIpv6CidrBlock"] = route.destination_ipv6_cidr_block
    if route.destination_prefix_list:
        answer["DestinationPrefixListId"] = route.destination_prefix_list.id
    if route.local:
        answer["GatewayId"] = "local"
    elif target := _target(route):
        answer[target[0]] = target[1]
    answer["State"] = "active" if route.local else state(store, table, route)
    return answer


def describe(store, table) -> dict:
    associations = []
    if table.main_association_id is not None:
        associations.append({"Main": True, "RouteTableAssociationId": table.main_association_id})
    for association_id, target in table.associations.items():
        key = "SubnetId" if target.startswith("subnet-") else "GatewayId"
        associations.append({"Main": False, "RouteTableAssociationId": association_id, key: target})
    for association in associations:
        association["RouteTableId"] = table.id
        association["AssociationState"] = {"State": "associated"}
    return {
        "RouteTableId": table.id,
        "VpcId": table.vpc_id,
        "OwnerId": store.account_id,
        "Associations": associations,
        "PropagatingVgws": [],
        "Routes": [_describe_route(store, table, r) for r in table.routes.values()],
        "Tags": tag_list(store, table.id),
    }


@override("ec2", "CreateRouteTable")
def create_route_table(account, region, request, context, call_next):
    store = backend(account, region)

    def make():
        tags = tags_of_request(request, "route-table")
        if request.get("VpcId") not in store.vpcs:
            raise aws_error("InvalidVpcID.NotFound", f"The vpc ID '{request.get('VpcId')}' does not exist")
        same = [table for table in store.route_tables.values() if table.vpc_id == request["VpcId"]]
        if len(same) >= account.settings["quota.route_tables_per_vpc"]:
            raise aws_error("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")
        table = store.create_route_table(request["VpcId"])
        store.create_tags([table.id], tags)
        return table

    table = once(account, region, "CreateRouteTable", request, make)
    return with_token(request, {"RouteTable": describe(store, table)})


def table_of(store, table_id: str):
    if table_id not in store.route_tables:
        raise aws_error("InvalidRouteTableID.NotFound", f"The routeTable ID '{table_id}' does not exist")
    return store.route_tables[table_id]


@guard("ec2", "CreateRoute", "ReplaceRoute")
def require_target(account, region, request, context):
    store = backend(account, region)
    table = table_of(store, request.get("RouteTableId"))
    if nat_id := request.get("NatGatewayId"):
        gateway = store.nat_gateways.get(nat_id)
        if gateway is None or gateway.state not in ("pending", "available"):
            raise aws_error("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat_id}' does not exist")
        if gateway.vpc_id != table.vpc_id:
            raise aws_error(
                "InvalidParameterValue",
                f"route table {table.id} and network gateway {nat_id} belong to different networks",
            )
    if (transit := request.get("TransitGatewayId")) and not _attached(store, transit, table.vpc_id):
        raise aws_error("InvalidTransitGatewayID.NotFound", f"The transitGateway ID '{transit}' does not exist")
    if (peering := request.get("VpcPeeringConnectionId")) and not _peered(store, peering, table.vpc_id):
        raise aws_error(
            "InvalidVpcPeeringConnectionID.NotFound", f"The vpcPeeringConnection ID '{peering}' does not exist"
        )
    listed = request.get("DestinationPrefixListId")
    if listed and listed not in store.managed_prefix_lists:
        raise aws_error("InvalidPrefixListID.NotFound", f"The prefix list ID '{listed}' does not exist")
    gateway_id = request.get("GatewayId") or ""
    if gateway_id.startswith("vgw-") and not _served(store, gateway_id, table.vpc_id):
        if gateway_id not in store.vpn_gateways:
            raise aws_error("InvalidVpnGatewayID.NotFound", f"The vpnGateway ID '{gateway_id}' does not exist")
        raise aws_error(
            "InvalidParameterValue",
            f"route table {table.id} and network gateway {gateway_id} belong to different networks",
        )
    if gateway_id.startswith("igw-"):
        gateway = store.internet_gateways.get(gateway_id)
        if gateway is None:
            raise aws_error(
                "InvalidInternetGatewayID.NotFound", f"The internetGateway ID '{gateway_id}' does not exist"
            )
        if not gateway.vpc or gateway.vpc.id != table.vpc_id:
            raise aws_error(
                "InvalidParameterValue",
                f"route table {table.id} and network gateway {gateway_id} belong to different networks",
            )


@guard("ec2", "CreateRoute")
def refuse_route(account, region, request, context):
    """A second route to one destination; one into the VPC itself, but for middleboxes."""
    store = backend(account, region)
    table = table_of(store, request.get("RouteTableId"))
    listed = request.get("DestinationPrefixListId")
    if listed and any(r.destination_prefix_list and r.destination_prefix_list.id == listed for r in table.routes.values()):
        raise aws_error("RouteAlreadyExists", f"The route identified by {listed} already exists.")
    block = request.get("DestinationCidrBlock")
    if not block or request.get("NetworkInterfaceId") or request.get("InstanceId") or request.get("VpcEndpointId"):
        return
    wanted = ipaddress.ip_network(block, strict=False)
    for one in store.describe_vpcs([table.vpc_id])[0].cidr_block_association_set:
        if wanted.subnet_of(ipaddress.ip_network(one["cidr_block"])):
            raise aws_error(
                "InvalidParameterValue",
                f"The destination CIDR block {wanted} is equal to or more specific than one of this VPC's CIDR "
                "blocks. This route can target only an interface or an instance.",
            )


@override("ec2", "CreateRoute", "ReplaceRoute", "DeleteRoute")
def with_canonical_block(account, region, request, context, call_next):
    block = request.get("DestinationCidrBlock")
    if block and canonical_cidr(block) != block:
        request = {**request, "DestinationCidrBlock": canonical_cidr(block)}
    return call_next(request)


@guard("ec2", "AssociateRouteTable")
def refuse_second_association(account, region, request, context):
    store = backend(account, region)
    wanted = table_of(store, request.get("RouteTableId"))
    subnet_id = request.get("SubnetId")
    if subnet_id and store.get_subnet(subnet_id).vpc_id != wanted.vpc_id:
        raise aws_error(
            "InvalidParameterValue", f"Route table {wanted.id} and subnet {subnet_id} belong to different networks"
        )
    for table in store.route_tables.values():
        if table is not wanted and subnet_id and subnet_id in table.associations.values():
            raise aws_error(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {wanted.id} conflicts with an existing association",
            )


@guard("ec2", "DeleteRouteTable")
def refuse_table_in_use(account, region, request, context):
    table = backend(account, region).route_tables.get(request.get("RouteTableId"))
    if table is not None and (table.main_association_id is not None or table.associations):
        raise dependency(f"The routeTable '{table.id}' has dependencies and cannot be deleted.")


FIELDS = {
    "association.gateway-id": at("Associations", "GatewayId"),
    "association.main": at("Associations", "Main"),
    "association.route-table-association-id": at("Associations", "RouteTableAssociationId"),
    "association.route-table-id": at("Associations", "RouteTableId"),
    "association.subnet-id": at("Associations", "SubnetId"),
    "owner-id": at("OwnerId"),
    "route-table-id": at("RouteTableId"),
    "route.destination-cidr-block": at("Routes", "DestinationCidrBlock"),
    "route.destination-ipv6-cidr-block": at("Routes", "DestinationIpv6CidrBlock"),
    "route.destination-prefix-list-id": at("Routes", "DestinationPrefixListId"),
    "route.gateway-id": at("Routes", "GatewayId"),
    "route.instance-id": at("Routes", "InstanceId"),
    "route.nat-gateway-id": at("Routes", "NatGatewayId"),
    "route.origin": at("Routes", "Origin"),
    "route.state": at("Routes", "State"),
    "route.transit-gateway-id": at("Routes", "TransitGatewayId"),
    "vpc-id": at("VpcId"),
}


@override("ec2", "DescribeRouteTables")
def describe_route_tables(account, region, request, context, call_next):
    store = backend(account, region)
    listed = chosen(
        [describe(store, t) for t in store.route_tables.values()],
        request.get("RouteTableIds"),
        "RouteTableId",
        "InvalidRouteTableID.NotFound",
        "The routeTable ID '{}' does not exist",
    )
    return page(request, "RouteTables", filtered(listed, request.get("Filters"), FIELDS))
