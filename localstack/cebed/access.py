"""What the caller may do, by action: with the setting `iam.caller_policy` (a policy document), all else is refused.

Off by default: the caller is then the account's root. Resources and conditions of the document are not looked at, so this
shows which actions a deployment needs, not on what. Sources: Service Authorization Reference (actions), each service's API
reference (the error).
"""

from __future__ import annotations

from typing import Any

from cebed import policy
from cebed.account import Account, setting
from cebed.middleware import aws_error, guard

setting("iam.caller_policy", None)

_PREFIXES = {
    "elbv2": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "service-quotas": "servicequotas",
    "resourcegroupstaggingapi": "tag",
}
_S3_ACTIONS = {
    "ListBuckets": "ListAllMyBuckets",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "HeadObject": "GetObject",
    "DeleteObjects": "DeleteObject",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "DeleteBucketTagging": "PutBucketTagging",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}
_QUERY_PROTOCOL = ("iam", "sts", "elbv2", "s3")
_ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}


def action_of(service: str, operation: str) -> str:
    """The IAM action that an operation needs."""
    if service == "s3":
        operation = _S3_ACTIONS.get(operation, operation)
    return f"{_PREFIXES.get(service, service)}:{operation}"


@guard("*", "*")
def _check_caller(account: Account, region: str, request: dict, context: Any) -> None:
    document = account.settings["iam.caller_policy"]
    if not document or getattr(context, "from_inside", False):
        return
    service = context.service.service_name
    action = action_of(service, context.operation.name)
    if action in _ALWAYS_ALLOWED:
        return
    unbound = [
        {key: value for key, value in statement.items() if key in ("Effect", "Action", "NotAction")}
        for statement in policy.statements(document)
    ]
    decision, _ = policy.decide([{"Version": "2012-10-17", "Statement": unbound}], action, "*", {})
    if decision == "allowed":
        return
    message = f"User: arn:aws:iam::{account.id}:root is not authorized to perform: {action}"
    if service == "ec2":
        raise aws_error("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)
    if service in _QUERY_PROTOCOL:
        raise aws_error("AccessDenied", message, 403)
    raise aws_error("AccessDeniedException", message, 403 if service in ("efs", "backup") else 400)
