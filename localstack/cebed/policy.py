"""Policy documents of IAM's language: what AWS refuses to store, and what a document decides.

Source: IAM User Guide, "Grammar of the IAM JSON policy language" and "Policy evaluation logic".
"""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any, Iterable

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
    if not isinstance(statement.get("Condition", {}), dict):
        raise Malformed("Syntax errors in policy.")


def check_identity_policy(document: Any) -> None:
    """A policy of a role or user; raises Malformed."""
    for statement in statements(document):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise Malformed("Policy document should not specify a principal.")
        if ("Resource" in statement) == ("NotResource" in statement):
            raise Malformed("Policy statement must contain resources.")


def check_trust_policy(document: Any) -> None:
    """A role's trust policy; raises Malformed."""
    for statement in statements(document):
        if "Resource" in statement or "NotResource" in statement:
            raise Malformed("Has prohibited field Resource")
        if "Principal" not in statement:
            raise Malformed("AssumeRole policy must contain principals" if "NotPrincipal" not in statement else "Syntax errors in policy.")
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


def decide(documents: Iterable[Any], action: str, resource: str, context: dict[str, list[str]]) -> tuple[str, list[int]]:
    """("allowed" | "explicitDeny" | "implicitDeny", positions of the documents that decided it)."""
    allowing, denying = [], []
    for position, document in enumerate(documents):
        for statement in statements(document):
            if _applies(statement, action, resource, context):
                (allowing if statement["Effect"] == "Allow" else denying).append(position)
    if denying:
        return "explicitDeny", sorted(set(denying))
    return ("allowed", sorted(set(allowing))) if allowing else ("implicitDeny", [])


def _applies(statement: dict, action: str, resource: str, context: dict[str, list[str]]) -> bool:
    if "Action" in statement and not _any_glob(statement["Action"], action, fold=True):
        return False
    if "NotAction" in statement and _any_glob(statement["NotAction"], action, fold=True):
        return False
    if "Resource" in statement and not _any_glob(statement["Resource"], resource):
        return False
    if "NotResource" in statement and _any_glob(statement["NotResource"], resource):
        return False
    return all(
        _condition_holds(operator, key, listed(wanted), context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _any_glob(patterns: Any, value: str, fold: bool = False) -> bool:
    if fold:
        return any(glob(pattern.lower(), value.lower()) for pattern in listed(patterns))
    return any(glob(pattern, value) for pattern in listed(patterns))


def glob(pattern: str, value: str) -> bool:
    """IAM's wildcards: * and ?, nothing else."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _condition_holds(operator: str, key: str, wanted: list, context: dict[str, list[str]]) -> bool:
    if_exists = operator.endswith("IfExists")
    name = operator.removesuffix("IfExists").split(":")[-1]
    lowered = {name.lower(): values for name, values in context.items()}
    present = lowered.get(key.lower())
    if name == "Null":
        return (present is None) == (str(wanted[0]).lower() == "true")
    if present is None:
        return if_exists or "Not" in name
    wanted = [str(item).lower() if name == "Bool" else str(item) for item in wanted]
    values = [str(item).lower() if name == "Bool" else str(item) for item in present]
    if name in ("StringLike", "ArnLike", "ArnEquals"):
        return any(glob(pattern, value) for pattern in wanted for value in values)
    if name in ("StringNotLike", "ArnNotLike", "ArnNotEquals"):
        return not any(glob(pattern, value) for pattern in wanted for value in values)
    if name.endswith("EqualsIgnoreCase"):
        equal = bool({item.lower() for item in wanted} & {item.lower() for item in values})
    else:
        equal = bool(set(wanted) & set(values))
    return not equal if "Not" in name else equal
