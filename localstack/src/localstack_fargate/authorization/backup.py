"""AWS Backup. Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Backup"; AWS
knowledge centre, "Why do I get an Access Denied error when I try to create an AWS Backup vault?" (the storage and key
actions).

A vault without a key of one's own is encrypted with the account's aws/backup key: that its uses are asked of the caller
too is unverified, and assumed. That tags of a recovery point need backup:TagResource is unverified, and assumed.
"""

from localstack_fargate.authorization.rule import PLAIN, Table, also, on, passes

_VAULT = "backup-vault:{BackupVaultName}"
_KEY_USES = ("kms:CreateGrant", "kms:GenerateDataKey", "kms:Decrypt", "kms:RetireGrant", "kms:DescribeKey")
_THROUGH = {"kms:ViaService": "backup.{-|region}.amazonaws.com"}
_TAGS = {"tagged": True, "owned": False}

TABLE: Table = {
    "CreateBackupVault": on(_VAULT)
    + also("backup:TagResource", _VAULT, given="BackupVaultTags", **_TAGS)
    + also("backup-storage:MountCapsule", tagged=False)
    + [rule for use in _KEY_USES for rule in also(use, "{-|backup_key}", keys=_THROUGH, tagged=False, owned=False)],
    "DescribeBackupVault": on(_VAULT),
    "DeleteBackupVault": on(_VAULT),
    "GetBackupVaultAccessPolicy": on(_VAULT),
    "PutBackupVaultAccessPolicy": on(_VAULT),
    "DeleteBackupVaultAccessPolicy": on(_VAULT),
    "ListBackupVaults": PLAIN,
    "DescribeRegionSettings": PLAIN,
    "UpdateRegionSettings": PLAIN,
    "StartBackupJob": on(_VAULT, tagged=False)
    + also("backup:TagResource", "arn:{-|partition}:backup:{-|region}:{-|account}:recovery-point:*",
           given="RecoveryPointTags", **_TAGS)
    + passes("IamRoleArn", "backup.amazonaws.com"),
    "StopBackupJob": PLAIN,
    "DescribeBackupJob": PLAIN,
    "ListBackupJobs": PLAIN,
    "ListRecoveryPointsByBackupVault": on(_VAULT),
    "ListRecoveryPointsByResource": PLAIN,
    "DescribeRecoveryPoint": on("{RecoveryPointArn}"),
    "GetRecoveryPointRestoreMetadata": on("{RecoveryPointArn}"),
    "DeleteRecoveryPoint": on("{RecoveryPointArn}"),
    "StartRestoreJob": on("{RecoveryPointArn}") + passes("IamRoleArn", "backup.amazonaws.com"),
    "DescribeRestoreJob": PLAIN,
    "ListRestoreJobs": PLAIN,
    "ListTags": on("{ResourceArn}"),
    "TagResource": on("{ResourceArn}"),
    "UntagResource": on("{ResourceArn}"),
}  # fmt: skip
