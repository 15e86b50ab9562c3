"""Recovery points."""

from __future__ import annotations

from typing import Any, Callable

from cebed.account import Account
from cebed.middleware import aws_error, override
from cebed.services.backup.state import point_of, region_of, shown, vault_of
from cebed.services.backup.vaults import AUTOMATIC


@override("backup", "ListRecoveryPointsByResource")
def _by_resource(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    fields = ("RecoveryPointArn", "CreationDate", "Status", "EncryptionKeyArn", "BackupVaultName", "VaultType")
    points = [
        {field: point[field] for field in fields} | {"BackupSizeBytes": point.get("BackupSizeInBytes", 0), "IsParent": False}
        for point in region_of(account, region).points.values()
        if point["ResourceArn"] == request.get("ResourceArn")
    ]
    return {"RecoveryPoints": sorted(points, key=lambda point: point["CreationDate"], reverse=True)}


@override("backup", "ListRecoveryPointsByBackupVault")
def _by_vault(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    vault = vault_of(account, region, request.get("BackupVaultName"))
    points = [
        shown(point)
        for point in region_of(account, region).points.values()
        if point["BackupVaultName"] == vault["BackupVaultName"]
        and request.get("ByResourceArn") in (None, point["ResourceArn"])
    ]
    return {"RecoveryPoints": sorted(points, key=lambda point: point["CreationDate"], reverse=True)}


def _named(account: Account, region: str, request: dict) -> dict:
    vault = vault_of(account, region, request.get("BackupVaultName"))
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
    if point["BackupVaultName"] == AUTOMATIC:
        # the policy of EFS's own vault denies it to everyone
        raise aws_error("AccessDeniedException", "Insufficient privileges to perform this action.", 403)
    busy = any(
        restore["RecoveryPointArn"] == point["RecoveryPointArn"] and restore["Status"] in ("PENDING", "RUNNING")
        for restore in here.restores.values()
    )
    if busy or point["Status"] == "PARTIAL":
        raise aws_error("InvalidRequestException", "The recovery point is in use by a job that has not ended")
    here.tags.pop(point["RecoveryPointArn"], None)
    del here.points[point["RecoveryPointArn"]]
    return {}
