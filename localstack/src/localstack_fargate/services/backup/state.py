"""What AWS Backup keeps in one region of an account, and the errors it gives.

Source: AWS Backup API Reference.
"""

from __future__ import annotations

from datetime import datetime, timezone

from localstack_fargate.account import Account, setting
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error
from localstack_fargate.services import iam
from localstack_fargate.services.efs import region_of as efs_region

setting("backup.pending", 10)
setting("backup.running", 60)  # until COMPLETED
setting("backup.fail_next", 0)  # so many jobs end FAILED
setting("restore.running", 90)
setting("restore.named_after", 0)  # until ListRestoreJobs says which file system a job has made
setting("restore.fail_next", 0)
setting("backup.automatic_every", 86_400)
setting("backup.size", 104_857_600)  # bytes of a recovery point


class Region:
    """Records in the shape of AWS's answers. `tags` by ARN; `tokens` are idempotency tokens with the id they gave."""

    def __init__(self) -> None:
        self.vaults: dict[str, dict] = {}
        self.points: dict[str, dict] = {}
        self.jobs: dict[str, dict] = {}
        self.restores: dict[str, dict] = {}
        self.plans: dict[str, dict] = {}
        self.selections: dict[str, dict] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, str] = {}
        self.automatic = False
        self.opted_in = {kind: True for kind in ("Aurora", "DynamoDB", "EBS", "EC2", "EFS", "RDS", "Storage Gateway")}
        self.fully_managed = {"DynamoDB": False, "EFS": True}


def region_of(account: Account, region: str) -> Region:
    account.state("backup.regions", set).add(region)
    return account.state(f"backup:{region}", Region)


def everywhere(account: Account) -> list[Region]:
    """All regions in which the account has used AWS Backup."""
    return [region_of(account, region) for region in sorted(account.state("backup.regions", set))]


def moment(account: Account) -> datetime:
    return datetime.fromtimestamp(account.clock.now(), timezone.utc)


def missing(message: str) -> Exception:
    return aws_error("ResourceNotFoundException", message)


def invalid(message: str) -> Exception:
    return aws_error("InvalidParameterValueException", message)


def vault_of(account: Account, region: str, name: str | None, readable: bool = False) -> dict:
    """The vault of that name.

    Who reads of one that does not exist is denied: observed by others of DescribeBackupVault (aws/aws-sdk-js, 2625) and
    DescribeRecoveryPoint, inferred of the other reads.
    """
    vaults = region_of(account, region).vaults
    if name not in vaults and readable:
        raise aws_error("AccessDeniedException", "Insufficient privileges to perform this action.", 403)
    if name not in vaults:
        raise missing(f"Backup vault {name} does not exist")
    return vaults[name]


def point_of(account: Account, region: str, arn: str | None) -> dict:
    points = region_of(account, region).points
    if arn not in points:
        raise missing(f"RecoveryPoint not found: {arn}")
    return points[arn]


def check_role(account: Account, arn: str | None) -> None:
    """The role of a job must exist, have propagated, and trust AWS Backup."""
    if not arn:
        raise aws_error("MissingParameterValueException", "Iam role arn is required")
    role = next((r for r in moto_backend("iam", account.id, "aws").roles.values() if r.arn == arn), None)
    if role is None or not iam.usable(account, arn) or "backup.amazonaws.com" not in str(iam.seen(account, role)[0]):
        raise invalid(f"IAM Role {arn} cannot be assumed by AWS Backup")


def file_system_of(account: Account, region: str, resource_arn: str | None) -> dict:
    """The EFS file system behind an ARN."""
    identity = (resource_arn or "").rsplit("/", 1)[-1]
    systems = efs_region(account, region).file_systems
    if ":elasticfilesystem:" not in (resource_arn or "") or identity not in systems:
        raise missing(f"Resource does not exist: {resource_arn}")
    return systems[identity]


def shown(record: dict, *without: str) -> dict:
    """A record as an answer: without the emulator's own fields (those that start with `_`)."""
    return {key: value for key, value in record.items() if not key.startswith("_") and key not in without}
