"""KMS: keys on Python 3.11, and whose they are.

LocalStack 4.12 cannot make a key on Python 3.11, because `uuid5` takes no bytes there yet.
"""

from __future__ import annotations

import uuid
from typing import Any

import localstack.services.kms.models as models

from localstack_fargate.account import Account
from localstack_fargate.middleware import after


class _Uuid:
    """The `uuid` module, with the `uuid5` of Python 3.12."""

    def __getattr__(self, name: str):
        return getattr(uuid, name)

    @staticmethod
    def uuid5(namespace: uuid.UUID, name: str | bytes) -> uuid.UUID:
        return uuid.uuid5(namespace, name.decode("latin-1") if isinstance(name, bytes) else name)


models.uuid = _Uuid()


@after("kms", "DescribeKey")
def _managed_by_aws(account: Account, region: str, request: dict, response: dict, context: Any) -> dict:
    """The key behind an alias of AWS's own is AWS's."""
    own = account.state("kms.own", set)
    if request.get("KeyId", "").split(":")[-1].startswith("alias/aws/"):
        own.add(response["KeyMetadata"]["KeyId"])
    if response["KeyMetadata"]["KeyId"] in own:
        response["KeyMetadata"]["KeyManager"] = "AWS"
    return response
