"""EFS mount targets: life cycle, their network interface, one a zone.

Source: Amazon EFS API reference (CreateMountTarget, DeleteMountTarget, DescribeMountTargets,
ModifyMountTargetSecurityGroups).
"""

from __future__ import annotations

from localstack_fargate.account import setting
from localstack_fargate.middleware import override
from localstack_fargate.services import ec2_interfaces, efs
from localstack_fargate.services.ec2_common import backend, lacks_services
from localstack_fargate.services.efs import error

setting("efs.mount_target_available", 85)
setting("efs.mount_target_deleted", 30)

GROUPS_A_TARGET = 5


def _target(account, region, target_id: str) -> dict:
    found = efs.region_of(account, region).mount_targets.get(target_id)
    if found is None:
        raise error("MountTargetNotFound", f"Mount target '{target_id}' does not exist.", 404)
    return found


def _describe(target: dict) -> dict:
    return {k: v for k, v in target.items() if not k.startswith("_")}


def _subnet(account, region, subnet_id: str):
    store = backend(account, region)
    for zone in store.subnets.values():
        if subnet_id in zone:
            return zone[subnet_id]
    raise error("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")


def _checked_groups(account, region, groups: list[str], vpc_id: str) -> list[str]:
    store = backend(account, region)
    if len(groups) > GROUPS_A_TARGET:
        raise error(
            "SecurityGroupLimitExceeded", "The maximum number of security groups per interface has been reached."
        )
    for group_id in groups:
        group = store.get_security_group_from_id(group_id)
        if group is None or group.vpc_id != vpc_id:
            raise error("SecurityGroupNotFound", f"The security group '{group_id}' does not exist in VPC '{vpc_id}'")
    return groups


@override("efs", "CreateMountTarget")
def create_mount_target(account, region, request, context, call_next):
    here = efs.region_of(account, region)
    record = efs.available(account, region, request.get("FileSystemId"))
    subnet = _subnet(account, region, request.get("SubnetId"))
    if lacks_services(account, subnet):
        raise error("UnsupportedAvailabilityZone", "Mount targets are not supported in the subnet's availability zone.")
    of_same_system = [t for t in here.mount_targets.values() if t["FileSystemId"] == record["FileSystemId"]]
    if any(t["VpcId"] != subnet.vpc_id for t in of_same_system):
        raise error(
            "MountTargetConflict",
            "requested subnet for new mount target is not in the same VPC as existing mount targets",
            409,
        )
    if any(t["AvailabilityZoneName"] == subnet.availability_zone for t in of_same_system):
        raise error("MountTargetConflict", "mount target already exists in this AZ", 409)
    store = backend(account, region)
    default = store.get_default_security_group(subnet.vpc_id)
    wanted = request.get("SecurityGroups") or ([default.id] if default else [])
    groups = _checked_groups(account, region, wanted, subnet.vpc_id)
    address = _checked_address(store, subnet, request.get("IpAddress"))

    target_id = efs.new_id("fsmt")
    eni = _interface(account, region, record["FileSystemId"], target_id, subnet.id, groups, address)
    target = {
        "OwnerId": account.id,
        "MountTargetId": target_id,
        "FileSystemId": record["FileSystemId"],
        "SubnetId": subnet.id,
        "LifeCycleState": "creating",
        "IpAddress": eni.private_ip_address,
        "NetworkInterfaceId": eni.id,
        "AvailabilityZoneId": subnet.availability_zone_id,
        "AvailabilityZoneName": subnet.availability_zone,
        "VpcId": subnet.vpc_id,
        "_groups": list(groups),
    }
    here.mount_targets[target_id] = target

    def become_available(_):
        if target["LifeCycleState"] == "creating":
            target["LifeCycleState"] = "available"

    account.schedule(account.settings["efs.mount_target_available"], become_available)
    return _describe(target)


def _interface(account, region, file_system_id, target_id, subnet_id, groups, address):
    from localstack.aws.api import CommonServiceException

    try:
        return ec2_interfaces.create(
            account,
            region,
            subnet_id,
            description=f"EFS mount target for {file_system_id} ({target_id})",
            groups=groups,
            interface_type="efs",
            private_ip=address,
        )
    except CommonServiceException as refused:
        if refused.code == "InsufficientFreeAddressesInSubnet":
            raise error("NoFreeAddressesInSubnet", "The specified subnet has no free addresses.", 409) from None
        raise


def _checked_address(store, subnet, address: str | None) -> str | None:
    if address is None:
        return None
    from ipaddress import ip_address

    if ip_address(address) not in subnet.cidr:
        raise error("BadRequest", "Address does not fall within the subnet's address range")
    if any(address == a["PrivateIpAddress"] for e in ec2_interfaces.in_subnet(store, subnet.id)
           for a in e.private_ip_addresses):
        raise error("IpAddressInUse", "Address is in use", 409)
    return address


@override("efs", "DescribeMountTargets")
def describe_mount_targets(account, region, request, context, call_next):
    here = efs.region_of(account, region)
    given = [k for k in ("FileSystemId", "MountTargetId", "AccessPointId") if request.get(k)]
    if len(given) != 1:
        raise error("BadRequest", "Must specify exactly one mutually exclusive parameter: "
                                  "FileSystemId, MountTargetId or AccessPointId.")
    if given[0] == "MountTargetId":
        listed = [_target(account, region, request["MountTargetId"])]
    else:
        if given[0] == "AccessPointId":
            point = here.access_points.get(request["AccessPointId"])
            if point is None:
                raise error("AccessPointNotFound", f"Access point {request['AccessPointId']} does not exist.", 404)
            file_system_id = point["FileSystemId"]
        else:
            file_system_id = efs.file_system(account, region, request["FileSystemId"])["FileSystemId"]
        listed = [t for t in here.mount_targets.values() if t["FileSystemId"] == file_system_id]
    page, following = efs.paged(listed, request, "MaxItems", "Marker")
    answer = {"MountTargets": [_describe(t) for t in page]}
    if request.get("Marker"):
        answer["Marker"] = request["Marker"]
    if following:
        answer["NextMarker"] = following
    return answer


@override("efs", "DeleteMountTarget")
def delete_mount_target(account, region, request, context, call_next):
    here = efs.region_of(account, region)
    target = _target(account, region, request.get("MountTargetId"))
    if target["LifeCycleState"] != "deleting":
        target["LifeCycleState"] = "deleting"

        def finish(acct):
            here.mount_targets.pop(target["MountTargetId"], None)
            ec2_interfaces.release(acct, region, target["NetworkInterfaceId"])

        account.schedule(account.settings["efs.mount_target_deleted"], finish)
    return {}


@override("efs", "DescribeMountTargetSecurityGroups")
def describe_groups(account, region, request, context, call_next):
    return {"SecurityGroups": list(_usable(account, region, request)["_groups"])}


@override("efs", "ModifyMountTargetSecurityGroups")
def modify_groups(account, region, request, context, call_next):
    target = _usable(account, region, request)
    groups = _checked_groups(account, region, request.get("SecurityGroups") or [], target["VpcId"])
    if not groups:
        default = backend(account, region).get_default_security_group(target["VpcId"])
        groups = [default.id]
    target["_groups"] = list(groups)
    ec2_interfaces.set_groups(account, region, target["NetworkInterfaceId"], groups)
    return {}


def _usable(account, region, request) -> dict:
    target = _target(account, region, request.get("MountTargetId"))
    if target["LifeCycleState"] == "deleting":
        raise error("IncorrectMountTargetState", "The mount target is not in the correct state.", 409)
    return target
