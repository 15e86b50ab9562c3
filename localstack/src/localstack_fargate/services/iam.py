"""IAM: what a role may be made of, when it becomes usable, and the service-linked roles.

A new role, and each change to one, spreads to the services that assume it (IAM user guide, "Changes that I make are not
always immediately visible"; 2 to 30 s in public threads: hashicorp/terraform-provider-aws#6566, #29323).
`iam.propagation` is for how many AWS seconds they still see what was there before; None, the default, is 8 to 15, by
account and name. For a new role's first seconds, `iam.pass_role`, not even its maker may pass it
(terraform-aws-modules/terraform-aws-ecs#414).
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any
from urllib.parse import unquote

from localstack_fargate import policy
from localstack_fargate.account import Account, setting
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import after, aws_error, guard
from localstack_fargate.services import iam_boundary

setting("iam.propagation", None)
setting("iam.pass_role", 2)
setting("quota.roles", 1000)

_INLINE_LIMIT = 10_240
_TRUST_LIMIT = 2_048


def usable(account: Account, role_arn: str) -> bool:
    """Whether other services can see the role yet: it exists and its creation has spread."""
    name = role_arn.rsplit("/", 1)[-1]
    if name not in {role.name for role in _roles(account)}:
        return False
    created = _created(account).get(name)
    return created is None or account.clock.now() - created >= propagation(account, name)


def propagation(account: Account, name: str) -> float:
    """AWS seconds until a change to the role of that name is seen by other services."""
    chosen = account.settings["iam.propagation"]
    return 8 + zlib.crc32(f"{account.id}/{name}".encode()) % 8 if chosen is None else chosen


def may_be_passed(account: Account, role_arn: str) -> bool:
    """Whether iam:PassRole knows the role yet. With a propagation of 0 it does at once."""
    name = role_arn.rsplit("/", 1)[-1]
    created = _created(account).get(name)
    wait = min(account.settings["iam.pass_role"], propagation(account, name))
    return created is None or account.clock.now() - created >= wait


def seen(account: Account, role: Any) -> tuple[Any, list[Any]]:
    """Trust policy and permission policies of a role as other services know them by now."""
    known = _history(account).get(role.name)
    if known is None:
        return _snapshot(role)
    latest = account.clock.now() - propagation(account, role.name)
    spread = [then for moment, then in known if moment <= latest]
    return spread[-1] if spread else ({"Version": "2012-10-17", "Statement": []}, [])


def _snapshot(role: Any) -> tuple[Any, list[Any]]:
    managed = [iam_boundary.document_of(attached) for attached in role.managed_policies.values()]
    return role.assume_role_policy_document, [*role.policies.values(), *managed]


def _history(account: Account) -> dict[str, list[tuple[float, Any]]]:
    """By name of the role, what it was from which moment on, the earliest first."""
    return account.state("iam.history", dict)


@after(
    "iam", "CreateRole", "UpdateAssumeRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy",
    "DetachRolePolicy",
)  # fmt: skip
def _note_change(account: Account, region: str, request: dict, response: dict, context: Any) -> dict:
    name = request["RoleName"]
    role = _role(account, name)
    if context.operation.name == "CreateRole":
        _history(account)[name] = []
    if role is not None and name in _history(account):
        _history(account)[name].append((account.clock.now(), _snapshot(role)))
    return response


def _roles(account: Account) -> list[Any]:
    return list(moto_backend("iam", account.id, "aws").roles.values())


def _role(account: Account, name: str) -> Any | None:
    return next((role for role in _roles(account) if role.name == name), None)


def _created(account: Account) -> dict[str, float]:
    """Virtual time at which each role was made, by name."""
    return account.state("iam.created", dict)


@after("iam", "CreateRole", "CreateServiceLinkedRole")
def _note_creation(account: Account, region: str, request: dict, response: dict, context: Any) -> dict:
    _created(account)[response["Role"]["RoleName"]] = account.clock.now()
    return response


@guard("iam", "CreateRole")
def _check_new_role(account: Account, region: str, request: dict, context: Any) -> None:
    _check_trust(request.get("AssumeRolePolicyDocument", ""))
    name = request.get("RoleName", "")
    if not re.match(r"^[\w+=,.@-]{1,64}$", name, re.ASCII):
        raise aws_error(
            "ValidationError",
            f"1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint: "
            "Member must have length less than or equal to 64 and satisfy regular expression pattern: [\\w+=,.@-]+",
        )
    if any(role.name.lower() == name.lower() for role in _roles(account)):
        raise aws_error("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    if len(_roles(account)) >= account.settings["quota.roles"]:
        raise aws_error(
            "LimitExceeded", f"Cannot exceed quota for RolesPerAccount: {account.settings['quota.roles']}", 409
        )


@guard("iam", "UpdateAssumeRolePolicy")
def _check_new_trust(account: Account, region: str, request: dict, context: Any) -> None:
    _check_trust(request.get("PolicyDocument", ""))


def _check_trust(document: str) -> None:
    try:
        policy.check_trust_policy(document)
    except policy.Malformed as malformed:
        raise aws_error("MalformedPolicyDocument", str(malformed)) from None
    if _counted(document) > _TRUST_LIMIT:
        raise aws_error("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {_TRUST_LIMIT}", 409)


@guard("iam", "PutRolePolicy")
def _check_inline_policy(account: Account, region: str, request: dict, context: Any) -> None:
    document = request.get("PolicyDocument", "")
    try:
        policy.check_identity_policy(document)
    except policy.Malformed as malformed:
        raise aws_error("MalformedPolicyDocument", str(malformed)) from None
    role = _role(account, request.get("RoleName", ""))
    others = [] if role is None else [text for name, text in role.policies.items() if name != request.get("PolicyName")]
    if sum(_counted(text) for text in [document, *others]) > _INLINE_LIMIT:
        raise aws_error(
            "LimitExceeded",
            f"Maximum policy size of {_INLINE_LIMIT} bytes exceeded for role {request.get('RoleName')}",
            409,
        )


def _counted(document: Any) -> int:
    """Characters that count towards a quota: all but white space."""
    text = document if isinstance(document, str) else json.dumps(document)
    return len(re.sub(r"\s", "", unquote(text)))


@guard(
    "iam", "DeleteRole", "PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy",
    "UpdateAssumeRolePolicy",
)  # fmt: skip
def _service_linked_is_not_ours(account: Account, region: str, request: dict, context: Any) -> None:
    role = _role(account, request.get("RoleName", ""))
    if role is not None and role.path.startswith("/aws-service-role/"):
        raise aws_error(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS",
        )
