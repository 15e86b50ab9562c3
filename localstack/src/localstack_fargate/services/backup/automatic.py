"""EFS's automatic backups: a recovery point a day, in a vault of AWS's own, for each file system that has them on.

Source: Amazon EFS User Guide, "Automatic backups". The points outlive the file system. The vault's access policy
forbids everybody to delete them and to restore from them, until somebody changes it (as a user published it,
unverified).
"""

from __future__ import annotations

from typing import Any

from localstack_fargate.account import Account
from localstack_fargate.middleware import after
from localstack_fargate.services.backup.jobs import new_job
from localstack_fargate.services.backup.state import region_of
from localstack_fargate.services.backup.vaults import AUTOMATIC, new_vault
from localstack_fargate.services.efs import region_of as efs_region

_FORBIDDEN = (
    "DeleteBackupVault",
    "DeleteBackupVaultAccessPolicy",
    "DeleteRecoveryPoint",
    "StartCopyJob",
    "StartRestoreJob",
    "UpdateRecoveryPointLifecycle",
)
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": [f"backup:{action}" for action in _FORBIDDEN],
            "Resource": "*",
        }
    ],
}


@after("efs", "PutBackupPolicy", "CreateFileSystem")
def _begin(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    here = region_of(account, region)
    if not here.automatic and _wanting(account, region):
        here.automatic = True
        if AUTOMATIC not in here.vaults:
            new_vault(account, region, AUTOMATIC, {}, _policy=_POLICY)
        account.schedule(account.settings["backup.automatic_every"], lambda account: _daily(account, region))
    return response


def _wanting(account: Account, region: str) -> list[dict]:
    """File systems whose backup policy is on."""
    systems = efs_region(account, region).file_systems.values()
    return [system for system in systems if system.get("_backup") in ("ENABLED", "ENABLING")]


def _daily(account: Account, region: str) -> None:
    here = region_of(account, region)
    systems = _wanting(account, region)
    for system in systems:
        arn = f"arn:aws:elasticfilesystem:{region}:{account.id}:file-system/{system['FileSystemId']}"
        role = f"arn:aws:iam::{account.id}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
        new_job(account, region, here.vaults[AUTOMATIC], {"ResourceArn": arn, "IamRoleArn": role})
    here.automatic = bool(systems)
    if systems:
        account.schedule(account.settings["backup.automatic_every"], lambda account: _daily(account, region))
