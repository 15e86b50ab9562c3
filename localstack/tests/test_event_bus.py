"""Events of ECS and AWS Backup on the default bus, and rules that pass them on to a topic."""

import json
import time

import pytest
from ecs_kit import Kit
from test_alarms import Watch
from test_backup import backed, completed  # noqa: F401

NOT_ON_PURPOSE = {"anything-but": {"prefix": "Scaling activity initiated by"}}


def rule(watch, pattern, template, **takes):
    events = watch.account.client("events")
    events.put_rule(Name="probe", EventPattern=json.dumps(pattern))
    line = {"InputPathsMap": takes, "InputTemplate": template}
    events.put_targets(Rule="probe", Targets=[{"Id": "t", "Arn": watch.topic, "InputTransformer": line}])


def lines(watch):
    """What has reached the queue."""
    found, until = [], time.monotonic() + 3
    while time.monotonic() < until:
        answer = watch.sqs.receive_message(QueueUrl=watch.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        found += [message["Body"] for message in answer.get("Messages") or []]
        for message in answer.get("Messages") or []:
            watch.sqs.delete_message(QueueUrl=watch.queue, ReceiptHandle=message["ReceiptHandle"])
        if found and not answer.get("Messages"):
            break
    return found


@pytest.mark.row("events:aws.ecs ECS Task State Change, by its reason", plain="fails")
def test_stopped_task(account):
    kit, watch = Kit(account), Watch(account)
    kit.create()
    account.advance(900)
    detail = {"lastStatus": ["STOPPED"], "group": ["service:svc"], "stoppedReason": [NOT_ON_PURPOSE]}
    pattern = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"], "detail": detail}
    takes = {"reason": "$.detail.stoppedReason", "code": "$.detail.stopCode"}
    rule(watch, pattern, '"stopped: <reason> (<code>)"', **takes)
    kit.update(desiredCount=0)
    account.advance(900)
    assert lines(watch) == []
    kit.update(desiredCount=1)
    account.advance(900)
    kit.images(**{"*": {"behaviour": "exit", "exit_code": 1, "after": 10}})
    account.advance(120)
    found = lines(watch)
    assert found and set(found) == {"stopped: Essential container in task exited (EssentialContainerExited)"}


@pytest.mark.row("events:aws.ecs SERVICE_DEPLOYMENT_FAILED", plain="fails")
def test_failed_deployment(account):
    kit, watch = Kit(account), Watch(account)
    kit.images(**{"*": {"behaviour": "missing"}})
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    arn = kit.create(deploymentConfiguration=breaker)["serviceArn"]
    pattern = {"source": ["aws.ecs"], "resources": [arn], "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}}
    rule(watch, pattern, '"failed: <reason>"', reason="$.detail.reason")
    account.advance(7200)
    assert lines(watch) == ["failed: ECS deployment circuit breaker: tasks failed to start."]


@pytest.mark.row("events:aws.backup Backup Job State Change", plain="fails")
def test_failed_backup(backed):  # noqa: F811
    account, system = backed[0], backed[2]
    watch = Watch(account)
    pattern = {"source": ["aws.backup"], "detail": {"state": ["FAILED"], "resourceArn": [system]}}
    rule(watch, pattern, '"<state>"', state="$.detail.state")
    completed(backed)
    assert lines(watch) == []
    account.settings(**{"backup.fail_next": 1})
    completed(backed)
    assert lines(watch) == ["FAILED"]


@pytest.mark.row("events:aws.health retirement of Fargate tasks, by cluster and service", plain="fails")
def test_task_retirement(account):
    kit, watch = Kit(account), Watch(account)
    kit.create()
    account.advance(900)
    detail = {"eventTypeCode": ["AWS_ECS_TASK_PATCHING_RETIREMENT"], "eventRegion": ["us-east-1"]}
    pattern = {"source": ["aws.health"], "detail-type": ["AWS Health Event"], "detail": detail}
    rule(watch, pattern | {"resources": [f"{kit.cluster}|svc"]}, '"from <start>"', start="$.detail.startTime")
    account.control("task-retirement", {"days": 7})
    [line] = lines(watch)
    assert line.startswith("from ") and line.endswith(" GMT")
    rule(watch, pattern | {"resources": [f"{kit.cluster}|other"]}, '"from <start>"', start="$.detail.startTime")
    account.control("task-retirement", {"days": 7})
    assert lines(watch) == []


@pytest.mark.row("events:a topic whose policy does not admit the rule gets nothing", plain="fails")
def test_not_admitted(backed):  # noqa: F811
    account, system = backed[0], backed[2]
    watch = Watch(account)
    pattern = {"source": ["aws.backup"], "detail": {"resourceArn": [system]}}
    rule(watch, pattern, '"<state>"', state="$.detail.state")
    watch.admit("cloudwatch.amazonaws.com")
    completed(backed)
    assert lines(watch) == []
    watch.admit("events.amazonaws.com")
    completed(backed)
    assert lines(watch) == ["COMPLETED"]
