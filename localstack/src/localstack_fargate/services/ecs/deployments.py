"""Deployments of a service: begin, complete, fail, roll back, and the events that tell of them.

Source: ECS developer guide, "Deployment circuit breaker" and "Service event messages"; API reference, Deployment and
ServiceDeployment.
"""

from __future__ import annotations

import copy
import uuid
from typing import Callable

from localstack_fargate.services.ecs import model
from localstack_fargate.services.ecs.model import Deployment, Revision, Service, digits


ON_FAILURE: list[Callable] = []
"""fn(account, service, deployment), when the circuit breaker has given up."""


def tell(account, service: Service, message: str) -> None:
    """A service event; the newest 100 are kept."""
    event = {
        "id": str(uuid.uuid4()),
        "createdAt": account.clock.now(),
        "message": f"(service {service.name}) {message}",
    }
    service.events.insert(0, event)
    del service.events[100:]


def new_revision(account, service: Service, definition, **facts) -> Revision:
    resource = f"service-revision/{service.cluster.name}/{service.name}/{digits(19)}"
    return Revision(
        arn=model.make_arn(account, service.region, resource),
        definition=definition,
        created_at=account.clock.now(),
        **facts,
    )


def begin(account, service: Service, revision: Revision, rolls_back: str | None = None) -> Deployment:
    """Makes the revision the PRIMARY deployment; what was PRIMARY becomes ACTIVE until its tasks are gone."""
    now = account.clock.now()
    sources = [d.revision for d in service.deployments]
    for old in service.deployments:
        old.status = "ACTIVE"
        if old.record == "IN_PROGRESS":
            _close(account, old, "STOPPED", "Service deployment stopped because a new one was started.")
    identity = f"ecs-svc/{digits(19)}"
    reason = f"ECS deployment {identity} in progress."
    if rolls_back:
        reason = f"ECS deployment circuit breaker: rolling back to deploymentId {rolls_back}."
    deployment = Deployment(
        id=identity,
        arn=model.make_arn(
            account, service.region, f"service-deployment/{service.cluster.name}/{service.name}/{model.hex_id()[:21]}"
        ),
        revision=revision,
        sources=sources,
        created_at=now,
        updated_at=now,
        desired=service.desired,
        breaker=service.configuration.get("deploymentCircuitBreaker") or {"enable": False, "rollback": False},
        configuration=copy.deepcopy(service.configuration),
        reason=reason,
        rolls_back=rolls_back,
    )
    service.deployments.insert(0, deployment)
    service.past.insert(0, deployment)
    service.failures, service.not_before, service.steady = 0, 0.0, False
    return deployment


def complete(account, service: Service, deployment: Deployment) -> None:
    deployment.rollout = "COMPLETED"
    deployment.reason = f"ECS deployment {deployment.id} completed."
    if deployment.rolls_back:
        failed = next((d for d in service.past if d.record == "ROLLBACK_IN_PROGRESS"), None)
        if failed:
            _close(account, failed, "ROLLBACK_SUCCESSFUL", failed.record_reason)
    _close(account, deployment, "SUCCESSFUL", None)
    tell(account, service, f"(deployment {deployment.id}) deployment completed.")


def _close(account, deployment: Deployment, record: str, reason: str | None) -> None:
    deployment.record, deployment.record_reason = record, reason
    deployment.finished_at = deployment.updated_at = account.clock.now()


def note_failure(account, service: Service, deployment: Deployment) -> None:
    """A task could not be launched, never ran, or failed its health checks before the deployment proved itself."""
    service.failures += 1
    wait = min(account.settings["ecs.backoff"] * 2 ** (service.failures - 1), account.settings["ecs.backoff_max"])
    service.not_before = account.clock.now() + wait
    if service.failures == 3:
        tell(
            account,
            service,
            "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section "
            "of the Amazon ECS Developer Guide.",
        )
    if deployment.verified or deployment.rollout != "IN_PROGRESS":
        return
    deployment.failed += 1
    deployment.updated_at = account.clock.now()
    if deployment.breaker.get("enable") and deployment.failed >= deployment.threshold:
        _trip(account, service, deployment)


def _trip(account, service: Service, deployment: Deployment) -> None:
    text = "ECS deployment circuit breaker: tasks failed to start."
    deployment.rollout, deployment.reason = "FAILED", text
    tell(account, service, f"(deployment {deployment.id}) deployment failed: tasks failed to start.")
    for listener in ON_FAILURE:
        listener(account, service, deployment)
    good = next((d for d in service.past if d.record == "SUCCESSFUL" and d is not deployment), None)
    if deployment.breaker.get("rollback") and good is not None:
        begin(account, service, good.revision, rolls_back=good.id)
        tell(account, service, f"rolling back to deployment {good.id}.")
        _close(account, deployment, "ROLLBACK_IN_PROGRESS", text)
        deployment.finished_at = None
    else:
        _close(account, deployment, "STOPPED", text)
