"""S3: buckets belong to one account, and what AWS refuses in their settings and deletes.

Sources: S3 User Guide, "Blocking public access", "Bucket policies", "How to perform conditional deletes"; S3 API
Reference, "Error responses".
"""

from __future__ import annotations

from typing import Any, Callable

from localstack_fargate import policy
from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import after, aws_error, guard, override

setting("quota.buckets", 10_000)
setting("s3.forbidden", False)  # a service control policy keeps the account from making buckets and objects


def bucket(name: str) -> Any | None:
    """LocalStack's record of a bucket, whoever owns it. Bucket names are shared by all accounts."""
    from localstack.services.s3.models import s3_stores

    anyone = s3_stores["000000000000"]["us-east-1"]
    owner = anyone.global_bucket_map.get(name)
    return s3_stores[owner]["us-east-1"].buckets.get(name) if owner else None


@guard("s3", "CreateBucket", "PutObject", "CopyObject", "CreateMultipartUpload")
def _forbidden(account: Account, region: str, request: dict, context: Any) -> None:
    if account.settings["s3.forbidden"]:
        action = "CreateBucket" if context.operation.name == "CreateBucket" else "PutObject"
        resource = "/".join(filter(None, (request.get("Bucket"), request.get("Key"))))
        raise aws_error(
            "AccessDenied",
            f"User: arn:aws:iam::{account.id}:root is not authorized to perform: s3:{action} on resource: "
            f'"arn:aws:s3:::{resource}" with an explicit deny in a service control policy',
            403,
        )


@guard("s3", "CreateBucket")
def _limit(account: Account, region: str, request: dict, context: Any) -> None:
    from localstack.services.s3.models import s3_stores

    owned = s3_stores[account.id]["us-east-1"].buckets
    if request.get("Bucket") not in owned and len(owned) >= account.settings["quota.buckets"]:
        raise aws_error("TooManyBuckets", "You have attempted to create more buckets than allowed.")


@guard("s3", "*")
def _owner_only(account: Account, region: str, request: dict, context: Any) -> None:
    """A bucket of another account refuses everything, unless its policy says otherwise."""
    name, operation = request.get("Bucket"), context.operation.name
    if not name or operation == "CreateBucket":
        return
    found = bucket(name)
    if found is None:
        return
    expected = request.get("ExpectedBucketOwner")
    foreign = found.bucket_account_id != account.id and not _policy_admits(found, account.id, operation, request)
    if foreign or (expected and expected != found.bucket_account_id):
        raise aws_error("AccessDenied", "Access Denied", 403)


def _policy_admits(found: Any, account_id: str, operation: str, request: dict) -> bool:
    if not found.policy:
        return False
    resource = f"arn:aws:s3:::{found.name}" + (f"/{request['Key']}" if "Key" in request else "")
    action = {
        "ListObjectsV2": "ListBucket",
        "ListObjects": "ListBucket",
        "HeadBucket": "ListBucket",
        "HeadObject": "GetObject",
    }
    for statement in policy.statements(found.policy):
        principal = statement.get("Principal")
        named = policy.listed(principal.get("AWS")) if isinstance(principal, dict) else [principal]
        if not any(one == "*" or account_id in str(one) for one in named):
            continue
        decision, _ = policy.decide(
            [{"Version": "2012-10-17", "Statement": [statement]}],
            f"s3:{action.get(operation, operation)}",
            resource,
            {},
        )
        if decision == "allowed":
            return True
    return False


@override("s3", "DeleteObject")
def _conditional_delete(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> Any:
    """`If-Match`: 412 when the object is another one (or, for `*`, absent), 404 when there is none."""
    wanted = request.get("IfMatch")
    found = bucket(request.get("Bucket", ""))
    if not wanted or found is None:
        return call_next(request)
    present = found.objects.get(request.get("Key"))
    etag = getattr(present, "etag", None)
    if etag is None and wanted != "*":
        raise aws_error("NoSuchKey", "The specified key does not exist.", 404)
    if etag is None or (wanted != "*" and wanted.strip('"') != etag.strip('"')):
        raise aws_error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
    return call_next({key: value for key, value in request.items() if key != "IfMatch"})


@after("s3", "GetBucketEncryption")
def _whole_encryption(account: Account, region: str, request: dict, response: dict, context: Any) -> dict:
    """AWS always says whether there is a bucket key (unverified); LocalStack not when the encryption was set without a
    word on it."""
    for rule in response["ServerSideEncryptionConfiguration"]["Rules"]:
        rule.setdefault("BucketKeyEnabled", False)
    return response


@guard("s3", "PutBucketLifecycleConfiguration")
def _lifecycle(account: Account, region: str, request: dict, context: Any) -> None:
    for rule in (request.get("LifecycleConfiguration") or {}).get("Rules") or []:
        if (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays", 1) < 1:
            raise aws_error(
                "InvalidArgument", "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"
            )
        days = (rule.get("Expiration") or {}).get("Days")
        if days is not None and days < 1:
            raise aws_error("InvalidArgument", "'Days' for Expiration action must be a positive integer")
        for transition in rule.get("Transitions") or []:
            after = transition.get("Days")
            kind = transition.get("StorageClass")
            if kind in ("STANDARD_IA", "ONEZONE_IA") and after is not None and after < 30:
                raise aws_error(
                    "InvalidArgument",
                    f"'Days' in Transition action must be greater than or equal to 30 for storageClass '{kind}'",
                )
            if days is not None and after is not None and days <= after:
                raise aws_error(
                    "InvalidArgument",
                    "'Days' in the Expiration action for filter must be greater than 'Days' in the Transition action",
                )
