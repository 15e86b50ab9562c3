"""Network interfaces: those that services make, with the words AWS writes on them, and DescribeNetworkInterfaces.

Source: Amazon EC2 API reference (DescribeNetworkInterfaces, DeleteNetworkInterface) and EC2 user guide,
"Requester-managed network interfaces".
"""

from localstack_fargate.middleware import aws_error, guard, override
from localstack_fargate.services.ec2_common import (
    at,
    backend,
    chosen,
    filtered,
    free_address,
    new_id,
    page,
    tag_list,
    timestamp,
)

SERVICE_OWNER = "amazon-aws"


def create(
    account,
    region: str,
    subnet_id: str,
    *,
    description: str,
    groups=(),
    interface_type: str = "interface",
    requester: str = SERVICE_OWNER,
    owner: str = SERVICE_OWNER,
    private_ip: str | None = None,
    tags: dict | None = None,
):
    """A requester-managed interface, in use from the start; answers moto's object (`.id`, `.private_ip_address`).

    Refuses unknown subnets and groups, and full subnets, with EC2's own errors.
    """
    store = backend(account, region)
    subnet = store.get_subnet(subnet_id)
    for group_id in groups:
        require_group(store, group_id)
    address = private_ip or free_address(store, subnet)
    eni = store.create_network_interface(subnet, address, group_ids=list(groups), description=description)
    if not groups:
        eni._group_set = []
    eni.interface_type = interface_type
    eni.requester_managed = True
    eni.requester_id = requester
    eni.status = "in-use"
    eni.emulator_attachment = {
        "AttachTime": timestamp(account.clock.now()),
        "AttachmentId": new_id("ela-attach"),
        "DeleteOnTermination": False,
        "DeviceIndex": 1,
        "NetworkCardIndex": 0,
        "InstanceOwnerId": owner,
        "Status": "attached",
    }
    if tags:
        store.create_tags([eni.id], tags)
    return eni


def release(account, region: str, eni_id: str) -> None:
    """Takes a service's interface away; one that is gone already is no error."""
    store = backend(account, region)
    eni = store.enis.pop(eni_id, None)
    if eni is None:
        return
    for address in store.addresses:
        if address.eni is eni:
            address.eni = address.association_id = None
    store.tags.pop(eni_id, None)


def set_groups(account, region: str, eni_id: str, group_ids) -> None:
    store = backend(account, region)
    groups = [require_group(store, group_id) for group_id in group_ids]
    if eni := store.enis.get(eni_id):
        eni._group_set = groups


def require_group(store, group_id: str):
    group = store.get_security_group_from_id(group_id)
    if group is None:
        raise aws_error("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    return group


def in_subnet(store, subnet_id: str) -> list:
    return [eni for eni in store.enis.values() if eni.subnet.id == subnet_id]


def in_vpc(store, vpc_id: str) -> list:
    return [eni for eni in store.enis.values() if eni.vpc_id == vpc_id]


def with_group(store, group_id: str) -> list:
    return [eni for eni in store.enis.values() if any(g.id == group_id for g in eni.group_set)]


def describe(store, eni) -> dict:
    address = next((a for a in store.addresses if a.eni is eni), None)
    association = None
    if address is not None:
        association = {
            "AllocationId": address.allocation_id,
            "AssociationId": address.association_id,
            "IpOwnerId": store.account_id,
            "PublicDnsName": f"ec2-{address.public_ip.replace('.', '-')}.compute-1.amazonaws.com",
            "PublicIp": address.public_ip,
        }
    dns = getattr(eni, "private_dns_name", None)
    addresses = []
    for entry in eni.private_ip_addresses:
        shown = {"Primary": bool(entry.get("Primary")), "PrivateIpAddress": entry["PrivateIpAddress"]}
        if dns and shown["Primary"]:
            shown["PrivateDnsName"] = dns
        if association and shown["Primary"]:
            shown["Association"] = association
        addresses.append(shown)
    answer = {
        "AvailabilityZone": eni.availability_zone,
        "Description": eni.description,
        "Groups": [{"GroupId": g.id, "GroupName": g.name} for g in eni.group_set],
        "InterfaceType": eni.interface_type,
        "Ipv6Addresses": [{"Ipv6Address": a} for a in eni.ipv6_addresses],
        "MacAddress": eni.mac_address,
        "NetworkInterfaceId": eni.id,
        "OwnerId": store.account_id,
        "PrivateIpAddress": eni.private_ip_address,
        "PrivateIpAddresses": addresses,
        "RequesterManaged": bool(eni.requester_managed),
        "SourceDestCheck": eni.interface_type != "nat_gateway" and bool(eni.source_dest_check),
        "Status": eni.status,
        "SubnetId": eni.subnet_id,
        "TagSet": tag_list(store, eni.id),
        "VpcId": eni.vpc_id,
    }
    if dns:
        answer["PrivateDnsName"] = dns
    if eni.requester_managed:
        answer["RequesterId"] = eni.requester_id
    if association:
        answer["Association"] = association
    if attachment := _attachment(eni):
        answer["Attachment"] = attachment
    return answer


def _attachment(eni) -> dict | None:
    if made := getattr(eni, "emulator_attachment", None):
        return made
    if not eni.attachment_id or eni.instance is None:
        return None
    return {
        "AttachTime": eni.attach_time,
        "AttachmentId": eni.attachment_id,
        "DeleteOnTermination": bool(eni.delete_on_termination),
        "DeviceIndex": eni.device_index,
        "NetworkCardIndex": 0,
        "InstanceId": eni.instance.id,
        "InstanceOwnerId": eni.owner_id,
        "Status": "attached",
    }


FIELDS = {
    "addresses.association.public-ip": at("PrivateIpAddresses", "Association", "PublicIp"),
    "addresses.primary": at("PrivateIpAddresses", "Primary"),
    "addresses.private-ip-address": at("PrivateIpAddresses", "PrivateIpAddress"),
    "association.allocation-id": at("Association", "AllocationId"),
    "association.association-id": at("Association", "AssociationId"),
    "association.ip-owner-id": at("Association", "IpOwnerId"),
    "association.public-dns-name": at("Association", "PublicDnsName"),
    "association.public-ip": at("Association", "PublicIp"),
    "attachment.attachment-id": at("Attachment", "AttachmentId"),
    "attachment.delete-on-termination": at("Attachment", "DeleteOnTermination"),
    "attachment.device-index": at("Attachment", "DeviceIndex"),
    "attachment.instance-id": at("Attachment", "InstanceId"),
    "attachment.instance-owner-id": at("Attachment", "InstanceOwnerId"),
    "attachment.status": at("Attachment", "Status"),
    "availability-zone": at("AvailabilityZone"),
    "description": at("Description"),
    "group-id": at("Groups", "GroupId"),
    "group-name": at("Groups", "GroupName"),
    "interface-type": at("InterfaceType"),
    "mac-address": at("MacAddress"),
    "network-interface-id": at("NetworkInterfaceId"),
    "owner-id": at("OwnerId"),
    "private-dns-name": at("PrivateDnsName"),
    "private-ip-address": at("PrivateIpAddress"),
    "requester-id": at("RequesterId"),
    "requester-managed": at("RequesterManaged"),
    "source-dest-check": at("SourceDestCheck"),
    "status": at("Status"),
    "subnet-id": at("SubnetId"),
    "vpc-id": at("VpcId"),
}


@override("ec2", "DescribeNetworkInterfaces")
def describe_network_interfaces(account, region, request, context, call_next):
    store = backend(account, region)
    listed = chosen(
        [describe(store, eni) for eni in store.enis.values()],
        request.get("NetworkInterfaceIds"),
        "NetworkInterfaceId",
        "InvalidNetworkInterfaceID.NotFound",
        "The networkInterface ID '{}' does not exist",
    )
    return page(request, "NetworkInterfaces", filtered(listed, request.get("Filters"), FIELDS, tags="TagSet"))


@override("ec2", "CreateNetworkInterface")
def create_network_interface(account, region, request, context, call_next):
    """moto draws addresses at random, even one in use, and makes up groups that do not exist."""
    store = backend(account, region)
    for group_id in request.get("Groups") or []:
        require_group(store, group_id)
    subnet = store.get_subnet(request.get("SubnetId"))
    if not (request.get("PrivateIpAddress") or request.get("PrivateIpAddresses")):
        request = {**request, "PrivateIpAddress": free_address(store, subnet)}
    return call_next(request)


@guard("ec2", "DeleteNetworkInterface")
def refuse_delete_in_use(account, region, request, context):
    eni = backend(account, region).enis.get(request.get("NetworkInterfaceId"))
    if eni is not None and _attachment(eni):
        raise aws_error("InvalidNetworkInterface.InUse", f"Network interface '{eni.id}' is currently in use.")


@guard("ec2", "DetachNetworkInterface")
def refuse_detach_of_service(account, region, request, context):
    wanted = request.get("AttachmentId")
    for eni in backend(account, region).enis.values():
        if getattr(eni, "emulator_attachment", {}).get("AttachmentId") == wanted:
            raise aws_error("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
