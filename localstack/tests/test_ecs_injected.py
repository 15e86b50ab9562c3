"""Containers that others put into each new Fargate task. Source: GuardDuty user guide, "How Runtime Monitoring works
with Fargate (Amazon ECS only)" and "Prerequisites for AWS Fargate (Amazon ECS only) support"; ECS developer guide,
"Runtime Monitoring for Amazon ECS Fargate workloads"; aws/aws-cdk#32877; aws-containers/amazon-ecs-exec-checker#83."""

import pytest
from ecs_kit import CHECK, Kit

AGENT = "aws-guardduty-agent"
REPOSITORY = "arn:aws:ecr:us-east-1:593207742271:repository/aws-guardduty-agent-fargate"


def inject(account, **wanted):
    account.settings(**{"ecs.inject": [{"name": AGENT, **wanted}]})


def split(task):
    """The containers of the definition, and the one that was put beside them."""
    own = [c for c in task["containers"] if not c["name"].startswith(AGENT)]
    (injected,) = [c for c in task["containers"] if c["name"].startswith(AGENT)]
    return own, injected


@pytest.mark.row("ecs: injected container in every new task", plain="fails")
@pytest.mark.parametrize("of_service", [True, False])
def test_every_new_task_has_the_injected_container(account, of_service):
    kit = Kit(account)
    inject(account)
    if of_service:
        kit.create()
        account.advance(90)
        task = kit.tasks()[0]
    else:
        arn = kit.run()["taskArn"]
        account.advance(90)
        task = kit.task(arn)
    own, injected = split(task)
    assert [c["name"] for c in own] == ["ui"] and injected["lastStatus"] == "RUNNING"
    assert len(injected["name"]) == len(AGENT) + 7
    definition = kit.ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
    assert [c["name"] for c in definition["containerDefinitions"]] == ["ui"]


@pytest.mark.row("ecs: injected container that cannot be pulled", plain="fails")
def test_one_that_cannot_be_pulled_stops_alone(account):
    kit = Kit(account)
    inject(account, behaviour="cannot-pull")
    arn = kit.run(kit.register(kit.container(healthCheck=CHECK)))["taskArn"]
    account.advance(120)
    task = kit.task(arn)
    own, injected = split(task)
    assert (task["lastStatus"], task["healthStatus"], own[0]["lastStatus"]) == ("RUNNING", "HEALTHY", "RUNNING")
    assert injected["lastStatus"] == "STOPPED" and "exitCode" not in injected
    assert injected["reason"].startswith("CannotPullContainerError: ") and "imageDigest" not in injected


@pytest.mark.row("ecs: injected container is pulled with the execution role", plain="fails")
def test_it_is_pulled_with_the_execution_role(account):
    kit = Kit(account)
    inject(account)
    definition = kit.register()
    pull = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    theirs = "arn:aws:ecr:us-east-1:709825985650:repository/*"
    seen = []
    for resource in ([theirs, "*"], [theirs], [theirs, REPOSITORY]):
        kit.allow("probe", pull if "*" in resource else pull[1:], resource)
        iam = account.client("iam")
        if "*" not in resource:
            document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "%s", "Resource": "*"}]}'
            iam.put_role_policy(RoleName="probe", PolicyName="token", PolicyDocument=document % pull[0])
        account.advance(60)
        arn = kit.run(definition)["taskArn"]
        account.advance(60)
        own, injected = split(kit.task(arn))
        assert own[0]["lastStatus"] == "RUNNING"
        seen.append(injected["lastStatus"])
    assert seen == ["RUNNING", "STOPPED", "RUNNING"]


@pytest.mark.row("ecs: injected container that fails does not concern the task", plain="fails")
@pytest.mark.parametrize(
    ("behaviour", "shown"), [("exit", ("STOPPED", "UNKNOWN")), ("unhealthy", ("RUNNING", "UNHEALTHY"))]
)
def test_an_injected_container_does_not_affect_the_task(account, behaviour, shown):
    kit = Kit(account)
    inject(account, behaviour=behaviour)
    arn = kit.run(kit.register(kit.container(healthCheck=CHECK)))["taskArn"]
    account.advance(180)
    task = kit.task(arn)
    _, injected = split(task)
    assert (task["lastStatus"], task["healthStatus"]) == ("RUNNING", "HEALTHY")
    assert (injected["lastStatus"], injected["healthStatus"]) == shown


@pytest.mark.row("ecs: injected container ends with the task", plain="fails")
def test_it_ends_with_the_task(account):
    kit = Kit(account)
    inject(account)
    step = {"name": "data-step", "image": kit.container()["image"], "essential": True}
    arn = kit.run(kit.register(step, family="probe-data"))["taskArn"]
    account.advance(120)
    task = kit.task(arn)
    own, injected = split(task)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert (own[0]["exitCode"], injected["lastStatus"]) == (0, "STOPPED")


@pytest.mark.row("ecs: injected container has no agent of ECS Exec", plain="fails")
def test_it_has_no_agent_of_ecs_exec(account):
    kit = Kit(account)
    inject(account)
    arn = kit.run(enableExecuteCommand=True)["taskArn"]
    account.advance(60)
    own, injected = split(kit.task(arn))
    assert own[0]["managedAgents"] and not injected.get("managedAgents")


@pytest.mark.row("ecs.inject refuses what it does not know", plain="absent")
def test_a_wrong_wish_is_refused(account):
    for wrong in ("all", [{}], [{"name": "x", "behaviour": "sleep"}], [{"name": "x", "essential": True}]):
        with pytest.raises(AssertionError, match="400"):
            account.settings(**{"ecs.inject": wrong})
