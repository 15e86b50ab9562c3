"""Encryption of a session with a KMS key: the agent's side, for commands and for ports.

Source: `aws/amazon-ssm-agent` (`agent/session/crypto`, `agent/session/datachannel`). The data key, which the client
makes, is bound to the session, its target and a random text; the agent lets KMS decrypt it with the task role, whose
own policy has to allow that here (a key's policy is not read). AES-256-GCM, the nonce in front; the first half of the
key is the agent's. Unlike the real agent, this one ends a session when something cannot be decrypted.

Faults: `altered` changes one bit of what is printed, `other-key` encrypts it with another key.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from localstack.aws.api import ServiceException

from localstack_fargate.middleware import invoke
from localstack_fargate.services.ecs import permissions

STDOUT, CHALLENGE, CHALLENGE_RESPONSE = 1, 8, 9
ENCRYPTED = (STDOUT, 11, 12)
"""Output, errors, an exit code: the payloads of the agent that are encrypted. Of the client's it is input alone."""
NOTICE = "This session is encrypted using AWS KMS."
ACTION = "KMSEncryption"
NONCE = 12


class Encryption:
    """Of one session with a container of a task."""

    def __init__(self, account: Any, task: Any, target: str, session: str, key: str, fault: str | None = None) -> None:
        self.account, self.task, self.key, self.fault = account, task, key, fault
        self.context = {"aws:ssm:SessionId": session, "aws:ssm:TargetId": target}
        self.random = base64.b64encode(os.urandom(16)).decode()
        self.proof = os.urandom(64)
        self.ours: AESGCM | None = None
        self.theirs: AESGCM | None = None

    def action(self) -> dict:
        """What the handshake asks for."""
        return {"ActionType": ACTION, "ActionParameters": {"KMSKeyId": self.key, "Challenge": self.random}}

    def take_key(self, result: dict) -> str | None:
        """Takes the data key out of the response; why it cannot, if so."""
        context = dict(self.context)
        if result["ChallengeAcknowledgement"]:
            context["aws:ssm:RandomChallenge"] = self.random
        request = {"CiphertextBlob": base64.b64decode(result["KMSCipherTextKey"]), "KeyId": self.key}
        try:
            plain = self._decrypted(request | {"EncryptionContext": context}, context)
        except PermissionError as denied:
            why = str(denied)
        except ServiceException as error:
            why = f"{error.code}: {error.message}"
        else:
            self.ours, self.theirs = AESGCM(plain[:32]), AESGCM(plain[32:])
            return None
        return f"Fetching data key failed: Unable to retrieve data key, Error when decrypting data key {why}"

    def _decrypted(self, request: dict, context: dict[str, str]) -> bytes:
        region, role = self.task.region, self.task.definition.body.get("taskRoleArn")
        keys = {f"kms:EncryptionContext:{name}": [value] for name, value in context.items()}
        with self.account.lock:
            arn = invoke(self.account, region, "kms", "DescribeKey", {"KeyId": self.key})["KeyMetadata"]["Arn"]
            if why := permissions.denial(self.account, role, "kms:Decrypt", arn, keys):
                raise PermissionError(why)
            return invoke(self.account, region, "kms", "Decrypt", request)["Plaintext"]

    def challenge(self) -> bytes:
        return json.dumps({"Challenge": base64.b64encode(_sealed(self.ours, self.proof)).decode()}).encode()

    def is_proof(self, answer: bytes) -> bool:
        """Whether the client has decrypted the challenge."""
        try:
            return self.opened(STDOUT, base64.b64decode(json.loads(answer)["Challenge"])) == self.proof
        except (InvalidTag, ValueError):
            return False

    def sealed(self, payload_type: int, payload: bytes) -> bytes:
        """What is sent instead of a payload of the agent's."""
        if self.ours is None or payload_type not in ENCRYPTED:
            return payload
        sealed = _sealed(AESGCM(os.urandom(32)) if self.fault == "other-key" else self.ours, payload)
        return sealed[:-1] + bytes([sealed[-1] ^ 1]) if self.fault == "altered" else sealed

    def opened(self, payload_type: int, payload: bytes) -> bytes:
        """What the client has sent; raises InvalidTag."""
        if self.theirs is None or payload_type != STDOUT:
            return payload
        if len(payload) < NONCE:
            raise InvalidTag
        return self.theirs.decrypt(payload[:NONCE], payload[NONCE:], None)


def _sealed(key: AESGCM, payload: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + key.encrypt(nonce, payload, None)


def actions(session_type: str, properties: dict, encryption: Encryption | None) -> list[dict]:
    """What a handshake asks for."""
    parameters = {"SessionType": session_type, "Properties": properties}
    asked = [{"ActionType": "SessionType", "ActionParameters": parameters}]
    return asked + ([encryption.action()] if encryption else [])


def refusal(response: dict, encryption: Encryption | None) -> str | None:
    """Why a handshake fails with this response, in the agent's words; it takes the data key."""
    for action in response["ProcessedClientActions"]:
        kind, status = action["ActionType"], action["ActionStatus"]
        why = None
        if status != 1:
            why = f"{kind} failed on client with status {status} error: {action['Error']}"
        elif kind == ACTION and encryption:
            why = encryption.take_key(action["ActionResult"])
        if why is not None:
            return f"----------ERROR-------\nEncountered error while initiating handshake. {why}"
    return None
