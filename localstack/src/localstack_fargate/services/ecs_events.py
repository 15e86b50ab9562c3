"""The events that ECS and AWS Backup put on the default bus.

Sources: ECS developer guide, "Amazon ECS task state change events", "Amazon ECS service deployment state change events";
AWS Backup developer guide, "Monitoring AWS Backup events using Amazon EventBridge" (best effort, every five minutes: here
at once).
"""

from __future__ import annotations

from localstack_fargate.account import Account
from localstack_fargate.services import event_bus
from localstack_fargate.services.backup import jobs
from localstack_fargate.services.ecs import deployments, lifecycle
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


lifecycle.ON_CHANGE.append(_task_changed)
deployments.ON_FAILURE.append(_deployment_failed)
jobs.ON_END.append(_backup_ended)
