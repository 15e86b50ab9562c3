"""AWS Backup of an EFS file system."""

import json
from datetime import timedelta

import pytest
from conftest import refused
from policy_kit import as_json


@pytest.fixture
def backed(account):
    """(account, backup client, ARN of a file system, ARN of a role that AWS Backup may assume), with a vault `probe`.
    """
    efs, backup = account.client("efs"), account.client("backup")
    system = efs.create_file_system(CreationToken="probe", Encrypted=True)["FileSystemId"]
    role = account.role("backup", "backup.amazonaws.com")
    allow(account, "elasticfilesystem:*")
    backup.create_backup_vault(BackupVaultName="probe", BackupVaultTags={"a": "b"})
    return account, backup, f"arn:aws:elasticfilesystem:us-east-1:{account.id}:file-system/{system}", role


def allow(account, *actions):
    """Makes this all that the role of the jobs may do."""
    account.settings(**{"iam.propagation": 0})  # what is allowed counts at once
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = as_json(statement)
    account.client("iam").put_role_policy(RoleName="backup", PolicyName="p", PolicyDocument=document)


def completed(backed, **more):
    account, backup, system, role = backed
    job = backup.start_backup_job(BackupVaultName="probe", ResourceArn=system, IamRoleArn=role, **more)
    account.advance(120)
    return job


@pytest.mark.row("backup:CreateBackupVault/DescribeBackupVault/ListBackupVaults", plain="fails")
def test_vault(account):
    backup = account.client("backup")
    arn = backup.create_backup_vault(BackupVaultName="probe", BackupVaultTags={"a": "b"})["BackupVaultArn"]
    assert backup.describe_backup_vault(BackupVaultName="probe")["BackupVaultArn"] == arn
    assert [v["BackupVaultName"] for v in backup.list_backup_vaults()["BackupVaultList"]] == ["probe"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"a": "b"}
    refused(lambda: backup.create_backup_vault(BackupVaultName="probe"), "AlreadyExistsException")
    refused(lambda: backup.describe_backup_vault(BackupVaultName="none"), "AccessDeniedException", status=403)


@pytest.mark.row("backup:StartBackupJob/DescribeBackupJob", plain="fails")
def test_backup_job(backed):
    account, backup, system, role = backed
    job = backup.start_backup_job(BackupVaultName="probe", ResourceArn=system, IamRoleArn=role)["BackupJobId"]
    state = lambda: backup.describe_backup_job(BackupJobId=job)["State"]  # noqa: E731
    assert state() == "PENDING"
    account.advance(10)
    assert state() == "RUNNING"
    account.advance(60)
    described = backup.describe_backup_job(BackupJobId=job)
    assert (described["State"], described["PercentDone"], described["ResourceArn"]) == ("COMPLETED", "100.0", system)
    assert described["BackupSizeInBytes"] > 0 and described["CompletionDate"] > described["CreationDate"]


@pytest.mark.row("backup:StartBackupJob refusals and token", plain="fails")
def test_backup_job_refusals(backed):
    account, backup, system, role = backed
    start = {"BackupVaultName": "probe", "ResourceArn": system, "IamRoleArn": role}
    refused(lambda: backup.start_backup_job(**start | {"BackupVaultName": "none"}), "ResourceNotFoundException")
    refused(lambda: backup.start_backup_job(**start | {"ResourceArn": system + "0"}), "ResourceNotFoundException")
    refused(lambda: backup.start_backup_job(**start | {"IamRoleArn": role + "0"}), "InvalidParameterValueException")
    first = backup.start_backup_job(**start, IdempotencyToken="once")["BackupJobId"]
    assert backup.start_backup_job(**start, IdempotencyToken="once")["BackupJobId"] == first


@pytest.mark.row("backup: a job that fails", plain="fails")
def test_failed_job(backed):
    account, backup, system, role = backed
    account.settings(**{"backup.fail_next": 1})
    job = completed(backed)["BackupJobId"]
    described = backup.describe_backup_job(BackupJobId=job)
    assert described["State"] == "FAILED" and described["StatusMessage"]
    assert backup.list_recovery_points_by_resource(ResourceArn=system)["RecoveryPoints"] == []


@pytest.mark.row("backup:ListBackupJobs", plain="fails")
def test_list_backup_jobs(backed):
    account, backup, system, role = backed
    job = completed(backed)["BackupJobId"]
    assert [j["BackupJobId"] for j in backup.list_backup_jobs(ByResourceArn=system)["BackupJobs"]] == [job]
    assert backup.list_backup_jobs(ByState="RUNNING")["BackupJobs"] == []


@pytest.mark.row("backup:ListRecoveryPointsByResource", plain="fails")
def test_points_by_resource(backed):
    account, backup, system, role = backed
    arn = completed(backed)["RecoveryPointArn"]
    (point,) = backup.list_recovery_points_by_resource(ResourceArn=system)["RecoveryPoints"]
    assert (point["RecoveryPointArn"], point["Status"], point["BackupVaultName"]) == (arn, "COMPLETED", "probe")


@pytest.mark.row("backup:ListRecoveryPointsByBackupVault", plain="fails")
def test_points_by_vault(backed):
    account, backup, system, role = backed
    arn = completed(backed)["RecoveryPointArn"]
    (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName="probe")["RecoveryPoints"]
    assert (point["RecoveryPointArn"], point["ResourceArn"], point["ResourceType"]) == (arn, system, "EFS")


@pytest.mark.row("backup:DescribeRecoveryPoint", plain="fails")
def test_describe_point(backed):
    account, backup, system, role = backed
    arn = completed(backed, RecoveryPointTags={"c": "d"})["RecoveryPointArn"]
    point = backup.describe_recovery_point(BackupVaultName="probe", RecoveryPointArn=arn)
    assert (point["Status"], point["IamRoleArn"], point["IsEncrypted"]) == ("COMPLETED", role, True)
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"c": "d"}


@pytest.mark.row("backup:StartRestoreJob/DescribeRestoreJob", plain="fails")
@pytest.mark.parametrize("fresh", [True, False])
def test_restore(backed, fresh):
    account, backup, system, role = backed
    arn = completed(backed)["RecoveryPointArn"]
    metadata = {"file-system-id": system.rsplit("/", 1)[-1], "newFileSystem": str(fresh).lower()}
    if fresh:
        metadata |= {"Encrypted": "true", "PerformanceMode": "generalPurpose", "CreationToken": "restored"}
    job = backup.start_restore_job(RecoveryPointArn=arn, Metadata=metadata, IamRoleArn=role)["RestoreJobId"]
    assert backup.describe_restore_job(RestoreJobId=job)["Status"] == "PENDING"
    refused(
        lambda: backup.delete_recovery_point(BackupVaultName="probe", RecoveryPointArn=arn), "InvalidRequestException"
    )
    account.advance(100)
    described = backup.describe_restore_job(RestoreJobId=job)
    assert described["Status"] == "COMPLETED" and described["SourceResourceArn"] == system
    assert (described["CreatedResourceArn"] != system) == fresh
    assert len(account.client("efs").describe_file_systems()["FileSystems"]) == 1 + fresh


@pytest.mark.row(
    "backup:DeleteRecoveryPoint; neg:DeleteBackupVault with points -> InvalidRequestException", plain="fails"
)
def test_delete_point_and_vault(backed):
    account, backup, system, role = backed
    arn = completed(backed)["RecoveryPointArn"]
    refused(lambda: backup.delete_backup_vault(BackupVaultName="probe"), "InvalidRequestException")
    backup.delete_recovery_point(BackupVaultName="probe", RecoveryPointArn=arn)
    assert backup.list_recovery_points_by_resource(ResourceArn=system)["RecoveryPoints"] == []
    backup.delete_backup_vault(BackupVaultName="probe")


@pytest.mark.row("backup:DeleteBackupVault", plain="fails")
def test_delete_vault(account):
    backup = account.client("backup")
    backup.create_backup_vault(BackupVaultName="probe")
    backup.delete_backup_vault(BackupVaultName="probe")
    assert backup.list_backup_vaults()["BackupVaultList"] == []


@pytest.mark.row("backup:CreateBackupPlan/CreateBackupSelection", plain="fails")
def test_plan_and_selection(backed):
    account, backup, system, role = backed
    rule = {"RuleName": "daily", "TargetBackupVaultName": "probe", "ScheduleExpression": "cron(0 5 * * ? *)"}
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "probe", "Rules": [rule]})["BackupPlanId"]
    assert backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"][0]["RuleName"] == "daily"
    selection = {"SelectionName": "probe", "IamRoleArn": role, "Resources": [system]}
    made = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)["SelectionId"]
    refused(lambda: backup.delete_backup_plan(BackupPlanId=plan), "InvalidRequestException")
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=made)
    backup.delete_backup_plan(BackupPlanId=plan)


@pytest.mark.row("EFS automatic backups: a point a day that nobody can delete", plain="fails")
def test_automatic_backups(account):
    efs, backup = account.client("efs"), account.client("backup")
    system = efs.create_file_system(CreationToken="probe")["FileSystemId"]
    account.advance(30)
    efs.put_backup_policy(FileSystemId=system, BackupPolicy={"Status": "ENABLED"})
    account.advance(2 * 86_400 + 600)
    arn = f"arn:aws:elasticfilesystem:us-east-1:{account.id}:file-system/{system}"
    points = backup.list_recovery_points_by_resource(ResourceArn=arn)["RecoveryPoints"]
    assert len(points) == 2 and {p["BackupVaultName"] for p in points} == {"aws/efs/automatic-backup-vault"}
    one = {"BackupVaultName": "aws/efs/automatic-backup-vault", "RecoveryPointArn": points[0]["RecoveryPointArn"]}
    refused(lambda: backup.delete_recovery_point(**one), "AccessDeniedException")
    efs.delete_file_system(FileSystemId=system)
    account.advance(86_400)
    assert len(backup.list_recovery_points_by_resource(ResourceArn=arn)["RecoveryPoints"]) == 2


@pytest.mark.row("backup: tags, key and request id of a vault", plain="fails")
def test_vault_keeps_its_parameters(account):
    backup = account.client("backup")
    key = f"arn:aws:kms:us-east-1:{account.id}:key/0b6b6f6e-0000-4000-8000-000000000000"
    wanted = {"BackupVaultName": "probe", "EncryptionKeyArn": key, "CreatorRequestId": "once"}
    arn = backup.create_backup_vault(**wanted)["BackupVaultArn"]
    assert backup.create_backup_vault(**wanted)["BackupVaultArn"] == arn
    refused(lambda: backup.create_backup_vault(**wanted | {"CreatorRequestId": "again"}), "AlreadyExistsException")
    found = backup.describe_backup_vault(BackupVaultName="probe")
    assert (found["EncryptionKeyArn"], found["CreatorRequestId"], found["NumberOfRecoveryPoints"]) == (key, "once", 0)
    backup.tag_resource(ResourceArn=arn, Tags={"a": "b", "c": "d"})
    backup.untag_resource(ResourceArn=arn, TagKeyList=["a"])
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"c": "d"}


@pytest.mark.row("neg:backup reads of a vault that does not exist -> AccessDeniedException", plain="fails")
def test_no_such_vault(account):
    backup = account.client("backup")
    ghost = {"BackupVaultName": "ghost"}
    point = f"arn:aws:backup:us-east-1:{account.id}:recovery-point:0"
    for call in (
        lambda: backup.describe_backup_vault(**ghost),
        lambda: backup.list_recovery_points_by_backup_vault(**ghost),
        lambda: backup.describe_recovery_point(**ghost, RecoveryPointArn=point),
    ):
        refused(call, "AccessDeniedException", status=403)


@pytest.mark.row("backup: a region that has not opted in to EFS", plain="fails")
def test_opt_in(backed):
    account, backup, system, role = backed
    assert backup.describe_region_settings()["ResourceTypeOptInPreference"]["EFS"] is True
    backup.update_region_settings(ResourceTypeOptInPreference={"EFS": False})
    settings = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    assert settings["EFS"] is False and settings["EC2"] is True
    start = {"BackupVaultName": "probe", "ResourceArn": system, "IamRoleArn": role}
    error = refused(lambda: backup.start_backup_job(**start), "InvalidRequestException")
    assert "not opted in" in str(error) and backup.list_backup_jobs()["BackupJobs"] == []
    wrong = {"ResourceTypeOptInPreference": {"Efs": True}}
    refused(lambda: backup.update_region_settings(**wrong), "InvalidParameterValueException")
    backup.update_region_settings(ResourceTypeOptInPreference={"EFS": True})
    backup.start_backup_job(**start)


@pytest.mark.row("backup: one job at a time a resource", plain="fails")
def test_second_job_of_a_file_system(backed):
    account, backup, system, role = backed
    start = {"BackupVaultName": "probe", "ResourceArn": system, "IamRoleArn": role}
    first, second = (backup.start_backup_job(**start)["BackupJobId"] for _ in range(2))
    account.advance(120)
    assert backup.describe_backup_job(BackupJobId=first)["State"] == "COMPLETED"
    failed = backup.describe_backup_job(BackupJobId=second)
    assert failed["State"] == "FAILED" and "running job for the same resource" in failed["StatusMessage"]


@pytest.mark.row("backup: a role or a file system policy that does not allow it fails the job", plain="fails")
@pytest.mark.parametrize("case", ["role", "policy", "policy of clients only"])
def test_job_needs_permission(backed, case):
    account, backup, system, role = backed
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:*", "Resource": "*"}
    if case == "role":
        allow(account, "elasticfilesystem:DescribeTags")
    else:
        if case != "policy":
            deny["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
        document = as_json(deny)
        account.advance(10)
        account.client("efs").put_file_system_policy(FileSystemId=system.split("/")[-1], Policy=document)
    job = backup.describe_backup_job(BackupJobId=completed(backed)["BackupJobId"])
    if case == "policy of clients only":
        assert job["State"] == "COMPLETED"
    else:
        assert (
            job["State"] == "FAILED" and "not authorized to perform: elasticfilesystem:Backup" in job["StatusMessage"]
        )


@pytest.mark.row(
    "backup: a recovery point carries the tags of its file system, the request's before them", plain="fails"
)
def test_tags_of_a_point(backed):
    account, backup, system, role = backed
    tags = [{"Key": "ours", "Value": "1"}, {"Key": "both", "Value": "1"}]
    account.client("efs").tag_resource(ResourceId=system.split("/")[-1], Tags=tags)
    arn = completed(backed, RecoveryPointTags={"both": "2"})["RecoveryPointArn"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"ours": "1", "both": "2"}


@pytest.mark.row("backup: a recovery point ends with its lifecycle", plain="fails")
def test_lifecycle_of_a_point(backed):
    account, backup, system, role = backed
    arn = completed(backed, Lifecycle={"DeleteAfterDays": 1})["RecoveryPointArn"]
    point = backup.describe_recovery_point(BackupVaultName="probe", RecoveryPointArn=arn)
    age = point["CalculatedLifecycle"]["DeleteAt"] - point["CreationDate"]
    assert age.total_seconds() == 86_400
    account.advance(86_400)
    assert backup.list_recovery_points_by_backup_vault(BackupVaultName="probe")["RecoveryPoints"] == []


@pytest.mark.row("backup: recovery points by resource, type and time", plain="fails")
def test_points_are_filtered(backed):
    account, backup, system, role = backed
    created = completed(backed)["CreationDate"]
    find = lambda **more: len(
        backup.list_recovery_points_by_backup_vault(BackupVaultName="probe", **more)["RecoveryPoints"]
    )  # noqa: E731
    assert [find(ByResourceArn=arn) for arn in (system, system + "0")] == [1, 0]
    assert [find(ByResourceType=kind) for kind in ("EFS", "EC2")] == [1, 0]
    before, later = created - timedelta(hours=1), created + timedelta(hours=1)
    assert [find(ByCreatedAfter=time) for time in (before, later)] == [1, 0]
    assert [find(ByCreatedBefore=time) for time in (before, later)] == [0, 1]


def restore(backed, point, **more):
    account, backup, system, role = backed
    metadata = backup.get_recovery_point_restore_metadata(BackupVaultName="probe", RecoveryPointArn=point)[
        "RestoreMetadata"
    ]
    metadata |= {
        "newFileSystem": "true",
        "Encrypted": "true",
        "PerformanceMode": "generalPurpose",
        "CreationToken": "new",
    }
    return backup.start_restore_job(RecoveryPointArn=point, Metadata=metadata, IamRoleArn=role, **more)["RestoreJobId"]


@pytest.mark.row("backup: what a restored file system is, and that it comes once for a token", plain="fails")
@pytest.mark.parametrize("tagged", [True, False])
def test_restored_file_system(backed, tagged):
    account, backup, system, role = backed
    efs = account.client("efs")
    efs.tag_resource(ResourceId=system.split("/")[-1], Tags=[{"Key": "ours", "Value": "1"}])
    point = completed(backed)["RecoveryPointArn"]
    job = restore(backed, point, IdempotencyToken="once", CopySourceTagsToRestoredResource=tagged)
    assert restore(backed, point, IdempotencyToken="once") == job
    account.advance(120)
    made = backup.describe_restore_job(RestoreJobId=job)["CreatedResourceArn"].split("/")[-1]
    [found] = efs.describe_file_systems(FileSystemId=made)["FileSystems"]
    assert (found["LifeCycleState"], found["Encrypted"], found["CreationToken"]) == ("available", True, "new")
    assert (found["PerformanceMode"], found["ThroughputMode"]) == ("generalPurpose", "bursting")
    assert (found["NumberOfMountTargets"], found["Tags"]) == (0, [{"Key": "ours", "Value": "1"}] if tagged else [])
    refused(lambda: efs.describe_backup_policy(FileSystemId=made), "PolicyNotFound")
    assert len(efs.describe_file_systems()["FileSystems"]) == 2


@pytest.mark.row("backup: a restore job that fails", plain="fails")
@pytest.mark.parametrize("case", ["on demand", "token taken", "role"])
def test_failed_restore(backed, case):
    account, backup, system, role = backed
    point = completed(backed)["RecoveryPointArn"]
    if case == "on demand":
        account.settings(**{"restore.fail_next": 1})
    elif case == "token taken":
        account.client("efs").create_file_system(CreationToken="new")
    else:
        allow(account, "elasticfilesystem:Backup", "elasticfilesystem:DescribeTags")
    job = restore(backed, point)
    account.advance(120)
    described = backup.describe_restore_job(RestoreJobId=job)
    assert described["Status"] == "FAILED" and described["StatusMessage"]
    if case == "on demand":
        again = restore(backed, point)
        account.advance(120)
        assert backup.describe_restore_job(RestoreJobId=again)["Status"] == "FAILED", (
            "its token is taken: the file system is there"
        )


@pytest.mark.row("the automatic vault forbids restores until its policy is changed", plain="fails")
def test_automatic_vault_forbids_restores(backed):
    account, backup, system, role = backed
    account.advance(30)
    account.client("efs").put_backup_policy(FileSystemId=system.split("/")[-1], BackupPolicy={"Status": "ENABLED"})
    account.advance(86_400 + 600)
    vault = {"BackupVaultName": "aws/efs/automatic-backup-vault"}
    [point] = backup.list_recovery_points_by_backup_vault(**vault)["RecoveryPoints"]
    metadata = {"file-system-id": system.split("/")[-1], "newFileSystem": "false"}
    start = {"RecoveryPointArn": point["RecoveryPointArn"], "Metadata": metadata, "IamRoleArn": role}
    refused(lambda: backup.start_restore_job(**start), "AccessDeniedException", status=403)
    document = json.loads(backup.get_backup_vault_access_policy(**vault)["Policy"])
    document["Statement"][0]["Action"].remove("backup:StartRestoreJob")
    backup.put_backup_vault_access_policy(**vault, Policy=json.dumps(document))
    backup.start_restore_job(**start)
    refused(lambda: backup.delete_backup_vault(**vault), "AccessDeniedException", status=403)
