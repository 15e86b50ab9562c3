"""What the tests need around a file system that tasks mount: mount targets, access points, definitions with a volume.
"""

from __future__ import annotations

import uuid


def admit_nfs(kit):
    kit.ec2.authorize_security_group_ingress(
        GroupId=kit.net["sg"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": kit.net["sg"]}]}
        ],
    )


def file_system(kit, zones=2, settle=120):
    """(file system, access point), with mount targets in the first zones."""
    system = kit.account.client("efs").create_file_system(CreationToken=uuid.uuid4().hex, Encrypted=True)[
        "FileSystemId"
    ]
    kit.account.advance(20)
    return system, reachable(kit, system, zones, settle)


def reachable(kit, system, zones=2, settle=120, **point):
    """Gives the file system mount targets and an access point, which is the answer."""
    efs = kit.account.client("efs")
    for subnet in kit.net["subnets"][:zones]:
        efs.create_mount_target(FileSystemId=system, SubnetId=subnet, SecurityGroups=[kit.net["sg"]])
    made = access_point(kit, system, **point)
    kit.account.advance(settle)
    return made


def access_point(kit, system, path=None, **more):
    if path:
        info = {"OwnerUid": 1001, "OwnerGid": 1001, "Permissions": "755"}
        more["RootDirectory"] = {"Path": path, "CreationInfo": info}
    wanted = {"FileSystemId": system, "ClientToken": uuid.uuid4().hex, **more}
    return kit.account.client("efs").create_access_point(**wanted)["AccessPointId"]


def mounting(kit, system, point, container=None, read_only=False, **more):
    """ARN of a task definition whose container (`ui` if not given) mounts the access point, or the root without one."""
    configuration = {"fileSystemId": system, "transitEncryption": "ENABLED"}
    if point:
        configuration["authorizationConfig"] = {"accessPointId": point, "iam": "ENABLED"}
    mount = {"sourceVolume": "v", "containerPath": "/v", "readOnly": read_only}
    return kit.register(
        {**(container or kit.container()), "mountPoints": [mount]},
        volumes=[{"name": "v", "efsVolumeConfiguration": configuration}],
        **more,
    )
