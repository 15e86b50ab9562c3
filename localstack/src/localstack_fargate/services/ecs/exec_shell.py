"""A shell on a terminal in a container, as far as a client can tell it from a real one: it echoes what is typed, as the
terminal's line discipline does, and answers lines.

    size        the terminal's size, `rows columns`, as `stty size`
    echo WORDS  the words
    exit, or Ctrl-D on an empty line: ends the session
    cut         the connection breaks
    Ctrl-C      drops the line; Ctrl-Z is echoed; any other byte that is no text as `<hex>`
"""

from __future__ import annotations

import json
from typing import Any, Callable, Iterable

SIZE = 3
PROMPT = b"# "


class Shell:
    """`say` prints on the terminal."""

    def __init__(self, say: Callable[[bytes], None], session: Any) -> None:
        self.say, self.session = say, session
        self.size, self.line = "0 0", b""

    def run(self, inputs: Iterable[Any]) -> None:
        """Until the session ends."""
        self.say(PROMPT)
        for message in inputs:
            if message.payload_type == SIZE:
                size = json.loads(message.payload)
                self.size = f"{size['rows']} {size['cols']}"
                continue
            for byte in message.payload:
                if self._typed(bytes([byte])):
                    return

    def _typed(self, key: bytes) -> bool:
        """Whether the session is over."""
        if key in (b"\r", b"\n"):
            self.say(b"\r\n")
            line, self.line = self.line.decode(errors="replace"), b""
            return self._answer(line)
        if key == b"\x03":
            self.line = b""
            self.say(b"^C\r\n" + PROMPT)
        elif key == b"\x04":
            if not self.line:
                return True
        elif key == b"\x1a":
            self.say(b"^Z")
        elif key < b" ":
            self.say(b"<%02x>" % key[0])
        else:
            self.line += key
            self.say(key)
        return False

    def _answer(self, line: str) -> bool:
        if line == "exit":
            return True
        if line == "cut":
            raise TimeoutError
        word, _, rest = line.partition(" ")
        printed = {"size": self.size, "echo": rest}.get(word)
        if line:
            self.say((printed if printed is not None else f"sh: {word}: not found").encode() + b"\r\n")
        self.say(PROMPT)
        return False
