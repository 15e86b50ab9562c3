"""The language of the tables: what one operation needs, said by templates.

A template is the resource part of an ARN of the table's service, a whole ARN, or `*` for what AWS authorises on no
resource in particular. `{Field}` is that field of the request, `{Field|reader}` what a reader (`readers.py`) makes of
it, `{-|reader}` what one makes of the whole request, `{=text|reader}` what one makes of the text; a list gives one
resource an element. Without the field the resource is `*`: a resource type that the Service Authorization Reference
does not mark as required.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Mapping


@dataclass(frozen=True)
class Rule:
    """One action on one sort of resource."""

    resource: str = "*"
    action: str | None = None
    """None: the action is named as the operation."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Condition keys of its own, as templates; those without a value are absent."""
    tagged: bool | None = None
    """Whether aws:RequestTag and aws:TagKeys belong to it. None: if it is an action of the service that was called."""
    owned: bool = True
    """Whether the tags of the resource are condition keys."""
    given: str | None = None
    """Only if the request has this field (or the reader finds something)."""


Table = dict[str, list[Rule]]

PLAIN = [Rule()]
"""Authorised on `*` only."""


def on(*resources: str, **options) -> list[Rule]:
    """The operation's own action on each of the resources: AWS wants all of them allowed."""
    return [Rule(resource, **options) for resource in resources]


def also(action: str, *resources: str, **options) -> list[Rule]:
    """Another action that the operation needs; without resources on `*`."""
    return [Rule(resource, action=action, **options) for resource in resources or ("*",)]


def passes(role: str, service: str) -> list[Rule]:
    """iam:PassRole. The tags of a role are not to be relied on here (IAM user guide, "Granting a user permissions to
    pass a role to an AWS service")."""
    keys = {"iam:PassedToService": service}
    return also("iam:PassRole", f"{{{role}}}", keys=keys, tagged=False, owned=False, given=role)


def links(service: str, name: str) -> list[Rule]:
    """iam:CreateServiceLinkedRole, as long as the account lacks that role."""
    arn = f"arn:{{-|partition}}:iam::{{-|account}}:role/aws-service-role/{service}/{name}"
    keys = {"iam:AWSServiceName": service}
    return also("iam:CreateServiceLinkedRole", arn, keys=keys, tagged=False, owned=False, given=f"={name}|lacked_role")


def with_keys(rules: list[Rule], **keys: str) -> list[Rule]:
    """The same rules with more condition keys; `ecs__cluster` is `ecs:cluster`."""
    named = {name.replace("__", ":").replace("_", "-"): template for name, template in keys.items()}
    return [replace(rule, keys={**rule.keys, **named}) for rule in rules]
