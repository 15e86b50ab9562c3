"""Backup vaults."""

from __future__ import annotations

import re
from typing import Any, Callable

from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.backup.access import check_vault
from localstack_fargate.services.backup.state import invalid, moment, region_of, shown, vault_of

setting("quota.backup_vaults", 300)

AUTOMATIC = "aws/efs/automatic-backup-vault"


def new_vault(account: Account, region: str, name: str, tags: dict[str, str], **more: Any) -> dict:
    here = region_of(account, region)
    arn = f"arn:aws:backup:{region}:{account.id}:backup-vault:{name}"
    here.vaults[name] = {
        "BackupVaultName": name,
        "BackupVaultArn": arn,
        "VaultType": "BACKUP_VAULT",
        "VaultState": "AVAILABLE",
        "EncryptionKeyArn": f"arn:aws:kms:{region}:{account.id}:key/aws-backup",
        "CreationDate": moment(account),
        "Locked": False,
        **{key: value for key, value in more.items() if value is not None},
    }
    here.tags[arn] = dict(tags)
    return here.vaults[name]


@override("backup", "CreateBackupVault")
def _create(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    name = request.get("BackupVaultName", "")
    if not re.match(r"^[a-zA-Z0-9\-_]{2,50}$", name):
        raise invalid(f"Invalid vault name: {name}")
    vault, token = region_of(account, region).vaults.get(name), request.get("CreatorRequestId")
    if vault and (not token or vault.get("CreatorRequestId") != token):
        raise aws_error("AlreadyExistsException", f"Backup vault with the same name already exists: {name}")
    if not vault:
        if len(region_of(account, region).vaults) >= account.settings["quota.backup_vaults"]:
            raise aws_error("LimitExceededException", "The maximum number of backup vaults has been reached.")
        given = {key: request.get(key) for key in ("CreatorRequestId", "EncryptionKeyArn")}
        vault = new_vault(account, region, name, request.get("BackupVaultTags") or {}, **given)
    return {key: vault[key] for key in ("BackupVaultName", "BackupVaultArn", "CreationDate")}


def _described(account: Account, region: str, vault: dict) -> dict:
    points = region_of(account, region).points.values()
    count = sum(point["BackupVaultName"] == vault["BackupVaultName"] for point in points)
    return shown(vault) | {"NumberOfRecoveryPoints": count}


@override("backup", "DescribeBackupVault")
def _describe(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return _described(account, region, vault_of(account, region, request.get("BackupVaultName"), readable=True))


@override("backup", "ListBackupVaults")
def _list(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    vaults = region_of(account, region).vaults.values()
    return {"BackupVaultList": [_described(account, region, vault) for vault in vaults]}


@override("backup", "DeleteBackupVault")
def _delete(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    vault = vault_of(account, region, request.get("BackupVaultName"))
    check_vault(account, vault, "backup:DeleteBackupVault")
    if _described(account, region, vault)["NumberOfRecoveryPoints"]:
        raise aws_error(
            "InvalidRequestException",
            f"Backup vault cannot be deleted (contains recovery points): {vault['BackupVaultName']}",
        )
    here = region_of(account, region)
    here.tags.pop(vault["BackupVaultArn"], None)
    del here.vaults[vault["BackupVaultName"]]
    return {}
