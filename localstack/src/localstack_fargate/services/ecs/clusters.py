"""Clusters."""

from __future__ import annotations

import copy

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.ecs import model, roles, tags
from localstack_fargate.services.ecs.model import Cluster, invalid
from localstack_fargate.services.ecs.paging import page
from localstack_fargate.services.ecs.views import cluster_view

ALL = ["TAGS", "SETTINGS", "CONFIGURATIONS"]


@override("ecs", "CreateCluster")
def create_cluster(account, region, request, context, call_next):
    """A second call with the name of an ACTIVE cluster answers that cluster (API reference: idempotent by name)."""
    name = request.get("clusterName") or "default"
    state = model.of(account, region)
    new_tags = tags.listed(request.get("tags"))
    cluster = state.clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        roles.check_service_linked(account)
        if sum(known.status == "ACTIVE" for known in state.clusters.values()) >= account.settings["quota.clusters"]:
            raise aws_error("ClientException", "The maximum number of clusters has been reached.")  # words unverified
        cluster = Cluster(
            name=name,
            arn=model.make_arn(account, region, f"cluster/{name}"),
            settings=_settings(account, request.get("settings")),
            configuration=copy.deepcopy(request.get("configuration")),
            capacity_providers=list(request.get("capacityProviders") or []),
            strategy=copy.deepcopy(request.get("defaultCapacityProviderStrategy") or []),
            service_connect=copy.deepcopy(request.get("serviceConnectDefaults")),
            tags=new_tags,
        )
        state.clusters[name] = cluster
    return {"cluster": cluster_view(account, region, cluster, ALL)}


def _settings(account, wanted: list[dict] | None) -> list[dict]:
    """A cluster that says nothing of Container Insights gets what the account's default is (developer guide, "Account
    settings")."""
    for setting in wanted or []:
        if setting.get("name") != "containerInsights" or setting.get("value") not in (
            "enabled",
            "disabled",
            "enhanced",
        ):
            raise invalid("Invalid cluster setting.")
    return copy.deepcopy(wanted) or [
        {"name": "containerInsights", "value": account.settings["ecs.container_insights"]}
    ]


@override("ecs", "DescribeClusters")
def describe_clusters(account, region, request, context, call_next):
    found, failures = [], []
    wanted = request.get("clusters") or ["default"]
    if len(wanted) > 100:
        raise invalid("clusters can have at most 100 items.")
    for name in wanted:
        cluster = model.of(account, region).clusters.get(name.rsplit("/", 1)[-1])
        if cluster is None or name.startswith("arn:") and name != cluster.arn:
            arn = name if name.startswith("arn:") else model.make_arn(account, region, f"cluster/{name}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(cluster_view(account, region, cluster, request.get("include") or []))
    return {"clusters": found, "failures": failures}


@override("ecs", "ListClusters")
def list_clusters(account, region, request, context, call_next):
    arns = [c.arn for c in model.of(account, region).clusters.values() if c.status == "ACTIVE"]
    shown, more = page(arns, request)
    return {"clusterArns": shown, **more}


@override("ecs", "UpdateCluster")
def update_cluster(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request["cluster"])
    if request.get("settings"):
        cluster.settings = _settings(account, request["settings"])
    if request.get("configuration"):
        cluster.configuration = copy.deepcopy(request["configuration"])
    if request.get("serviceConnectDefaults"):
        cluster.service_connect = copy.deepcopy(request["serviceConnectDefaults"])
    return {"cluster": cluster_view(account, region, cluster, ALL)}


@override("ecs", "UpdateClusterSettings")
def update_cluster_settings(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request["cluster"])
    cluster.settings = _settings(account, request.get("settings"))
    return {"cluster": cluster_view(account, region, cluster, ALL)}


@override("ecs", "PutClusterCapacityProviders")
def put_cluster_capacity_providers(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request["cluster"])
    cluster.capacity_providers = list(request.get("capacityProviders") or [])
    cluster.strategy = copy.deepcopy(request.get("defaultCapacityProviderStrategy") or [])
    return {"cluster": cluster_view(account, region, cluster, ALL)}


@override("ecs", "DeleteCluster")
def delete_cluster(account, region, request, context, call_next):
    cluster = model.cluster_of(account, region, request["cluster"])
    state = model.of(account, region)
    if any(s.cluster is cluster and s.status != "INACTIVE" for s in state.services.values()):
        raise aws_error("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    if any(t.cluster is cluster and t.status != "STOPPED" for t in state.tasks.values()):
        raise aws_error("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    cluster.status = "INACTIVE"
    return {"cluster": cluster_view(account, region, cluster, ALL)}
