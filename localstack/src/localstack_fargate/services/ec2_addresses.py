"""Elastic IP addresses: limits, tags, what holds them.

Source: Amazon EC2 API reference (AllocateAddress, ReleaseAddress, DisassociateAddress, DescribeAddresses).
"""

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error, guard, override
from localstack_fargate.services.ec2_common import at, backend, chosen, filtered, tag_list, tags_of_request

setting("quota.elastic_ips", 5)


def describe(store, address) -> dict:
    answer = {
        "AllocationId": address.allocation_id,
        "Domain": "vpc",
        "PublicIp": address.public_ip,
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": store.region_name,
        "Tags": tag_list(store, address.allocation_id),
    }
    if address.association_id:
        answer["AssociationId"] = address.association_id
    if address.eni is not None:
        answer |= {
            "NetworkInterfaceId": address.eni.id,
            "NetworkInterfaceOwnerId": store.account_id,
            "PrivateIpAddress": address.eni.private_ip_address,
        }
    if address.instance is not None:
        answer["InstanceId"] = address.instance.id
    return answer


@override("ec2", "AllocateAddress")
def allocate_address(account, region, request, context, call_next):
    store = backend(account, region)
    tags = tags_of_request(request, "elastic-ip")
    if len(store.addresses) >= account.settings["quota.elastic_ips"]:
        raise aws_error("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    address = store.allocate_address("vpc", address=request.get("Address"), tags=tags)
    return {
        "AllocationId": address.allocation_id,
        "Domain": "vpc",
        "PublicIp": address.public_ip,
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": region,
    }


@guard("ec2", "ReleaseAddress")
def refuse_release_in_use(account, region, request, context):
    store = backend(account, region)
    for address in store.addresses:
        if request.get("AllocationId") == address.allocation_id and address.association_id:
            raise aws_error("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


@guard("ec2", "DisassociateAddress")
def refuse_disassociate_from_service(account, region, request, context):
    for address in backend(account, region).addresses:
        wanted = request.get("AssociationId") == address.association_id and address.association_id
        if wanted and address.eni is not None and address.eni.requester_managed:
            raise aws_error("AuthFailure", "You do not have permission to access the specified resource.")


FIELDS = {
    "allocation-id": at("AllocationId"),
    "association-id": at("AssociationId"),
    "domain": at("Domain"),
    "instance-id": at("InstanceId"),
    "network-border-group": at("NetworkBorderGroup"),
    "network-interface-id": at("NetworkInterfaceId"),
    "network-interface-owner-id": at("NetworkInterfaceOwnerId"),
    "private-ip-address": at("PrivateIpAddress"),
    "public-ip": at("PublicIp"),
}


@override("ec2", "DescribeAddresses")
def describe_addresses(account, region, request, context, call_next):
    store = backend(account, region)
    listed = chosen(
        [describe(store, a) for a in store.addresses],
        request.get("AllocationIds"),
        "AllocationId",
        "InvalidAllocationID.NotFound",
        "The allocation ID '{}' does not exist",
    )
    listed = chosen(
        listed, request.get("PublicIps"), "PublicIp", "InvalidAddress.NotFound", "Address '{}' not found."
    )
    return {"Addresses": filtered(listed, request.get("Filters"), FIELDS)}
