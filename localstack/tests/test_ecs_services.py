"""Services: what is refused, what is answered, how they go. Source: ECS API reference, CreateService to DeleteService.
"""

import pytest
from conftest import refused
from ecs_kit import Kit

WRONG = "InvalidParameterException"


@pytest.mark.row("neg:CreateService without networkConfiguration -> InvalidParameterException", plain="fails")
def test_network_is_required(account):
    kit = Kit(account)
    refused(lambda: kit.create(networkConfiguration={}), WRONG)


@pytest.mark.row("neg:CreateService unknown subnet -> InvalidParameterException", plain="passes")
def test_subnet_must_exist(account):
    kit = Kit(account)
    network = {"awsvpcConfiguration": {"subnets": ["subnet-00000000000000000"]}}
    refused(lambda: kit.create(networkConfiguration=network), WRONG)


@pytest.mark.row("neg:CreateService unknown security group -> InvalidParameterException", plain="passes")
def test_security_group_must_exist(account):
    kit = Kit(account)
    network = {"awsvpcConfiguration": {"subnets": kit.net["subnets"], "securityGroups": ["sg-00000000000000000"]}}
    refused(lambda: kit.create(networkConfiguration=network), WRONG)


@pytest.mark.row("neg:CreateService unknown container in loadBalancers -> InvalidParameterException", plain="fails")
@pytest.mark.parametrize("wrong", [{"containerName": "ghost"}, {"containerPort": 99}])
def test_target_must_be_in_the_definition(account, wrong):
    kit = Kit(account)
    balancers = [{**kit.balanced(kit.target_group())[0], **wrong}]
    refused(lambda: kit.create(loadBalancers=balancers), WRONG)


@pytest.mark.row("neg:CreateService target group without LB / unknown TG -> InvalidParameterException", plain="fails")
def test_target_group_needs_a_load_balancer(account):
    kit = Kit(account)
    group = kit.target_group(attached=False)
    error = refused(lambda: kit.create(loadBalancers=kit.balanced(group)), WRONG)
    assert "does not have an associated load balancer" in str(error)
    ghost = group[:-16] + "0" * 16
    refused(lambda: kit.create(loadBalancers=kit.balanced(ghost)), WRONG)
    kit.attach(group)
    kit.create(loadBalancers=kit.balanced(group))


@pytest.mark.row("neg:CreateService target group of instances with awsvpc -> InvalidParameterException", plain="fails")
def test_target_group_must_hold_addresses(account):
    kit = Kit(account)
    group = kit.target_group(target_type="instance")
    refused(lambda: kit.create(loadBalancers=kit.balanced(group)), WRONG)


@pytest.mark.row("neg:CreateService without the service-linked role -> InvalidParameterException", plain="fails")
def test_service_linked_role_is_needed(account):
    kit = Kit(account)
    error = refused(lambda: kit.create(linked=False), WRONG)
    assert "service linked role" in str(error)
    kit.create()


@pytest.mark.row("ecs:CreateService", plain="fails")
def test_answer_of_create_service(account):
    kit = Kit(account)
    group = kit.target_group()
    made = kit.create(
        loadBalancers=kit.balanced(group),
        enableExecuteCommand=True,
        healthCheckGracePeriodSeconds=1200,
        platformVersion="1.4.0",
        propagateTags="SERVICE",
        availabilityZoneRebalancing="DISABLED",
        deploymentConfiguration={
            "maximumPercent": 100,
            "minimumHealthyPercent": 0,
            "deploymentCircuitBreaker": {"enable": True, "rollback": False},
        },
        tags=[{"key": "a", "value": "b"}],
    )
    for shown in (made, kit.service()):
        assert shown["status"] == "ACTIVE" and shown["desiredCount"] == 1
        assert shown["enableExecuteCommand"] is True and shown["healthCheckGracePeriodSeconds"] == 1200
        assert shown["platformVersion"] == "1.4.0" and shown["availabilityZoneRebalancing"] == "DISABLED"
        assert shown["loadBalancers"] == kit.balanced(group) and shown["schedulingStrategy"] == "REPLICA"
        assert shown["roleArn"].endswith("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
        assert shown["tags"] == [{"key": "a", "value": "b"}]
        configuration = shown["deploymentConfiguration"]
        assert configuration["maximumPercent"] == 100 and configuration["minimumHealthyPercent"] == 0
        assert configuration["deploymentCircuitBreaker"] == {"enable": True, "rollback": False}
        deployment = shown["deployments"][0]
        assert deployment["status"] == "PRIMARY" and deployment["rolloutState"] == "IN_PROGRESS"
        assert deployment["id"].startswith("ecs-svc/")


@pytest.mark.row("ecs: defaults of CreateService", plain="fails")
def test_defaults(account):
    kit = Kit(account)
    made = kit.create(desiredCount=0)
    assert made["platformVersion"] == "LATEST" and made["propagateTags"] == "NONE"
    assert made["deploymentConfiguration"]["maximumPercent"] == 200
    assert made["deploymentConfiguration"]["minimumHealthyPercent"] == 100
    assert made["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"


@pytest.mark.row(
    "neg:CreateService duplicate -> InvalidParameterException (not idempotent)", plain="fails"
)
def test_duplicate_service(account):
    kit = Kit(account)
    definition = kit.register()
    first = kit.create(definition=definition, clientToken="t1", desiredCount=0)
    again = kit.create(definition=definition, clientToken="t1", desiredCount=0)
    assert again["serviceArn"] == first["serviceArn"]
    assert [d["id"] for d in again["deployments"]] == [d["id"] for d in first["deployments"]]
    error = refused(lambda: kit.create(definition=definition, clientToken="t2"), WRONG)
    assert "not idempotent" in str(error)


@pytest.mark.row("refusal of `DescribeServices` over 10", plain="fails")
def test_at_most_ten_services(account):
    kit = Kit(account)
    names = [f"s{n}" for n in range(11)]
    refused(lambda: kit.ecs.describe_services(cluster=kit.cluster, services=names), WRONG)
    answer = kit.ecs.describe_services(cluster=kit.cluster, services=names[:10])
    assert [f["reason"] for f in answer["failures"]] == ["MISSING"] * 10


@pytest.mark.row("life:service steady state (runningCount 1, rolloutState COMPLETED)", plain="fails")
def test_steady_state(account):
    kit = Kit(account)
    kit.create()
    assert kit.service()["runningCount"] == 0
    account.advance(120)
    service = kit.service()
    assert service["runningCount"] == 1 and service["pendingCount"] == 0
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert "has reached a steady state" in service["events"][0]["message"]


@pytest.mark.row("ecs:ListServices", plain="passes")
def test_services_are_listed(account):
    kit = Kit(account)
    arn = kit.create(desiredCount=0)["serviceArn"]
    assert kit.ecs.list_services(cluster=kit.cluster)["serviceArns"] == [arn]


@pytest.mark.row("ecs:DeleteService(force) -> DRAINING -> INACTIVE", plain="fails")
def test_deleted_service_drains(account):
    kit = Kit(account)
    kit.create()
    account.advance(120)
    error = refused(lambda: kit.ecs.delete_service(cluster=kit.cluster, service="svc"), WRONG)
    assert "scaled above 0" in str(error)
    answer = kit.ecs.delete_service(cluster=kit.cluster, service="svc", force=True)["service"]
    assert answer["status"] == "DRAINING" and answer["desiredCount"] == 0
    assert kit.ecs.list_services(cluster=kit.cluster)["serviceArns"] == []
    refused(lambda: kit.update(desiredCount=1), "ServiceNotActiveException")
    account.advance(60)
    assert kit.service()["status"] == "INACTIVE"
    refused(lambda: kit.ecs.delete_service(cluster=kit.cluster, service="svc"), "ServiceNotFoundException")


@pytest.mark.row("service DRAINING -> INACTIVE, re-create refused while draining", plain="fails")
def test_no_second_service_while_the_first_drains(account):
    kit = Kit(account)
    definition = kit.register()
    kit.create(definition=definition)
    account.advance(120)
    kit.ecs.delete_service(cluster=kit.cluster, service="svc", force=True)
    error = refused(lambda: kit.create(definition=definition), WRONG)
    assert "still Draining" in str(error)
    account.advance(120)
    assert kit.create(definition=definition)["status"] == "ACTIVE"


@pytest.mark.row("ecs: a service with desired count 0 is deleted without force", plain="fails")
def test_empty_service_goes_without_force(account):
    kit = Kit(account)
    kit.create(desiredCount=0)
    assert kit.ecs.delete_service(cluster=kit.cluster, service="svc")["service"]["status"] == "DRAINING"
    account.advance(10)
    assert kit.service()["status"] == "INACTIVE"


@pytest.mark.row("ecs:DeleteService: INACTIVE as soon as the tasks are STOPPING, not STOPPED", plain="fails")
def test_service_is_inactive_before_its_tasks_have_stopped(account):
    """API reference, DeleteService: DRAINING ends when all tasks are STOPPING or STOPPED."""
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "ignores-sigterm"}})
    kit.create(definition=kit.register(kit.container(stopTimeout=120)))
    account.advance(120)
    arn = kit.tasks()[0]["taskArn"]
    kit.ecs.delete_service(cluster=kit.cluster, service="svc", force=True)
    account.advance(30)
    assert kit.service()["status"] == "INACTIVE"
    assert kit.task(arn)["lastStatus"] == "STOPPING"
    refused(lambda: kit.ec2.delete_security_group(GroupId=kit.net["sg"]), "DependencyViolation")
    account.advance(200)
    kit.ec2.delete_security_group(GroupId=kit.net["sg"])
