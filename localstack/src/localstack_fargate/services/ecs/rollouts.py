"""Service deployments and service revisions as resources of their own.

Source: ECS API reference, ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions,
StopServiceDeployment.
"""

from __future__ import annotations

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.ecs import model
from localstack_fargate.services.ecs.images import digest_of
from localstack_fargate.services.ecs.model import Deployment, Service, invalid
from localstack_fargate.services.ecs.paging import page
from localstack_fargate.services.ecs.views import revision_summary


def _all(account, region: str) -> list[tuple[Service, Deployment]]:
    return [(s, d) for s in model.of(account, region).services.values() for d in s.past]


def _times(deployment: Deployment) -> dict:
    answer = {"createdAt": deployment.created_at, "startedAt": deployment.created_at}
    if deployment.finished_at is not None:
        answer["finishedAt"] = deployment.finished_at
    if deployment.record_reason:
        answer["statusReason"] = deployment.record_reason
    return answer


@override("ecs", "ListServiceDeployments")
def list_service_deployments(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request.get("cluster"))
    name = request["service"].rsplit("/", 1)[-1]
    service = model.of(account, region).services.get((cluster.name, name))
    if service is None:
        raise aws_error("ServiceNotFoundException", "Service not found.")
    wanted = request.get("status")
    briefs = [
        {
            "serviceDeploymentArn": d.arn,
            "serviceArn": service.arn,
            "clusterArn": cluster.arn,
            "targetServiceRevisionArn": d.revision.arn,
            "status": d.record,
            **_times(d),
        }
        for d in service.past
        if not wanted or d.record in wanted
    ]
    shown, more = page(briefs, request)
    return {"serviceDeployments": shown, **more}


@override("ecs", "DescribeServiceDeployments")
def describe_service_deployments(account, region, request, context, call_next):
    wanted = request.get("serviceDeploymentArns") or []
    if not 1 <= len(wanted) <= 20:
        raise invalid("Between 1 and 20 service deployments can be described at a time.")
    known = {d.arn: (s, d) for s, d in _all(account, region)}
    shown = [_view(account, *known[arn]) for arn in wanted if arn in known]
    failures = [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known]
    return {"serviceDeployments": shown, "failures": failures}


def _view(account, service: Service, deployment: Deployment) -> dict:
    tasks = model.tasks_of(account, service)
    enabled = bool(deployment.breaker.get("enable"))
    state = "DISABLED"
    if enabled:
        state = "TRIGGERED" if deployment.rollout == "FAILED" else "MONITORING"
        if deployment.rollout == "COMPLETED":
            state = "MONITORING_COMPLETE"
    return {
        "serviceDeploymentArn": deployment.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster.arn,
        "updatedAt": deployment.updated_at,
        "sourceServiceRevisions": [
            {"arn": r.arn, "requestedTaskCount": 0, "runningTaskCount": 0, "pendingTaskCount": 0}
            for r in deployment.sources
        ],
        "targetServiceRevision": revision_summary(deployment.revision, deployment, tasks),
        "status": deployment.record,
        "deploymentConfiguration": deployment.configuration,
        "deploymentCircuitBreaker": {
            "status": state,
            "failureCount": deployment.failed,
            "threshold": deployment.threshold,
        },
        **_times(deployment),
    }


@override("ecs", "DescribeServiceRevisions")
def describe_service_revisions(account, region, request, context, call_next):
    wanted = request.get("serviceRevisionArns") or []
    if not 1 <= len(wanted) <= 20:
        raise invalid("Between 1 and 20 service revisions can be described at a time.")
    known = {d.revision.arn: (s, d.revision) for s, d in _all(account, region)}
    shown = []
    for arn in wanted:
        if arn not in known:
            continue
        service, revision = known[arn]
        view = {
            "serviceRevisionArn": arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster.arn,
            "taskDefinition": revision.definition.arn,
            "launchType": revision.launch_type or "FARGATE",
            "platformVersion": "1.4.0" if revision.platform_version == "LATEST" else revision.platform_version,
            "platformFamily": "Linux",
            "loadBalancers": revision.load_balancers,
            "containerImages": [
                {"containerName": c["name"], "image": c["image"], "imageDigest": digest_of(account, c["image"])}
                for c in revision.definition.body["containerDefinitions"]
            ],
            "createdAt": revision.created_at,
        }
        if revision.network:
            view["networkConfiguration"] = revision.network
        shown.append(view)
    failures = [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known]
    return {"serviceRevisions": shown, "failures": failures}
