"""Task volumes, what the network mode rules out, memory limits, and how long a task definition may be.

Sources: docs/aws-behaviour.md, "Task volumes, host names and memory limits in ECS".
"""

import pytest
from conftest import refused
from ecs_kit import Kit


def _words(error):
    return error.response["Error"]["Message"]


@pytest.mark.row(
    "ecs: a volume with nothing but a name is a bind mount, and is shown with an empty host", plain="fails"
)
def test_a_volume_without_a_host_is_a_bind_mount(account):
    kit = Kit(account)
    mount = {"sourceVolume": "certs", "containerPath": "/certs", "readOnly": True}
    arn = kit.register(kit.container(mountPoints=[mount]), volumes=[{"name": "certs"}])
    shown = kit.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert shown["volumes"] == [{"name": "certs", "host": {}}]
    assert shown["containerDefinitions"][0]["mountPoints"] == [mount]


@pytest.mark.row("neg:RegisterTaskDefinition host.sourcePath on Fargate -> ClientException", plain="fails")
def test_a_path_of_the_host_is_refused(account):
    kit = Kit(account)
    volume = {"name": "certs", "host": {"sourcePath": "/certs"}}
    error = refused(lambda: kit.register(kit.container(), volumes=[volume]), "ClientException")
    assert _words(error) == "host.sourcePath should not be set for volumes in Fargate."


@pytest.mark.row("neg:RegisterTaskDefinition extraHosts, links with awsvpc -> ClientException", plain="fails")
@pytest.mark.parametrize(
    "more, words",
    [
        ({"links": ["core"]}, "Links are not supported when networkMode=awsvpc"),
        (
            {"extraHosts": [{"hostname": "core", "ipAddress": "127.0.0.1"}]},
            "Extra hosts are not supported on container when networkMode=awsvpc",
        ),
        ({"hostname": "core"}, "hostname is not supported on container when networkMode=awsvpc."),
        ({"dnsServers": ["10.0.0.2"]}, "DNS servers are not supported on container when networkMode=awsvpc"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_names_are_refused_with_awsvpc(account, more, words):
    kit = Kit(account)
    assert _words(refused(lambda: kit.register(kit.container(**more)), "ClientException")) == words


@pytest.mark.row("neg:RegisterTaskDefinition a container's memory above the task's -> ClientException", plain="fails")
@pytest.mark.parametrize(
    "limits",
    [
        [{"memory": 4096}],
        [{"memoryReservation": 4096}],
        [{"memory": 256, "memoryReservation": 512}],
        [{"memory": 1024}, {"memory": 1025}],
        [{"memoryReservation": 1024, "memory": 2048}, {"memoryReservation": 1025}],
    ],
    ids=lambda limits: "+".join("/".join(map(str, one.values())) for one in limits),
)
def test_memory_above_the_task_s(account, limits):
    kit = Kit(account)
    containers = [kit.container(f"c{n}", portMappings=[], **one) for n, one in enumerate(limits)]
    error = refused(lambda: kit.register(*containers), "ClientException")
    if limits == [{"memory": 4096}]:
        assert _words(error) == "The 'memory' setting for container 'c0' is greater than for the task."


@pytest.mark.row("ecs: hard limits up to the task's memory, of some containers", plain="passes")
def test_memory_within_the_task_s(account):
    kit = Kit(account)
    limits = [{"memory": 1024}, {"memory": 512, "memoryReservation": 256}, {"memory": 768}, {}]
    kit.register(*(kit.container(f"c{n}", portMappings=[], **one) for n, one in enumerate(limits)))


@pytest.mark.row("ecs: a container over its memory is killed: OutOfMemoryError, 137", plain="fails")
def test_out_of_memory(account):
    kit = Kit(account)
    kit.images(**{"*ui5*": {"behaviour": "out-of-memory", "after": 5}})
    arn = kit.run(kit.register(kit.container(memory=256)))["taskArn"]
    account.advance(120)
    task = kit.task(arn)
    [container] = task["containers"]
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert container["exitCode"] == 137
    assert container["reason"] == "OutOfMemoryError: Container killed due to memory usage"


@pytest.mark.row("neg:RegisterTaskDefinition longer than 64 KiB -> ClientException", plain="fails")
def test_a_task_definition_has_64_kib(account):
    kit = Kit(account)
    kit.register(kit.container(environment=[{"name": "A", "value": "x" * 60_000}]))
    wanted = kit.container(environment=[{"name": "A", "value": "x" * 65_536}], dockerLabels={"a": "b"})
    words = _words(refused(lambda: kit.register(wanted), "ClientException"))
    assert words.startswith("Actual length: '6") and words.endswith("Max allowed length is '65536' bytes.")


@pytest.mark.row("ecs: a mount inside a read-only mount cannot be made", plain="fails")
@pytest.mark.parametrize("read_only", [True, False])
def test_a_mount_inside_a_read_only_mount(account, read_only):
    kit = Kit(account)
    outer = {"sourceVolume": "outer", "containerPath": "/etc/certs", "readOnly": read_only}
    inner = {"sourceVolume": "inner", "containerPath": "/etc/certs/ours"}
    container = kit.container(mountPoints=[outer, inner])
    arn = kit.run(kit.register(container, volumes=[{"name": "outer"}, {"name": "inner"}]))["taskArn"]
    account.advance(120)
    task = kit.task(arn)
    if read_only:
        assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "TaskFailedToStart")
        assert task["stoppedReason"].startswith("CannotStartContainerError: ")
        assert "read-only file system" in task["containers"][0]["reason"]
    else:
        assert task["lastStatus"] == "RUNNING"
