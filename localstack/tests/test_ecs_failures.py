"""Tasks that cannot start, and what they say. Source: ECS developer guide, "Stopped tasks error codes" and
"ResourceInitializationError"; AWS knowledge centre articles quoting the messages."""

import json

import pytest
from conftest import refused
from policy_kit import as_json
from ecs_kit import CHECK, Kit
from efs_kit import admit_nfs, file_system, mounting


def stopped(kit, arn):
    kit.account.advance(150)
    task = kit.task(arn)
    assert task["lastStatus"] == "STOPPED" and "startedAt" not in task
    assert task["stopCode"] == "TaskFailedToStart"
    return task["stoppedReason"]


@pytest.mark.row("stoppedReason / stopCode, image pull failure", plain="fails")
@pytest.mark.parametrize("behaviour, words", [("missing", "not found"), ("denied", "403 Forbidden")])
def test_image_that_cannot_be_pulled(account, behaviour, words):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": behaviour}})
    reason = stopped(kit, kit.run()["taskArn"])
    assert reason.startswith("CannotPullContainerError") and words in reason


@pytest.mark.row("stoppedReason / stopCode: essential container exits", plain="fails")
def test_container_that_exits(account):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "exit", "exit_code": 3, "after": 30}})
    arn = kit.run()["taskArn"]
    account.advance(120)
    task = kit.task(arn)
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["containers"][0]["exitCode"] == 3


@pytest.mark.row("secret that cannot be resolved stops the task", plain="fails")
@pytest.mark.parametrize("case", ["ok", "missing", "deleted", "json key", "json key absent"])
def test_secret_that_cannot_be_resolved(account, case):
    kit = Kit(account)
    secrets = account.client("secretsmanager")
    arn = secrets.create_secret(Name="s", SecretString=json.dumps({"password": "x"}))["ARN"]
    value_from, words = arn, None
    if case == "missing":
        value_from, words = arn[:-7] + "-ghost1", "ResourceNotFoundException"
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    elif case == "deleted":
        secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
        words = "marked for deletion"
    elif case == "json key":
        value_from = f"{arn}:password::"
    elif case == "json key absent":
        value_from, words = f"{arn}:ghost::", "did not contain json key ghost"
    task = kit.run(kit.register(kit.container(secrets=[{"name": "A", "valueFrom": value_from}])))["taskArn"]
    if words:
        reason = stopped(kit, task)
        assert reason.startswith("ResourceInitializationError: unable to pull secrets or registry auth")
        assert words in reason
    else:
        account.advance(60)
        assert kit.task(task)["lastStatus"] == "RUNNING"


@pytest.mark.row("`ResourceInitializationError` (no route out of the subnet)", plain="fails")
def test_subnet_without_a_way_out(account):
    kit = Kit(account)
    table = kit.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [kit.net["vpc"]]}])["RouteTables"][0]
    kit.ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    reason = stopped(kit, kit.run()["taskArn"])
    assert reason.startswith("ResourceInitializationError") and "network configuration" in reason


@pytest.mark.row("`ResourceInitializationError` (NAT gateway still pending)", plain="fails")
def test_nat_gateway_has_to_be_available(account):
    kit = Kit(account)
    table = kit.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [kit.net["vpc"]]}])["RouteTables"][0]
    public = kit.ec2.create_subnet(VpcId=kit.net["vpc"], CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"]
    address = kit.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = kit.ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    kit.ec2.replace_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    definition = kit.register()
    early = kit.run(definition)["taskArn"]
    assert stopped(kit, early).startswith("ResourceInitializationError")
    late = kit.run(definition)["taskArn"]
    account.advance(60)
    assert kit.task(late)["lastStatus"] == "RUNNING"


@pytest.mark.row("`ResourceInitializationError` (EFS mount)", plain="fails")
@pytest.mark.parametrize(
    "case",
    ["ok", "throughput updating", "target creating", "no target in the zone", "no ingress", "access point gone"],
)
def test_efs_mount(account, case):
    kit = Kit(account)
    if case != "no ingress":
        admit_nfs(kit)
    zones = 1 if case == "no target in the zone" else 2
    system, point = file_system(kit, zones, settle=0 if case == "target creating" else 120)
    definition = mounting(kit, system, point)
    if case == "access point gone":
        account.client("efs").delete_access_point(AccessPointId=point)
    if case == "throughput updating":
        account.settings(**{"efs.updated": 600})
        account.client("efs").update_file_system(FileSystemId=system, ThroughputMode="elastic")
    network = kit.network
    network["awsvpcConfiguration"]["subnets"] = kit.net["subnets"][1:]
    task = kit.run(definition, networkConfiguration=network)["taskArn"]
    if case in ("ok", "throughput updating"):
        account.advance(60)
        assert kit.task(task)["lastStatus"] == "RUNNING"
        return
    reason = stopped(kit, task)
    assert reason.startswith("ResourceInitializationError: failed to invoke EFS utils commands")


NEEDED = {
    "token": ["ecr:GetAuthorizationToken"],
    "image": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    "secret": ["secretsmanager:GetSecretValue"],
    "logs": ["logs:CreateLogStream", "logs:PutLogEvents"],
}


@pytest.mark.row("execution role that lacks a permission stops the task", plain="fails")
@pytest.mark.parametrize("lacking", [None, *NEEDED])
def test_execution_role_permissions(account, lacking):
    kit = Kit(account)
    execution = account.role("execution")
    kit.allow("execution", [a for name, actions in NEEDED.items() if name != lacking for a in actions], "*")
    account.client("logs").create_log_group(logGroupName="/ce")
    secret = account.client("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    options = {"awslogs-group": "/ce", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "Netskope"}
    container = kit.container(
        secrets=[{"name": "A", "valueFrom": secret}], logConfiguration={"logDriver": "awslogs", "options": options}
    )
    task = kit.run(kit.register(container, executionRoleArn=execution))["taskArn"]
    if lacking:
        reason = stopped(kit, task)
        assert "403 Forbidden" in reason if lacking == "image" else f"perform: {NEEDED[lacking][0]}" in reason
    else:
        account.advance(60)
        assert kit.task(task)["lastStatus"] == "RUNNING"


@pytest.mark.row("role that does not trust ECS tasks -> ClientException", plain="fails")
def test_role_without_trust(account):
    kit = Kit(account)
    role = account.role("lambda", service="lambda.amazonaws.com")
    definition = kit.register(executionRoleArn=role)
    error = refused(lambda: kit.run(definition), "ClientException")
    assert "unable to assume the role" in str(error)


@pytest.mark.row("EFS file-system policy: who is not named cannot mount, or not write", plain="fails")
@pytest.mark.parametrize("actions, outcome", [
    (["ClientMount", "ClientWrite"], "RUNNING"),
    (["ClientMount"], "EssentialContainerExited"),
    (["ClientRootAccess"], "TaskFailedToStart"),
])  # fmt: skip
def test_file_system_policy(account, actions, outcome):
    kit = Kit(account)
    admit_nfs(kit)
    role = account.role("task")
    system, point = file_system(kit)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": [f"elasticfilesystem:{a}" for a in actions],
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }
    document = as_json(statement)
    account.client("efs").put_file_system_policy(FileSystemId=system, Policy=document)
    task = kit.run(mounting(kit, system, point, taskRoleArn=role))["taskArn"]
    account.advance(150)
    shown = kit.task(task)
    assert shown.get("stopCode", shown["lastStatus"]) == outcome


@pytest.mark.row("`ResourceInitializationError` (log group missing)", plain="fails")
def test_missing_log_group(account):
    kit = Kit(account)
    options = {"awslogs-group": "/ghost", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}
    container = kit.container(logConfiguration={"logDriver": "awslogs", "options": options})
    assert "log group does not exist" in stopped(kit, kit.run(kit.register(container))["taskArn"])


@pytest.mark.row("Fargate capacity and quota errors", plain="fails")
def test_capacity_and_quota(account):
    kit = Kit(account)
    definition = kit.register(cpu="8192", memory="16384")
    account.settings(**{"ecs.vcpu_quota": 6})
    error = refused(lambda: kit.run(definition), "ClientException")
    assert "limit on the number of vCPUs" in str(error)
    kit.create(definition=definition)
    account.advance(10)
    assert "limit on the number of vCPUs" in kit.service()["events"][0]["message"]
    account.settings(**{"ecs.vcpu_quota": 64, "ecs.capacity_unavailable": True})
    answer = kit.ecs.run_task(
        cluster=kit.cluster, taskDefinition=definition, launchType="FARGATE", networkConfiguration=kit.network
    )
    assert answer["tasks"] == [] and "Capacity is unavailable" in answer["failures"][0]["reason"]
    account.settings(**{"ecs.capacity_unavailable": False})
    account.advance(120)
    assert kit.service()["runningCount"] == 1


@pytest.mark.row("IAM propagation: a role that ECS cannot assume is tried again after 30 s", plain="fails")
def test_role_deleted_before_the_service_starts(account):
    kit = Kit(account)
    account.role("gone")
    definition = kit.register(taskRoleArn=f"arn:aws:iam::{account.id}:role/gone")
    iam = account.client("iam")
    iam.delete_role(RoleName="gone")
    error = refused(lambda: kit.run(definition), "ClientException")
    assert "unable to assume the role" in str(error)
    kit.create(definition=definition)
    account.advance(5)
    assert "unable to assume the role" in kit.service()["events"][0]["message"]
    account.role("gone", settle=10)
    kit.allow("gone", "*", "*")
    assert kit.tasks() == []
    account.advance(20)
    assert len(kit.tasks()) == 1


@pytest.mark.row("containers that are healthy and then die, by exit or by silence", plain="absent")
@pytest.mark.parametrize("exit_code", [None, 1])
def test_healthy_then_exits(account, exit_code):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "healthy-then-dies", "after": 90, "exit_code": exit_code}})
    arn = kit.run(kit.register(kit.container(healthCheck=CHECK)))["taskArn"]
    account.advance(40 + 85)
    assert kit.task(arn)["healthStatus"] == "HEALTHY"
    account.advance(60)
    task = kit.task(arn)
    if exit_code is None:
        assert (task["lastStatus"], task["healthStatus"]) == ("RUNNING", "UNHEALTHY")
    else:
        assert (task["lastStatus"], task["containers"][0]["exitCode"]) == ("STOPPED", 1)
