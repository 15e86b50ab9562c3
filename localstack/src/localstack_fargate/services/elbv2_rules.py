"""Listener rules: the default one, and those added to it.

Source: Elastic Load Balancing API reference (CreateRule, DescribeRules, ModifyRule, DeleteRule, SetRulePriorities).
"""

from __future__ import annotations

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import elbv2, elbv2_listeners, elbv2_targets
from localstack_fargate.services.elbv2 import validation


def _rule(account, region, arn: str) -> dict:
    found = elbv2.region_of(account, region).rules.get(arn)
    if found is None:
        raise aws_error("RuleNotFound", "One or more rules not found")
    return found


def _balancer_of(account, region, listener_arn: str) -> dict:
    record = elbv2.listener(account, region, listener_arn)
    return elbv2.balancer(account, region, record["LoadBalancerArn"])


def _default(record: dict) -> dict:
    arn = record["ListenerArn"].replace(":listener/", ":listener-rule/") + "/" + record["ListenerArn"][-16:]
    return {"RuleArn": arn, "Priority": "default", "Conditions": [], "Actions": record["DefaultActions"],
            "IsDefault": True}


@override("elbv2", "CreateRule")
def create_rule(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    listener_arn = request.get("ListenerArn")
    balancer = _balancer_of(account, region, listener_arn)
    priority = request.get("Priority")
    if not priority or not 1 <= int(priority) <= 50000:
        raise validation("A rule's priority must be between 1 and 50000")
    if any(r["_listener"] == listener_arn and r["Priority"] == str(priority) for r in here.rules.values()):
        raise aws_error("PriorityInUse", f"Priority '{priority}' is currently in use")
    rule_arn = elbv2.new_arn(account, region, listener_arn.split(":", 5)[5].replace("listener/", "listener-rule/", 1))
    rule = {
        "RuleArn": rule_arn,
        "Priority": str(priority),
        "Conditions": request.get("Conditions") or [],
        "Actions": elbv2_listeners.completed_actions(account, region, balancer, request.get("Actions")),
        "IsDefault": False,
        "_listener": listener_arn,
    }
    here.rules[rule_arn] = rule
    here.tags[rule_arn] = {t["Key"]: t.get("Value") or "" for t in request.get("Tags") or []}
    elbv2_targets.refresh(account, region)
    return {"Rules": [elbv2.shown(rule)]}


@override("elbv2", "DescribeRules")
def describe_rules(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    if arns := request.get("RuleArns"):
        defaults = {r["RuleArn"]: r for r in map(_default, here.listeners.values())}
        listed = [defaults[a] if a in defaults else _rule(account, region, a) for a in arns]
    else:
        record = elbv2.listener(account, region, request.get("ListenerArn"))
        mine = [r for r in here.rules.values() if r["_listener"] == record["ListenerArn"]]
        listed = sorted(mine, key=lambda r: int(r["Priority"])) + [_default(record)]
    return elbv2.paged([elbv2.shown(r) for r in listed], request, "Rules")


@override("elbv2", "ModifyRule")
def modify_rule(account, region, request, context, call_next):
    rule = _rule(account, region, request.get("RuleArn"))
    balancer = _balancer_of(account, region, rule["_listener"])
    if request.get("Actions"):
        rule["Actions"] = elbv2_listeners.completed_actions(account, region, balancer, request["Actions"])
    if request.get("Conditions"):
        rule["Conditions"] = request["Conditions"]
    elbv2_targets.refresh(account, region)
    return {"Rules": [elbv2.shown(rule)]}


@override("elbv2", "SetRulePriorities")
def set_priorities(account, region, request, context, call_next):
    changes = {p["RuleArn"]: str(p["Priority"]) for p in request.get("RulePriorities") or []}
    rules = [_rule(account, region, arn) for arn in changes]
    for rule in rules:
        rule["Priority"] = changes[rule["RuleArn"]]
    return {"Rules": [elbv2.shown(r) for r in rules]}


@override("elbv2", "DeleteRule")
def delete_rule(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    rule = _rule(account, region, request.get("RuleArn"))
    del here.rules[rule["RuleArn"]]
    here.tags.pop(rule["RuleArn"], None)
    elbv2_targets.refresh(account, region)
    return {}
