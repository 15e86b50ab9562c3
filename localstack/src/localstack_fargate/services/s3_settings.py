"""S3: the settings of one bucket are changed one after the other, and a new policy takes a while to count.

Of two changes of one bucket that are under way at the same time S3 refuses one with 409 OperationAborted (S3 API
reference, "Error responses"; hashicorp/terraform-provider-aws#7628, #33552, #36873). Who was first is decided by the
wall clock: it is about calls that overlap.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import Any, Iterator

from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import after, around, aws_error
from localstack_fargate.services.s3_buckets import bucket

# Until load balancers see the policy of a bucket (unverified: that they may be refused at first is inferred from
# kubernetes-sigs/aws-load-balancer-controller#1956 and cn-terraform/terraform-aws-ecs-fargate#49).
setting("s3.policy_propagation", 10)

_TAKES = 0.02
"""Seconds of the wall clock that a change is under way at least."""

_PARTS = (
    "Tagging", "Encryption", "Policy", "LifecycleConfiguration", "Lifecycle", "Logging", "NotificationConfiguration",
    "OwnershipControls", "Versioning", "Acl", "Cors",
)  # fmt: skip
_CHANGES = {f"{verb}Bucket{part}" for verb in ("Put", "Delete") for part in _PARTS} | {
    "CreateBucket", "DeleteBucket", "PutPublicAccessBlock", "DeletePublicAccessBlock",
}  # fmt: skip

_busy: set[str] = set()
_lock = threading.Lock()


@around("s3", "*")
@contextmanager
def _one_at_a_time(account: Account, region: str, request: dict, context: Any) -> Iterator[None]:
    name = request.get("Bucket")
    if not name or context.operation.name not in _CHANGES:
        yield
        return
    with _lock:
        crowded = name in _busy
        _busy.add(name)
    if crowded:
        raise aws_error(
            "OperationAborted",
            "A conflicting conditional operation is currently in progress against this resource. Please try again.",
            409,
        )
    try:
        time.sleep(_TAKES)
        yield
    finally:
        with _lock:
            _busy.discard(name)


@after("s3", "PutBucketPolicy")
def _note_policy(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    found = bucket(request.get("Bucket", ""))
    if found is not None:
        found.emulator_policy_since = account.clock.now()
    return response


def policy_age(account: Account, found: Any) -> float:
    """For how many AWS seconds the bucket has had its policy."""
    return account.clock.now() - getattr(found, "emulator_policy_since", float("-inf"))
