"""Tasks and their containers. Source: ECS developer guide ("task lifecycle", "container dependencies", "health
checks"), API reference (RunTask, StopTask, DescribeTasks, ListTasks, ExecuteCommand)."""

import pytest
from conftest import refused
from ecs_kit import CHECK, REGISTRY, Kit

ORDER = "PROVISIONING PENDING ACTIVATING RUNNING DEACTIVATING STOPPING DEPROVISIONING STOPPED".split()


def containers(task):
    return {c["name"]: c for c in task["containers"]}


@pytest.mark.row("ECS task PROVISIONING..RUNNING..STOPPED", plain="fails")
def test_task_goes_through_every_state(account):
    kit = Kit(account)
    task = kit.run()
    assert (task["lastStatus"], task["desiredStatus"]) == ("PROVISIONING", "RUNNING")
    account.advance(60)
    running = kit.task(task["taskArn"])
    assert running["lastStatus"] == "RUNNING" and running["startedAt"] > running["pullStoppedAt"]
    stopping = kit.ecs.stop_task(cluster=kit.cluster, task=task["taskArn"], reason="enough")["task"]
    assert stopping["desiredStatus"] == "STOPPED" and stopping["lastStatus"] != "STOPPED"
    account.advance(60)
    stopped = kit.task(task["taskArn"])
    assert stopped["lastStatus"] == "STOPPED" and stopped["stoppedReason"] == "enough"
    assert stopped["stopCode"] == "UserInitiated"
    assert stopped["createdAt"] < stopped["startedAt"] < stopped["stoppingAt"] < stopped["stoppedAt"]
    seen = [e["state"] for e in kit.history() if e["task"] == task["taskArn"]]
    assert seen == ORDER


@pytest.mark.row("task ENI / private IP / ENI in EC2", plain="fails")
def test_task_has_an_interface(account):
    kit = Kit(account)
    arn = kit.run()["taskArn"]
    account.advance(60)
    task = kit.task(arn)
    details = {d["name"]: d["value"] for d in task["attachments"][0]["details"]}
    assert task["attachments"][0]["status"] == "ATTACHED"
    assert set(details) >= {"subnetId", "networkInterfaceId", "macAddress", "privateIPv4Address"}
    eni = kit.ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])["NetworkInterfaces"][
        0
    ]
    assert eni["PrivateIpAddress"] == details["privateIPv4Address"] and eni["SubnetId"] in kit.net["subnets"]
    assert task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] == eni["PrivateIpAddress"]


@pytest.mark.row("life:task ENI visible in EC2", plain="fails")
def test_interface_lives_as_long_as_the_task(account):
    kit = Kit(account)
    arn = kit.run()["taskArn"]
    wanted = [{"Name": "group-id", "Values": [kit.net["sg"]]}]

    def interfaces():
        return kit.ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]

    eni = interfaces()[0]
    assert eni["RequesterManaged"] and eni["Status"] == "in-use" and eni["InterfaceType"] == "interface"
    assert eni["Description"].startswith(f"arn:aws:ecs:us-east-1:{account.id}:attachment/")
    refused(lambda: kit.ec2.delete_subnet(SubnetId=eni["SubnetId"]), "DependencyViolation")
    refused(lambda: kit.ec2.delete_security_group(GroupId=kit.net["sg"]), "DependencyViolation")
    kit.ecs.stop_task(cluster=kit.cluster, task=arn)
    account.advance(120)
    assert interfaces() == []


@pytest.mark.row("ecs:RunTask (one-off)", plain="fails")
def test_one_off_task_runs_to_its_end(account):
    kit = Kit(account)
    kit.images(**{"*helper*": {"behaviour": "exit", "exit_code": 0, "after": 5}})
    task = kit.run(kit.register(kit.container("job", image="helper:1", portMappings=[])), startedBy="me")
    assert task["startedBy"] == "me" and task["group"] == "family:probe"
    account.advance(120)
    done = kit.task(task["taskArn"])
    assert done["lastStatus"] == "STOPPED" and done["stopCode"] == "EssentialContainerExited"
    assert done["containers"][0]["exitCode"] == 0


@pytest.mark.row("ecs:StopTask", plain="fails")
def test_stop_of_a_task_before_it_runs(account):
    kit = Kit(account)
    arn = kit.run()["taskArn"]
    kit.ecs.stop_task(cluster=kit.cluster, task=arn)
    account.advance(60)
    task = kit.task(arn)
    assert task["lastStatus"] == "STOPPED" and "startedAt" not in task
    refused(lambda: kit.ecs.stop_task(cluster=kit.cluster, task="ghost"), "InvalidParameterException")


@pytest.mark.row("ecs:ListTasks", plain="fails")
def test_tasks_are_listed_by_desired_status(account):
    kit = Kit(account)
    kit.create()
    account.advance(60)
    alone = kit.run(startedBy="me")["taskArn"]
    of_service = kit.tasks()[0]["taskArn"]
    assert [t["taskArn"] for t in kit.tasks(startedBy="me")] == [alone]
    assert {t["taskArn"] for t in kit.tasks(family="probe")} == {of_service, alone}
    kit.update(desiredCount=0)
    account.advance(3)
    assert kit.tasks() == []
    stopping = kit.tasks("STOPPED")[0]
    assert stopping["taskArn"] == of_service and stopping["lastStatus"] != "STOPPED"


@pytest.mark.row("ecs:DescribeTasks", plain="fails")
def test_task_is_described(account):
    kit = Kit(account)
    made = kit.create(enableExecuteCommand=True)
    account.advance(60)
    task = kit.tasks()[0]
    assert task["startedBy"] == made["deployments"][0]["id"] and task["group"] == "service:svc"
    assert task["launchType"] == "FARGATE" and task["platformVersion"] == "1.4.0" and task["cpu"] == "1024"
    assert task["connectivity"] == "CONNECTED" and task["availabilityZone"].startswith("us-east-1")
    container = task["containers"][0]
    assert container["lastStatus"] == "RUNNING" and container["runtimeId"].startswith(task["taskArn"].split("/")[-1])
    assert container["imageDigest"].startswith("sha256:")
    assert container["managedAgents"][0]["name"] == "ExecuteCommandAgent"
    answer = kit.ecs.describe_tasks(cluster=kit.cluster, tasks=["ghost"])
    assert answer["failures"][0]["reason"] == "MISSING"


@pytest.mark.row("refusal of `DescribeTasks` over 100", plain="fails")
def test_at_most_a_hundred_tasks(account):
    kit = Kit(account)
    names = [f"{n:032x}" for n in range(101)]
    refused(lambda: kit.ecs.describe_tasks(cluster=kit.cluster, tasks=names), "InvalidParameterException")


@pytest.mark.row("ecs: a stopped task is described for an hour", plain="fails")
def test_stopped_task_is_kept_an_hour(account):
    kit = Kit(account)
    arn = kit.run()["taskArn"]
    kit.ecs.stop_task(cluster=kit.cluster, task=arn)
    account.advance(3500)
    assert kit.task(arn)["lastStatus"] == "STOPPED"
    account.advance(300)
    assert kit.ecs.describe_tasks(cluster=kit.cluster, tasks=[arn])["failures"][0]["reason"] == "MISSING"


@pytest.mark.row("ecs:ExecuteCommand", plain="fails")
def test_exec_only_where_it_was_enabled(account):
    kit = Kit(account)
    definition = kit.register()
    open_, closed = kit.run(definition, enableExecuteCommand=True), kit.run(definition)
    account.advance(60)
    command = {"cluster": kit.cluster, "container": "ui", "command": "/bin/sh", "interactive": True}
    answer = kit.ecs.execute_command(task=open_["taskArn"], **command)
    assert answer["containerName"] == "ui" and answer["session"]["streamUrl"] and answer["session"]["tokenValue"]
    refused(lambda: kit.ecs.execute_command(task=closed["taskArn"], **command), "InvalidParameterException")


@pytest.mark.row("container healthStatus, exitCode, dependsOn", plain="fails")
def test_containers_start_in_the_order_of_their_dependencies(account):
    kit = Kit(account)
    plain = {"portMappings": []}
    init = kit.container("init-container", f"{REGISTRY}/cloudexchange:aws-cli-latest", essential=False, **plain)
    mongo = kit.container(
        "mongodb-primary", f"{REGISTRY}/mongodb:5.0", healthCheck=CHECK,
        dependsOn=[{"containerName": "init-container", "condition": "SUCCESS"}], **plain,
    )  # fmt: skip
    core = kit.container(
        "core", f"{REGISTRY}/core5:11062023",
        dependsOn=[{"containerName": "mongodb-primary", "condition": "HEALTHY"}], **plain,
    )  # fmt: skip
    ui = kit.container(dependsOn=[{"containerName": "core", "condition": "START"}])
    arn = kit.run(kit.register(init, mongo, core, ui))["taskArn"]
    account.advance(41)  # provisioned, initialised, pulled: the init container is at work
    assert {n: c["lastStatus"] for n, c in containers(kit.task(arn)).items()} == {
        "init-container": "RUNNING", "mongodb-primary": "PENDING", "core": "PENDING", "ui": "PENDING",
    }  # fmt: skip
    account.advance(4)
    now = containers(kit.task(arn))
    assert now["init-container"]["exitCode"] == 0 and now["init-container"]["lastStatus"] == "STOPPED"
    assert now["mongodb-primary"]["lastStatus"] == "RUNNING" and now["mongodb-primary"]["healthStatus"] == "UNKNOWN"
    assert now["core"]["lastStatus"] == "PENDING" and kit.task(arn)["lastStatus"] == "PENDING"
    account.advance(15)
    task = kit.task(arn)
    assert task["lastStatus"] == "RUNNING" and task["healthStatus"] == "HEALTHY"
    assert containers(task)["mongodb-primary"]["healthStatus"] == "HEALTHY"
    assert containers(task)["core"]["healthStatus"] == "UNKNOWN"


@pytest.mark.row("container dependsOn SUCCESS: the task fails when the dependency exits non-zero", plain="fails")
def test_failed_init_container(account):
    kit = Kit(account)
    kit.images(**{"*aws-cli*": {"behaviour": "exit", "exit_code": 7, "after": 2}})
    init = kit.container("init", f"{REGISTRY}/cloudexchange:aws-cli-latest", essential=False, portMappings=[])
    ui = kit.container(dependsOn=[{"containerName": "init", "condition": "SUCCESS"}])
    arn = kit.run(kit.register(init, ui))["taskArn"]
    account.advance(120)
    task = kit.task(arn)
    assert task["stopCode"] == "TaskFailedToStart" and "startedAt" not in task
    assert containers(task)["init"]["exitCode"] == 7 and "did not exit successfully" in containers(task)["ui"]["reason"]


@pytest.mark.row("container startTimeout: who waits longer gives up, the task stops", plain="fails")
def test_start_timeout(account):
    kit = Kit(account)
    kit.images(**{"*mongodb*": {"behaviour": "slow", "after": 100}})
    mongo = kit.container("mongo", f"{REGISTRY}/mongodb:5.0", healthCheck=CHECK, startTimeout=60, portMappings=[])
    ui = kit.container(dependsOn=[{"containerName": "mongo", "condition": "HEALTHY"}])
    arn = kit.run(kit.register(mongo, ui))["taskArn"]
    account.advance(40 + 59)
    assert kit.task(arn)["desiredStatus"] == "RUNNING"
    account.advance(2)
    task = kit.task(arn)
    assert task["desiredStatus"] == "STOPPED" and task["stopCode"] == "TaskFailedToStart"
    assert "timed out" in containers(task)["ui"]["reason"]


@pytest.mark.row("container healthStatus: start period, interval and retries", plain="fails")
def test_unhealthy_only_after_start_period_and_retries(account):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "unhealthy"}})
    arn = kit.run(kit.register(kit.container(healthCheck=CHECK)))["taskArn"]
    account.advance(40 + 75)  # start period 60, then three failures 10 apart: 60, 70, 80
    assert kit.task(arn)["healthStatus"] == "UNKNOWN"
    account.advance(10)
    assert kit.task(arn)["healthStatus"] == "UNHEALTHY"
    assert kit.task(arn)["lastStatus"] == "RUNNING"
    kit.images(**{"*ui5*": {"behaviour": "run"}})
    account.advance(15)
    assert kit.task(arn)["healthStatus"] == "HEALTHY"


@pytest.mark.row("container stopTimeout: a task is STOPPING until its longest container has stopped", plain="fails")
def test_stop_timeout(account):
    kit = Kit(account)
    kit.images(**{"*mongodb*": {"behaviour": "ignores-sigterm"}})
    mongo = kit.container("mongo", f"{REGISTRY}/mongodb:5.0", stopTimeout=120, portMappings=[])
    arn = kit.run(kit.register(mongo, kit.container()))["taskArn"]
    account.advance(60)
    kit.ecs.stop_task(cluster=kit.cluster, task=arn)
    account.advance(110)
    task = kit.task(arn)
    assert task["lastStatus"] == "STOPPING"
    assert containers(task)["ui"]["exitCode"] == 0 and containers(task)["mongo"]["lastStatus"] == "RUNNING"
    account.advance(40)
    task = kit.task(arn)
    assert task["lastStatus"] == "STOPPED" and containers(task)["mongo"]["exitCode"] == 137


@pytest.mark.row("ecs: containers stop in the reverse order of their dependencies", plain="fails")
def test_dependents_stop_first(account):
    kit = Kit(account)
    mongo = kit.container("mongo", f"{REGISTRY}/mongodb:5.0", portMappings=[])
    ui = kit.container(dependsOn=[{"containerName": "mongo", "condition": "START"}])
    arn = kit.run(kit.register(mongo, ui))["taskArn"]
    account.advance(60)
    kit.ecs.stop_task(cluster=kit.cluster, task=arn)
    account.advance(3.5)  # one second of DEACTIVATING, two for the first container
    now = containers(kit.task(arn))
    assert (now["ui"]["lastStatus"], now["mongo"]["lastStatus"]) == ("STOPPED", "RUNNING")


@pytest.mark.row("ecs: containers write to CloudWatch Logs", plain="fails")
def test_log_streams(account):
    kit = Kit(account)
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/ce")
    options = {"awslogs-group": "/ce", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "Netskope"}
    kit.images(**{"*ui5*": {"behaviour": "exit", "after": 5, "log": ["key values mismatch"]}})
    container = kit.container(logConfiguration={"logDriver": "awslogs", "options": options})
    arn = kit.run(kit.register(container))["taskArn"]
    account.advance(60)
    stream = f"Netskope/ui/{arn.split('/')[-1]}"
    assert [s["logStreamName"] for s in logs.describe_log_streams(logGroupName="/ce")["logStreams"]] == [stream]
    lines = [e["message"] for e in logs.get_log_events(logGroupName="/ce", logStreamName=stream)["events"]]
    assert "key values mismatch" in lines


@pytest.mark.row("history of every task state with its file systems", plain="fails")
def test_history_names_the_file_systems(account):
    kit = Kit(account)
    volumes = [
        {"name": "rw", "efsVolumeConfiguration": {"fileSystemId": "fs-rw"}},
        {"name": "ro", "efsVolumeConfiguration": {"fileSystemId": "fs-ro"}},
    ]
    mounts = [
        {"sourceVolume": "rw", "containerPath": "/a"},
        {"sourceVolume": "ro", "containerPath": "/b", "readOnly": True},
    ]
    arn = kit.run(kit.register(kit.container(mountPoints=mounts), volumes=volumes))["taskArn"]
    first = kit.history()[0]
    assert first["task"] == arn and first["state"] == "PROVISIONING" and first["file_systems"] == ["fs-rw"]
