"""IAM: what a role may be made of, when it becomes usable, and the service-linked roles."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from cebed import policy
from cebed.account import Account, setting
from cebed.backends import moto_backend
from cebed.middleware import after, aws_error, guard

setting("iam.propagation", 5)
setting("quota.roles", 1000)

_INLINE_LIMIT = 10_240
_TRUST_LIMIT = 2_048


def usable(account: Account, role_arn: str) -> bool:
    """Whether other services can see the role yet: it exists and is older than `iam.propagation` AWS seconds."""
    name = role_arn.rsplit("/", 1)[-1]
    if name not in {role.name for role in _roles(account)}:
        return False
    created = _created(account).get(name)
    return created is None or account.clock.now() - created >= account.settings["iam.propagation"]


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
        raise aws_error("LimitExceeded", f"Cannot exceed quota for RolesPerAccount: {account.settings['quota.roles']}", 409)


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
            "LimitExceeded", f"Maximum policy size of {_INLINE_LIMIT} bytes exceeded for role {request.get('RoleName')}", 409
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
