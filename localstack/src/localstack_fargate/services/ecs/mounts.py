"""Whether the EFS volumes of a task can be mounted where it runs.

Source: EFS user guide, "Troubleshooting mount issues"; ECS developer guide, "Amazon EFS volume considerations". The
file system (also while its throughput is updated), its access point and a mount target in the task's availability zone
must be available, the VPC must resolve names, and the groups must let NFS through.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import PurePosixPath
from typing import Any

from localstack_fargate.middleware import invoke
from localstack_fargate.services.ec2_common import backend
from localstack_fargate.services.ecs import permissions
from localstack_fargate.services.ecs.model import Container, Task

DENIED = (
    "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/' : unsuccessful EFS utils command execution; "
    "code: 32"
)


def problem(account, task: Task) -> str | None:
    for volume in task.definition.body["volumes"]:
        if efs := volume.get("efsVolumeConfiguration"):
            if text := _volume_problem(account, task, efs):
                return f"failed to invoke EFS utils commands to set up EFS volumes: stderr: {text}"
    return None


def _ask(account, region: str, operation: str, request: dict, key: str) -> Any:
    try:
        return invoke(account, region, "efs", operation, request).get(key) or []
    except Exception:  # whatever says "not found", in whichever error type the emulator has
        return []


def _volume_problem(account, task: Task, efs: dict) -> str | None:
    system = efs["fileSystemId"]
    name = f"{system}.efs.{task.region}.amazonaws.com"
    unresolved = (
        f'Failed to resolve "{name}" - check that your file system ID is correct, and ensure that the VPC has an EFS '
        "mount target for this file system ID. See https://docs.aws.amazon.com/console/efs/mount-dns-name for more "
        "detail. : unsuccessful EFS utils command execution; code: 1"
    )
    found = _ask(account, task.region, "DescribeFileSystems", {"FileSystemId": system}, "FileSystems")
    if not found or found[0].get("LifeCycleState") not in ("available", "updating"):
        return unresolved
    store = backend(account, task.region)
    subnet = store.get_subnet(task.subnet_id)
    vpc = store.vpcs.get(subnet.vpc_id)
    if vpc is not None and str(getattr(vpc, "enable_dns_support", True)).lower() == "false":
        return unresolved
    mounted = _ask(account, task.region, "DescribeMountTargets", {"FileSystemId": system}, "MountTargets")
    here = [
        m
        for m in mounted
        if m.get("LifeCycleState") == "available"
        and m.get("VpcId") == subnet.vpc_id
        and m.get("AvailabilityZoneName") == subnet.availability_zone
    ]
    if not here:
        return unresolved
    if not _nfs_admitted(account, store, task, here[0]):
        return "b'mount.nfs4: Connection timed out' : unsuccessful EFS utils command execution; code: 32"
    if not _may(account, task, efs, found[0], "elasticfilesystem:ClientMount"):
        return DENIED
    point = (efs.get("authorizationConfig") or {}).get("accessPointId")
    if point:
        points = _ask(account, task.region, "DescribeAccessPoints", {"AccessPointId": point}, "AccessPoints")
        if not points or points[0].get("LifeCycleState") != "available" or points[0].get("FileSystemId") != system:
            return DENIED
    return None


def _may(account, task: Task, efs: dict, system: dict, action: str) -> bool:
    """What IAM says, as the task role or, without IAM authorization, as anybody."""
    answer = _ask(account, task.region, "DescribeFileSystemPolicy", {"FileSystemId": efs["fileSystemId"]}, "Policy")
    authorization = efs.get("authorizationConfig") or {}
    role = task.definition.body.get("taskRoleArn") if authorization.get("iam") == "ENABLED" else None
    point = authorization.get("accessPointId")
    return permissions.may_use_file_system(account, role, action, system, answer or None, point)


def may_as_root(account, task: Task, system: str, access_point: str | None) -> bool:
    """Whether root is root on the file system, by the first volume that mounts it so."""
    for volume in task.definition.body["volumes"]:
        efs = volume.get("efsVolumeConfiguration") or {}
        point = (efs.get("authorizationConfig") or {}).get("accessPointId")
        if efs.get("fileSystemId") == system and point == access_point:
            found = _ask(account, task.region, "DescribeFileSystems", {"FileSystemId": system}, "FileSystems")
            return bool(found) and _may(account, task, efs, found[0], "elasticfilesystem:ClientRootAccess")
    return False


def is_refused_writing(account, task: Task, container: Container) -> bool:
    """Whether the container mounts a volume for writing on which IAM lets it only read."""
    volumes = {v["name"]: v.get("efsVolumeConfiguration") for v in task.definition.body["volumes"]}
    for mount in container.definition["mountPoints"]:
        efs = volumes.get(mount.get("sourceVolume"))
        if not efs or mount.get("readOnly"):
            continue
        found = _ask(account, task.region, "DescribeFileSystems", {"FileSystemId": efs["fileSystemId"]}, "FileSystems")
        if found and not _may(account, task, efs, found[0], "elasticfilesystem:ClientWrite"):
            return True
    return False


def cannot_be_made(container: Container) -> str | None:
    """Why the container cannot be started, if it mounts something inside a volume that it mounts read-only.

    The runtime has to make the inner mount point, and cannot (docs/aws-behaviour.md, "Task volumes, host names and
    memory limits in ECS"). That the volume happens to hold such a folder is not looked at.
    """
    points = container.definition["mountPoints"]
    mounted = [(PurePosixPath(point["containerPath"]), bool(point.get("readOnly"))) for point in points]
    for inner, _ in mounted:
        if any(read_only and outer in inner.parents for outer, read_only in mounted):
            return (
                "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: "
                "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container "
                f'process: error during container init: error mounting "{inner}" to rootfs at "{inner}": mkdirat '
                f"{inner}: read-only file system: unknown"
            )
    return None


def _nfs_admitted(account, store, task: Task, target: dict) -> bool:
    """Whether the mount target's groups admit TCP 2049 from the task and the task's groups let it out."""
    answer = _ask(
        account,
        task.region,
        "DescribeMountTargetSecurityGroups",
        {"MountTargetId": target["MountTargetId"]},
        "SecurityGroups",
    )
    targets = [g for g in map(store.get_security_group_from_id, answer) if g]
    sources = list(task.eni.group_set)
    ids = {g.id for g in sources}
    inward = any(_admits(r, 2049, task.address, ids) for g in targets for r in g.ingress_rules)
    outward = any(
        _admits(r, 2049, target.get("IpAddress"), {g.id for g in targets}) for g in sources for r in g.egress_rules
    )
    return inward and outward


def _admits(rule, port: int, address: str | None, groups: set[str]) -> bool:
    """Whether one rule (moto keeps one source a rule) lets TCP through to the port, from or to address or groups."""
    protocol = str(rule.ip_protocol)
    if protocol not in ("-1", "tcp", "6"):
        return False
    if protocol != "-1" and not int(rule.from_port) <= port <= int(rule.to_port):
        return False
    if (rule.source_group or {}).get("GroupId") in groups:
        return True
    block = (rule.ip_range or {}).get("CidrIp")
    return bool(block and address) and ip_address(address) in ip_network(block)
