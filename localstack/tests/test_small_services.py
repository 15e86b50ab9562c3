"""CloudWatch Logs, Systems Manager, KMS."""

import pytest
from conftest import refused


@pytest.mark.row("logs:PutRetentionPolicy", plain="fails")
def test_retention_must_be_one_that_aws_knows(account):
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/probe", tags={"a": "b"})
    logs.put_retention_policy(logGroupName="/probe", retentionInDays=365)
    refused(lambda: logs.put_retention_policy(logGroupName="/probe", retentionInDays=17), "InvalidParameterException")


@pytest.mark.row("logs:DescribeLogGroups", plain="fails")
def test_refused_retention_changes_nothing(account):
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/probe")
    logs.put_retention_policy(logGroupName="/probe", retentionInDays=365)
    try:
        logs.put_retention_policy(logGroupName="/probe", retentionInDays=17)
    except logs.exceptions.InvalidParameterException:
        pass
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/probe")["logGroups"]
    assert group["retentionInDays"] == 365
    assert group["arn"] == f"arn:aws:logs:us-east-1:{account.id}:log-group:/probe:*"


@pytest.mark.row("neg:CreateLogGroup name -> InvalidParameterException", plain="fails")
def test_log_group_name(account):
    logs = account.client("logs")
    refused(lambda: logs.create_log_group(logGroupName="/probe group"), "InvalidParameterException")


@pytest.mark.row("neg:CreateLogGroup twice -> ResourceAlreadyExistsException", plain="passes")
def test_log_group_exists(account):
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/probe")
    refused(lambda: logs.create_log_group(logGroupName="/probe"), "ResourceAlreadyExistsException")
    logs.delete_log_group(logGroupName="/probe")
    refused(lambda: logs.delete_log_group(logGroupName="/probe"), "ResourceNotFoundException")


@pytest.mark.row("ssm:GetParameter/GetParameters/GetParametersByPath", plain="fails")
def test_parameters(account):
    ssm = account.client("ssm")
    ssm.put_parameter(Name="/probe/a", Value="1", Type="String")
    answer = ssm.get_parameters(Names=["/probe/a", "/x"])
    assert [p["Name"] for p in answer["Parameters"]] == ["/probe/a"] and answer["InvalidParameters"] == ["/x"]
    assert [p["Value"] for p in ssm.get_parameters_by_path(Path="/probe")["Parameters"]] == ["1"]
    refused(lambda: ssm.get_parameter(Name="/x"), "ParameterNotFound")


@pytest.mark.row("kms:CreateKey/DescribeKey/alias/ScheduleKeyDeletion", plain="fails")
def test_keys(account):
    kms = account.client("kms")
    key = kms.create_key(Description="probe", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/probe", TargetKeyId=key)
    assert kms.describe_key(KeyId="alias/probe")["KeyMetadata"]["KeyState"] == "Enabled"
    assert kms.describe_key(KeyId="alias/aws/elasticfilesystem")["KeyMetadata"]["KeyManager"] == "AWS"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    refused(lambda: kms.describe_key(KeyId="alias/none"), "NotFoundException")
