"""Sessions that are encrypted with a KMS key, spoken from here: the data channel as in `test_ecs_exec.py`, ports as in
`test_ssm_sessions.py`. Source: `aws/session-manager-plugin` (`src/encryption`, `src/datachannel`),
`aws/amazon-ssm-agent` (`agent/session/crypto`, `agent/session/datachannel`); AWS KMS API reference (GenerateDataKey).

The client's cipher is put together here a second time, apart from the emulator.
"""

from __future__ import annotations

import base64
import json
import os

import pytest
from conftest import refused
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from policy_kit import anything, only
from test_ecs_exec import Channel as Plain
from test_ecs_exec import Task as ExecTask
from test_ssm_sessions import Channel as PortChannel
from test_ssm_sessions import Task as PortTask
from test_ssm_sessions import content


class Cipher:
    """The client's half of a session's encryption."""

    def __init__(self, plain: bytes) -> None:
        self.theirs, self.ours = AESGCM(plain[:32]), AESGCM(plain[32:])

    def seal(self, payload: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self.ours.encrypt(nonce, payload, None)

    def open(self, payload: bytes) -> bytes:
        return self.theirs.decrypt(payload[:12], payload[12:], None)

    def answer(self, challenge: bytes) -> bytes:
        sealed = base64.b64decode(json.loads(challenge)["Challenge"])
        return json.dumps({"Challenge": base64.b64encode(self.seal(self.open(sealed))).decode()}).encode()


def data_key(account, request: dict, session: str, target: str, **wrong) -> tuple[dict, Cipher]:
    """A handshake's response and the cipher that goes with it; `wrong` replaces parts of the context."""
    actions = {action["ActionType"]: action["ActionParameters"] for action in request["RequestedClientActions"]}
    asked = actions["KMSEncryption"]
    context = {"aws:ssm:SessionId": session, "aws:ssm:TargetId": target} | wrong.pop("context", {})
    acknowledges = wrong.pop("acknowledges", True)
    if acknowledges:
        context["aws:ssm:RandomChallenge"] = asked["Challenge"]
    made = account.client("kms").generate_data_key(KeyId=asked["KMSKeyId"], NumberOfBytes=64, EncryptionContext=context)
    result = {"KMSCipherTextKey": base64.b64encode(made["CiphertextBlob"]).decode(), "KMSCipherTextHash": None}
    result["ChallengeAcknowledgement"] = acknowledges
    actions = [{"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}]
    actions.append({"ActionType": "KMSEncryption", "ActionStatus": 1, "ActionResult": result, "Error": ""})
    return {"ClientVersion": "1.2.764.0", "ProcessedClientActions": actions, "Errors": []}, Cipher(made["Plaintext"])


class Task(ExecTask):
    """A task in a cluster that encrypts its sessions."""

    def __init__(self, account) -> None:
        super().__init__(account)
        self.key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
        configuration = {"executeCommandConfiguration": {"kmsKeyId": self.key, "logging": "DEFAULT"}}
        self.kit.ecs.update_cluster(cluster=self.kit.cluster, configuration=configuration)

    @property
    def target(self) -> str:
        container = next(one for one in self.kit.task(self.arn)["containers"] if one["name"] == "ui")
        return f"ecs:{self.kit.cluster}_{self.arn.rsplit('/', 1)[-1]}_{container['runtimeId']}"

    def channel(self, **rule) -> Channel:
        return Channel(self, self.session("ls", **rule))


class Channel(Plain):
    """A client that agrees on a data key."""

    def __init__(self, task: Task, session: dict) -> None:
        super().__init__(session)
        self.task, self.id = task, session["sessionId"]
        self.cipher: Cipher | None = None
        self.asked: dict = {}
        self.sequence, self.notice = 0, ""

    def put(self, payload_type: int, payload: bytes) -> None:
        self.write("input_stream_data", payload_type, payload, self.sequence)
        self.sequence += 1

    def everything(self, typed: bytes = b"", **wrong) -> tuple[bytes, str]:
        """What is printed, and why the channel was closed; types something once the handshake is complete."""
        printed = b""
        while message := self.receive():
            kind, sequence, payload_type, payload, ident = message
            if kind == "channel_closed":
                return printed, json.loads(payload)["Output"]
            if kind != "output_stream_data":
                continue
            self.acknowledge(sequence, ident)
            if payload_type == 5:
                self.asked = json.loads(payload)
                response, self.cipher = data_key(self.task.account, self.asked, self.id, self.task.target, **wrong)
                self.put(6, json.dumps(response).encode())
            elif payload_type == 8:
                self.put(9, self.cipher.answer(payload))
            elif payload_type == 7:
                self.notice = json.loads(payload)["CustomerMessage"]
                if typed:
                    self.put(1, typed if wrong.get("clear") else self.cipher.seal(typed))
            elif payload_type == 1:
                printed += self.cipher.open(payload)
        return printed, "cut"


@pytest.mark.row("kms:GenerateDataKey: as many bytes as are asked for, bound to their context", plain="fails")
def test_a_data_key_has_the_wanted_length(account):
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    made = kms.generate_data_key(KeyId=key, NumberOfBytes=64, EncryptionContext={"a": "b"})
    assert len(made["Plaintext"]) == 64
    blob = {"CiphertextBlob": made["CiphertextBlob"]}
    assert kms.decrypt(**blob, EncryptionContext={"a": "b"})["Plaintext"] == made["Plaintext"]
    refused(lambda: kms.decrypt(**blob, EncryptionContext={"a": "c"}), "InvalidCiphertextException")
    assert len(kms.generate_data_key(KeyId=key, KeySpec="AES_128")["Plaintext"]) == 16
    refused(lambda: kms.generate_data_key(KeyId=key), "ValidationException")
    kms.disable_key(KeyId=key)
    refused(lambda: kms.generate_data_key(KeyId=key, NumberOfBytes=64), "DisabledException")


@pytest.mark.row("ecs:ExecuteCommand: sessions of a cluster with a KMS key are encrypted", plain="fails")
def test_a_session_is_encrypted(account):
    task = Task(account)
    channel = task.channel(contains="ls", output="one\ntwo\n", chunks=3)
    assert channel.everything() == (b"one\r\ntwo\r\n", "")
    key = channel.asked["RequestedClientActions"][1]
    assert key["ActionType"] == "KMSEncryption" and key["ActionParameters"]["KMSKeyId"] == task.key
    assert channel.notice == "This session is encrypted using AWS KMS."
    # A client that does not know of the random text, as AWS's own did not for years.
    assert task.channel().everything(acknowledges=False)[0] == b"one\r\ntwo\r\n"


@pytest.mark.row("ecs:ExecuteCommand: what is typed into an encrypted session", plain="absent")
def test_what_is_typed_is_decrypted(account):
    task = Task(account)
    printed, why = task.channel(shell=True).everything(b"echo a b\rexit\r")
    assert printed.endswith(b"a b\r\n# exit\r\n") and why == ""
    assert task.channel().everything(b"exit\r", clear=True)[1] == "Error decrypting stream data message"


@pytest.mark.row("ecs:ExecuteCommand: a data key of another session or target is refused", plain="fails")
def test_a_data_key_is_bound_to_its_session(account):
    task = Task(account)
    for wrong in ({"aws:ssm:SessionId": "other"}, {"aws:ssm:TargetId": "ecs:a_b_c"}, {"more": "than that"}):
        printed, why = task.channel(output="secret").everything(context=wrong)
        assert printed == b"" and "Fetching data key failed" in why and "InvalidCiphertextException" in why, wrong


@pytest.mark.row("ecs:ExecuteCommand: the task role has to decrypt the data key", plain="fails")
def test_the_task_role_needs_decrypt(account):
    task = Task(account)
    iam = account.client("iam")
    role = task.kit.ecs.describe_task_definition(taskDefinition=task.kit.task(task.arn)["taskDefinitionArn"])
    name = role["taskDefinition"]["taskRoleArn"].rsplit("/", 1)[-1]

    def denies(**condition) -> None:
        statement = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": task.key} | condition
        document = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_role_policy(RoleName=name, PolicyName="no", PolicyDocument=json.dumps(document))
        account.advance(60)

    target = "kms:EncryptionContext:aws:ssm:TargetId"
    denies(Condition={"StringNotLike": {target: f"ecs:{task.kit.cluster}_*"}})
    assert task.channel(output="one").everything()[0] == b"one"
    denies()
    printed, why = task.channel().everything()
    assert printed == b"" and "AccessDeniedException" in why and "kms:Decrypt" in why


@pytest.mark.row("rules of ECS Exec: what is altered or encrypted with another key", plain="absent")
@pytest.mark.parametrize("fault", ["altered", "other-key"])
def test_faults_of_encryption(account, fault):
    with pytest.raises(InvalidTag):
        Task(account).channel(output="one", fault=fault).everything()


@pytest.mark.row("kms:GenerateDataKey: a policy can bind it to sessions with a cluster", plain="fails")
def test_a_data_key_needs_a_permission(account):
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    make = lambda target: kms.generate_data_key(
        KeyId=key, NumberOfBytes=64, EncryptionContext={"aws:ssm:TargetId": target}
    )
    condition = {"StringLike": {"kms:EncryptionContext:aws:ssm:TargetId": "ecs:shared_*"}}
    keys = "arn:aws:kms:us-east-1:*:key/*"
    only(account, {"Action": "kms:GenerateDataKey", "Resource": keys, "Condition": condition})
    assert make("ecs:shared_a_b")["KeyId"] == key
    refused(lambda: make("ecs:other_a_b"), "AccessDeniedException")
    refused(lambda: kms.generate_data_key(KeyId=key, NumberOfBytes=64), "AccessDeniedException")
    anything(account)


class Port(PortChannel):
    """A client of a port that agrees on a data key."""

    def __init__(self, task: PortTask, answer: dict) -> None:
        super().__init__(answer)
        self.task, self.id, self.cipher = task, answer["SessionId"], None

    def take(self, payload_type: int, payload: bytes) -> None:
        if payload_type == 5:
            response, self.cipher = data_key(self.task.account, json.loads(payload), self.id, self.task.target)
            self.put(6, json.dumps(response).encode())
        elif payload_type == 8:
            self.put(9, self.cipher.answer(payload))
        elif payload_type == 1:
            super().take(1, self.cipher.open(payload))
        else:
            super().take(payload_type, payload)

    def put(self, payload_type: int, payload: bytes) -> int:
        return super().put(payload_type, self.cipher.seal(payload) if payload_type == 1 else payload)


@pytest.mark.row("rules of port sessions: an agent that asks for encryption with a KMS key", plain="absent")
def test_a_port_session_is_encrypted(account):
    task = PortTask(account)
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    task.rule(kms_key=key)
    channel = Port(task, task.start()).begin()
    assert channel.get("/bytes/100000") == [content(100_000)]
    assert channel.notice == "This session is encrypted using AWS KMS."
    task.rule(kms_key=key, altered=True)
    channel = Port(task, task.start()).begin()
    with pytest.raises(InvalidTag):
        channel.get("/bytes/10")
