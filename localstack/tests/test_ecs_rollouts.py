"""Deployments. Source: ECS API reference (DeploymentConfiguration, Deployment, UpdateService), developer guide
("Deployment circuit breaker", "Amazon ECS services": replacement of unhealthy tasks)."""

import pytest
from ecs_kit import CHECK, REGISTRY, Kit

WRITING = {"PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
STOP_FIRST = {"maximumPercent": 100, "minimumHealthyPercent": 0}


def most_at_once(history, states=WRITING):
    """The largest number of tasks that were in one of the states at the same time."""
    now, most = {}, 0
    for entry in history:
        now[entry["task"]] = entry["state"]
        most = max(most, sum(state in states for state in now.values()))
    return most


def settled(kit, **more):
    kit.create(definition=kit.register(kit.container(healthCheck=CHECK)), **more)
    kit.account.advance(200)
    assert kit.primary()["rolloutState"] == "COMPLETED"


@pytest.mark.row("ecs:UpdateService (new task definition, force)", plain="fails")
def test_new_definition_replaces_the_task(account):
    kit = Kit(account)
    settled(kit)
    old = kit.tasks()[0]["taskArn"]
    second = kit.register(kit.container(healthCheck=CHECK))
    answer = kit.update(taskDefinition=second)
    assert [d["status"] for d in answer["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert answer["deployments"][0]["rolloutState"] == "IN_PROGRESS" and answer["taskDefinition"] == second
    account.advance(200)
    service = kit.service()
    assert [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"]
    task = kit.tasks()[0]
    assert task["taskArn"] != old and task["taskDefinitionArn"] == second
    before = kit.primary()["id"]
    kit.update(forceNewDeployment=True)
    account.advance(200)
    assert kit.primary()["id"] != before and kit.tasks()[0]["taskArn"] != task["taskArn"]


@pytest.mark.row("ecs:UpdateService: what makes no new deployment", plain="fails")
def test_counts_and_settings_make_no_deployment(account):
    kit = Kit(account)
    settled(kit, loadBalancers=kit.balanced(kit.target_group()))
    before = kit.primary()["id"]
    kit.update(desiredCount=2)
    kit.update(healthCheckGracePeriodSeconds=7, deploymentConfiguration=STOP_FIRST, enableExecuteCommand=True)
    kit.update(taskDefinition="probe:1")
    account.advance(200)
    service = kit.service()
    assert service["deployments"][0]["id"] == before and service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert service["runningCount"] == 2 and service["healthCheckGracePeriodSeconds"] == 7
    kit.update(desiredCount=0)
    account.advance(60)
    assert kit.service()["runningCount"] == 0 and kit.primary()["rolloutState"] == "COMPLETED"


@pytest.mark.row("minimumHealthyPercent/maximumPercent: 100/200 starts the new task first", plain="fails")
def test_start_first(account):
    kit = Kit(account)
    settled(kit, deploymentConfiguration={"maximumPercent": 200, "minimumHealthyPercent": 100})
    kit.update(forceNewDeployment=True)
    account.advance(200)
    assert most_at_once(kit.history(), {"RUNNING"}) == 2


@pytest.mark.row("minimumHealthyPercent/maximumPercent: 0/100 stops the old task first", plain="fails")
def test_stop_first_still_overlaps_the_stopping_task(account):
    """Only RUNNING and PENDING tasks count against the maximum: the new one starts while the old one is STOPPING."""
    kit = Kit(account)
    settled(kit, deploymentConfiguration=STOP_FIRST)
    kit.update(forceNewDeployment=True)
    account.advance(200)
    assert most_at_once(kit.history(), {"PENDING", "ACTIVATING", "RUNNING"}) == 1
    assert most_at_once(kit.history()) == 2


@pytest.mark.row("one writer: desired count 0 first never overlaps", plain="fails")
def test_fence_by_desired_count(account):
    kit = Kit(account)
    settled(kit, deploymentConfiguration=STOP_FIRST)
    kit.update(desiredCount=0)
    account.advance(60)
    assert [t["lastStatus"] for t in kit.tasks("STOPPED")] == ["STOPPED"]
    kit.update(desiredCount=1, forceNewDeployment=True)
    account.advance(200)
    assert kit.primary()["rolloutState"] == "COMPLETED"
    assert most_at_once(kit.history()) == 1


@pytest.mark.row("rolloutState, circuit breaker, rollback", plain="fails")
def test_circuit_breaker_trips_at_three_failed_tasks(account):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "missing"}})
    kit.create(deploymentConfiguration=BREAKER)
    account.advance(46)
    primary = kit.primary()
    assert primary["failedTasks"] == 1 and primary["rolloutState"] == "IN_PROGRESS"
    account.advance(400)
    primary = kit.primary()
    assert primary["rolloutState"] == "FAILED" and primary["failedTasks"] == 3
    assert primary["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert kit.tasks() == [] and len(kit.tasks("STOPPED")) == 3
    kit.images(**{"*ui5*": {"behaviour": "run"}})
    account.advance(3600)
    assert kit.service()["runningCount"] == 0  # a FAILED deployment launches nothing
    kit.update(forceNewDeployment=True)
    account.advance(200)
    assert kit.primary()["rolloutState"] == "COMPLETED"


@pytest.mark.row("rolloutState, circuit breaker, rollback: rollback", plain="fails")
def test_rollback_to_the_last_completed_deployment(account):
    kit = Kit(account)
    back = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    kit.create(deploymentConfiguration=back)
    account.advance(200)
    kit.images(**{"*ui5*#broken": {"behaviour": "exit", "after": 1}})
    kit.update(taskDefinition=kit.register(kit.container("broken", healthCheck=CHECK)))
    account.advance(600)
    service = kit.service()
    assert service["taskDefinition"].endswith(":1")
    assert [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"]
    history = kit.ecs.list_service_deployments(cluster=kit.cluster, service="svc")["serviceDeployments"]
    assert [d["status"] for d in history] == ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    assert kit.service()["runningCount"] == 1


@pytest.mark.row("circuit breaker: without it a deployment stays IN_PROGRESS and backs off", plain="fails")
def test_without_breaker_tasks_are_tried_ever_more_slowly(account):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "missing"}})
    kit.create()
    account.advance(1800)
    first = len([e for e in kit.history() if e["state"] == "PROVISIONING"])
    account.advance(1800)
    second = len([e for e in kit.history() if e["state"] == "PROVISIONING"]) - first
    assert kit.primary()["rolloutState"] == "IN_PROGRESS"
    assert 3 < first and 0 < second < first
    assert any("unable to consistently start tasks" in e["message"] for e in kit.service()["events"])


@pytest.mark.row("circuit breaker counts a task that exits before it was healthy", plain="fails")
def test_exiting_task_counts_until_it_was_healthy(account):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "exit", "after": 20}})
    kit.create(definition=kit.register(kit.container(healthCheck=CHECK)), deploymentConfiguration=BREAKER)
    account.advance(600)
    assert kit.primary()["rolloutState"] == "FAILED"
    assert {t["stopCode"] for t in kit.tasks("STOPPED")} == {"EssentialContainerExited"}


@pytest.mark.row("ECS's own replacement of an unhealthy task overlaps, whatever the settings", plain="fails")
@pytest.mark.parametrize("configuration", [STOP_FIRST, {"maximumPercent": 200, "minimumHealthyPercent": 100}])
def test_unhealthy_task_is_replaced_while_it_stops(account, configuration):
    kit = Kit(account)
    settled(kit, deploymentConfiguration=configuration)
    old = kit.tasks()[0]["taskArn"]
    kit.images(**{"*ui5*": {"behaviour": "healthy-then-dies", "after": 120}})
    account.advance(400)
    assert kit.task(old)["stoppedReason"] == "Task failed container health checks"
    assert kit.task(old)["stopCode"] == "ServiceSchedulerInitiated"
    assert most_at_once(kit.history()) == 2


@pytest.mark.row("health check grace period: an unhealthy task is left alone", plain="fails")
def test_grace_period(account):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "unhealthy"}})
    kit.create(
        definition=kit.register(kit.container(healthCheck=CHECK)),
        loadBalancers=kit.balanced(kit.target_group()),
        healthCheckGracePeriodSeconds=1200,
    )
    account.advance(1200)
    task = kit.tasks()[0]
    assert task["healthStatus"] == "UNHEALTHY" and kit.tasks("STOPPED") == []
    account.advance(120)
    assert task["taskArn"] in [t["taskArn"] for t in kit.tasks("STOPPED")] or len(kit.tasks()) == 2


@pytest.mark.row("life:target registered by ECS service", plain="fails")
def test_target_is_registered_and_drained(account):
    kit = Kit(account)
    elb = account.client("elbv2")
    group = kit.target_group()
    kit.create(loadBalancers=kit.balanced(group), healthCheckGracePeriodSeconds=300)

    def targets():
        answer = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [(t["Target"]["Id"], t["Target"]["Port"], t["TargetHealth"]["State"]) for t in answer]

    account.advance(30)
    assert targets() == []
    account.advance(17)
    details = {d["name"]: d["value"] for d in kit.tasks()[0]["attachments"][0]["details"]}
    address = details["privateIPv4Address"]
    assert targets() == [(address, 3000, "initial")]
    assert kit.primary()["rolloutState"] == "IN_PROGRESS"
    account.advance(100)
    assert targets() == [(address, 3000, "healthy")]
    assert kit.primary()["rolloutState"] == "COMPLETED"
    task = kit.tasks()[0]["taskArn"]
    kit.update(desiredCount=0)
    account.advance(10)
    assert targets() == [(address, 3000, "draining")] and kit.task(task)["lastStatus"] == "DEACTIVATING"
    account.advance(60)
    assert targets() == [] and kit.task(task)["lastStatus"] == "STOPPED"


@pytest.mark.row("ECS replaces a task whose target is unhealthy", plain="fails")
def test_unhealthy_target(account):
    kit = Kit(account)
    group = kit.target_group()
    kit.create(loadBalancers=kit.balanced(group))
    account.advance(200)
    old = kit.tasks()[0]["taskArn"]
    kit.images(**{"*ui5*": {"behaviour": "unhealthy"}})
    account.advance(150)
    assert kit.task(old)["stoppedReason"] == f"Task failed ELB health checks in (target-group {group})"


@pytest.mark.row("ecs:ListServiceDeployments/DescribeServiceDeployments", plain="fails")
def test_service_deployments(account):
    kit = Kit(account)
    kit.create(deploymentConfiguration=BREAKER)
    listed = kit.ecs.list_service_deployments(cluster=kit.cluster, service="svc")["serviceDeployments"]
    assert [d["status"] for d in listed] == ["IN_PROGRESS"]
    account.advance(200)
    arn = listed[0]["serviceDeploymentArn"]
    shown = kit.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]
    assert shown["status"] == "SUCCESSFUL" and shown["finishedAt"]
    assert shown["deploymentCircuitBreaker"] == {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3}
    assert kit.service()["currentServiceDeployment"] == arn


@pytest.mark.row("ecs:DescribeServiceRevisions", plain="fails")
def test_service_revisions(account):
    kit = Kit(account)
    service = kit.create()
    arn = service["currentServiceRevisions"][0]["arn"]
    shown = kit.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"][0]
    assert shown["taskDefinition"] == service["taskDefinition"] and shown["launchType"] == "FARGATE"
    assert shown["containerImages"][0]["containerName"] == "ui"


def _vendor_like(kit):
    """The six containers of the vendor's task definition (CE 5.0.0), with the health checks and waits of the product.
    """
    quiet = {"portMappings": []}
    needs = [("mongodb-primary", "HEALTHY"), ("core-init-container", "SUCCESS"), ("rabbitmq-stats", "HEALTHY")]

    def after(*pairs):
        return {"dependsOn": [{"containerName": name, "condition": condition} for name, condition in pairs]}

    return [
        kit.container("init-container", f"{REGISTRY}/cloudexchange:aws-cli-latest", essential=False, **quiet),
        kit.container("core-init-container", f"{REGISTRY}/core5:11062023", essential=False, **quiet),
        kit.container(
            "mongodb-primary", f"{REGISTRY}/mongodb:5.0", healthCheck={**CHECK, "startPeriod": 300},
            **after(("init-container", "SUCCESS")), **quiet,
        ),
        kit.container(
            "core", f"{REGISTRY}/core5:11062023",
            healthCheck={**CHECK, "interval": 60, "retries": 10, "startPeriod": 300},
            **after(*needs), **quiet,
        ),
        kit.container("ui", healthCheck=CHECK, **after(("core", "START"))),
        kit.container("rabbitmq-stats", f"{REGISTRY}/rabbitmq:3.12.6-management", healthCheck=CHECK, **quiet),
    ]  # fmt: skip


@pytest.mark.row("life: the vendor's six containers behind a load balancer reach steady state", plain="fails")
def test_vendor_like_service_gets_healthy(account):
    kit = Kit(account)
    group = kit.target_group()
    definition = kit.register(*_vendor_like(kit), cpu="8192", memory="16384")
    kit.create(
        definition=definition,
        loadBalancers=kit.balanced(group),
        healthCheckGracePeriodSeconds=1200,
        deploymentConfiguration={**STOP_FIRST, **BREAKER},
    )
    account.advance(180)
    task = kit.tasks()[0]
    assert (task["lastStatus"], task["healthStatus"]) == ("RUNNING", "HEALTHY")
    assert {c["name"]: c.get("exitCode") for c in task["containers"] if c["lastStatus"] == "STOPPED"} == {
        "init-container": 0,
        "core-init-container": 0,
    }
    assert kit.primary()["rolloutState"] == "COMPLETED"
