"""Policy documents of IAM's language: what AWS refuses to store, and what a document decides.

Source: IAM User Guide, "Grammar of the IAM JSON policy language" and "Policy evaluation logic".
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterable

from localstack_fargate import conditions
from localstack_fargate.conditions import Context, arn_like, glob

_TOP = {"Version", "Id", "Statement"}
_STATEMENT = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
_PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser"}
_ACTION = re.compile(r"^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$")


class Malformed(Exception):
    """Why a document is not a policy, in words like AWS's."""


def statements(document: Any) -> list[dict]:
    """The statements of a well-formed document (text or parsed); raises Malformed."""
    try:
        parsed = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        raise Malformed("This policy contains invalid Json") from None
    if not isinstance(parsed, dict) or set(parsed) - _TOP or "Statement" not in parsed:
        raise Malformed("Syntax errors in policy.")
    if parsed.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise Malformed("Syntax errors in policy.")
    found = listed(parsed["Statement"])
    if not found:
        raise Malformed("Syntax errors in policy.")
    for statement in found:
        _check(statement)
    sids = [statement["Sid"] for statement in found if "Sid" in statement]
    if len(sids) != len(set(sids)):
        raise Malformed("Statement IDs (SID) in a single policy must be unique.")
    return found


def _check(statement: Any) -> None:
    if not isinstance(statement, dict) or set(statement) - _STATEMENT:
        raise Malformed("Syntax errors in policy.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Malformed("Syntax errors in policy.")
    if ("Action" in statement) == ("NotAction" in statement):
        raise Malformed("Policy statement must contain actions.")
    for action in listed(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or not _ACTION.match(action):
            raise Malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    condition = statement.get("Condition", {})
    if not isinstance(condition, dict) or not all(isinstance(keys, dict) for keys in condition.values()):
        raise Malformed("Syntax errors in policy.")
    for operator in condition:
        try:
            conditions.parse(operator)
        except conditions.UnknownOperator:
            raise Malformed(f"Invalid Condition type : {operator}.") from None


def check_identity_policy(document: Any) -> None:
    """A policy of a role or user; raises Malformed."""
    for statement in statements(document):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise Malformed("Policy document should not specify a principal.")
        if ("Resource" in statement) == ("NotResource" in statement):
            raise Malformed("Policy statement must contain resources.")
        for resource in listed(statement.get("Resource", statement.get("NotResource"))):
            if resource != "*" and not (isinstance(resource, str) and re.match(r"^arn(:[^:]*){4}:.", resource)):
                raise Malformed(f'Resource {resource} must be in ARN format or "*".')


def check_trust_policy(document: Any) -> None:
    """A role's trust policy; raises Malformed."""
    for statement in statements(document):
        if "Resource" in statement or "NotResource" in statement:
            raise Malformed("Has prohibited field Resource")
        if "Principal" not in statement:
            raise Malformed(
                "AssumeRole policy must contain principals"
                if "NotPrincipal" not in statement
                else "Syntax errors in policy."
            )
        check_principal(statement["Principal"])
        for action in listed(statement.get("Action")):
            if not (action == "*" or action.startswith("sts:")):
                raise Malformed("AssumeRole policy may only specify STS AssumeRole actions.")


def check_principal(principal: Any) -> None:
    """The `Principal` element; raises Malformed."""
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or set(principal) - _PRINCIPALS:
        raise Malformed("Invalid principal in policy")
    for service in listed(principal.get("Service", [])):
        if not re.match(r"^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$", service):
            raise Malformed(f'Invalid principal in policy: "SERVICE":"{service}"')
    for entity in listed(principal.get("AWS", [])):
        if not re.match(r"^(\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:.+|A[A-Z0-9]{15,})$", entity):
            raise Malformed(f'Invalid principal in policy: "AWS":"{entity}"')


def listed(value: Any) -> list:
    """Policies allow a single value wherever a list is expected."""
    return value if isinstance(value, list) else [] if value is None else [value]


def decide(documents: Iterable[Any], action: str, resource: str, context: Context) -> tuple[str, list[int]]:
    """("allowed" | "explicitDeny" | "implicitDeny", positions of the documents that decided it)."""
    allowing, denying = [], []
    for position, document in enumerate(documents):
        for statement in statements(document):
            if _applies(statement, action, resource, context):
                (allowing if statement["Effect"] == "Allow" else denying).append(position)
    if denying:
        return "explicitDeny", sorted(set(denying))
    return ("allowed", sorted(set(allowing))) if allowing else ("implicitDeny", [])


def _applies(statement: dict, action: str, resource: str, context: Context) -> bool:
    if "Action" in statement and not _names_action(statement["Action"], action):
        return False
    if "NotAction" in statement and _names_action(statement["NotAction"], action):
        return False
    if "Resource" in statement and not _names_resource(statement["Resource"], resource, context):
        return False
    if "NotResource" in statement and _names_resource(statement["NotResource"], resource, context):
        return False
    return all(
        conditions.holds(operator, key, listed(wanted), context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _names_action(patterns: Any, action: str) -> bool:
    return any(glob(pattern.lower(), action.lower()) for pattern in listed(patterns))


def _names_resource(patterns: Any, resource: str, context: Context) -> bool:
    """What AWS authorises on no resource in particular is on `*`, which only the pattern `*` names."""
    filled = [conditions.substituted(pattern, context) for pattern in listed(patterns)]
    return any(arn_like(pattern, resource) for pattern in filled if pattern is not None)
