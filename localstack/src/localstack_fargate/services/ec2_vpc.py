"""VPCs, subnets and internet gateways: limits, and the refusal to delete what something still uses.

Sources: Amazon EC2 API reference (CreateVpc, DeleteVpc, DeleteSubnet, DetachInternetGateway, DescribeVpcAttribute)
and the EC2 error code DependencyViolation; that peering connections and egress-only internet gateways hold a VPC:
hashicorp/terraform-provider-aws#3118, gruntwork-io/cloud-nuke#345.
"""

from localstack_fargate.account import setting
from localstack_fargate.middleware import after, aws_error, guard, override
from localstack_fargate.services import ec2_groups, ec2_interfaces, ec2_nat
from localstack_fargate.services.ec2_common import backend, dependency, tags_of_request

setting("quota.vpcs", 5)
setting("quota.subnets_per_vpc", 200)
setting("quota.internet_gateways", 5)


@guard("ec2", "CreateVpc")
def limit_vpcs(account, region, request, context):
    tags_of_request(request, "vpc")
    if len(backend(account, region).vpcs) >= account.settings["quota.vpcs"]:
        raise aws_error("VpcLimitExceeded", "The maximum number of VPCs has been reached.")


@after("ec2", "CreateVpc")
def complete_vpc(account, region, request, response, context):
    """A new VPC is `pending` in its own answer; its default group has the self rule from the start."""
    ec2_groups.complete_default_groups(backend(account, region))
    response["Vpc"]["State"] = "pending"
    return response


@guard("ec2", "CreateSubnet")
def check_subnet(account, region, request, context):
    tags_of_request(request, "subnet")
    store = backend(account, region)
    mine = [s for zone in store.subnets.values() for s in zone.values() if s.vpc_id == request.get("VpcId")]
    if len(mine) >= account.settings["quota.subnets_per_vpc"]:
        raise aws_error("SubnetLimitExceeded", "The maximum number of subnets has been reached.")


@guard("ec2", "CreateInternetGateway")
def limit_internet_gateways(account, region, request, context):
    tags_of_request(request, "internet-gateway")
    if len(backend(account, region).internet_gateways) >= account.settings["quota.internet_gateways"]:
        raise aws_error(
            "InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached."
        )


@guard("ec2", "DeleteSubnet")
def refuse_subnet_in_use(account, region, request, context):
    store = backend(account, region)
    subnet_id = request.get("SubnetId")
    if ec2_interfaces.in_subnet(store, subnet_id) or ec2_nat.alive_in_subnet(store, subnet_id):
        raise dependency(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")


@after("ec2", "DeleteSubnet")
def forget_associations(account, region, request, response, context):
    """moto leaves a deleted subnet's associations with route tables and network ACLs behind."""
    store = backend(account, region)
    gone = request.get("SubnetId")
    for table in store.route_tables.values():
        for key in [k for k, v in table.associations.items() if v == gone]:
            del table.associations[key]
    for acl in store.network_acls.values():
        for key in [k for k, v in acl.associations.items() if v.subnet_id == gone]:
            del acl.associations[key]
    return response


@guard("ec2", "AttachInternetGateway")
def refuse_second_gateway(account, region, request, context):
    store = backend(account, region)
    gateway_id, vpc_id = request.get("InternetGatewayId"), request.get("VpcId")
    for gateway in store.internet_gateways.values():
        if gateway.vpc and gateway.id == gateway_id:
            raise aws_error(
                "Resource.AlreadyAssociated",
                f"resource {gateway_id} is already attached to network {gateway.vpc.id}",
            )
        if gateway.vpc and gateway.vpc.id == vpc_id:
            raise aws_error(
                "InvalidParameterValue",
                f"Network {vpc_id} already has an internet gateway attached",
            )


@guard("ec2", "DetachInternetGateway")
def refuse_detach_with_public_addresses(account, region, request, context):
    store = backend(account, region)
    vpc_id = request.get("VpcId")
    gateway = store.internet_gateways.get(request.get("InternetGatewayId"))
    if gateway is None or not gateway.vpc or gateway.vpc.id != vpc_id:
        return
    if any(a.eni is not None and a.eni.vpc_id == vpc_id for a in store.addresses):
        raise dependency(
            f"Network {vpc_id} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway."
        )


@guard("ec2", "DeleteInternetGateway")
def refuse_attached_gateway(account, region, request, context):
    gateway_id = request.get("InternetGatewayId")
    gateway = backend(account, region).internet_gateways.get(gateway_id)
    if gateway is not None and gateway.vpc:
        raise dependency(f"The internetGateway '{gateway_id}' has dependencies and cannot be deleted.")


@guard("ec2", "DeleteVpc")
def refuse_vpc_in_use(account, region, request, context):
    store = backend(account, region)
    vpc_id = request.get("VpcId")
    if vpc_id not in store.vpcs:
        raise aws_error("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    in_use = (
        ec2_interfaces.in_vpc(store, vpc_id)
        or any(s.vpc_id == vpc_id for zone in store.subnets.values() for s in zone.values())
        or any(g.vpc and g.vpc.id == vpc_id for g in store.internet_gateways.values())
        or any(g.vpc_id == vpc_id and not ec2_groups.is_default(g) for g in ec2_groups.all_groups(store))
        or any(e.vpc_id == vpc_id for e in store.vpc_end_points.values())
        or any(t.vpc_id == vpc_id and t.main_association_id is None for t in store.route_tables.values())
        or any(a.vpc_id == vpc_id and not a.default for a in store.network_acls.values())
        or any(_peers(p, vpc_id) for p in store.vpc_pcxs.values())
        or any(
            a.vpc_id == vpc_id and a.state == "attached"
            for g in store.vpn_gateways.values()
            for a in g.attachments.values()
        )
        or any(g.vpc_id == vpc_id for g in store.egress_only_internet_gateways.values())
        or any(
            a.resource_id == vpc_id and a.state not in ("deleted", "rejected", "failed")
            for a in store.transit_gateway_attachments.values()
        )
    )
    if in_use:
        raise dependency(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")


def _peers(connection, vpc_id: str) -> bool:
    ended = ("deleted", "deleting", "rejected", "failed", "expired")
    return vpc_id in (connection.vpc.id, connection.peer_vpc.id) and connection._status.code not in ended


@after("ec2", "DeleteVpc")
def forget_defaults(account, region, request, response, context):
    """What AWS made with the VPC goes with it: default ACL, and flow logs lose their resource."""
    store = backend(account, region)
    vpc_id = request.get("VpcId")
    for acl_id in [i for i, a in store.network_acls.items() if a.vpc_id == vpc_id]:
        del store.network_acls[acl_id]
    for log_id in [i for i, f in store.flow_logs.items() if f.resource_id == vpc_id]:
        del store.flow_logs[log_id]
    store.groups.pop(vpc_id, None)
    return response


@override("ec2", "ModifyVpcAttribute")
def modify_vpc_attribute(account, region, request, context, call_next):
    """One attribute a call, as EC2 demands; DNS hostnames need DNS support."""
    names = {"EnableDnsSupport": "enable_dns_support", "EnableDnsHostnames": "enable_dns_hostnames",
             "EnableNetworkAddressUsageMetrics": "enable_network_address_usage_metrics"}
    given = [n for n in names if request.get(n) is not None]
    if len(given) != 1:
        raise aws_error("InvalidParameterCombination", "Exactly one attribute must be specified.")
    store = backend(account, region)
    vpc_id = request.get("VpcId")
    if vpc_id not in store.vpcs:
        raise aws_error("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    setattr(store.vpcs[vpc_id], names[given[0]], bool(request[given[0]].get("Value")))
    return {}


@override("ec2", "DescribeVpcAttribute")
def describe_vpc_attribute(account, region, request, context, call_next):
    names = {"enableDnsSupport": ("EnableDnsSupport", "enable_dns_support"),
             "enableDnsHostnames": ("EnableDnsHostnames", "enable_dns_hostnames"),
             "enableNetworkAddressUsageMetrics":
                 ("EnableNetworkAddressUsageMetrics", "enable_network_address_usage_metrics")}
    vpc_id = request.get("VpcId")
    vpc = backend(account, region).vpcs.get(vpc_id)
    if vpc is None:
        raise aws_error("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    if request.get("Attribute") not in names:
        raise aws_error(
            "InvalidParameterValue", f"Value ({request.get('Attribute')}) for parameter attribute is invalid."
        )
    key, attribute = names[request["Attribute"]]
    value = getattr(vpc, attribute)
    return {"VpcId": vpc_id, key: {"Value": value if isinstance(value, bool) else str(value).lower() == "true"}}
