"""Frames of smux, version 1, as both ends of AWS's port sessions speak it. Source: `xtaci/smux` (`frame.go`)."""

from __future__ import annotations

import struct

HEADER = struct.Struct("<BBHI")
"""Version, command, length, stream."""
OPEN, FINISH, DATA, NOTHING = range(4)
LARGEST = 32_768
"""The most data in one frame (`MaxFrameSize` of `DefaultConfig`)."""


class Broken(Exception):
    """What came is not smux: the session cannot go on."""


def frame(command: int, stream: int, data: bytes = b"") -> bytes:
    return HEADER.pack(1, command, len(data), stream) + data


class Decoder:
    """Puts frames together again."""

    def __init__(self) -> None:
        self.held = b""

    def push(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """(command, stream, data) of the frames that are whole."""
        self.held += data
        frames, at = [], 0
        while at + HEADER.size <= len(self.held):
            version, command, length, stream = HEADER.unpack_from(self.held, at)
            if version != 1 or command > NOTHING:
                raise Broken(f"version {version}, command {command}")
            end = at + HEADER.size + length
            if end > len(self.held):
                break
            frames.append((command, stream, self.held[at + HEADER.size : end]))
            at = end
        self.held = self.held[at:]
        return frames
