"""EFS file-system policies: refused when malformed or when a principal is not visible yet.

Source: Amazon EFS API reference (PutFileSystemPolicy, DescribeFileSystemPolicy, DeleteFileSystemPolicy,
InvalidPolicyException). The document is kept and answered as it was sent.
"""

from __future__ import annotations

import re

from localstack_fargate import policy
from localstack_fargate.middleware import override
from localstack_fargate.services import efs, iam
from localstack_fargate.services.efs import error

LIMIT = 20_000


@override("efs", "PutFileSystemPolicy")
def put_policy(account, region, request, context, call_next):
    record = efs.available(account, region, request.get("FileSystemId"))
    document = request.get("Policy") or ""
    try:
        if len(document) > LIMIT:
            raise policy.Malformed("The policy is too long.")
        _check(account, record, document)
    except policy.Malformed as malformed:
        raise error("InvalidPolicyException", f"Policy is not valid: {malformed}") from None
    record["_policy"] = document
    return {"FileSystemId": record["FileSystemId"], "Policy": document}


def _check(account, record: dict, document: str) -> None:
    for statement in policy.statements(document):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise policy.Malformed("a resource policy must name principals")
        principal = statement.get("Principal", statement.get("NotPrincipal"))
        policy.check_principal(principal)
        for action in policy.listed(statement.get("Action")):
            if action != "*" and not action.startswith("elasticfilesystem:"):
                raise policy.Malformed(f"{action} is not an action of elasticfilesystem")
        for resource in policy.listed(statement.get("Resource")):
            if not policy.glob(resource, record["FileSystemArn"]):
                raise policy.Malformed(f"resource {resource} is not this file system")
        if isinstance(principal, dict):
            for entity in policy.listed(principal.get("AWS")):
                _require_entity(account, entity)


def _require_entity(account, entity: str) -> None:
    """A role of this account must exist and have propagated; other accounts cannot be looked into."""
    role = re.fullmatch(rf"arn:aws[a-z-]*:iam::{account.id}:role/.+", entity)
    if role and not iam.usable(account, entity):
        raise policy.Malformed(f'Invalid principal in policy: "AWS":"{entity}"')


@override("efs", "DescribeFileSystemPolicy")
def describe_policy(account, region, request, context, call_next):
    record = efs.file_system(account, region, request.get("FileSystemId"))
    if record["_policy"] is None:
        raise error("PolicyNotFound", "None", 404)
    return {"FileSystemId": record["FileSystemId"], "Policy": record["_policy"]}


@override("efs", "DeleteFileSystemPolicy")
def delete_policy(account, region, request, context, call_next):
    efs.available(account, region, request.get("FileSystemId"))["_policy"] = None
    return {}
