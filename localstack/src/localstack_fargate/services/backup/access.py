"""Who may do what in AWS Backup: a job's role, the file system's own policy, and the access policies of vaults.

Source: AWS Backup developer guide, "Vault access policies" and "Managed policies for AWS Backup"
(AWSBackupServiceRolePolicyForBackup, …ForRestores). Observed by others, not documented: a file system policy that
denies elasticfilesystem:Backup fails the job.
"""

from __future__ import annotations

import json
from typing import Any

from localstack_fargate import policy
from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.backup.state import invalid, missing, vault_of
from localstack_fargate.services.ecs import permissions

NEEDED = {
    "backup": ("elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"),
    "restore": (
        "elasticfilesystem:Restore",
        "elasticfilesystem:CreateFileSystem",
        "elasticfilesystem:DescribeFileSystems",
    ),
}


def denied() -> Exception:
    return aws_error("AccessDeniedException", "Insufficient privileges to perform this action.", 403)


def job_denial(account: Account, kind: str, role: str, system: dict | None, arn: str) -> str | None:
    """Why the role of a backup or restore job may not do what the job needs, on the file system of that ARN."""
    for action in NEEDED[kind]:
        if text := permissions.denial(account, role, action, arn):
            return text
        document = (system or {}).get("_policy")
        context = {"aws:SecureTransport": ["true"]}
        if document and policy.decide([document], action, arn, context)[0] == "explicitDeny":
            denied = f"not authorized to perform: {action} on resource: {arn}"
            return f"{denied} with an explicit deny in a resource-based policy"
    return None


def check_vault(account: Account, vault: dict, action: str) -> None:
    """Raises when the access policy of the vault denies the action to the caller."""
    document = vault.get("_policy")
    if not document:
        return
    context = {"aws:PrincipalArn": [f"arn:aws:iam::{account.id}:root"], "aws:userId": [account.id]}
    if policy.decide([document], action, vault["BackupVaultArn"], context)[0] == "explicitDeny":
        raise denied()


@override("backup", "PutBackupVaultAccessPolicy")
def _put(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    vault = vault_of(account, region, request.get("BackupVaultName"))
    try:
        policy.statements(request.get("Policy") or "")
    except policy.Malformed as malformed:
        raise invalid(str(malformed)) from None
    vault["_policy"] = json.loads(request["Policy"])
    return {}


@override("backup", "GetBackupVaultAccessPolicy")
def _get(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    vault = vault_of(account, region, request.get("BackupVaultName"), readable=True)
    if not vault.get("_policy"):
        raise missing(f"Backup vault {vault['BackupVaultName']} has no associated policy")
    names = {key: vault[key] for key in ("BackupVaultName", "BackupVaultArn")}
    return names | {"Policy": json.dumps(vault["_policy"])}


@override("backup", "DeleteBackupVaultAccessPolicy")
def _delete(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    vault = vault_of(account, region, request.get("BackupVaultName"))
    check_vault(account, vault, "backup:DeleteBackupVaultAccessPolicy")
    vault.pop("_policy", None)
    return {}

