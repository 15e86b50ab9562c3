"""AWS Backup of an EFS file system."""

import json

import pytest
from conftest import refused


@pytest.fixture
def backed(world):
    """(world, backup client, ARN of a file system, ARN of a role that AWS Backup may assume), with a vault `probe`."""
    efs, backup = world.client("efs"), world.client("backup")
    system = efs.create_file_system(CreationToken="probe", Encrypted=True)["FileSystemId"]
    role = world.role("backup", "backup.amazonaws.com")
    allow(world, "elasticfilesystem:*")
    backup.create_backup_vault(BackupVaultName="probe", BackupVaultTags={"a": "b"})
    return world, backup, f"arn:aws:elasticfilesystem:us-east-1:{world.account}:file-system/{system}", role


def allow(world, *actions):
    """Makes this all that the role of the jobs may do."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.client("iam").put_role_policy(RoleName="backup", PolicyName="p", PolicyDocument=document)


def completed(backed, **more):
    world, backup, system, role = backed
    job = backup.start_backup_job(BackupVaultName="probe", ResourceArn=system, IamRoleArn=role, **more)
    world.advance(120)
    return job


@pytest.mark.row("backup:CreateBackupVault/DescribeBackupVault/ListBackupVaults", bare="fails")
def test_vault(world):
    backup = world.client("backup")
    arn = backup.create_backup_vault(BackupVaultName="probe", BackupVaultTags={"a": "b"})["BackupVaultArn"]
    assert backup.describe_backup_vault(BackupVaultName="probe")["BackupVaultArn"] == arn
    assert [v["BackupVaultName"] for v in backup.list_backup_vaults()["BackupVaultList"]] == ["probe"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"a": "b"}
    refused(lambda: backup.create_backup_vault(BackupVaultName="probe"), "AlreadyExistsException")
    refused(lambda: backup.describe_backup_vault(BackupVaultName="none"), "AccessDeniedException", status=403)


@pytest.mark.row("backup:StartBackupJob/DescribeBackupJob", bare="fails")
def test_backup_job(backed):
    world, backup, system, role = backed
    job = backup.start_backup_job(BackupVaultName="probe", ResourceArn=system, IamRoleArn=role)["BackupJobId"]
    state = lambda: backup.describe_backup_job(BackupJobId=job)["State"]  # noqa: E731
    assert state() == "PENDING"
    world.advance(10)
    assert state() == "RUNNING"
    world.advance(60)
    described = backup.describe_backup_job(BackupJobId=job)
    assert (described["State"], described["PercentDone"], described["ResourceArn"]) == ("COMPLETED", "100.0", system)
    assert described["BackupSizeInBytes"] > 0 and described["CompletionDate"] > described["CreationDate"]


@pytest.mark.row("backup:StartBackupJob refusals and token", bare="fails")
def test_backup_job_refusals(backed):
    world, backup, system, role = backed
    start = {"BackupVaultName": "probe", "ResourceArn": system, "IamRoleArn": role}
    refused(lambda: backup.start_backup_job(**start | {"BackupVaultName": "none"}), "ResourceNotFoundException")
    refused(lambda: backup.start_backup_job(**start | {"ResourceArn": system + "0"}), "ResourceNotFoundException")
    refused(lambda: backup.start_backup_job(**start | {"IamRoleArn": role + "0"}), "InvalidParameterValueException")
    first = backup.start_backup_job(**start, IdempotencyToken="once")["BackupJobId"]
    assert backup.start_backup_job(**start, IdempotencyToken="once")["BackupJobId"] == first


@pytest.mark.row("backup: a job that fails", bare="fails")
def test_failed_job(backed):
    world, backup, system, role = backed
    world.settings(**{"backup.fail_next": 1})
    job = completed(backed)["BackupJobId"]
    described = backup.describe_backup_job(BackupJobId=job)
    assert described["State"] == "FAILED" and described["StatusMessage"]
    assert backup.list_recovery_points_by_resource(ResourceArn=system)["RecoveryPoints"] == []


@pytest.mark.row("backup:ListBackupJobs", bare="fails")
def test_list_backup_jobs(backed):
    world, backup, system, role = backed
    job = completed(backed)["BackupJobId"]
    assert [j["BackupJobId"] for j in backup.list_backup_jobs(ByResourceArn=system)["BackupJobs"]] == [job]
    assert backup.list_backup_jobs(ByState="RUNNING")["BackupJobs"] == []


@pytest.mark.row("backup:ListRecoveryPointsByResource", bare="fails")
def test_points_by_resource(backed):
    world, backup, system, role = backed
    arn = completed(backed)["RecoveryPointArn"]
    (point,) = backup.list_recovery_points_by_resource(ResourceArn=system)["RecoveryPoints"]
    assert (point["RecoveryPointArn"], point["Status"], point["BackupVaultName"]) == (arn, "COMPLETED", "probe")


@pytest.mark.row("backup:ListRecoveryPointsByBackupVault", bare="fails")
def test_points_by_vault(backed):
    world, backup, system, role = backed
    arn = completed(backed)["RecoveryPointArn"]
    (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName="probe")["RecoveryPoints"]
    assert (point["RecoveryPointArn"], point["ResourceArn"], point["ResourceType"]) == (arn, system, "EFS")


@pytest.mark.row("backup:DescribeRecoveryPoint", bare="fails")
def test_describe_point(backed):
    world, backup, system, role = backed
    arn = completed(backed, RecoveryPointTags={"c": "d"})["RecoveryPointArn"]
    point = backup.describe_recovery_point(BackupVaultName="probe", RecoveryPointArn=arn)
    assert (point["Status"], point["IamRoleArn"], point["IsEncrypted"]) == ("COMPLETED", role, True)
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"c": "d"}


@pytest.mark.row("backup:StartRestoreJob/DescribeRestoreJob", bare="fails")
@pytest.mark.parametrize("fresh", [True, False])
def test_restore(backed, fresh):
    world, backup, system, role = backed
    arn = completed(backed)["RecoveryPointArn"]
    metadata = {"file-system-id": system.rsplit("/", 1)[-1], "newFileSystem": str(fresh).lower()}
    if fresh:
        metadata |= {"Encrypted": "true", "PerformanceMode": "generalPurpose", "CreationToken": "restored"}
    job = backup.start_restore_job(RecoveryPointArn=arn, Metadata=metadata, IamRoleArn=role)["RestoreJobId"]
    assert backup.describe_restore_job(RestoreJobId=job)["Status"] == "PENDING"
    refused(
        lambda: backup.delete_recovery_point(BackupVaultName="probe", RecoveryPointArn=arn), "InvalidRequestException"
    )
    world.advance(100)
    described = backup.describe_restore_job(RestoreJobId=job)
    assert described["Status"] == "COMPLETED" and described["SourceResourceArn"] == system
    assert (described["CreatedResourceArn"] != system) == fresh
    assert len(world.client("efs").describe_file_systems()["FileSystems"]) == 1 + fresh


@pytest.mark.row("backup:DeleteRecoveryPoint; neg:DeleteBackupVault with points -> InvalidRequestException", bare="fails")
def test_delete_point_and_vault(backed):
    world, backup, system, role = backed
    arn = completed(backed)["RecoveryPointArn"]
    refused(lambda: backup.delete_backup_vault(BackupVaultName="probe"), "InvalidRequestException")
    backup.delete_recovery_point(BackupVaultName="probe", RecoveryPointArn=arn)
    assert backup.list_recovery_points_by_resource(ResourceArn=system)["RecoveryPoints"] == []
    backup.delete_backup_vault(BackupVaultName="probe")


@pytest.mark.row("backup:DeleteBackupVault", bare="fails")
def test_delete_vault(world):
    backup = world.client("backup")
    backup.create_backup_vault(BackupVaultName="probe")
    backup.delete_backup_vault(BackupVaultName="probe")
    assert backup.list_backup_vaults()["BackupVaultList"] == []


@pytest.mark.row("backup:CreateBackupPlan/CreateBackupSelection", bare="fails")
def test_plan_and_selection(backed):
    world, backup, system, role = backed
    rule = {"RuleName": "daily", "TargetBackupVaultName": "probe", "ScheduleExpression": "cron(0 5 * * ? *)"}
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "probe", "Rules": [rule]})["BackupPlanId"]
    assert backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"][0]["RuleName"] == "daily"
    selection = {"SelectionName": "probe", "IamRoleArn": role, "Resources": [system]}
    made = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)["SelectionId"]
    refused(lambda: backup.delete_backup_plan(BackupPlanId=plan), "InvalidRequestException")
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=made)
    backup.delete_backup_plan(BackupPlanId=plan)


@pytest.mark.row("EFS automatic backups: a point a day that nobody can delete", bare="fails")
def test_automatic_backups(world):
    efs, backup = world.client("efs"), world.client("backup")
    system = efs.create_file_system(CreationToken="probe")["FileSystemId"]
    world.advance(30)
    efs.put_backup_policy(FileSystemId=system, BackupPolicy={"Status": "ENABLED"})
    world.advance(2 * 86_400 + 600)
    arn = f"arn:aws:elasticfilesystem:us-east-1:{world.account}:file-system/{system}"
    points = backup.list_recovery_points_by_resource(ResourceArn=arn)["RecoveryPoints"]
    assert len(points) == 2 and {p["BackupVaultName"] for p in points} == {"aws/efs/automatic-backup-vault"}
    one = {"BackupVaultName": "aws/efs/automatic-backup-vault", "RecoveryPointArn": points[0]["RecoveryPointArn"]}
    refused(lambda: backup.delete_recovery_point(**one), "AccessDeniedException")
    efs.delete_file_system(FileSystemId=system)
    world.advance(86_400)
    assert len(backup.list_recovery_points_by_resource(ResourceArn=arn)["RecoveryPoints"]) == 2
