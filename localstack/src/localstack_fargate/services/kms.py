"""KMS: keys on Python 3.11, whose they are, and data keys of any length.

LocalStack 4.12 cannot make a key on Python 3.11, because `uuid5` takes no bytes there yet; and its data keys have 32
bytes whatever is asked for. Source: AWS KMS API reference, GenerateDataKey.
"""

from __future__ import annotations

import os
import uuid
from typing import Any

import localstack.services.kms.models as models

from localstack_fargate.account import Account
from localstack_fargate.middleware import after, aws_error, invoke, override


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


_SPECS = {"AES_128": 16, "AES_256": 32}


@override("kms", "GenerateDataKey")
def _data_key(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    length = request.get("NumberOfBytes") or _SPECS.get(request.get("KeySpec", ""))
    if not length or (request.get("NumberOfBytes") and request.get("KeySpec")):
        raise aws_error("ValidationException", "Please specify either number of bytes or key spec.")
    plain = os.urandom(length)
    wanted = {"KeyId": request["KeyId"], "Plaintext": plain}
    wanted |= {"EncryptionContext": request["EncryptionContext"]} if request.get("EncryptionContext") else {}
    answer = invoke(account, region, "kms", "Encrypt", wanted)
    return {"KeyId": answer["KeyId"], "Plaintext": plain, "CiphertextBlob": answer["CiphertextBlob"]}
