"""Permissions boundaries: what a role may do is what both its policies and its boundary allow.

Source: IAM user guide, "Permissions boundaries for IAM entities" and "Policy evaluation logic"; IAM API reference,
CreateRole, PutRolePermissionsBoundary, data type PermissionsBoundaryDecisionDetail.
"""

from __future__ import annotations

from typing import Any

from localstack_fargate import policy
from localstack_fargate.account import Account
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error, guard


def allows(account: Account, entity: Any, action: str, resource: str, context: dict[str, list[str]]) -> bool | None:
    """Whether the boundary of a role lets it do that; None where the role has none."""
    arn = getattr(entity, "permissions_boundary_arn", None)
    if not arn:
        return None
    managed = moto_backend("iam", account.id, "aws").managed_policies.get(arn)
    return managed is not None and policy.decide([document_of(managed)], action, resource, context)[0] == "allowed"


def document_of(managed: Any) -> str:
    """The document in force of a managed policy. AWS's own are kept in another form than the caller's."""
    versions = {version.version_id: version.document for version in managed.versions}
    return getattr(managed, "document", None) or versions[managed.default_version_id]


@guard("iam", "CreateRole", "PutRolePermissionsBoundary")
def _boundary_must_exist(account: Account, region: str, request: dict, context: Any) -> None:
    arn = request.get("PermissionsBoundary")
    if arn and arn not in moto_backend("iam", account.id, "aws").managed_policies:
        raise aws_error("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)
