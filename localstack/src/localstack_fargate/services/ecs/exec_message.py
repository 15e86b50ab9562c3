"""Messages of a data channel as bytes. Source: `aws/amazon-ssm-agent` (`agent/session/contracts`)."""

from __future__ import annotations

import hashlib
import json
import struct
import time
import uuid
from dataclasses import dataclass

HEADER = struct.Struct(">I32sIQqQ16s32sII")
"""Header length, kind, schema version, milliseconds, sequence, flags, UUID, digest, payload type, payload length."""


class Over(Exception):
    """There is nothing more to say on this channel."""


@dataclass
class Message:
    kind: str
    sequence: int
    payload_type: int
    payload: bytes
    id: bytes = b""

    def encode(self) -> bytes:
        ident = self.id or uuid.uuid4().bytes
        digest = hashlib.sha256(self.payload).digest()
        head = (HEADER.size - 4, self.kind.encode().ljust(32), 1, int(time.time() * 1000), self.sequence, 0)
        return HEADER.pack(*head, ident[8:] + ident[:8], digest, self.payload_type, len(self.payload)) + self.payload

    @classmethod
    def decode(cls, data: bytes) -> Message:
        length, kind, _, _, sequence, _, ident, digest, payload_type, said = HEADER.unpack_from(data)
        payload = data[HEADER.size :]
        if length != HEADER.size - 4 or said != len(payload) or hashlib.sha256(payload).digest() != digest:
            raise Over
        return cls(kind.decode().strip(" \0"), sequence, payload_type, payload, ident[8:] + ident[:8])

    def acknowledgement(self) -> bytes:
        """The message that tells the sender that this one has arrived."""
        content = {
            "AcknowledgedMessageType": self.kind,
            "AcknowledgedMessageId": str(uuid.UUID(bytes=self.id)),
            "AcknowledgedMessageSequenceNumber": self.sequence,
            "IsSequentialMessage": True,
        }
        return Message("acknowledge", 0, 0, json.dumps(content).encode()).encode()
