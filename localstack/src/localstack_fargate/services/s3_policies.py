"""S3: the bucket policies that AWS refuses.

Sources: S3 User Guide, "Policies and permissions in Amazon S3" and 'The meaning of "public"'.
"""

from __future__ import annotations

import re
from typing import Any

from localstack_fargate import account as accounts
from localstack_fargate import policy
from localstack_fargate.account import Account, setting
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error, guard
from localstack_fargate.services import iam
from localstack_fargate.services.s3_buckets import bucket

setting("s3.block_public", False)  # the account's own S3 Block Public Access, for all its buckets

_FIXING_KEYS = {
    "aws:principalorgid", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
    "aws:sourcearn", "aws:principalaccount", "aws:principalarn", "aws:userid", "aws:principalorgpaths",
    "s3:dataaccesspointaccount", "s3:dataaccesspointarn", "aws:viaawsservice", "aws:sourceorgid", "aws:sourceorgpaths",
}  # fmt: skip
"""Condition keys that keep a statement for everyone from being public."""


@guard("s3", "PutBucketPolicy")
def _check_policy(account: Account, region: str, request: dict, context: Any) -> None:
    name, text = request.get("Bucket", ""), request.get("Policy", "")
    found = bucket(name)
    if found is None:
        return
    try:
        statements = policy.statements(text)
        for statement in statements:
            _check_statement(statement, name)
    except policy.Malformed as malformed:
        raise aws_error("MalformedPolicy", str(malformed)) from None
    blocks = (found.public_access_block or {}).get("BlockPublicPolicy") or account.settings["s3.block_public"]
    if blocks and any(_is_public(statement) for statement in statements):
        raise aws_error(
            "AccessDenied",
            f"User: arn:aws:iam::{account.id}:root is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"arn:aws:s3:::{name}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block '
            "Public Access.",
            403,
        )


def _check_statement(statement: dict, name: str) -> None:
    if "Principal" not in statement and "NotPrincipal" not in statement:
        raise policy.Malformed("Missing required field Principal")
    resources = policy.listed(statement.get("Resource", statement.get("NotResource")))
    if not resources:
        raise policy.Malformed("Missing required field Resource")
    for resource in resources:
        matched = re.match(r"^arn:aws[a-z-]*:s3:::([^/]+)(/.*)?$", str(resource))
        if not matched or not policy.glob(matched.group(1), name):
            raise policy.Malformed("Policy has invalid resource")
    for action in policy.listed(statement.get("Action")):
        if action != "*" and not action.lower().startswith("s3:"):
            raise policy.Malformed("Policy has invalid action")
    principal = statement.get("Principal", "*")
    policy.check_principal(principal)
    for entity in policy.listed(principal.get("AWS")) if isinstance(principal, dict) else []:
        if not _is_known(entity):
            raise policy.Malformed("Invalid principal in policy")


def _is_known(entity: str) -> bool:
    """Whether a role or user named by a policy exists (and has propagated)."""
    matched = re.match(r"^arn:aws[a-z-]*:iam::(\d{12}):(role|user)/(.+)$", entity)
    if not matched:
        return True
    owner = accounts.get(matched.group(1))
    if matched.group(2) == "role":
        return iam.usable(owner, entity)
    return any(user.arn == entity for user in moto_backend("iam", owner.id, "aws").users.values())


def _is_public(statement: dict) -> bool:
    if statement["Effect"] != "Allow":
        return False
    principal = statement.get("Principal")
    everyone = principal == "*" or (isinstance(principal, dict) and "*" in policy.listed(principal.get("AWS")))
    keys = {
        key.lower()
        for operator, conditions in (statement.get("Condition") or {}).items()
        for key, values in conditions.items()
        if "Not" not in operator and "*" not in policy.listed(values)
    }
    return everyone and not keys & _FIXING_KEYS
