"""Metrics that are taken once a minute of what is there: of ECS, Container Insights, load balancers and log groups.

They are taken only while the account has alarms (`alarms.py`): nobody else asks for them here. Settings: `ecs.cpu` and
`ecs.memory`, the percentages that each running task uses; `logs.lines`, the lines that each of its containers logs a
minute; `elb.target_5xx`, the errors a minute that each target answers with.

Sources: ECS developer guide, "Amazon ECS CloudWatch metrics"; CloudWatch user guide, "Amazon ECS Container Insights
metrics" (whether DesiredTaskCount is published for a service that wants none is unverified); Elastic Load Balancing user
guide, "CloudWatch metrics for your Application Load Balancer"; CloudWatch Logs user guide, "Monitoring with CloudWatch
metrics".
"""

from __future__ import annotations

from collections.abc import Iterator

from localstack_fargate.account import Account, setting
from localstack_fargate.services import elbv2
from localstack_fargate.services.cloudwatch import Metric, Point, source
from localstack_fargate.services.ecs import model

setting("ecs.cpu", 20)
setting("ecs.memory", 40)
setting("logs.lines", 6)
setting("elb.target_5xx", 0)

MINUTE = 60.0
_KEPT = 3000
Key = tuple[str, str, frozenset[tuple[str, str]]]
_Sample = tuple[str, str, dict[str, str], str, list[float]]


def _kept(account: Account, region: str) -> dict[Key, tuple[str, list[Point]]]:
    return account.state(f"samples:{region}", dict)


def take(account: Account, region: str) -> None:
    """The samples of the minute that ends now."""
    begin = account.clock.now() - MINUTE
    for namespace, name, dimensions, unit, values in (*_of_ecs(account, region), *_of_balancers(account, region)):
        if values:
            point = Point(begin, sum(values), float(len(values)), min(values), max(values))
            key = namespace, name, frozenset(dimensions.items())
            points = _kept(account, region).setdefault(key, (unit, []))[1]
            points.append(point)
            del points[:-_KEPT]


def _of_ecs(account: Account, region: str) -> Iterator[_Sample]:
    state, lines = model.of(account, region), {}
    for service in state.services.values():
        if service.status == "INACTIVE":
            continue
        running = [task for task in model.tasks_of(account, service) if task.status == "RUNNING"]
        dimensions = {"ClusterName": service.cluster.name, "ServiceName": service.name}
        for name, used in (("CPUUtilization", "ecs.cpu"), ("MemoryUtilization", "ecs.memory")):
            yield "AWS/ECS", name, dimensions, "Percent", [float(account.settings[used])] * len(running)
        insights = {one["name"]: one["value"] for one in service.cluster.settings}.get("containerInsights")
        if insights in ("enabled", "enhanced"):
            counts = {"DesiredTaskCount": service.desired, "RunningTaskCount": len(running)}
            for name, count in counts.items():
                yield "ECS/ContainerInsights", name, dimensions, "Count", [float(count)]
    for task in state.tasks.values():
        if task.status == "RUNNING":
            for container in task.containers:
                options = (container.definition.get("logConfiguration") or {}).get("options") or {}
                if group := options.get("awslogs-group"):
                    lines[group] = lines.get(group, 0.0) + account.settings["logs.lines"]
    for group, count in lines.items():
        if count:
            yield "AWS/Logs", "IncomingLogEvents", {"LogGroupName": group}, "None", [count]


def _of_balancers(account: Account, region: str) -> Iterator[_Sample]:
    for arn, group in elbv2.region_of(account, region).groups.items():
        states = [target["state"] for target in group["_targets"].values()]
        counted = {state: states.count(state) for state in ("healthy", "unhealthy")}
        for balancer in elbv2.balancers_of_group(account, region, arn):
            dimensions = {"TargetGroup": arn.split(":")[-1], "LoadBalancer": balancer.split("loadbalancer/")[-1]}
            if any(counted.values()):
                for name, state in (("HealthyHostCount", "healthy"), ("UnHealthyHostCount", "unhealthy")):
                    yield "AWS/ApplicationELB", name, dimensions, "Count", [float(counted[state])]
            if errors := account.settings["elb.target_5xx"] * counted["healthy"]:
                yield "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", dimensions, "Count", [float(errors)]


def _metric(namespace: str) -> None:
    @source(namespace)
    def read(account: Account, region: str, name: str, dimensions: dict, begin: float, end: float) -> Metric | None:
        found = _kept(account, region).get((namespace, name, frozenset(dimensions.items())))
        return found and Metric(found[0], [point for point in found[1] if begin <= point.time < end])


for _namespace in ("AWS/ECS", "ECS/ContainerInsights", "AWS/ApplicationELB", "AWS/Logs"):
    _metric(_namespace)
