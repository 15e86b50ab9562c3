"""Backup jobs: CREATED, PENDING, RUNNING, then COMPLETED or FAILED; the recovery point appears with the job."""

from __future__ import annotations

import uuid
from typing import Any, Callable

from cebed.account import Account
from cebed.middleware import aws_error, override
from cebed.services.backup.state import (
    check_role,
    file_system_of,
    invalid,
    missing,
    moment,
    region_of,
    shown,
    vault_of,
)

_JOB_ENDS = ("COMPLETED", "FAILED", "ABORTED", "EXPIRED")


@override("backup", "StartBackupJob")
def _start(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here = region_of(account, region)
    if known := here.tokens.get(f"backup:{request.get('IdempotencyToken')}"):
        job = here.jobs[known]
    else:
        vault = vault_of(account, region, request.get("BackupVaultName"))
        check_role(account, request.get("IamRoleArn"))
        system = file_system_of(account, region, request.get("ResourceArn"))
        if system["LifeCycleState"] not in ("available", "updating"):
            raise aws_error("InvalidRequestException", f"File system {system['FileSystemId']} is not available")
        job = new_job(account, region, vault, request)
        if token := request.get("IdempotencyToken"):
            here.tokens[f"backup:{token}"] = job["BackupJobId"]
    return {key: job[key] for key in ("BackupJobId", "RecoveryPointArn", "CreationDate")}


def new_job(account: Account, region: str, vault: dict, request: dict) -> dict:
    """A job for an EFS file system and its recovery point, both on their way."""
    here, now = region_of(account, region), moment(account)
    point_arn = f"arn:aws:backup:{region}:{account.id}:recovery-point:{uuid.uuid4()}"
    common = {
        "BackupVaultName": vault["BackupVaultName"],
        "BackupVaultArn": vault["BackupVaultArn"],
        "ResourceArn": request["ResourceArn"],
        "ResourceType": "EFS",
        "IamRoleArn": request.get("IamRoleArn"),
        "EncryptionKeyArn": vault["EncryptionKeyArn"],
        "IsEncrypted": True,
        "CreationDate": now,
        "RecoveryPointArn": point_arn,
        "VaultType": "BACKUP_VAULT",
    }
    job = common | {
        "AccountId": account.id,
        "BackupJobId": str(uuid.uuid4()).upper(),
        "State": "CREATED",
        "PercentDone": "0.0",
        "BackupType": "INCREMENTAL",
        "IsParent": False,
    }
    here.jobs[job["BackupJobId"]] = job
    here.points[point_arn] = common | {"Status": "PARTIAL", "Lifecycle": request.get("Lifecycle"), "_job": job["BackupJobId"]}
    here.tags[point_arn] = dict(request.get("RecoveryPointTags") or {})

    def run(account: Account) -> None:
        _advance(job, "RUNNING", "10.0")
        account.schedule(account.settings["backup.running"], finish)

    def finish(account: Account) -> None:
        end(account, region, job)

    job["State"] = "PENDING"
    account.schedule(account.settings["backup.pending"], run)
    return job


def _advance(job: dict, state: str, percent: str) -> None:
    if job["State"] not in _JOB_ENDS:
        job["State"], job["PercentDone"] = state, percent


def end(account: Account, region: str, job: dict) -> None:
    """The last step of a job; a file system that has gone, or the setting `backup.fail_next`, makes it fail."""
    if job["State"] in _JOB_ENDS:
        return
    here, now = region_of(account, region), moment(account)
    point = here.points[job["RecoveryPointArn"]]
    reason = None
    if account.settings["backup.fail_next"]:
        account.settings["backup.fail_next"] -= 1
        reason = "The backup failed because of an internal error."
    else:
        try:
            file_system_of(account, region, job["ResourceArn"])
        except Exception:
            reason = "The resource of the backup job no longer exists."
    job["CompletionDate"] = now
    if reason:
        job.update(State="FAILED", StatusMessage=reason)
        here.tags.pop(point["RecoveryPointArn"], None)
        del here.points[point["RecoveryPointArn"]]
        return
    size = account.settings["backup.size"]
    job.update(State="COMPLETED", PercentDone="100.0", BackupSizeInBytes=size, BytesTransferred=size)
    point.update(Status="COMPLETED", CompletionDate=now, BackupSizeInBytes=size, StorageClass="WARM")


@override("backup", "StopBackupJob")
def _stop(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    job = _job(account, region, request)
    if job["State"] in _JOB_ENDS:
        raise aws_error("InvalidRequestException", f"Backup job is already {job['State']}")
    job.update(State="ABORTED", CompletionDate=moment(account))
    region_of(account, region).points.pop(job["RecoveryPointArn"], None)
    return {}


def _job(account: Account, region: str, request: dict) -> dict:
    jobs = region_of(account, region).jobs
    if request.get("BackupJobId") not in jobs:
        raise missing(f"Backup job {request.get('BackupJobId')} does not exist")
    return jobs[request["BackupJobId"]]


@override("backup", "DescribeBackupJob")
def _describe(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return shown(_job(account, region, request))


@override("backup", "ListBackupJobs")
def _list(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    wanted = {"ByResourceArn": "ResourceArn", "ByState": "State", "ByBackupVaultName": "BackupVaultName", "ByResourceType": "ResourceType"}
    if (account_id := request.get("ByAccountId")) not in (None, "*", account.id):
        raise invalid(f"account {account_id} is not of this organization")
    jobs = [
        shown(job)
        for job in region_of(account, region).jobs.values()
        if all(request.get(given) in (None, job[field]) for given, field in wanted.items())
        and (request.get("ByCreatedAfter") is None or job["CreationDate"] > request["ByCreatedAfter"])
        and (request.get("ByCreatedBefore") is None or job["CreationDate"] < request["ByCreatedBefore"])
    ]
    return {"BackupJobs": sorted(jobs, key=lambda job: job["CreationDate"], reverse=True)}
