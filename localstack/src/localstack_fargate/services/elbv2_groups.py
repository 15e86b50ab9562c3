"""Target groups: defaults, idempotent creation, refusal to delete while in use.

Source: Elastic Load Balancing API reference (CreateTargetGroup, ModifyTargetGroup, DeleteTargetGroup,
DescribeTargetGroups).
"""

from __future__ import annotations

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import elbv2, elbv2_attributes
from localstack_fargate.services.ec2_common import backend
from localstack_fargate.services.elbv2 import validation

setting("quota.target_groups", 3000)

CHECK = ("HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort",
         "HealthCheckProtocol", "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount",
         "Matcher")
LIMITS = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
}


def _describe(account, region, record: dict) -> dict:
    arn = record["TargetGroupArn"]
    return elbv2.shown(record) | {"LoadBalancerArns": elbv2.balancers_of_group(account, region, arn)}


def _settings(account, region, request: dict) -> dict:
    """Everything that makes two groups the same."""
    target_type = request.get("TargetType") or "instance"
    wanted = {"TargetType": target_type}
    if target_type != "lambda":
        for key in ("Protocol", "Port", "VpcId"):
            if not request.get(key):
                raise validation(f"A {key.lower()} must be specified")
        if request["Protocol"] not in ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"):
            raise validation(f"Protocol '{request['Protocol']}' is not supported")
        if request["VpcId"] not in backend(account, region).vpcs:
            raise validation(f"The VPC ID '{request['VpcId']}' is not found")
        wanted |= {k: request[k] for k in ("Protocol", "Port", "VpcId")}
        wanted["IpAddressType"] = request.get("IpAddressType") or "ipv4"
    http = wanted.get("Protocol") in ("HTTP", "HTTPS")
    if http:
        wanted["ProtocolVersion"] = request.get("ProtocolVersion") or "HTTP1"
    wanted |= {
        "HealthCheckEnabled": request.get("HealthCheckEnabled", target_type != "lambda"),
        "HealthCheckIntervalSeconds": request.get("HealthCheckIntervalSeconds") or 30,
        "HealthCheckPort": str(request.get("HealthCheckPort") or "traffic-port"),
        "HealthCheckProtocol": request.get("HealthCheckProtocol") or ("HTTP" if http else "TCP"),
        "HealthCheckTimeoutSeconds": request.get("HealthCheckTimeoutSeconds") or (5 if http else 10),
        "HealthyThresholdCount": request.get("HealthyThresholdCount") or 5,
        "UnhealthyThresholdCount": request.get("UnhealthyThresholdCount") or 2,
    }
    if wanted["HealthCheckProtocol"] in ("HTTP", "HTTPS"):
        wanted["HealthCheckPath"] = request.get("HealthCheckPath") or "/"
        wanted["Matcher"] = request.get("Matcher") or {"HttpCode": "200"}
    _check(wanted)
    return wanted


def _check(wanted: dict) -> None:
    for key, (low, high) in LIMITS.items():
        if not low <= wanted[key] <= high:
            raise validation(f"{key} must be between {low} and {high}")
    if wanted["HealthCheckTimeoutSeconds"] >= wanted["HealthCheckIntervalSeconds"]:
        raise validation("Health check interval must be greater than the timeout.")
    path = wanted.get("HealthCheckPath", "/")
    if not path.startswith("/") or len(path) > 1024:
        raise validation(f"Health check path '{path}' must begin with a '/' character, and can be at most 1024 "
                         "characters")


@override("elbv2", "CreateTargetGroup")
def create_target_group(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    name = request.get("Name")
    elbv2.check_name(name, "Target group")
    wanted = _settings(account, region, request)
    for known in here.groups.values():
        if known["TargetGroupName"] == name:
            if {k: known.get(k) for k in wanted} == wanted:
                return {"TargetGroups": [_describe(account, region, known)]}
            raise aws_error(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{name}' exists, but with different settings",
            )
    if len(here.groups) >= account.settings["quota.target_groups"]:
        raise aws_error("TooManyTargetGroups", "You've reached the limit on your number of target groups")
    arn = elbv2.new_arn(account, region, f"targetgroup/{name}")
    record = {"TargetGroupArn": arn, "TargetGroupName": name, **wanted,
              "_attributes": elbv2_attributes.of_new_group(), "_targets": {}}
    here.groups[arn] = record
    here.tags[arn] = {t["Key"]: t.get("Value") or "" for t in request.get("Tags") or []}
    return {"TargetGroups": [_describe(account, region, record)]}


@override("elbv2", "ModifyTargetGroup")
def modify_target_group(account, region, request, context, call_next):
    record = elbv2.group(account, region, request.get("TargetGroupArn"))
    changed = {k: record[k] for k in (*CHECK, *LIMITS) if k in record}
    changed |= {k: request[k] for k in CHECK if request.get(k) is not None}
    _check(changed)
    record.update(changed)
    return {"TargetGroups": [_describe(account, region, record)]}


@override("elbv2", "DescribeTargetGroups")
def describe_target_groups(account, region, request, context, call_next):
    listed = list(elbv2.region_of(account, region).groups.values())
    if arns := request.get("TargetGroupArns"):
        for arn in arns:
            elbv2.group(account, region, arn)
        listed = [g for g in listed if g["TargetGroupArn"] in arns]
    if names := request.get("Names"):
        if set(names) - {g["TargetGroupName"] for g in listed}:
            raise aws_error("TargetGroupNotFound", "One or more target groups not found")
        listed = [g for g in listed if g["TargetGroupName"] in names]
    answers = [_describe(account, region, g) for g in listed]
    if arn := request.get("LoadBalancerArn"):
        elbv2.balancer(account, region, arn)
        answers = [g for g in answers if arn in g["LoadBalancerArns"]]
    return elbv2.paged(answers, request, "TargetGroups")


@override("elbv2", "DeleteTargetGroup")
def delete_target_group(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    arn = request.get("TargetGroupArn")
    if arn not in here.groups:
        return {}
    if elbv2.balancers_of_group(account, region, arn):
        raise aws_error("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
    for target in here.groups.pop(arn)["_targets"].values():
        for event in target["events"]:
            event.cancel()
    here.tags.pop(arn, None)
    return {}
