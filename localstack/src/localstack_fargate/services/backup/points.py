"""Recovery points.

    GET /_emulator/<account>/recovery-points  [{"arn", "content", "torn", "file_system", "vault", "status"}, ...]

`torn`: a task that may write to the file system was there while the backup ran.
"""

from __future__ import annotations

from typing import Any, Callable

from localstack_fargate.account import Account
from localstack_fargate.control import route
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.backup import access
from localstack_fargate.services.backup.jobs import forget_point
from localstack_fargate.services.backup.state import everywhere, point_of, region_of, shown, vault_of


@override("backup", "ListRecoveryPointsByResource")
def _by_resource(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    fields = ("RecoveryPointArn", "CreationDate", "Status", "EncryptionKeyArn", "BackupVaultName", "VaultType")
    points = [
        {field: point[field] for field in fields}
        | {"BackupSizeBytes": point.get("BackupSizeInBytes", 0), "IsParent": False}
        for point in region_of(account, region).points.values()
        if point["ResourceArn"] == request.get("ResourceArn")
    ]
    return {"RecoveryPoints": sorted(points, key=lambda point: point["CreationDate"], reverse=True)}


@override("backup", "ListRecoveryPointsByBackupVault")
def _by_vault(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    vault = vault_of(account, region, request.get("BackupVaultName"), readable=True)
    after, before = request.get("ByCreatedAfter"), request.get("ByCreatedBefore")
    points = [
        shown(point)
        for point in region_of(account, region).points.values()
        if point["BackupVaultName"] == vault["BackupVaultName"]
        and request.get("ByResourceArn") in (None, point["ResourceArn"])
        and request.get("ByResourceType") in (None, point["ResourceType"])
        and (after is None or point["CreationDate"] > after)
        and (before is None or point["CreationDate"] < before)
    ]
    return {"RecoveryPoints": sorted(points, key=lambda point: point["CreationDate"], reverse=True)}


def _named(account: Account, region: str, request: dict) -> dict:
    vault = vault_of(account, region, request.get("BackupVaultName"), readable=True)
    point = point_of(account, region, request.get("RecoveryPointArn"))
    return point if point["BackupVaultName"] == vault["BackupVaultName"] else point_of(account, region, None)


@override("backup", "DescribeRecoveryPoint")
def _describe(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return shown(_named(account, region, request))


@override("backup", "GetRecoveryPointRestoreMetadata")
def _metadata(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    point = _named(account, region, request)
    return {
        "BackupVaultArn": point["BackupVaultArn"],
        "RecoveryPointArn": point["RecoveryPointArn"],
        "RestoreMetadata": {"file-system-id": point["ResourceArn"].rsplit("/", 1)[-1]},
        "ResourceType": "EFS",
    }


@override("backup", "DeleteRecoveryPoint")
def _delete(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here, point = region_of(account, region), _named(account, region, request)
    access.check_vault(account, here.vaults[point["BackupVaultName"]], "backup:DeleteRecoveryPoint")
    busy = any(
        restore["RecoveryPointArn"] == point["RecoveryPointArn"] and restore["Status"] in ("PENDING", "RUNNING")
        for restore in here.restores.values()
    )
    if busy or point["Status"] == "PARTIAL":
        raise aws_error("InvalidRequestException", "The recovery point is in use by a job that has not ended")
    forget_point(account, region, point["RecoveryPointArn"])
    return {}


@route("recovery-points")
def _listing(account: Account, request: Any) -> list:
    return [
        {
            "arn": point["RecoveryPointArn"],
            "content": point.get("_content"),
            "torn": point.get("_torn"),
            "file_system": point["ResourceArn"].rsplit("/", 1)[-1],
            "vault": point["BackupVaultName"],
            "status": point["Status"],
        }
        for here in everywhere(account)
        for point in here.points.values()
    ]
