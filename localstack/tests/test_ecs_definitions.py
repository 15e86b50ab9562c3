"""Task definitions. Source: ECS API reference (RegisterTaskDefinition, ContainerDefinition), developer guide for
Fargate."""

import pytest
from conftest import refused
from ecs_kit import CHECK, Kit


@pytest.mark.row("ecs:RegisterTaskDefinition (vendor-like)", plain="fails")
def test_tags_are_in_the_answer(account):
    kit = Kit(account)
    answer = kit.ecs.register_task_definition(
        family="f",
        containerDefinitions=[kit.container(memory=128)],
        tags=[{"key": "a", "value": "b"}],
    )
    assert answer["tags"] == [{"key": "a", "value": "b"}]
    shown = kit.ecs.describe_task_definition(taskDefinition="f", include=["TAGS"])
    assert shown["tags"] == answer["tags"]


@pytest.mark.row("ecs:DescribeTaskDefinition (round trip)", plain="fails")
def test_aws_fills_in_defaults(account):
    kit = Kit(account)
    volume = {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}}
    container = kit.container(
        healthCheck={"command": ["CMD-SHELL", "true"]},
        mountPoints=[{"sourceVolume": "data", "containerPath": "/data"}],
        environment=[{"name": "B", "value": "1"}, {"name": "A", "value": "2"}],
    )
    arn = kit.register(container, volumes=[volume])
    shown = kit.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert shown["registeredAt"] and shown["status"] == "ACTIVE" and shown["revision"] == 1
    assert shown["compatibilities"] == ["EC2", "FARGATE"] and shown["placementConstraints"] == []
    assert "ecs.capability.task-eni" in [a["name"] for a in shown["requiresAttributes"]]
    got = shown["containerDefinitions"][0]
    assert got["cpu"] == 0 and got["essential"] is True
    assert got["volumesFrom"] == [] and got["systemControls"] == []
    assert got["portMappings"] == [{"containerPort": 3000, "hostPort": 3000, "protocol": "tcp"}]
    assert got["healthCheck"] == {"command": ["CMD-SHELL", "true"], "interval": 30, "timeout": 5, "retries": 3}
    assert shown["volumes"][0]["efsVolumeConfiguration"]["rootDirectory"] == "/"
    assert kit.ecs.describe_task_definition(taskDefinition="probe:1")["taskDefinition"] == shown


@pytest.mark.row("ecs:ListTaskDefinitions/Deregister/DeleteTaskDefinitions", plain="fails")
def test_revisions_are_listed_newest_first_and_deleted(account):
    kit = Kit(account)
    arns = [kit.register() for _ in range(3)]
    kit.register(family="probe-other")
    listed = kit.ecs.list_task_definitions(familyPrefix="probe", sort="DESC")["taskDefinitionArns"]
    assert listed == arns[::-1]
    gone = kit.ecs.deregister_task_definition(taskDefinition=arns[0])["taskDefinition"]
    assert gone["status"] == "INACTIVE" and gone["deregisteredAt"]
    assert kit.ecs.list_task_definitions(familyPrefix="probe", status="INACTIVE")["taskDefinitionArns"] == arns[:1]
    answer = kit.ecs.delete_task_definitions(taskDefinitions=arns[:2])
    assert [d["status"] for d in answer["taskDefinitions"]] == ["DELETE_IN_PROGRESS"]
    assert [f["arn"] for f in answer["failures"]] == [arns[1]]
    account.advance(300)
    refused(lambda: kit.ecs.describe_task_definition(taskDefinition=arns[0]), "ClientException")
    assert kit.register().endswith(":4")


@pytest.mark.row("ecs: an INACTIVE revision cannot be used for a new service", plain="fails")
def test_inactive_revision_is_not_used(account):
    kit = Kit(account)
    arn = kit.register()
    kit.ecs.deregister_task_definition(taskDefinition=arn)
    refused(lambda: kit.create(definition=arn), "ClientException")


@pytest.mark.row("neg:RegisterTaskDefinition bad Fargate cpu/memory -> ClientException", plain="fails")
@pytest.mark.parametrize(
    "wrong",
    [
        {"cpu": "256", "memory": "16384"},
        {"cpu": "8192", "memory": "18000"},
        {"cpu": "3000", "memory": "8192"},
        {"networkMode": "bridge"},
        {"cpu": None},
        {"executionRoleArn": None},
    ],
    ids=lambda w: ",".join(f"{k}={v}" for k, v in w.items()),
)
def test_fargate_is_validated(account, wrong):
    kit = Kit(account)
    full = {"cpu": "1024", "memory": "2048", "networkMode": "awsvpc", "executionRoleArn": kit.role, **wrong}
    call = {
        "family": "f",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [kit.container()],
        **{k: v for k, v in full.items() if v is not None},
    }
    refused(lambda: kit.ecs.register_task_definition(**call), "ClientException")


@pytest.mark.row("ecs: the vendor's three package sizes are valid on Fargate", plain="passes")
@pytest.mark.parametrize("cpu, memory", [("4096", "8192"), ("8192", "16384"), ("16384", "32768")])
def test_vendor_sizes(account, cpu, memory):
    Kit(account).register(cpu=cpu, memory=memory)


@pytest.mark.row(
    "neg:RegisterTaskDefinition dependsOn unknown container / mountPoint unknown volume -> ClientException",
    plain="fails",
)
@pytest.mark.parametrize(
    "more",
    [
        {"dependsOn": [{"containerName": "ghost", "condition": "START"}]},
        {"dependsOn": [{"containerName": "ui", "condition": "START"}]},
        {"mountPoints": [{"sourceVolume": "ghost", "containerPath": "/x"}]},
        {"healthCheck": {**CHECK, "startPeriod": 301}},
        {"healthCheck": {**CHECK, "retries": 11}},
        {"stopTimeout": 121},
        {"secrets": [{"name": "A", "valueFrom": "x"}], "environment": [{"name": "A", "value": "1"}]},
        {"essential": False},
    ],
    ids=lambda m: next(iter(m)),
)
def test_container_is_validated(account, more):
    kit = Kit(account)
    refused(lambda: kit.register(kit.container(**more)), "ClientException")


@pytest.mark.row(
    "neg:RegisterTaskDefinition dependsOn SUCCESS on an essential container -> ClientException", plain="fails"
)
@pytest.mark.parametrize("condition", ["SUCCESS", "COMPLETE", "HEALTHY"])
def test_conditions_an_essential_container_without_check_cannot_meet(account, condition):
    kit = Kit(account)
    first = kit.container("first", portMappings=[])
    second = kit.container("second", dependsOn=[{"containerName": "first", "condition": condition}])
    refused(lambda: kit.register(first, second), "ClientException")


@pytest.mark.row("neg:RegisterTaskDefinition role that does not exist -> ClientException", plain="fails")
def test_absent_role(account):
    kit = Kit(account)
    ghost = f"arn:aws:iam::{account.id}:role/ghost"
    refused(lambda: kit.register(executionRoleArn=ghost), "ClientException")
    account.settings(**{"iam.propagation": 15})
    fresh = account.role("fresh", settle=3)
    refused(lambda: kit.register(taskRoleArn=fresh), "ClientException")
    account.advance(60)
    kit.register(taskRoleArn=fresh)
