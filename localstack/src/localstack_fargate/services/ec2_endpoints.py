"""VPC endpoints: pending to available, their interfaces, ModifyVpcEndpoint, filters, client tokens.

Source: Amazon EC2 API reference (CreateVpcEndpoint, ModifyVpcEndpoint, DeleteVpcEndpoints, DescribeVpcEndpoints);
AWS PrivateLink guide. On the wire AWS writes the states in lower case, whatever the SDKs' enumerations say.
"""

import json

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

setting("endpoint.available", 60)
setting("endpoint.gateway_available", 6)
setting("endpoint.deleted", 30)
setting("quota.interface_endpoints_per_vpc", 50)
setting("quota.gateway_endpoints", 20)

OPEN_POLICY = {
    "Version": "2008-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
GATEWAY_SERVICES = ("s3", "dynamodb")


class Endpoint:
    """One endpoint; `id`, `vpc_id`, `service_name`, `vpc_endpoint_type` are what moto asks of it."""

    def __init__(self, store, request: dict, kind: str, created: float):
        self.id = new_id("vpce")
        self.store = store
        self.vpc_id = request["VpcId"]
        self.service_name = request["ServiceName"]
        self.vpc_endpoint_type = kind
        self.state = "pending"
        self.created = created
        self.policy = request.get("PolicyDocument") or json.dumps(OPEN_POLICY)
        self.private_dns = bool(request.get("PrivateDnsEnabled", kind == "Interface"))
        self.route_tables: list[str] = []
        self.groups: list[str] = []
        self.interfaces: dict[str, str] = {}

    def get_tags(self):
        return [{"key": t["Key"], "value": t["Value"]} for t in tag_list(self.store, self.id)]

    def describe(self) -> dict:
        names = {g: self.store.get_security_group_from_id(g) for g in self.groups}
        answer = {
            "VpcEndpointId": self.id,
            "VpcEndpointType": self.vpc_endpoint_type,
            "VpcId": self.vpc_id,
            "ServiceName": self.service_name,
            "State": self.state,
            "PolicyDocument": self.policy,
            "RouteTableIds": list(self.route_tables),
            "SubnetIds": list(self.interfaces),
            "Groups": [{"GroupId": g, "GroupName": sg.name if sg else g} for g, sg in names.items()],
            "PrivateDnsEnabled": self.private_dns and self.vpc_endpoint_type == "Interface",
            "RequesterManaged": False,
            "NetworkInterfaceIds": list(self.interfaces.values()),
            "DnsEntries": [],
            "CreationTimestamp": timestamp(self.created),
            "OwnerId": self.store.account_id,
            "Tags": tag_list(self.store, self.id),
        }
        if self.vpc_endpoint_type == "Interface":
            region, service = self.store.region_name, self.service_name.rsplit(".", 1)[-1]
            answer["IpAddressType"] = "ipv4"
            answer["DnsOptions"] = {"DnsRecordIpType": "ipv4"}
            names = [f"{self.id}-{self.id[-8:]}.{service}.{region}.vpce.amazonaws.com"]
            names += [f"{service}.{region}.amazonaws.com"] if self.private_dns else []
            answer["DnsEntries"] = [{"DnsName": n, "HostedZoneId": "Z7HUB22UULQXV"} for n in names]
        return answer


def endpoint_of(store, endpoint_id: str) -> Endpoint:
    found = store.vpc_end_points.get(endpoint_id)
    if found is None:
        raise _not_found(endpoint_id)
    return found


def _not_found(endpoint_id: str):
    return aws_error("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist")


@override("ec2", "CreateVpcEndpoint")
def create_vpc_endpoint(account, region, request, context, call_next):
    endpoint = once(account, region, "CreateVpcEndpoint", request, lambda: _create(account, region, request))
    return with_token(request, {"VpcEndpoint": endpoint.describe()})


def _create(account, region, request) -> Endpoint:
    store = backend(account, region)
    tags = tags_of_request(request, "vpc-endpoint")
    if request.get("VpcId") not in store.vpcs:
        raise aws_error("InvalidVpcId.NotFound", f"The Vpc Id {request.get('VpcId')} does not exist")
    kind = request.get("VpcEndpointType") or "Gateway"
    service = request.get("ServiceName") or ""
    if kind == "Gateway" and service.rsplit(".", 1)[-1] not in GATEWAY_SERVICES:
        raise aws_error(
            "InvalidParameter", f"The service {service} does not support endpoints of type Gateway"
        )
    if not service.startswith((f"com.amazonaws.{region}.", "com.amazonaws.vpce.", "aws.api.")):
        raise aws_error("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")
    _check_limit(account, store, kind, request["VpcId"])
    endpoint = Endpoint(store, request, kind, account.clock.now())
    if kind == "Interface":
        _check_interface(store, endpoint, request)
        endpoint.groups = _groups(store, endpoint.vpc_id, request.get("SecurityGroupIds") or [])
        for subnet_id in request.get("SubnetIds") or []:
            _add_subnet(account, region, endpoint, subnet_id)
        delay = account.settings["endpoint.available"]
    else:
        endpoint.route_tables = list(request.get("RouteTableIds") or [])
        delay = account.settings["endpoint.gateway_available"]
    store.vpc_end_points[endpoint.id] = endpoint
    store.create_tags([endpoint.id], tags)

    def become_available(_):
        if endpoint.state == "pending":
            endpoint.state = "available"

    account.schedule(delay, become_available)
    return endpoint


def _check_limit(account, store, kind: str, vpc_id: str) -> None:
    """Interface endpoints count per VPC, gateway endpoints per Region."""
    known = [one for one in store.vpc_end_points.values() if one.vpc_endpoint_type == kind and one.state != "deleted"]
    if kind == "Interface":
        known, limit = (
            [one for one in known if one.vpc_id == vpc_id],
            account.settings["quota.interface_endpoints_per_vpc"],
        )
    else:
        limit = account.settings["quota.gateway_endpoints"]
    if len(known) >= limit:
        raise aws_error("VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")


def _check_interface(store, endpoint: Endpoint, request: dict) -> None:
    vpc = store.vpcs[endpoint.vpc_id]
    on = lambda value: str(value).lower() == "true"  # noqa: E731  moto keeps strings
    if endpoint.private_dns and not (on(vpc.enable_dns_support) and on(vpc.enable_dns_hostnames)):
        raise aws_error(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {endpoint.vpc_id}",
        )
    for other in store.vpc_end_points.values():
        same = (other.vpc_id, other.service_name) == (endpoint.vpc_id, endpoint.service_name)
        if same and other.private_dns and endpoint.private_dns and other.state in ("pending", "available"):
            domain = f"{endpoint.service_name.rsplit('.', 1)[-1]}.{store.region_name}.amazonaws.com"
            raise aws_error(
                "InvalidParameter",
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {domain} "
                f"in the VPC {endpoint.vpc_id}",
            )
    zones = [store.get_subnet(s).availability_zone for s in request.get("SubnetIds") or []]
    if len(set(zones)) < len(zones):
        raise aws_error("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone")


def _groups(store, vpc_id: str, wanted: list[str]) -> list[str]:
    for group_id in wanted:
        if store.get_security_group_from_id(group_id) is None:
            raise aws_error("InvalidSecurityGroupID.NotFound", f"The security group '{group_id}' does not exist")
    return list(wanted) or [store.get_default_security_group(vpc_id).id]


def _add_subnet(account, region, endpoint: Endpoint, subnet_id: str) -> None:
    eni = ec2_interfaces.create(
        account,
        region,
        subnet_id,
        description=f"VPC Endpoint Interface {endpoint.id}",
        groups=endpoint.groups,
        interface_type="vpc_endpoint",
        requester=account.id,
    )
    endpoint.interfaces[subnet_id] = eni.id


@override("ec2", "ModifyVpcEndpoint")
def modify_vpc_endpoint(account, region, request, context, call_next):
    store = backend(account, region)
    endpoint = endpoint_of(store, request.get("VpcEndpointId"))
    if request.get("PolicyDocument"):
        endpoint.policy = request["PolicyDocument"]
    if request.get("ResetPolicy"):
        endpoint.policy = json.dumps(OPEN_POLICY)
    if request.get("PrivateDnsEnabled") is not None:
        endpoint.private_dns = bool(request["PrivateDnsEnabled"])
    endpoint.route_tables = _changed(
        endpoint.route_tables, request.get("AddRouteTableIds"), request.get("RemoveRouteTableIds")
    )
    added = request.get("AddSecurityGroupIds") or []
    if added:
        _groups(store, endpoint.vpc_id, added)
    groups = _changed(endpoint.groups, added, request.get("RemoveSecurityGroupIds"))
    if endpoint.vpc_endpoint_type == "Interface" and not groups:
        raise aws_error("InvalidParameter", "An interface endpoint must have at least one security group")
    endpoint.groups = groups
    for subnet_id in request.get("RemoveSubnetIds") or []:
        if eni_id := endpoint.interfaces.pop(subnet_id, None):
            ec2_interfaces.release(account, region, eni_id)
    for subnet_id in request.get("AddSubnetIds") or []:
        if subnet_id not in endpoint.interfaces:
            _add_subnet(account, region, endpoint, subnet_id)
    for eni_id in endpoint.interfaces.values():
        ec2_interfaces.set_groups(account, region, eni_id, endpoint.groups)
    return {"Return": True}


def _changed(before: list[str], added, removed) -> list[str]:
    kept = [x for x in before if x not in (removed or [])]
    return kept + [x for x in added or [] if x not in kept]


@override("ec2", "DeleteVpcEndpoints")
def delete_vpc_endpoints(account, region, request, context, call_next):
    store = backend(account, region)
    unsuccessful = []
    for endpoint_id in request.get("VpcEndpointIds") or []:
        endpoint = store.vpc_end_points.get(endpoint_id)
        if endpoint is None:
            refused = _not_found(endpoint_id)
            unsuccessful.append(
                {"ResourceId": endpoint_id, "Error": {"Code": refused.code, "Message": refused.message}}
            )
        elif endpoint.state != "deleting":
            endpoint.state = "deleting"
            account.schedule(
                account.settings["endpoint.deleted"], lambda acct, e=endpoint: _finish_delete(acct, region, e)
            )
    return {"Unsuccessful": unsuccessful}


def _finish_delete(account, region, endpoint: Endpoint) -> None:
    for eni_id in endpoint.interfaces.values():
        ec2_interfaces.release(account, region, eni_id)
    endpoint.store.vpc_end_points.pop(endpoint.id, None)
    endpoint.store.tags.pop(endpoint.id, None)


FIELDS = {
    "ip-address-type": at("IpAddressType"),
    "service-name": at("ServiceName"),
    "vpc-endpoint-id": at("VpcEndpointId"),
    "vpc-endpoint-state": at("State"),
    "vpc-endpoint-type": at("VpcEndpointType"),
    "vpc-id": at("VpcId"),
}


@override("ec2", "DescribeVpcEndpoints")
def describe_vpc_endpoints(account, region, request, context, call_next):
    listed = chosen(
        [e.describe() for e in backend(account, region).vpc_end_points.values()],
        request.get("VpcEndpointIds"),
        "VpcEndpointId",
        "InvalidVpcEndpointId.NotFound",
        "The Vpc Endpoint Id '{}' does not exist",
    )
    return page(request, "VpcEndpoints", filtered(listed, request.get("Filters"), FIELDS))
