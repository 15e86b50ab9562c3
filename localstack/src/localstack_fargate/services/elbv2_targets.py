"""Targets: registration, health checks on the virtual clock, draining.

Sources: Elastic Load Balancing API reference (RegisterTargets, DeregisterTargets, DescribeTargetHealth, data type
TargetHealth); ALB user guide, "Health checks for Application Load Balancer target groups" ("After your target is
registered, it must pass one health check to be considered healthy").
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Callable

from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import elbv2
from localstack_fargate.services.ec2_common import backend

setting("elb.registration", 5)
setting("elb.initial_checks", 1)  # how many checks a new target must pass
setting("elb.every_target_responds", False)  # as if a machine outside ECS answered at each address

REASONS = {
    "Elb.RegistrationInProgress": "Target registration is in progress",
    "Elb.InitialHealthChecking": "Initial health checks in progress",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
    "Target.NotRegistered": "Target is not registered to the target group",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.HealthCheckDisabled": "Health checks are disabled for this target group",
}


_RESPONDERS: list[Callable[[Account, str, int, str, frozenset[str]], bool]] = []


def responder(fn: Callable[[Account, str, int, str, frozenset[str]], bool]):
    """Registers who knows whether something listens at an address: `fn(account, ip, port, scheme, TLS versions)`."""
    _RESPONDERS.append(fn)
    return fn


def _responds(account: Account, *question) -> bool:
    everyone = account.settings["elb.every_target_responds"]
    return bool(everyone or any(responds(account, *question) for responds in _RESPONDERS))


def _tls_versions(account: Account, region: str, group: dict) -> frozenset[str]:
    """What the load balancer speaks to the targets of a group: TLS 1.3 only from an HTTPS listener with a policy for
    TLS 1.3 (ALB user guide, "Security policies for your Application Load Balancer": backend connections). That its health
    checks do the same is *unverified*. The older versions play no part here."""
    here = elbv2.region_of(account, region)
    balancers = elbv2.balancers_of_group(account, region, group["TargetGroupArn"])
    listeners = [one for one in here.listeners.values() if one["LoadBalancerArn"] in balancers]
    leading = [one for one in listeners if group["TargetGroupArn"] in elbv2.groups_of_actions(one["DefaultActions"])]
    modern = any("TLS13" in (one.get("SslPolicy") or "") for one in leading)
    return frozenset({"TLSv1.2", "TLSv1.3"} if modern else {"TLSv1.2"})


def _set(target: dict, state: str, reason: str | None = None) -> None:
    target["state"], target["reason"] = state, reason


def _stop(target: dict) -> None:
    for event in target["events"]:
        event.cancel()
    target["events"] = []


def _serving(account, region, group: dict) -> bool:
    """A group's targets are checked once an active load balancer forwards to it."""
    here = elbv2.region_of(account, region)
    arns = elbv2.balancers_of_group(account, region, group["TargetGroupArn"])
    return any(here.balancers[a]["State"]["Code"] == "active" for a in arns)


def refresh(account: Account, region: str) -> None:
    """To be called when a listener or load balancer comes, changes or goes: starts and stops the checks."""
    for group in elbv2.region_of(account, region).groups.values():
        for target in group["_targets"].values():
            if target["state"] != "draining":
                _begin(account, region, group, target, again=False)


def _begin(account, region, group: dict, target: dict, again: bool) -> None:
    if not elbv2.balancers_of_group(account, region, group["TargetGroupArn"]):
        _stop(target)
        _set(target, "unused", "Target.NotInUse")
        return
    if target["state"] in ("unused", None) or again:
        _stop(target)
        target["passed"] = target["failed"] = 0
        _set(target, "initial", "Elb.RegistrationInProgress")
    if _serving(account, region, group) and not target["events"]:
        target["events"] = [
            account.schedule(
                account.settings["elb.registration"], lambda acct: _registered(acct, region, group, target)
            )
        ]


def _registered(account, region, group: dict, target: dict) -> None:
    if target["state"] == "initial":
        _set(target, "initial", "Elb.InitialHealthChecking")
    _check(account, region, group, target)


def _check(account, region, group: dict, target: dict) -> None:
    """One health check; the next follows after the interval."""
    if not _serving(account, region, group):
        target["events"] = []
        return
    if group["HealthCheckEnabled"]:
        _judge(account, region, group, target)
    elif target["state"] == "initial":
        _set(target, "unavailable", "Target.HealthCheckDisabled")
    target["events"] = [
        account.schedule(group["HealthCheckIntervalSeconds"], lambda acct: _check(acct, region, group, target))
    ]


def _judge(account, region, group: dict, target: dict) -> None:
    port = group["HealthCheckPort"]
    port = target["Port"] if port == "traffic-port" else int(port)
    scheme = "https" if group.get("HealthCheckProtocol") == "HTTPS" else "http"
    if _responds(account, target["Id"], port, scheme, _tls_versions(account, region, group)):
        target["passed"], target["failed"] = target["passed"] + 1, 0
        initial = target["state"] == "initial"
        needed = account.settings["elb.initial_checks"] if initial else group["HealthyThresholdCount"]
        if target["state"] != "healthy" and target["passed"] >= needed:
            _set(target, "healthy")
    else:
        target["passed"], target["failed"] = 0, target["failed"] + 1
        if target["failed"] >= group["UnhealthyThresholdCount"]:
            _set(target, "unhealthy", "Target.FailedHealthChecks")


def _zone(account, region, group: dict, ip: str) -> str:
    store = backend(account, region)
    for zone, subnets in store.subnets.items():
        for subnet in subnets.values():
            if subnet.vpc_id == group.get("VpcId") and ip_address(ip) in ip_network(subnet.cidr_block):
                return zone
    return "all"


def _checked_ip(account, region, group: dict, ip: str) -> None:
    if group["TargetType"] != "ip":
        return
    try:
        address = ip_address(ip)
    except ValueError:
        raise aws_error("InvalidTarget", f"The IP address '{ip}' is not a valid IPv4 address") from None
    vpc = backend(account, region).vpcs.get(group["VpcId"])
    if vpc is not None and address not in ip_network(vpc.cidr_block):
        raise aws_error(
            "InvalidTarget", f"The IP address '{ip}' is not within the VPC '{group['VpcId']}' of the target group"
        )


def register(account: Account, region: str, tg_arn: str, ip: str, port: int | None, zone: str | None = None) -> None:
    group = elbv2.group(account, region, tg_arn)
    _checked_ip(account, region, group, ip)
    port = int(port or group["Port"])
    target = group["_targets"].get((ip, port))
    if target is None:
        target = {"Id": ip, "Port": port, "state": None, "reason": None, "passed": 0, "failed": 0, "events": []}
        if group["TargetType"] == "ip":
            target["AvailabilityZone"] = zone or _zone(account, region, group, ip)
        group["_targets"][ip, port] = target
    if target["state"] in (None, "draining", "unused"):
        _begin(account, region, group, target, again=True)


def deregister(account: Account, region: str, tg_arn: str, ip: str, port: int | None) -> None:
    group = elbv2.region_of(account, region).groups.get(tg_arn)
    if group is None:
        return
    for key, target in list(group["_targets"].items()):
        if target["Id"] != ip or (port and target["Port"] != int(port)) or target["state"] == "draining":
            continue
        _stop(target)
        if target["state"] == "unused":
            del group["_targets"][key]
            continue
        _set(target, "draining", "Target.DeregistrationInProgress")
        delay = float(group["_attributes"]["deregistration_delay.timeout_seconds"])
        target["events"] = [account.schedule(delay, lambda _, key=key: group["_targets"].pop(key, None))]


def state_of(account: Account, region: str, tg_arn: str, ip: str, port: int) -> str:
    group = elbv2.region_of(account, region).groups.get(tg_arn)
    target = group["_targets"].get((ip, int(port))) if group else None
    return target["state"] if target else "unused"


@override("elbv2", "RegisterTargets")
def register_targets(account, region, request, context, call_next):
    arn = request.get("TargetGroupArn")
    group = elbv2.group(account, region, arn)
    for target in request.get("Targets") or []:
        _checked_ip(account, region, group, target["Id"])
    for target in request.get("Targets") or []:
        register(account, region, arn, target["Id"], target.get("Port"), target.get("AvailabilityZone"))
    return {}


@override("elbv2", "DeregisterTargets")
def deregister_targets(account, region, request, context, call_next):
    elbv2.group(account, region, request.get("TargetGroupArn"))
    for target in request.get("Targets") or []:
        deregister(account, region, request["TargetGroupArn"], target["Id"], target.get("Port"))
    return {}


@override("elbv2", "DescribeTargetHealth")
def describe_target_health(account, region, request, context, call_next):
    group = elbv2.group(account, region, request.get("TargetGroupArn"))
    listed = list(group["_targets"].values())
    if wanted := request.get("Targets"):
        keys = [(t["Id"], int(t.get("Port") or group["Port"])) for t in wanted]
        absent = {"state": "unused", "reason": "Target.NotRegistered"}
        listed = [group["_targets"].get(k, {"Id": k[0], "Port": k[1], **absent}) for k in keys]
    return {"TargetHealthDescriptions": [_describe(group, t) for t in listed]}


def _describe(group: dict, target: dict) -> dict:
    health = {"State": target["state"]}
    if target["reason"]:
        health |= {"Reason": target["reason"], "Description": REASONS[target["reason"]]}
    port = group["HealthCheckPort"]
    shown = {
        "Target": {k: target[k] for k in ("Id", "Port", "AvailabilityZone") if k in target},
        "HealthCheckPort": str(target["Port"]) if port == "traffic-port" else port,
        "TargetHealth": health,
    }
    if target["state"] in ("healthy", "unhealthy"):
        shown["AnomalyDetection"] = {"Result": "normal", "MitigationInEffect": "no"}
    return shown
