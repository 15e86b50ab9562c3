"""Restore jobs: into a new EFS file system, or into a directory of the old one.

Source: AWS Backup Developer Guide, "Restore an Amazon EFS file system": an existing file system gets the items in a new
directory `aws-backup-restore_<timestamp>` below its root; nothing that is there is overwritten.
"""

from __future__ import annotations

import uuid
from typing import Any, Callable

from cebed.account import Account
from cebed.middleware import aws_error, invoke, override
from cebed.services.backup.state import check_role, file_system_of, invalid, missing, moment, point_of, region_of, shown


@override("backup", "StartRestoreJob")
def _start(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here, metadata = region_of(account, region), request.get("Metadata") or {}
    if known := here.tokens.get(f"restore:{request.get('IdempotencyToken')}"):
        return {"RestoreJobId": known}
    point = point_of(account, region, request.get("RecoveryPointArn"))
    if point["Status"] != "COMPLETED":
        raise aws_error("InvalidRequestException", "The recovery point is not complete")
    check_role(account, request.get("IamRoleArn"))
    if "file-system-id" not in metadata:
        raise invalid("Metadata must contain file-system-id")
    fresh = str(metadata.get("newFileSystem", "false")).lower() == "true"
    if fresh:
        needed = [key for key in ("Encrypted", "PerformanceMode", "CreationToken") if key not in metadata]
        if needed:
            raise invalid(f"Metadata is missing {', '.join(needed)}")
    else:
        arn = f"arn:aws:elasticfilesystem:{region}:{account.id}:file-system/{metadata['file-system-id']}"
        file_system_of(account, region, arn)
    job = {
        "AccountId": account.id,
        "RestoreJobId": str(uuid.uuid4()).upper(),
        "RecoveryPointArn": point["RecoveryPointArn"],
        "SourceResourceArn": point["ResourceArn"],
        "BackupVaultArn": point["BackupVaultArn"],
        "CreationDate": moment(account),
        "Status": "PENDING",
        "PercentDone": "0.00%",
        "IamRoleArn": request["IamRoleArn"],
        "ResourceType": "EFS",
        "RecoveryPointCreationDate": point["CreationDate"],
        "_metadata": metadata,
    }
    here.restores[job["RestoreJobId"]] = job
    if token := request.get("IdempotencyToken"):
        here.tokens[f"restore:{token}"] = job["RestoreJobId"]
    account.schedule(account.settings["backup.pending"], lambda account: _run(account, region, job, fresh))
    return {"RestoreJobId": job["RestoreJobId"]}


def _run(account: Account, region: str, job: dict, fresh: bool) -> None:
    job["Status"] = "RUNNING"
    metadata = job["_metadata"]
    identity = metadata["file-system-id"]
    if fresh:
        made = invoke(
            account,
            region,
            "efs",
            "CreateFileSystem",
            {
                "CreationToken": metadata["CreationToken"],
                "Encrypted": str(metadata["Encrypted"]).lower() == "true",
                "PerformanceMode": metadata["PerformanceMode"],
                **({"KmsKeyId": metadata["KmsKeyId"]} if metadata.get("KmsKeyId") else {}),
            },
        )
        identity = made["FileSystemId"]
    job["CreatedResourceArn"] = f"arn:aws:elasticfilesystem:{region}:{account.id}:file-system/{identity}"
    account.schedule(account.settings["restore.running"], lambda account: _finish(account, region, job))


def _finish(account: Account, region: str, job: dict) -> None:
    now = moment(account)
    job.update(
        Status="COMPLETED",
        PercentDone="100.00%",
        CompletionDate=now,
        BackupSizeInBytes=account.settings["backup.size"],
    )
    if point := region_of(account, region).points.get(job["RecoveryPointArn"]):
        point["LastRestoreTime"] = now


@override("backup", "DescribeRestoreJob")
def _describe(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    restores = region_of(account, region).restores
    if request.get("RestoreJobId") not in restores:
        raise missing(f"Restore job {request.get('RestoreJobId')} does not exist")
    return shown(restores[request["RestoreJobId"]])


@override("backup", "ListRestoreJobs")
def _list(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    jobs = [
        shown(job)
        for job in region_of(account, region).restores.values()
        if request.get("ByStatus") in (None, job["Status"])
    ]
    return {"RestoreJobs": sorted(jobs, key=lambda job: job["CreationDate"], reverse=True)}
