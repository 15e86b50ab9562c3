"""AWS Backup's metrics: failed jobs by vault.

Source: AWS Backup developer guide, "AWS Backup metrics with Amazon CloudWatch" (names; the dimensions ResourceType and
BackupVaultName, of which here only the latter alone is known).
"""

from __future__ import annotations

from localstack_fargate.account import Account
from localstack_fargate.services.backup.state import region_of
from localstack_fargate.services.cloudwatch import Metric, Point, source


@source("AWS/Backup")
def _metric(account: Account, region: str, name: str, dimensions: dict, begin: float, end: float) -> Metric | None:
    if name != "NumberOfBackupJobsFailed" or set(dimensions) != {"BackupVaultName"}:
        return None
    jobs = region_of(account, region).jobs.values()
    failed = [job for job in jobs if job["State"] == "FAILED" and job["BackupVaultName"] == dimensions["BackupVaultName"]]
    times = [job["CompletionDate"].timestamp() for job in failed]
    return Metric("Count", [Point.of_one(time, 1.0) for time in times if begin <= time < end])
