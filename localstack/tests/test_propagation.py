"""IAM propagation: what services, and iam:PassRole, make of a role or a policy that was made or changed a moment ago.
"""

import json

import pytest
from conftest import refused
from ecs_kit import Kit
from policy_kit import as_json, document

EVERYTHING = json.dumps(document({"Action": "*"}))


def slow(account, seconds=15):
    account.settings(**{"iam.propagation": seconds})


def flow_log(account, role, vpc):
    return account.client("ec2").create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="flow", DeliverLogsPermissionArn=role
    )


@pytest.mark.row("IAM propagation, CreateFlowLogs: a new role -> InvalidParameter, for 8 to 15 s", plain="fails")
def test_flow_logs_refuse_a_new_role(account):
    vpc = account.network()["vpc"]
    role = account.role(service="vpc-flow-logs.amazonaws.com", settle=7)
    error = refused(lambda: flow_log(account, role, vpc), "InvalidParameter")
    assert f"Unable to assume given IAM role: '{role}'" in str(error)
    account.advance(9)
    assert flow_log(account, role, vpc)["FlowLogIds"]


@pytest.mark.row(
    "CreateFlowLogs: a role that does not exist, or that the service may not assume -> InvalidParameter", plain="fails"
)
def test_flow_logs_refuse_a_foreign_role(account):
    vpc = account.network()["vpc"]
    for role in (f"arn:aws:iam::{account.id}:role/absent", account.role()):
        refused(lambda: flow_log(account, role, vpc), "InvalidParameter")


@pytest.mark.row("IAM propagation, iam:PassRole: a new role -> access denied for a moment", plain="fails")
def test_a_new_role_cannot_be_passed_at_once(account):
    kit = Kit(account)
    kit.register()  # its own role comes before
    slow(account)
    role = account.role("new", settle=0)
    register = lambda: kit.register(executionRoleArn=role, taskRoleArn=role)  # noqa: E731
    assert "iam:PassRole" in str(refused(register, "AccessDeniedException"))
    account.advance(2)
    assert "Role is not valid" in str(refused(register, "ClientException"))
    account.advance(13)
    register()


@pytest.mark.row(
    "IAM propagation, AWS Backup: a new role cannot be assumed, with new policies its job fails", plain="fails"
)
def test_backup_jobs_with_a_new_role(account):
    slow(account, 200)
    backup, iam = account.client("backup"), account.client("iam")
    system = account.client("efs").create_file_system(CreationToken="probe", Encrypted=True)["FileSystemArn"]
    backup.create_backup_vault(BackupVaultName="probe")
    role = account.role("backup", "backup.amazonaws.com", settle=5)
    start = lambda: backup.start_backup_job(  # noqa: E731
        BackupVaultName="probe", ResourceArn=system, IamRoleArn=role
    )["BackupJobId"]
    assert "cannot be assumed by AWS Backup" in str(refused(start, "InvalidParameterValueException"))
    account.advance(195)
    iam.put_role_policy(RoleName="backup", PolicyName="p", PolicyDocument=EVERYTHING)
    early = start()
    account.advance(120)
    assert backup.describe_backup_job(BackupJobId=early)["State"] == "FAILED"
    account.advance(80)
    late = start()
    account.advance(120)
    assert backup.describe_backup_job(BackupJobId=late)["State"] == "COMPLETED"


@pytest.mark.row("IAM propagation, ECS: a task does not see a policy that was just written", plain="fails")
def test_a_task_with_a_new_policy(account):
    kit = Kit(account)
    definition = kit.register()
    account.client("iam").delete_role_policy(RoleName="probe", PolicyName="p")
    slow(account, 60)
    kit.allow("probe", "*", "*")
    early = kit.run(definition)["taskArn"]
    account.advance(40)
    assert "not authorized to perform" in kit.task(early)["stoppedReason"]
    account.advance(20)
    late = kit.run(definition)["taskArn"]
    account.advance(120)
    assert kit.task(late)["lastStatus"] == "RUNNING"


@pytest.mark.row("IAM propagation, ECS: a service-linked role that was just made cannot be assumed", plain="fails")
def test_a_new_service_linked_role(account):
    account.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    create = lambda: account.client("ecs").create_cluster(clusterName="c")  # noqa: E731
    assert "service linked role" in str(refused(create, "InvalidParameterException"))
    account.advance(15)
    create()


@pytest.mark.row("IAM propagation, S3: a bucket policy that names a new role -> MalformedPolicy", plain="fails")
def test_a_bucket_policy_with_a_new_role(account):
    s3, name = account.client("s3"), f"probe-young-{account.id}"
    s3.create_bucket(Bucket=name)
    role = account.role(settle=0)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    policy = as_json(statement)
    put = lambda: s3.put_bucket_policy(Bucket=name, Policy=policy)  # noqa: E731
    assert "Invalid principal" in str(refused(put, "MalformedPolicy"))
    account.advance(15)
    put()


@pytest.mark.row(
    "how long a role takes is the same in every account of that number, and another for each name", plain="absent"
)
def test_propagation_is_settled_by_account_and_name(account):
    vpc = account.network()["vpc"]
    waited = set()
    for number in range(6):
        role = account.role(f"r{number}", "vpc-flow-logs.amazonaws.com", settle=7)
        for second in range(8, 17):
            account.advance(1)
            try:
                log = flow_log(account, role, vpc)["FlowLogIds"]
            except Exception:
                continue
            account.client("ec2").delete_flow_logs(FlowLogIds=log)
            waited.add(second)
            break
        else:
            pytest.fail("more than 15 s")
    assert len(waited) > 1 and min(waited) >= 8
