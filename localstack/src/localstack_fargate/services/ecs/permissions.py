"""What a task's two roles allow: the execution role pulls, reads secrets and writes logs; the task role mounts EFS.

Source: ECS developer guide, "Task execution IAM role" and "Task IAM role" (trust of ecs-tasks.amazonaws.com, confused
deputy conditions); EFS user guide, "Using IAM to control file system data access" (a file system without a policy
admits everybody; with one, identity and file-system policies are read together).
"""

from __future__ import annotations

import json
from typing import Any

from moto.utilities.utils import get_partition

from localstack_fargate import policy
from localstack_fargate.account import Account, setting
from localstack_fargate.backends import moto_backend
from localstack_fargate.services import iam, iam_boundary

setting("ecs.check_permissions", True)

SERVICE = "ecs-tasks.amazonaws.com"


def _role(account: Account, arn: str) -> Any | None:
    return next((r for r in moto_backend("iam", account.id, "aws").roles.values() if r.arn == arn), None)


def trusts_tasks(account: Account, region: str, arn: str) -> bool:
    """Whether ECS tasks of this account and region may assume the role."""
    role = _role(account, arn)
    if role is None:
        return False
    context = {
        "aws:SourceAccount": [account.id],
        "aws:SourceArn": [f"arn:{get_partition(region)}:ecs:{region}:{account.id}:task/any/any"],
    }
    trust = _parsed(iam.seen(account, role)[0])
    matching = [s for s in policy.statements(trust) if _names_service(s.get("Principal"))]
    return (
        policy.decide([{"Statement": matching}], "sts:AssumeRole", "*", context)[0] == "allowed" if matching else False
    )


def _names_service(principal: Any) -> bool:
    return isinstance(principal, dict) and SERVICE in policy.listed(principal.get("Service"))


def _parsed(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str) else document


def _documents(account: Account, arn: str) -> list[Any]:
    role = _role(account, arn)
    if role is None:
        return []
    return iam.seen(account, role)[1]


def denial(
    account: Account, arn: str | None, action: str, resource: str, keys: dict[str, list[str]] | None = None
) -> str | None:
    """What AWS says when the role may not do it; None when it may. `keys` are condition keys of the call."""
    if not account.settings["ecs.check_permissions"]:
        return None
    decision, _ = policy.decide(_documents(account, arn or ""), action, resource, keys or {})
    bounded = iam_boundary.allows(account, _role(account, arn or ""), action, resource, keys or {}) is False
    if decision == "allowed" and not bounded:
        return None
    name = (arn or "none").rsplit("/", 1)[-1]
    why = "with an explicit deny in an identity-based policy"
    if decision == "implicitDeny":
        why = f"because no identity-based policy allows the {action} action"
    if decision == "allowed":
        why = f"because no permissions boundary allows the {action} action"
    return (
        f"AccessDeniedException: User: arn:aws:sts::{account.id}:assumed-role/{name}/task is not authorized to "
        "perform: "
        f"{action} on resource: {resource} {why}"
    )


def may_use_file_system(
    account: Account, role: str | None, action: str, system: dict, document: str | None, access_point: str | None
) -> bool:
    """Whether a client, as the role (None: anonymous), may mount or write; `system` is EFS's description of it."""
    if not account.settings["ecs.check_permissions"] or document is None:
        return True
    context = {
        "aws:SecureTransport": ["true"],
        "elasticfilesystem:AccessedViaMountTarget": ["true"],
        "aws:PrincipalArn": [role] if role else [],
    }
    if access_point:
        arn = system["FileSystemArn"].replace(f":file-system/{system['FileSystemId']}", f":access-point/{access_point}")
        context["elasticfilesystem:AccessPointArn"] = [arn]
    named = [s for s in policy.statements(document) if _names(s.get("Principal"), role, account.id)]
    documents = _documents(account, role) if role else []
    if named:
        documents = [*documents, {"Version": "2012-10-17", "Statement": named}]
    return policy.decide(documents, action, system["FileSystemArn"], context)[0] == "allowed"


def _names(principal: Any, role: str | None, account_id: str) -> bool:
    if principal == "*":
        return True
    entities = policy.listed(principal.get("AWS")) if isinstance(principal, dict) else []
    root = any(e == account_id or e.endswith(f"::{account_id}:root") for e in entities)
    return "*" in entities or role is not None and (role in entities or root)
