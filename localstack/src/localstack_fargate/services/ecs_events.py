"""The events that ECS, AWS Backup and AWS Health put on the default bus.

Sources: ECS developer guide, "Amazon ECS task state change events", "Amazon ECS service deployment state change events";
AWS Backup developer guide, "Monitoring AWS Backup events using Amazon EventBridge" (best effort, every five minutes: here
at once). ECS developer guide, "Task retirement and maintenance for AWS Fargate" (the event, and how it names services);
AWS Health user guide, "Reference: AWS Health events Amazon EventBridge schema", "Creating EventBridge rules for AWS Region
coverage" (the backup region).

    POST /_emulator/<account>/task-retirement    AWS Health tells that the tasks of all services will be replaced
        {"region": "us-east-1", "days": 7}
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from localstack_fargate.account import Account
from localstack_fargate.control import body_of, route
from localstack_fargate.services import event_bus
from localstack_fargate.services.backup import jobs
from localstack_fargate.services.ecs import deployments, lifecycle, model
from localstack_fargate.services.ecs.model import Deployment, Service, Task


def _task_changed(account: Account, task: Task) -> None:
    told = account.state("ecs.told", dict)
    if told.get(task.arn) == task.status:
        return
    told[task.arn] = task.status
    detail = {
        "clusterArn": task.cluster.arn,
        "taskArn": task.arn,
        "taskDefinitionArn": task.definition.arn,
        "group": task.group,
        "lastStatus": task.status,
        "desiredStatus": task.desired,
        "version": task.version,
        "containers": [
            {"name": one.name, "lastStatus": one.status} | ({"exitCode": one.exit_code} if one.exit_code is not None else {})
            for one in task.containers
        ],
    }
    if task.stop_code:
        detail |= {"stopCode": task.stop_code, "stoppedReason": task.stopped_reason or ""}
    event_bus.emit(account, task.region, "aws.ecs", "ECS Task State Change", [task.arn], detail)


def _deployment_failed(account: Account, service: Service, deployment: Deployment) -> None:
    detail = {
        "eventType": "ERROR",
        "eventName": "SERVICE_DEPLOYMENT_FAILED",
        "deploymentId": deployment.id,
        "reason": deployment.reason,
    }
    kind = "ECS Deployment State Change"
    event_bus.emit(account, service.region, "aws.ecs", kind, [service.arn], detail)


def _backup_ended(account: Account, region: str, job: dict) -> None:
    detail = {
        "backupJobId": job["BackupJobId"],
        "backupVaultName": job["BackupVaultName"],
        "backupVaultArn": job["BackupVaultArn"],
        "resourceArn": job["ResourceArn"],
        "resourceType": job["ResourceType"],
        "state": job["State"],
        "statusMessage": job.get("StatusMessage", ""),
    }
    event_bus.emit(account, region, "aws.backup", "Backup Job State Change", [job["RecoveryPointArn"]], detail)


@route("task-retirement", ("POST",))
def _retire(account: Account, request: Any) -> list[str]:
    """One event names all services with tasks; it goes to the backup region too, where `eventRegion` tells it apart."""
    wanted = body_of(request)
    region, now = wanted.get("region", "us-east-1"), account.clock.now()
    services = model.of(account, region).services.values()
    running = [service for service in services if service.status == "ACTIVE" and service.desired]
    resources = [f"{service.cluster.name}|{service.name}" for service in running]
    code = "AWS_ECS_TASK_PATCHING_RETIREMENT"
    detail = {
        "eventArn": f"arn:aws:health:{region}::event/ECS/{code}/{code}_{uuid.uuid4().hex}",
        "service": "ECS",
        "eventTypeCode": code,
        "eventTypeCategory": "scheduledChange",
        "eventScopeCode": "ACCOUNT_SPECIFIC",
        "communicationId": f"{uuid.uuid4().hex}-1",
        "statusCode": "upcoming",
        "eventRegion": region,
        "startTime": _health_time(now + wanted.get("days", 7) * 86_400),
        "lastUpdatedTime": _health_time(now),
        "eventDescription": [{"language": "en_US", "latestDescription": "AWS Fargate has deployed a new platform version."}],
        "affectedEntities": [{"entityValue": resource} for resource in resources],
        "page": "1",
        "totalPages": "1",
    }
    backup = "us-east-1" if region == "us-west-2" else "us-west-2"
    for where in (region, backup):
        event_bus.emit(account, where, "aws.health", "AWS Health Event", resources, detail)
    return resources


def _health_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


lifecycle.ON_CHANGE.append(_task_changed)
deployments.ON_FAILURE.append(_deployment_failed)
jobs.ON_END.append(_backup_ended)
