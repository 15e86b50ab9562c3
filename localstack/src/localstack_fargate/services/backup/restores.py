"""Restore jobs: into a new EFS file system, or into a directory of the old one.

Source: AWS Backup Developer Guide, "Restore an Amazon EFS file system": a new file system as well as an existing one
gets the items in a new directory `aws-backup-restore_<time>` below its root
(`localstack_fargate.services.efs_content`); "Copy tags during a restore". The new file system has neither mount targets
nor access points, policy, lifecycle or automatic backups; its throughput is bursting, for nothing in the metadata says
otherwise. That it outlives a restore that fails is unverified.
"""

from __future__ import annotations

import uuid
from typing import Any, Callable

from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, invoke, override
from localstack_fargate.services import efs, efs_content
from localstack_fargate.services.backup import access
from localstack_fargate.services.backup.state import (
    check_role,
    file_system_of,
    invalid,
    missing,
    moment,
    point_of,
    region_of,
    shown,
)


@override("backup", "StartRestoreJob")
def _start(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here, metadata = region_of(account, region), request.get("Metadata") or {}
    if known := here.tokens.get(f"restore:{request.get('IdempotencyToken')}"):
        return {"RestoreJobId": known}
    point = point_of(account, region, request.get("RecoveryPointArn"))
    if point["Status"] != "COMPLETED":
        raise aws_error("InvalidRequestException", "The recovery point is not complete")
    access.check_vault(account, here.vaults[point["BackupVaultName"]], "backup:StartRestoreJob")
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
        "_tags": here.tags[point["RecoveryPointArn"]] if request.get("CopySourceTagsToRestoredResource") else {},
    }
    here.restores[job["RestoreJobId"]] = job
    if token := request.get("IdempotencyToken"):
        here.tokens[f"restore:{token}"] = job["RestoreJobId"]
    account.schedule(account.settings["backup.pending"], lambda account: _run(account, region, job, fresh))
    return {"RestoreJobId": job["RestoreJobId"]}


def _run(account: Account, region: str, job: dict, fresh: bool) -> None:
    job["Status"] = "RUNNING"
    identity = job["_metadata"]["file-system-id"]
    target = f"arn:aws:elasticfilesystem:{region}:{account.id}:file-system/{efs.new_id('fs') if fresh else identity}"
    if text := access.job_denial(account, "restore", job["IamRoleArn"], None, target):
        _fail(account, job, text)
        return
    if fresh:
        try:
            identity = invoke(account, region, "efs", "CreateFileSystem", _wanted(job))["FileSystemId"]
        except Exception as error:  # a token that is taken, a key that cannot be used
            _fail(account, job, str(error))
            return
    job["CreatedResourceArn"] = f"arn:aws:elasticfilesystem:{region}:{account.id}:file-system/{identity}"
    job["_unnamed"] = True
    account.schedule(account.settings["restore.named_after"], lambda account: job.update(_unnamed=False))
    account.schedule(account.settings["restore.running"], lambda account: _finish(account, region, job))


def _wanted(job: dict) -> dict:
    """The new file system, as CreateFileSystem's request."""
    metadata = job["_metadata"]
    return {
        "CreationToken": metadata["CreationToken"],
        "Encrypted": str(metadata["Encrypted"]).lower() == "true",
        "PerformanceMode": metadata["PerformanceMode"],
        "Tags": [{"Key": key, "Value": value} for key, value in job["_tags"].items()],
        **({"KmsKeyId": metadata["KmsKeyId"]} if metadata.get("KmsKeyId") else {}),
    }


def _fail(account: Account, job: dict, reason: str) -> None:
    job.update(Status="FAILED", StatusMessage=reason, CompletionDate=moment(account))


def _finish(account: Account, region: str, job: dict) -> None:
    now, here = moment(account), region_of(account, region)
    if account.settings["restore.fail_next"]:
        account.settings["restore.fail_next"] -= 1
        _fail(account, job, "The restore failed because of an internal error.")
        return
    point, identity = here.points.get(job["RecoveryPointArn"]), job["CreatedResourceArn"].rsplit("/", 1)[-1]
    if point is None or identity not in efs.region_of(account, region).file_systems:
        _fail(account, job, "A resource of the restore job no longer exists.")
        return
    directory = f"/{efs_content.PREFIX}{now:%Y-%m-%dT%H-%M-%S}-{now.microsecond:06}000Z"
    efs_content.restore(account, identity, point["_content"], point["RecoveryPointArn"], directory)
    efs_content.give_back(account, identity, point.get("_files") or [])
    job.update(
        Status="COMPLETED",
        PercentDone="100.00%",
        CompletionDate=now,
        BackupSizeInBytes=account.settings["backup.size"],
    )
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
        shown(job, "CreatedResourceArn") if job.get("_unnamed") else shown(job)
        for job in region_of(account, region).restores.values()
        if request.get("ByStatus") in (None, job["Status"])
        and request.get("ByResourceType") in (None, job["ResourceType"])
    ]
    return {"RestoreJobs": sorted(jobs, key=lambda job: job["CreationDate"], reverse=True)}
