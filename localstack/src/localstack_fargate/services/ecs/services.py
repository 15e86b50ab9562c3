"""Services: create, describe, list, update, delete."""

from __future__ import annotations

import copy

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.ecs import deployments, model, roles, scheduler, service_checks, tags
from localstack_fargate.services.ecs.model import Service, invalid
from localstack_fargate.services.ecs.paging import page
from localstack_fargate.services.ecs.views import service_view

OPTIONS = {
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "enableExecuteCommand": False,
    "availabilityZoneRebalancing": "DISABLED",
}
"""Answered as given, with AWS's defaults."""


@override("ecs", "CreateService")
def create_service(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request.get("cluster"))
    name = request["serviceName"]
    service_checks.name(name)
    state = model.of(account, region)
    existing = state.services.get((cluster.name, name))
    if existing and existing.status != "INACTIVE":
        if existing.status == "DRAINING":
            raise invalid("Unable to Start a service that is still Draining.")
        if existing.token and existing.token == request.get("clientToken"):
            return {"service": service_view(account, existing)}
        raise invalid("Creation of service was not idempotent.")
    alive = [one for (owner, _), one in state.services.items() if owner == cluster.name and one.status != "INACTIVE"]
    if len(alive) >= account.settings["quota.services_per_cluster"]:
        raise aws_error("ClientException", "The maximum number of services has been reached.")  # words unverified
    if account.settings["ecs.require_service_role"] and not roles.service_linked(account):
        raise invalid(
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
        )
    roles.check_service_linked(account)
    if not request.get("taskDefinition"):
        raise invalid("TaskDefinition can not be blank.")
    definition = model.usable_definition(account, region, request["taskDefinition"])
    if request.get("launchType") == "FARGATE" and "FARGATE" not in definition.body["compatibilities"]:
        raise invalid("Task definition does not support launch_type FARGATE.")
    if request.get("launchType") and request.get("capacityProviderStrategy"):
        raise invalid("Specifying both a launch type and capacity provider strategy is not supported.")
    if request.get("desiredCount") is None:
        raise invalid("Desired count cannot be null. Please specify a valid value.")
    service_checks.network(account, region, definition, request.get("networkConfiguration"))
    service_checks.load_balancers(account, region, definition, request.get("loadBalancers"))
    service = Service(
        name=name,
        arn=model.make_arn(account, region, f"service/{cluster.name}/{name}"),
        region=region,
        cluster=cluster,
        desired=request["desiredCount"],
        configuration=service_checks.configuration(request.get("deploymentConfiguration")),
        grace=service_checks.grace(request.get("healthCheckGracePeriodSeconds"), request.get("loadBalancers") or []),
        options={**OPTIONS, **_options(request)},
        tags=tags.listed(request.get("tags")),
        created_at=account.clock.now(),
        created_by=roles.caller(account, region),
        role_arn=roles.service_linked(account),
        token=request.get("clientToken"),
    )
    _settle_rebalancing(service, request.get("availabilityZoneRebalancing"))
    revision = deployments.new_revision(
        account,
        service,
        definition,
        network=_network(request.get("networkConfiguration")),
        load_balancers=copy.deepcopy(request.get("loadBalancers") or []),
        platform_version=service_checks.platform(request.get("platformVersion")),
        launch_type=request.get("launchType"),
        strategy=copy.deepcopy(request.get("capacityProviderStrategy") or []),
    )
    deployments.begin(account, service, revision)
    state.services[cluster.name, name] = service
    scheduler.wake(account, service)
    return {"service": service_view(account, service)}


def _options(request: dict) -> dict:
    return {key: copy.deepcopy(request[key]) for key in OPTIONS if request.get(key) is not None}


def _settle_rebalancing(service: Service, wanted: str | None) -> None:
    """ENABLED unless said otherwise, where the service allows it (API reference, CreateService)."""
    possible = service.configuration["maximumPercent"] > 100
    if wanted == "ENABLED" and not possible:
        raise invalid("availabilityZoneRebalancing requires a maximumPercent greater than 100.")
    service.options["availabilityZoneRebalancing"] = wanted or ("ENABLED" if possible else "DISABLED")


def _network(wanted: dict | None) -> dict | None:
    if not wanted:
        return None
    network = copy.deepcopy(wanted)
    network["awsvpcConfiguration"].setdefault("securityGroups", [])
    network["awsvpcConfiguration"].setdefault("assignPublicIp", "DISABLED")
    return network


def _find(account, region: str, cluster, wanted: str) -> Service | None:
    found = model.of(account, region).services.get((cluster.name, wanted.rsplit("/", 1)[-1]))
    return None if found and wanted.startswith("arn:") and found.arn != wanted else found


@override("ecs", "DescribeServices")
def describe_services(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request.get("cluster"))
    wanted = request.get("services") or []
    if not 1 <= len(wanted) <= 10:
        raise invalid("Services cannot be empty." if not wanted else "Services list cannot have more than 10 items.")
    shown, failures = [], []
    for name in wanted:
        service = _find(account, region, cluster, name)
        if service is None:
            arn = name if name.startswith("arn:") else model.make_arn(account, region, f"service/{cluster.name}/{name}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            shown.append(service_view(account, service, "TAGS" in (request.get("include") or [])))
    return {"services": shown, "failures": failures}


@override("ecs", "ListServices")
def list_services(account, region, request, context, call_next):
    """DRAINING and INACTIVE services are not listed (API reference, DeleteService)."""
    cluster = model.cluster_of(account, region, request.get("cluster"))
    launch, strategy = request.get("launchType"), request.get("schedulingStrategy")
    arns = [
        s.arn
        for s in model.of(account, region).services.values()
        if s.cluster is cluster
        and s.status == "ACTIVE"
        and launch in (None, s.primary.revision.launch_type)
        and strategy in (None, s.options["schedulingStrategy"])
    ]
    request = {"maxResults": 10, **request}
    shown, more = page(arns, request)
    return {"serviceArns": shown, **more}


@override("ecs", "UpdateService")
def update_service(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request.get("cluster"))
    service = _find(account, region, cluster, request["service"])
    if service is None:
        raise aws_error("ServiceNotFoundException", "Service not found.")
    if service.status != "ACTIVE":
        raise aws_error("ServiceNotActiveException", "Service was not ACTIVE.")
    before = service.primary.revision
    changes = _changes(account, region, service, request)
    configuration = service_checks.configuration(request.get("deploymentConfiguration"), service.configuration)
    options = {**service.options, **_options(request)}
    if request.get("healthCheckGracePeriodSeconds") is not None:
        balancers = changes.get("load_balancers", before.load_balancers) and before.load_balancers
        service.grace = service_checks.grace(request["healthCheckGracePeriodSeconds"], balancers)
    if request.get("desiredCount") is not None:
        if request["desiredCount"] < 0:
            raise invalid("desiredCount must not be negative.")
        service.desired = request["desiredCount"]
        service.steady = False
    service.configuration, service.options = configuration, options
    service.primary.configuration = copy.deepcopy(configuration)
    service.primary.breaker = configuration["deploymentCircuitBreaker"]
    if changes or request.get("forceNewDeployment"):
        facts = {
            "definition": before.definition,
            "network": before.network,
            "load_balancers": before.load_balancers,
            "platform_version": before.platform_version,
            "launch_type": before.launch_type,
            "strategy": before.strategy,
            **changes,
        }
        deployments.begin(account, service, deployments.new_revision(account, service, **facts))
    elif service.primary.rollout != "FAILED":
        service.primary.desired = service.desired
        service.primary.updated_at = account.clock.now()
    scheduler.wake(account, service)
    return {"service": service_view(account, service)}


def _changes(account, region: str, service: Service, request: dict) -> dict:
    """The parts of the revision that the request changes; each of them makes a new deployment."""
    before = service.primary.revision
    wanted: dict = {}
    definition = before.definition
    if request.get("taskDefinition"):
        found = model.definition_of(account, region, request["taskDefinition"])
        if found is not before.definition:
            found = model.usable_definition(account, region, request["taskDefinition"])
        definition = wanted["definition"] = found
    if request.get("networkConfiguration"):
        wanted["network"] = _network(request["networkConfiguration"])
    if request.get("loadBalancers") is not None:
        if not roles.service_linked(account):
            raise invalid(
                "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
            )
        wanted["load_balancers"] = copy.deepcopy(request["loadBalancers"])
    if request.get("platformVersion"):
        wanted["platform_version"] = service_checks.platform(request["platformVersion"])
    if request.get("capacityProviderStrategy") is not None:
        wanted["strategy"] = copy.deepcopy(request["capacityProviderStrategy"])
    if wanted:
        service_checks.network(account, region, definition, wanted.get("network", before.network))
        balancers = wanted.get("load_balancers", before.load_balancers)
        service_checks.load_balancers(account, region, definition, balancers)
    return {key: value for key, value in wanted.items() if value != getattr(before, key)}


@override("ecs", "DeleteService")
def delete_service(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request.get("cluster"))
    service = _find(account, region, cluster, request["service"])
    if service is None or service.status == "INACTIVE":
        raise aws_error("ServiceNotFoundException", "Service not found.")
    if service.status == "ACTIVE":
        if service.desired > 0 and not request.get("force"):
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        service.status, service.desired = "DRAINING", 0
        service.primary.desired = 0
        scheduler.reconcile(account, service)
    return {"service": service_view(account, service)}
