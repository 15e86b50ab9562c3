"""Faults at the calls on which an upgrade depends: refused, lost after they were executed, lost before."""


import botocore.exceptions
import pytest
from policy_kit import as_json
from ecs_kit import Kit


class Upgrade:
    """A service, a file system with a recovery point, and the calls as functions; each says how often it was executed.
    """

    def __init__(self, account) -> None:
        self.kit, self.efs, self.backup = Kit(account), account.client("efs"), account.client("backup")
        self.definition = self.kit.register()
        self.service = self.kit.create(definition=self.definition, desiredCount=0)["serviceArn"]
        self.system = self.efs.create_file_system(CreationToken="t")["FileSystemId"]
        self.role = account.role("backup", "backup.amazonaws.com")
        statement = {"Effect": "Allow", "Action": "elasticfilesystem:*", "Resource": "*"}
        document = as_json(statement)
        account.client("iam").put_role_policy(RoleName="backup", PolicyName="p", PolicyDocument=document)
        self.backup.create_backup_vault(BackupVaultName="probe")
        arn = f"arn:aws:elasticfilesystem:us-east-1:{account.id}:file-system/{self.system}"
        self.job = {"BackupVaultName": "probe", "ResourceArn": arn, "IamRoleArn": self.role}
        self.point = self.backup.start_backup_job(**self.job)["RecoveryPointArn"]
        account.advance(120)

    def restore(self) -> None:
        metadata = {"file-system-id": self.system, "newFileSystem": "false"}
        self.backup.start_restore_job(RecoveryPointArn=self.point, Metadata=metadata, IamRoleArn=self.role)

    def efs_tags(self) -> int:
        return len(self.efs.list_tags_for_resource(ResourceId=self.system)["Tags"])

    def ecs_tags(self) -> int:
        return len(self.kit.ecs.list_tags_for_resource(resourceArn=self.service)["tags"])


CALLS = {
    ("ecs", "RunTask"): (lambda u: u.kit.run(u.definition), lambda u: len(u.kit.tasks(family="probe"))),
    ("ecs", "RegisterTaskDefinition"): (
        lambda u: u.kit.register(),
        lambda u: len(u.kit.ecs.list_task_definitions(familyPrefix="probe")["taskDefinitionArns"]) - 1,
    ),
    ("ecs", "UpdateService"): (
        lambda u: u.kit.update(enableExecuteCommand=True),
        lambda u: int(u.kit.service().get("enableExecuteCommand", False)),
    ),
    ("ecs", "TagResource"): (
        lambda u: u.kit.ecs.tag_resource(resourceArn=u.service, tags=[{"key": "a", "value": "b"}]), Upgrade.ecs_tags,
    ),
    ("efs", "TagResource"): (
        lambda u: u.efs.tag_resource(ResourceId=u.system, Tags=[{"Key": "a", "Value": "b"}]), Upgrade.efs_tags,
    ),
    ("backup", "StartBackupJob"): (
        lambda u: u.backup.start_backup_job(**u.job), lambda u: len(u.backup.list_backup_jobs()["BackupJobs"]) - 1,
    ),
    ("backup", "StartRestoreJob"): (Upgrade.restore, lambda u: len(u.backup.list_restore_jobs()["RestoreJobs"])),
}  # fmt: skip
"""(the call, how often it was executed) by service and operation."""


@pytest.mark.row("faults at the calls of an upgrade: refused, lost, lost before", plain="absent")
@pytest.mark.parametrize("service, operation", CALLS)
def test_lost_calls(account, service, operation):
    upgrade = Upgrade(account)
    call, executed = CALLS[service, operation]
    for kind in ("error", "before-lost", "lost"):
        assert executed(upgrade) == 0
        account.fault(service=service, operation=operation, kind=kind, code="Wanted", status=400, times=1)
        expected = botocore.exceptions.ClientError if kind == "error" else botocore.exceptions.HTTPClientError
        with pytest.raises(expected):
            call(upgrade)
    assert executed(upgrade) == 1
