"""Secrets Manager: tokens and the recovery window."""

import pytest
from conftest import refused

DAY = 86_400
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.mark.row("secretsmanager:CreateSecret ClientRequestToken idempotency", plain="fails")
def test_same_token_same_value_is_the_same_secret(account):
    secrets = account.client("secretsmanager")
    first = secrets.create_secret(Name="probe", SecretString="a", ClientRequestToken=TOKEN)
    again = secrets.create_secret(Name="probe", SecretString="a", ClientRequestToken=TOKEN)
    assert (again["ARN"], again["VersionId"]) == (first["ARN"], TOKEN)
    other_value = {"Name": "probe", "SecretString": "b", "ClientRequestToken": TOKEN}
    refused(lambda: secrets.create_secret(**other_value), "ResourceExistsException")
    other_token = {"Name": "probe", "SecretString": "a", "ClientRequestToken": TOKEN[::-1]}
    refused(lambda: secrets.create_secret(**other_token), "ResourceExistsException")


@pytest.mark.row("secretsmanager:PutSecretValue token", plain="passes")
def test_put_with_a_known_token(account):
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="probe", SecretString="a", ClientRequestToken=TOKEN)
    assert secrets.put_secret_value(SecretId="probe", SecretString="a", ClientRequestToken=TOKEN)["VersionId"] == TOKEN
    change = {"SecretId": "probe", "SecretString": "b", "ClientRequestToken": TOKEN}
    refused(lambda: secrets.put_secret_value(**change), "ResourceExistsException")


@pytest.mark.row("secretsmanager: scheduled for deletion: reads, creates and restore", plain="passes")
def test_scheduled_for_deletion(account):
    secrets = account.client("secretsmanager")
    arn = secrets.create_secret(Name="probe", SecretString="a")["ARN"]
    assert "DeletedDate" not in secrets.describe_secret(SecretId=arn)
    assert secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)["DeletionDate"]
    refused(lambda: secrets.get_secret_value(SecretId=arn), "InvalidRequestException")
    refused(lambda: secrets.create_secret(Name="probe", SecretString="b"), "InvalidRequestException")
    assert secrets.describe_secret(SecretId=arn)["DeletedDate"]
    assert secrets.list_secrets()["SecretList"] == []
    assert len(secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]) == 1
    secrets.restore_secret(SecretId=arn)
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "a"


@pytest.mark.row("secretsmanager: scheduled for deletion: writes are refused", plain="fails")
def test_writes_to_a_secret_scheduled_for_deletion(account):
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="probe", SecretString="a")
    secrets.delete_secret(SecretId="probe", RecoveryWindowInDays=7)
    refused(lambda: secrets.put_secret_value(SecretId="probe", SecretString="b"), "InvalidRequestException")
    refused(lambda: secrets.update_secret(SecretId="probe", SecretString="b"), "InvalidRequestException")
    tags = [{"Key": "a", "Value": "b"}]
    refused(lambda: secrets.tag_resource(SecretId="probe", Tags=tags), "InvalidRequestException")


@pytest.mark.row("secretsmanager: gone when the window has passed", plain="fails")
def test_recovery_window_passes(account):
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="probe", SecretString="a")
    secrets.delete_secret(SecretId="probe", RecoveryWindowInDays=7)
    account.advance(7 * DAY - 60)
    secrets.describe_secret(SecretId="probe")
    account.advance(60)
    refused(lambda: secrets.describe_secret(SecretId="probe"), "ResourceNotFoundException")
    secrets.create_secret(Name="probe", SecretString="b")


@pytest.mark.row("secretsmanager: a restored secret outlives the window", plain="passes")
def test_restored_secret_stays(account):
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="probe", SecretString="a")
    secrets.delete_secret(SecretId="probe", RecoveryWindowInDays=7)
    secrets.restore_secret(SecretId="probe")
    account.advance(30 * DAY)
    assert secrets.get_secret_value(SecretId="probe")["SecretString"] == "a"


@pytest.mark.row("neg:DeleteSecret window of 7 to 30 days", plain="passes")
def test_recovery_window_limits(account):
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="probe", SecretString="a")
    refused(lambda: secrets.delete_secret(SecretId="probe", RecoveryWindowInDays=6), "InvalidParameterException")
    both = {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}
    refused(lambda: secrets.delete_secret(SecretId="probe", **both), "InvalidParameterException")
    secrets.delete_secret(SecretId="probe", ForceDeleteWithoutRecovery=True)
    refused(lambda: secrets.describe_secret(SecretId="probe"), "ResourceNotFoundException")
