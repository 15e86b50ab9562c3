"""ECS's answers: tasks, services, clusters and deployments in the shapes of the API reference."""

from __future__ import annotations

from localstack_fargate.services.ecs import model
from localstack_fargate.services.ecs.model import Cluster, Container, Deployment, Revision, Service, Task


def task_view(task: Task, tags: bool = True) -> dict:
    body = task.definition.body
    answer = {
        "attachments": [_attachment(task)] if task.eni else [],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "clusterArn": task.cluster.arn,
        "containers": [container_view(task, c) for c in task.containers],
        "cpu": body.get("cpu", "0"),
        "memory": body.get("memory", "0"),
        "createdAt": task.created_at,
        "desiredStatus": task.desired,
        "enableExecuteCommand": task.exec_enabled,
        "group": task.group,
        "healthStatus": task.health,
        "inferenceAccelerators": [],
        "lastStatus": task.status,
        "overrides": {
            "containerOverrides": [{"name": c.name} for c in task.containers if not c.injected],
            "inferenceAcceleratorOverrides": [],
            **task.overrides,
        },
        "platformFamily": "Linux",
        "platformVersion": task.platform_version,
        "tags": list(task.tags) if tags else [],
        "taskArn": task.arn,
        "taskDefinitionArn": task.definition.arn,
        "version": task.version,
        "ephemeralStorage": body.get("ephemeralStorage") or {"sizeInGiB": 20},
        "fargateEphemeralStorage": body.get("ephemeralStorage") or {"sizeInGiB": 20},
    }
    if task.launch_type:
        answer["launchType"] = task.launch_type
    else:
        answer["capacityProviderName"] = "FARGATE"
    for key in "connectivityAt pullStartedAt pullStoppedAt startedAt stoppingAt stoppedAt executionStoppedAt".split():
        if key in task.times:
            answer[key] = task.times[key]
    if "connectivityAt" in task.times:
        answer["connectivity"] = "CONNECTED"
    for key, value in (
        ("availabilityZone", task.zone),
        ("startedBy", task.started_by),
        ("stopCode", task.stop_code),
        ("stoppedReason", task.stopped_reason),
    ):
        if value:
            answer[key] = value
    return answer


def _attachment(task: Task) -> dict:
    eni = task.eni
    details = {
        "subnetId": task.subnet_id,
        "networkInterfaceId": eni.id,
        "macAddress": eni.mac_address,
        "privateDnsName": getattr(eni, "private_dns_name", None),
        "privateIPv4Address": eni.private_ip_address,
    }
    return {
        "id": task.attachment_id,
        "type": "ElasticNetworkInterface",
        "status": task.attached,
        "details": [{"name": k, "value": v} for k, v in details.items() if v],
    }


def container_view(task: Task, container: Container) -> dict:
    definition = container.definition
    answer = {
        "containerArn": container.arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": definition["image"],
        "lastStatus": container.status,
        "networkBindings": [],
        "networkInterfaces": _interfaces(task),
        "healthStatus": container.health,
    }
    for key in ("cpu", "memory", "memoryReservation"):
        if definition.get(key) is not None:
            answer[key] = str(definition[key])
    for key, value in (
        ("imageDigest", container.digest),
        ("runtimeId", container.runtime_id),
        ("exitCode", container.exit_code),
        ("reason", container.reason),
    ):
        if value is not None:
            answer[key] = value
    if task.exec_enabled and not container.injected:
        answer["managedAgents"] = [_agent(task, container)]
    return answer


def _interfaces(task: Task) -> list[dict]:
    if not task.eni or task.status == "PROVISIONING":
        return []
    return [{"attachmentId": task.attachment_id, "privateIpv4Address": task.address}]


def _agent(task: Task, container: Container) -> dict:
    agent = {"name": "ExecuteCommandAgent", "lastStatus": container.status}
    if container.started_at is not None:
        agent["lastStartedAt"] = container.started_at
    return agent


def cluster_view(account, region: str, cluster: Cluster, include: list[str]) -> dict:
    state = model.of(account, region)
    tasks = [t for t in state.tasks.values() if t.cluster is cluster]
    services = [s for s in state.services.values() if s.cluster is cluster and s.status == "ACTIVE"]
    answer = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": sum(t.status == "RUNNING" for t in tasks),
        "pendingTasksCount": sum(t.status in PENDING for t in tasks),
        "activeServicesCount": len(services),
        "statistics": [],
        "tags": list(cluster.tags) if "TAGS" in include else [],
        "settings": list(cluster.settings) if "SETTINGS" in include else [],
        "capacityProviders": list(cluster.capacity_providers),
        "defaultCapacityProviderStrategy": list(cluster.strategy),
    }
    if "CONFIGURATIONS" in include and cluster.configuration:
        answer["configuration"] = cluster.configuration
    if cluster.service_connect:
        answer["serviceConnectDefaults"] = cluster.service_connect
    return answer


PENDING = ("PROVISIONING", "PENDING", "ACTIVATING")


def counts(tasks: list[Task]) -> dict:
    return {
        "runningCount": sum(t.status == "RUNNING" for t in tasks),
        "pendingCount": sum(t.status in PENDING for t in tasks),
    }


def service_view(account, service: Service, tags: bool = True) -> dict:
    tasks = model.tasks_of(account, service)
    revision = service.primary.revision
    listed = [] if service.status == "INACTIVE" else service.deployments
    answer = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster.arn,
        "loadBalancers": list(revision.load_balancers),
        "serviceRegistries": [],
        "status": service.status,
        "desiredCount": service.desired,
        **counts(tasks),
        **_placement(revision),
        "taskDefinition": revision.definition.arn,
        "deploymentConfiguration": service.configuration,
        "deployments": [deployment_view(d, tasks) for d in listed],
        "events": list(service.events),
        "createdAt": service.created_at,
        "createdBy": service.created_by,
        "currentServiceDeployment": service.primary.arn,
        "currentServiceRevisions": [revision_summary(d.revision, d, tasks) for d in listed],
        "placementConstraints": [],
        "placementStrategy": [],
        "tags": list(service.tags) if tags else [],
        **service.options,
    }
    if revision.load_balancers:
        answer["healthCheckGracePeriodSeconds"] = service.grace
    if service.role_arn:
        answer["roleArn"] = service.role_arn
    if revision.network:
        answer["networkConfiguration"] = revision.network
    return answer


def _placement(revision: Revision) -> dict:
    answer = {"platformVersion": revision.platform_version, "platformFamily": "Linux"}
    if revision.strategy:
        answer["capacityProviderStrategy"] = revision.strategy
    else:
        answer["launchType"] = revision.launch_type or "FARGATE"
    return answer


def deployment_view(deployment: Deployment, tasks: list[Task]) -> dict:
    own = [t for t in tasks if t.deployment is deployment]
    answer = {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": deployment.revision.definition.arn,
        "desiredCount": deployment.desired,
        **counts(own),
        "failedTasks": deployment.failed,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        **_placement(deployment.revision),
        "rolloutState": deployment.rollout,
        "rolloutStateReason": deployment.reason,
    }
    if deployment.revision.network:
        answer["networkConfiguration"] = deployment.revision.network
    return answer


def revision_summary(revision: Revision, deployment: Deployment, tasks: list[Task]) -> dict:
    own = counts([t for t in tasks if t.deployment is deployment])
    return {
        "arn": revision.arn,
        "requestedTaskCount": deployment.desired,
        "runningTaskCount": own["runningCount"],
        "pendingTaskCount": own["pendingCount"],
    }
