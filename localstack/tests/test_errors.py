"""The table of errors, and that a fault rule makes each of them as the service would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import refused

SOURCE = Path(__file__).resolve().parent.parent / "src"

CALLS = {
    "ec2 CreateVpc": lambda c: c.create_vpc(CidrBlock="10.0.0.0/16"),
    "s3 PutObject": lambda c: c.put_object(Bucket="probe-errors", Key="x", Body=b""),
    "iam CreateRole": lambda c: c.create_role(RoleName="x", AssumeRolePolicyDocument="{}"),
    "elbv2 CreateListener": lambda c: c.create_listener(LoadBalancerArn="arn:x", DefaultActions=[]),
    "ecs CreateService": lambda c: c.create_service(serviceName="x"),
    "efs CreateFileSystem": lambda c: c.create_file_system(CreationToken="x"),
    "backup StartRestoreJob": lambda c: c.start_restore_job(RecoveryPointArn="arn:x", Metadata={}),
    "logs CreateLogGroup": lambda c: c.create_log_group(logGroupName="x"),
    "secretsmanager CreateSecret": lambda c: c.create_secret(Name="x"),
}
"""One mutating operation of each protocol and service: query, EC2's, JSON, REST with JSON, REST with XML."""


def table(*operations):
    """What `localstack_fargate.possible_errors` prints for these operations."""
    run, env = [sys.executable, "-m", "localstack_fargate.possible_errors"], os.environ | {"PYTHONPATH": str(SOURCE)}
    return json.loads(
        subprocess.run(run, input="\n".join(operations), env=env, capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.row("errors of each operation, from the services' own descriptions", plain="absent")
def test_table_of_errors():
    listed = table(*CALLS)
    assert listed == table(*reversed(CALLS)), "the order does not depend on the journal's"
    found = {(one["operation"], one["code"]): (one["status"], one["fault"], one["from"]) for one in listed}
    assert len(found) == len(listed)
    assert found["CreateRole", "EntityAlreadyExists"] == (409, "client", "model")
    assert found["CreateService", "ServerException"] == (500, "server", "model")
    assert found["CreateFileSystem", "InsufficientThroughputCapacity"] == (503, "server", "model")
    assert found["CreateVpc", "VpcLimitExceeded"] == (400, "client", "reference")
    assert found["PutObject", "PreconditionFailed"] == (412, "client", "reference")
    assert found["CreateVpc", "RequestLimitExceeded"] == (503, "server", "common")
    assert found["CreateSecret", "ThrottlingException"] == (400, "client", "common")


@pytest.mark.row("fault rules make each error of the table, in each protocol", plain="absent")
@pytest.mark.parametrize("operation", CALLS)
def test_each_error_can_be_made(account, operation):
    service, name = operation.split()
    client, made = account.client(service), table(operation)
    for error in made:
        account.fault(
            service=service, operation=name, kind="error", code=error["code"], status=error["status"], times=1
        )
        refused(lambda: CALLS[operation](client), error["code"], status=error["status"])
    assert [entry["code"] for entry in account.journal()] == [error["code"] for error in made]
