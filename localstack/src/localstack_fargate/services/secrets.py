"""Secrets Manager: the recovery window, and tokens that make a repeated create harmless.

Source: Secrets Manager API Reference, CreateSecret (ClientRequestToken), DeleteSecret, PutSecretValue.
"""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Any, Callable

from localstack_fargate.account import Account, setting
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import after, aws_error, guard, override

setting("quota.secrets", 500_000)

_DAY = 86_400


def _secret(account: Account, region: str, secret_id: str) -> Any | None:
    """moto's record of a secret, by name or ARN."""
    store = moto_backend("secretsmanager", account.id, region).secrets
    return store[secret_id] if secret_id in store else None


def exists(account: Account, region: str, secret_id: str) -> bool:
    """Whether the secret's value can be read: it exists and is not scheduled for deletion."""
    secret = _secret(account, region, secret_id)
    return secret is not None and not secret.is_deleted()


@override("secretsmanager", "CreateSecret")
def _repeated_create(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    """The same token with the same value answers with the secret that is already there."""
    secret = _secret(account, region, request.get("Name", ""))
    token = request.get("ClientRequestToken")
    if (
        secret is None
        and len(moto_backend("secretsmanager", account.id, region).secrets) >= account.settings["quota.secrets"]
    ):
        raise aws_error("LimitExceededException", "You've reached the limit on the number of secrets.")
    if secret is None or secret.is_deleted() or token not in secret.versions:
        return call_next(request)
    version, binary = secret.versions[token], request.get("SecretBinary")
    given = (request.get("SecretString"), base64.b64encode(binary).decode() if binary else None)
    if (version.get("secret_string"), version.get("secret_binary")) == given:
        return {"ARN": secret.arn, "Name": secret.name, "VersionId": token}
    raise aws_error(
        "ResourceExistsException", f"The operation failed because the secret {request.get('Name')} already exists."
    )


@guard(
    "secretsmanager",
    "PutSecretValue",
    "UpdateSecret",
    "TagResource",
    "UntagResource",
    "RotateSecret",
    "PutResourcePolicy",
)
def _scheduled_for_deletion(account: Account, region: str, request: dict, context: Any) -> None:
    secret = _secret(account, region, request.get("SecretId", ""))
    if secret is not None and secret.is_deleted():
        raise aws_error(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )


@guard("secretsmanager", "DeleteSecret")
def _window(account: Account, region: str, request: dict, context: Any) -> None:
    days, force = request.get("RecoveryWindowInDays"), request.get("ForceDeleteWithoutRecovery")
    if days is not None and force:
        raise aws_error(
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )
    if days is not None and not 7 <= days <= 30:
        raise aws_error(
            "InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        )


@after("secretsmanager", "DeleteSecret")
def _gone_after_the_window(account: Account, region: str, request: dict, response: dict, context: Any) -> dict:
    if request.get("ForceDeleteWithoutRecovery"):
        return response
    window = (request.get("RecoveryWindowInDays") or 30) * _DAY
    due = account.clock.now() + window
    secret = _secret(account, region, request["SecretId"])
    secret.deleted_date = due
    response["DeletionDate"] = datetime.fromtimestamp(due, timezone.utc)

    def remove(account: Account) -> None:
        current = _secret(account, region, secret.arn)
        if current is secret and secret.is_deleted() and secret.deleted_date == due:
            moto_backend("secretsmanager", account.id, region).secrets.pop(secret.name)

    account.schedule(window, remove)
    return response
