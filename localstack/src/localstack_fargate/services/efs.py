"""EFS file systems: own state with the life cycle that moto does not have.

Source: Amazon EFS API reference (CreateFileSystem, UpdateFileSystem, UpdateFileSystemProtection, DeleteFileSystem,
DescribeFileSystems, PutBackupPolicy, PutLifecycleConfiguration) and EFS user guide.
"""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timezone
from typing import Any

from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import aws_error, invoke, override
from localstack_fargate.services.ec2_common import backend, timestamp

setting("efs.available", 5)
setting("efs.updated", 5)
setting("efs.backup_policy", 2)
setting("efs.deleted", 5)
setting("efs.throughput_change_interval", 86_400)
setting("quota.file_systems", 1000)

BACKUP_TAG = "aws:elasticfilesystem:default-backup"
IN_USE = "FileSystemInUse"


class Region:
    """All of EFS in one region of an account: resources by id; `tags` by the id of file system or access point."""

    def __init__(self) -> None:
        self.file_systems: dict[str, dict] = {}
        self.mount_targets: dict[str, dict] = {}
        self.access_points: dict[str, dict] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.kms_key = str(uuid.uuid4())


def region_of(account: Account, region: str) -> Region:
    return account.state(f"efs:{region}", Region)


def new_id(kind: str) -> str:
    return f"{kind}-0{random.getrandbits(64):016x}"


def error(code: str, message: str, status: int = 400, **fields: str):
    """An EFS error; its body carries `ErrorCode` besides `Message`, and sometimes the id in question."""
    raised = aws_error(code, message, status)
    raised.ErrorCode = code
    raised.Message = message
    for name, value in fields.items():
        setattr(raised, name, value)
    return raised


def arn(account: Account, region: str, kind: str, resource_id: str) -> str:
    return f"arn:aws:elasticfilesystem:{region}:{account.id}:{kind}/{resource_id}"


def tags_in(request: dict) -> dict[str, str]:
    return {t["Key"]: t.get("Value") or "" for t in request.get("Tags") or []}


def tags_out(tags: dict[str, str]) -> list[dict]:
    return [{"Key": k, "Value": v} for k, v in tags.items()]


def paged(items: list, request: dict, size_key: str, token_key: str, default: int = 100):
    """(items of this page, token of the next or None)."""
    start = int(request.get(token_key) or 0)
    size = min(int(request.get(size_key) or default), default)
    page = items[start : start + size]
    return page, str(start + size) if start + size < len(items) else None


def file_system(account: Account, region: str, file_system_id: str) -> dict:
    """The record of a file system by id or ARN; FileSystemNotFound otherwise."""
    plain = (file_system_id or "").rsplit("/", 1)[-1]
    found = region_of(account, region).file_systems.get(plain)
    if found is None:
        raise error("FileSystemNotFound", f"File system '{plain}' does not exist.", 404)
    return found


def available(account: Account, region: str, file_system_id: str) -> dict:
    """As `file_system`, and in a state in which it may be changed."""
    found = file_system(account, region, file_system_id)
    if found["LifeCycleState"] != "available":
        raise error(
            "IncorrectFileSystemLifeCycleState",
            f"None of the file systems are in the available state: {found['FileSystemId']} "
            f"is in the {found['LifeCycleState']} state.",
            409,
        )
    return found


def describe(account: Account, region: str, record: dict) -> dict:
    here = region_of(account, region)
    tags = here.tags.get(record["FileSystemId"], {})
    targets = [t for t in here.mount_targets.values() if t["FileSystemId"] == record["FileSystemId"]]
    answer = {k: v for k, v in record.items() if not k.startswith("_")}
    answer["NumberOfMountTargets"] = len(targets)
    answer["Tags"] = tags_out(tags)
    if "Name" in tags:
        answer["Name"] = tags["Name"]
    return answer


@override("efs", "CreateFileSystem")
def create_file_system(account, region, request, context, call_next):
    here = region_of(account, region)
    token = request.get("CreationToken") or str(uuid.uuid4())
    for known in here.file_systems.values():
        if known["CreationToken"] == token:
            raise error(
                "FileSystemAlreadyExists",
                f"File system '{known['FileSystemId']}' already exists with creation token '{token}'",
                409,
                FileSystemId=known["FileSystemId"],
            )
    if len(here.file_systems) >= account.settings["quota.file_systems"]:
        raise error("FileSystemLimitExceeded", "You have reached the maximum number of file systems.", 403)
    record = _new_record(account, region, request, token)
    here.file_systems[record["FileSystemId"]] = record
    here.tags[record["FileSystemId"]] = tags_in(request)
    if request.get("Backup", bool(request.get("AvailabilityZoneName"))):
        _set_backup(account, region, record, "ENABLED")
    account.schedule(account.settings["efs.available"], lambda _: _become(record, "creating", "available"))
    return describe(account, region, record)


def _become(record: dict, before: str, after: str) -> None:
    if record["LifeCycleState"] == before:
        record["LifeCycleState"] = after


def _new_record(account: Account, region: str, request: dict, token: str) -> dict:
    encrypted = bool(request.get("Encrypted"))
    if request.get("KmsKeyId") and not encrypted:
        raise error("BadRequest", "When you specify a KmsKeyId, you must set Encrypted to true.")
    mode = request.get("ThroughputMode") or "bursting"
    _check_throughput(mode, request.get("ProvisionedThroughputInMibps"))
    if mode == "elastic" and request.get("PerformanceMode") == "maxIO":
        raise error("BadRequest", "The Max I/O performance mode is not supported with Elastic throughput.")
    file_system_id = new_id("fs")
    record: dict[str, Any] = {
        "OwnerId": account.id,
        "CreationToken": token,
        "FileSystemId": file_system_id,
        "FileSystemArn": arn(account, region, "file-system", file_system_id),
        "CreationTime": timestamp(account.clock.now()),
        "LifeCycleState": "creating",
        "SizeInBytes": {"Value": 6144, "ValueInIA": 0, "ValueInStandard": 6144, "ValueInArchive": 0},
        "PerformanceMode": request.get("PerformanceMode") or "generalPurpose",
        "Encrypted": encrypted,
        "ThroughputMode": mode,
        "FileSystemProtection": {"ReplicationOverwriteProtection": "ENABLED"},
        "_backup": None,
        "_lifecycle": [],
        "_policy": None,
        "_mode_changed": None,
    }
    if encrypted:
        record["KmsKeyId"] = _key_arn(account, region, request.get("KmsKeyId"))
    if mode == "provisioned":
        record["ProvisionedThroughputInMibps"] = float(request["ProvisionedThroughputInMibps"])
    if zone_name := request.get("AvailabilityZoneName"):
        zones = backend(account, region).describe_availability_zones()
        zone = next((z for z in zones if z.name == zone_name), None)
        if zone is None:
            raise error("AvailabilityZonesMismatch", f"Availability Zone {zone_name} is not in this Region.")
        record |= {"AvailabilityZoneName": zone.name, "AvailabilityZoneId": zone.zone_id}
    return record


def _key_arn(account: Account, region: str, key: str | None) -> str:
    """Encrypted file systems answer a key ARN, by default that of `aws/elasticfilesystem`.

    What EFS cannot use it refuses, with the words and the code of KMS in its own message.
    """
    default = f"arn:aws:kms:{region}:{account.id}:key/{region_of(account, region).kms_key}"
    if key in (None, default):
        return default
    try:
        found = invoke(account, region, "kms", "DescribeKey", {"KeyId": key})["KeyMetadata"]
    except Exception:  # not found, in whichever error type the emulator has
        text = "The request was rejected because the specified key could not be found. [error=NotFoundException]"
        raise error("BadRequest", text) from None
    if found["KeyState"] != "Enabled":
        code = "DisabledException" if found["KeyState"] == "Disabled" else "KMSInvalidStateException"
        raise error("BadRequest", f"{found['Arn']} is {found['KeyState']}. [error={code}]")
    if found.get("KeySpec") != "SYMMETRIC_DEFAULT" or found.get("KeyUsage") != "ENCRYPT_DECRYPT":
        text = f"{found['Arn']} is not a symmetric encryption key. [error=InvalidKeyUsageException]"
        raise error("BadRequest", text)
    return found["Arn"]


def _check_throughput(mode: str, provisioned) -> None:
    if mode == "provisioned" and not provisioned:
        raise error("BadRequest", "ProvisionedThroughputInMibps is required with the provisioned throughput mode.")
    if mode != "provisioned" and provisioned:
        raise error("BadRequest", "ProvisionedThroughputInMibps requires the provisioned throughput mode.")


@override("efs", "DescribeFileSystems")
def describe_file_systems(account, region, request, context, call_next):
    here = region_of(account, region)
    if wanted := request.get("FileSystemId"):
        listed = [file_system(account, region, wanted)]
    else:
        listed = list(here.file_systems.values())
    if token := request.get("CreationToken"):
        listed = [f for f in listed if f["CreationToken"] == token]
    page, following = paged(listed, request, "MaxItems", "Marker")
    answer = {"FileSystems": [describe(account, region, f) for f in page]}
    if request.get("Marker"):
        answer["Marker"] = request["Marker"]
    if following:
        answer["NextMarker"] = following
    return answer


@override("efs", "UpdateFileSystem")
def update_file_system(account, region, request, context, call_next):
    record = available(account, region, request.get("FileSystemId"))
    mode = request.get("ThroughputMode") or record["ThroughputMode"]
    provisioned = request.get("ProvisionedThroughputInMibps")
    _check_throughput(mode, provisioned)
    decreases = (provisioned or 0) < record.get("ProvisionedThroughputInMibps", 0)
    if mode != record["ThroughputMode"] or decreases:
        now, last = account.clock.now(), record["_mode_changed"]
        if last is not None and now - last < account.settings["efs.throughput_change_interval"]:
            again = datetime.fromtimestamp(last + account.settings["efs.throughput_change_interval"], timezone.utc)
            raise error(  # the words: ansible-collections/community.aws#2026
                "TooManyRequests",
                "You have reached the maximum number of throughput mode changes or provisioned throughput value "
                "decreases. "
                f"Wait until {again:%Y-%m-%dT%H:%M:%SZ} UTC and try again.",
                429,
            )
        record["_mode_changed"] = now
    record["ThroughputMode"] = mode
    record.pop("ProvisionedThroughputInMibps", None)
    if provisioned:
        record["ProvisionedThroughputInMibps"] = float(provisioned)
    record["LifeCycleState"] = "updating"
    account.schedule(account.settings["efs.updated"], lambda _: _become(record, "updating", "available"))
    return describe(account, region, record)


@override("efs", "UpdateFileSystemProtection")
def update_protection(account, region, request, context, call_next):
    record = available(account, region, request.get("FileSystemId"))
    record["FileSystemProtection"] = {"ReplicationOverwriteProtection": request["ReplicationOverwriteProtection"]}
    return dict(record["FileSystemProtection"])


@override("efs", "DeleteFileSystem")
def delete_file_system(account, region, request, context, call_next):
    here = region_of(account, region)
    record = file_system(account, region, request.get("FileSystemId"))
    file_system_id = record["FileSystemId"]
    if any(t["FileSystemId"] == file_system_id for t in here.mount_targets.values()):
        raise error(IN_USE, f"File system '{file_system_id}' has mount targets; delete them first.", 409)
    record["LifeCycleState"] = "deleting"

    def finish(_):
        here.file_systems.pop(file_system_id, None)
        here.tags.pop(file_system_id, None)
        for point_id in [i for i, p in here.access_points.items() if p["FileSystemId"] == file_system_id]:
            del here.access_points[point_id]
            here.tags.pop(point_id, None)

    account.schedule(account.settings["efs.deleted"], finish)
    return {}


def _set_backup(account: Account, region: str, record: dict, status: str) -> None:
    tags = region_of(account, region).tags.setdefault(record["FileSystemId"], {})
    record["_backup"] = status
    if status == "ENABLED":
        tags[BACKUP_TAG] = "enabled"
    else:
        tags.pop(BACKUP_TAG, None)


@override("efs", "PutBackupPolicy")
def put_backup_policy(account, region, request, context, call_next):
    record = available(account, region, request.get("FileSystemId"))
    wanted = (request.get("BackupPolicy") or {}).get("Status")
    if wanted not in ("ENABLED", "DISABLED"):
        raise error("ValidationException", f"Backup policy status {wanted} is not valid.")
    if record["_backup"] != wanted:
        record["_backup"] = {"ENABLED": "ENABLING", "DISABLED": "DISABLING"}[wanted]
        account.schedule(
            account.settings["efs.backup_policy"], lambda acct: _set_backup(acct, region, record, wanted)
        )
    return {"BackupPolicy": {"Status": record["_backup"]}}


@override("efs", "DescribeBackupPolicy")
def describe_backup_policy(account, region, request, context, call_next):
    record = file_system(account, region, request.get("FileSystemId"))
    if record["_backup"] is None:
        raise error("PolicyNotFound", "None", 404)
    return {"BackupPolicy": {"Status": record["_backup"]}}


@override("efs", "PutLifecycleConfiguration")
def put_lifecycle(account, region, request, context, call_next):
    record = available(account, region, request.get("FileSystemId"))
    policies = request.get("LifecyclePolicies") or []
    keys = [key for policy in policies for key in policy]
    if any(len(policy) != 1 for policy in policies) or len(keys) != len(set(keys)):
        raise error("BadRequest", "Each LifecyclePolicy object can have only a single transition.")
    record["_lifecycle"] = policies
    return {"LifecyclePolicies": policies}


@override("efs", "DescribeLifecycleConfiguration")
def describe_lifecycle(account, region, request, context, call_next):
    return {"LifecyclePolicies": file_system(account, region, request.get("FileSystemId"))["_lifecycle"]}
