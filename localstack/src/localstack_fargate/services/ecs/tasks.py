"""Tasks: run, stop, describe, list, ECS Exec."""

from __future__ import annotations

import copy

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.ecs import exec_channel, exec_rules, launching, lifecycle, model, service_checks, tags
from localstack_fargate.services.ecs.model import Task, invalid
from localstack_fargate.services.ecs.paging import page
from localstack_fargate.services.ecs.views import task_view


@override("ecs", "RunTask")
def run_task(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request.get("cluster"))
    state = model.of(account, region)
    token = request.get("clientToken")
    if token and token in state.run_tokens:
        return {"tasks": [task_view(t) for t in state.run_tokens[token]], "failures": []}
    definition = model.usable_definition(account, region, request["taskDefinition"])
    count = request.get("count") or 1
    if not 1 <= count <= 10:
        raise invalid("count must be between 1 and 10.")
    service_checks.network(account, region, definition, request.get("networkConfiguration"))
    overrides = request.get("overrides") or {}
    for entry in overrides.get("containerOverrides") or []:
        if definition.container(entry.get("name")) is None:
            raise invalid(
                "Override for container named {} is not a container in the TaskDefinition.".format(entry.get("name"))
            )
    chosen_tags = tags.listed(request.get("tags"))
    if request.get("propagateTags") == "TASK_DEFINITION":
        chosen_tags = definition.tags + chosen_tags
    started, failures = [], []
    for _ in range(count):
        try:
            started.append(
                launching.start(
                    account,
                    region,
                    cluster,
                    definition,
                    request.get("networkConfiguration"),
                    group=request.get("group") or f"family:{definition.family}",
                    launch_type=None if request.get("capacityProviderStrategy") else "FARGATE",
                    platform_version="1.4.0",
                    exec_enabled=bool(request.get("enableExecuteCommand")),
                    overrides=copy.deepcopy(overrides),
                    tags=[dict(t) for t in chosen_tags],
                    started_by=request.get("startedBy"),
                )
            )
        except launching.NoCapacity as error:
            failures.append({"reason": error.reason})
        except (launching.QuotaReached, launching.RoleNotAssumable) as error:
            raise launching.as_api_error(error) from error
    if token and started:
        state.run_tokens[token] = started
    return {"tasks": [task_view(t) for t in started], "failures": failures}


def _find(account, region: str, cluster, wanted: str) -> Task | None:
    for task in model.of(account, region).tasks.values():
        if task.cluster is cluster and wanted in (task.arn, task.id):
            return task
    return None


@override("ecs", "StopTask")
def stop_task(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request.get("cluster"))
    task = _find(account, region, cluster, request["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    lifecycle.stop(account, task, "UserInitiated", request.get("reason") or "Task stopped by user")
    return {"task": task_view(task)}


@override("ecs", "DescribeTasks")
def describe_tasks(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request.get("cluster"))
    wanted = request.get("tasks") or []
    if not wanted:
        raise invalid("Tasks cannot be empty.")
    if len(wanted) > 100:
        raise invalid("Tasks list cannot have more than 100 items.")
    shown, failures = [], []
    for name in wanted:
        task = _find(account, region, cluster, name)
        if task is None:
            arn = name if name.startswith("arn:") else model.make_arn(account, region, f"task/{cluster.name}/{name}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            shown.append(exec_rules.with_agents(account, task_view(task, "TAGS" in (request.get("include") or []))))
    return {"tasks": shown, "failures": failures}


@override("ecs", "ListTasks")
def list_tasks(account, region, request, context, call_next):
    """Filters on the DESIRED status: a task that is still stopping is listed under STOPPED (API reference)."""
    cluster = model.cluster_of(account, region, request.get("cluster"))
    state = model.of(account, region)
    service, family, started_by = request.get("serviceName"), request.get("family"), request.get("startedBy")
    if service is not None:
        service = service.rsplit("/", 1)[-1]
        if (cluster.name, service) not in state.services:
            raise aws_error("ServiceNotFoundException", "Service not found.")
    if started_by and (service or family):
        raise invalid("startedBy cannot be combined with other filters.")
    desired = request.get("desiredStatus") or "RUNNING"
    arns = [
        t.arn
        for t in state.tasks.values()
        if t.cluster is cluster
        and t.desired == desired
        and (service is None or t.group == f"service:{service}")
        and (family is None or t.definition.family == family)
        and (started_by is None or t.started_by == started_by)
        and request.get("launchType") in (None, t.launch_type)
    ]
    shown, more = page(arns, request)
    return {"taskArns": shown, **more}


@override("ecs", "ExecuteCommand")
def execute_command(account, region, request, context, call_next):
    """Answers a session, whose channel the emulator serves itself: `exec_channel.py`."""
    cluster = model.cluster_of(account, region, request.get("cluster"))
    task = _find(account, region, cluster, request["task"])
    if task is None or task.status != "RUNNING" or task.desired != "RUNNING":
        raise invalid("The execute command failed because the task is not running.")
    if not task.exec_enabled or account.settings["ecs.exec_agent_stopped"]:
        raise invalid(
            "The execute command failed because execute command was not enabled when the task was run or the execute "
            "command agent isn't running. Wait and try again or run a new task with execute command enabled and try "
            "again."
        )
    if not request.get("interactive"):
        raise invalid("Interactive is the only mode supported currently.")
    names = [c.name for c in task.containers]
    if not request.get("container") and len(names) > 1:
        raise invalid("Container name is required for a task with several containers.")
    container = next((c for c in task.containers if c.name == (request.get("container") or names[0])), None)
    if container is None:
        raise invalid("The container name is not part of the task.")
    if container.status != "RUNNING":
        raise aws_error(
            "TargetNotConnectedException", "The execute command failed due to an internal error. Try again later."
        )
    name, session = exec_rules.open_session(account, task, container, request["command"], context)
    return {
        "clusterArn": cluster.arn,
        "taskArn": task.arn,
        "containerArn": container.arn,
        "containerName": container.name,
        "interactive": True,
        "session": {
            "sessionId": name,
            "streamUrl": exec_channel.address(context.request.host, account, name),
            "tokenValue": session.token,
        },
    }
