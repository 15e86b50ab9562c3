"""Backup jobs: CREATED, PENDING, RUNNING, then COMPLETED or FAILED; the recovery point appears with the job.

Source: AWS Backup developer guide, "Copying tags onto backups" (the point carries the tags of its file system, those of
the request before them) and "AWS Backup quotas" (one job at a time a resource; that the later one fails, and its words,
are observed by others). What is recorded of the content is explained in `localstack_fargate.services.efs_content`.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Callable

from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import efs_content
from localstack_fargate.services.backup import access, opt_in
from localstack_fargate.services.backup.state import (
    check_role,
    file_system_of,
    invalid,
    missing,
    moment,
    region_of,
    shown,
    vault_of,
)
from localstack_fargate.services.ecs import history, model
from localstack_fargate.services.efs import region_of as efs_region

ON_END: list[Callable] = []
"""fn(account, region, job), when a job has ended."""

_JOB_ENDS = ("COMPLETED", "FAILED", "ABORTED", "EXPIRED")


@override("backup", "StartBackupJob")
def _start(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here = region_of(account, region)
    if known := here.tokens.get(f"backup:{request.get('IdempotencyToken')}"):
        job = here.jobs[known]
    else:
        vault = vault_of(account, region, request.get("BackupVaultName"))
        access.check_vault(account, vault, "backup:StartBackupJob")
        opt_in.check(account, region, "EFS")
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
    here.points[point_arn] = common | {
        "Status": "PARTIAL",
        "Lifecycle": request.get("Lifecycle"),
        "_job": job["BackupJobId"],
    }
    carried = efs_region(account, region).tags.get(_system_id(job), {})
    carried = {key: value for key, value in carried.items() if not key.startswith("aws:")}
    here.tags[point_arn] = carried | (request.get("RecoveryPointTags") or {})
    job["State"] = "PENDING"
    account.schedule(account.settings["backup.pending"], lambda account: _run(account, region, job))
    return job


def _system_id(job: dict) -> str:
    return job["ResourceArn"].rsplit("/", 1)[-1]


def _run(account: Account, region: str, job: dict) -> None:
    if job["State"] in _JOB_ENDS:
        return
    here = region_of(account, region)
    if any(j["State"] == "RUNNING" and j["ResourceArn"] == job["ResourceArn"] for j in here.jobs.values()):
        _fail(account, region, job, "Backup job failed because there was a running job for the same resource.")
        return
    if reason := _denial(account, region, job):
        _fail(account, region, job, reason)
        return
    job.update(State="RUNNING", PercentDone="10.0")
    point = here.points[job["RecoveryPointArn"]]
    point["_content"] = efs_content.of(account, _system_id(job)).versions[""]
    point["_files"] = efs_content.keep(account, _system_id(job))
    point["_from"] = account.clock.now()
    account.schedule(account.settings["backup.running"], lambda account: _end(account, region, job))


def _end(account: Account, region: str, job: dict) -> None:
    if job["State"] in _JOB_ENDS:
        return
    if reason := _failure(account, region, job):
        _fail(account, region, job, reason)
        return
    now, size = moment(account), account.settings["backup.size"]
    point = region_of(account, region).points[job["RecoveryPointArn"]]
    job.update(
        State="COMPLETED", PercentDone="100.0", BackupSizeInBytes=size, BytesTransferred=size, CompletionDate=now
    )
    point.update(Status="COMPLETED", CompletionDate=now, BackupSizeInBytes=size, StorageClass="WARM")
    if days := (point["Lifecycle"] or {}).get("DeleteAfterDays"):
        point["CalculatedLifecycle"] = {"DeleteAt": point["CreationDate"] + timedelta(days=days)}
        account.schedule(days * 86_400, lambda account: forget_point(account, region, point["RecoveryPointArn"]))
    _ended(account, region, job)
    point["_torn"] = _was_written_to(account, region, _system_id(job), point["_from"])


def _failure(account: Account, region: str, job: dict) -> str | None:
    """Why a job fails: the setting `backup.fail_next`, a file system that has gone, a role that may not."""
    if account.settings["backup.fail_next"]:
        account.settings["backup.fail_next"] -= 1
        return "The backup failed because of an internal error."
    if _system_id(job) not in efs_region(account, region).file_systems:
        return "The resource of the backup job no longer exists."
    return _denial(account, region, job)


def _denial(account: Account, region: str, job: dict) -> str | None:
    """Why the role may not do what the job needs: when it begins, and while it runs."""
    system = efs_region(account, region).file_systems.get(_system_id(job))
    if system is None or "/aws-service-role/" in job["IamRoleArn"]:
        return None
    return access.job_denial(account, "backup", job["IamRoleArn"], system, job["ResourceArn"])


def _fail(account: Account, region: str, job: dict, reason: str) -> None:
    job.update(State="FAILED", StatusMessage=reason, CompletionDate=moment(account))
    forget_point(account, region, job["RecoveryPointArn"])
    _ended(account, region, job)


def _ended(account: Account, region: str, job: dict) -> None:
    for listener in ON_END:
        listener(account, region, job)


def forget_point(account: Account, region: str, arn: str) -> None:
    here = region_of(account, region)
    here.tags.pop(arn, None)
    here.points.pop(arn, None)


def _was_written_to(account: Account, region: str, system: str, since: float) -> bool:
    """Whether a task that may write to the file system was there at any time since, so that the copy is of no one
    moment."""
    return any(
        system in history.written_by(account, task)
        and (task.status != "STOPPED" or task.times["stoppedAt"] > since)
        for task in model.of(account, region).tasks.values()
    )


@override("backup", "StopBackupJob")
def _stop(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    job = _job(account, region, request)
    if job["State"] in _JOB_ENDS:
        raise aws_error("InvalidRequestException", f"Backup job is already {job['State']}")
    job.update(State="ABORTED", CompletionDate=moment(account))
    forget_point(account, region, job["RecoveryPointArn"])
    _ended(account, region, job)
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
    wanted = {
        "ByResourceArn": "ResourceArn",
        "ByState": "State",
        "ByBackupVaultName": "BackupVaultName",
        "ByResourceType": "ResourceType",
    }
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
