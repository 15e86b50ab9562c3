"""How long after something had settled the program looked, per kind, in AWS seconds."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

import boto3

from emulator import Account

# (kind, what sets it going, setting that says how long it takes, the reads that show it)
SETTLES = (
    ("NAT gateway made", "CreateNatGateway", "nat.available", ("DescribeNatGateways",)),
    ("NAT gateway deleted", "DeleteNatGateway", "nat.deleted", ("DescribeNatGateways",)),
    ("file system made", "CreateFileSystem", "efs.available", ("DescribeFileSystems",)),
    ("file system deleted", "DeleteFileSystem", "efs.deleted", ("DescribeFileSystems",)),
    ("mount target made", "CreateMountTarget", "efs.mount_target_available", ("DescribeMountTargets",)),
    ("mount target deleted", "DeleteMountTarget", "efs.mount_target_deleted", ("DescribeMountTargets",)),
    ("access point made", "CreateAccessPoint", "efs.access_point_available", ("DescribeAccessPoints",)),
    ("access point deleted", "DeleteAccessPoint", "efs.access_point_deleted", ("DescribeAccessPoints",)),
    ("load balancer made", "CreateLoadBalancer", "elb.active", ("DescribeLoadBalancers",)),
    ("load balancer's interfaces gone", "DeleteLoadBalancer", "elb.interfaces_linger",
     ("DeleteSecurityGroup", "DescribeNetworkInterfaces")),
)  # fmt: skip


@dataclass
class Lag:
    kind: str
    took: float
    lag: float


def of_settings(journal: list[dict], settings: dict) -> list[Lag]:
    """For each call that set something going: until the first read after its end that shows it."""
    found = []
    for kind, begun_by, setting, looks in SETTLES:
        for call in journal:
            if call["operation"] == begun_by and not call["code"]:
                found += _lag(kind, call["ended"] + settings[setting], settings[setting], looks, journal)
    return found


def of_service(account: Account, journal: list[dict]) -> list[Lag]:
    """From CreateService until the scheduler has completed the deployment."""
    ecs = boto3.client("ecs", region_name="us-east-1", aws_access_key_id=account.id, aws_secret_access_key="test")
    service = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"][0]
    completed = next(told for told in service["events"] if told["message"].endswith("deployment completed."))
    settled = completed["createdAt"].timestamp()
    created = next(call for call in journal if call["operation"] == "CreateService" and not call["code"])
    return _lag("deployment completed", settled, settled - created["ended"], ("DescribeServices",), journal)


def of_task_end(account: Account, journal: list[dict]) -> list[Lag]:
    ends = [state["time"] for state in account.get("tasks/history") if state["state"] == "STOPPED"]
    begun = next(call for call in journal if call["operation"] in ("UpdateService", "DeleteService"))
    return _lag("task stopped", max(ends), max(ends) - begun["ended"], ("DescribeTasks", "ListTasks"), journal)


def _lag(kind: str, settled: float, took: float, looks: tuple[str, ...], journal: list[dict]) -> list[Lag]:
    seen = [call["ended"] for call in journal if call["operation"] in looks and call["ended"] >= settled]
    return [Lag(kind, took, min(seen) - settled)] if seen else []


def table(lags: list[Lag]) -> list[list[Any]]:
    """Per kind: how long it took, median and longest lag."""
    rows = []
    for kind in dict.fromkeys(lag.kind for lag in lags):
        of_it = [lag for lag in lags if lag.kind == kind]
        seconds = [lag.lag for lag in of_it]
        rows.append([kind, statistics.median(lag.took for lag in of_it), statistics.median(seconds), max(seconds)])
    return rows
