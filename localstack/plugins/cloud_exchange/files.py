"""The files that a container sees, with their owners and modes, and who reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Iterator, Mapping


@dataclass(frozen=True)
class File:
    """A file or, without content, a folder."""

    content: bytes | None
    uid: int = 0
    gid: int = 0
    mode: int = 0o444

    def grants(self, uid: int | None, gid: int | None, bit: int) -> bool:
        """Whether the user may read (4), write (2), or enter (1). Of None, a user that only the image knows, nothing is
        known, so that it gets what everybody gets."""
        if uid == 0:
            return True
        if uid is not None and uid == self.uid:
            return bool(self.mode >> 6 & bit)
        if gid is not None and gid == self.gid:
            return bool(self.mode >> 3 & bit)
        return bool(self.mode & bit)


class Unreadable(Exception):
    """With `code` as C has it (`ENOENT`), and `words` as strerror does."""

    def __init__(self, path: str, code: str) -> None:
        self.path, self.code = path, code
        self.words = {"ENOENT": "No such file or directory", "EACCES": "Permission denied"}[code]
        self.errno = {"ENOENT": 2, "EACCES": 13}[code]
        super().__init__(f"{self.words}: '{path}'")

    @property
    def of_openssl(self) -> str:
        """As OpenSSL reports it."""
        return f"error:80000{self.errno:03X}:system library::{self.words}"


@dataclass(frozen=True)
class Files:
    """Everything by its path in the container, as one user sees it; `uid` None: a user that only the image knows."""

    entries: Mapping[str, File] = field(default_factory=dict)
    uid: int | None = 0
    gid: int | None = 0

    def stat(self, path: str) -> File:
        """Raises Unreadable if it does not exist, or lies in a folder that the user may not enter."""
        for parent in PurePosixPath(path).parents:
            entry = self.entries.get(str(parent))
            if entry and not entry.grants(self.uid, self.gid, 1):
                raise Unreadable(path, "EACCES")
        if path not in self.entries:
            raise Unreadable(path, "ENOENT")
        return self.entries[path]

    def read(self, path: str) -> bytes:
        """Raises Unreadable."""
        entry = self.stat(path)
        if entry.content is None or not entry.grants(self.uid, self.gid, 4):
            raise Unreadable(path, "EACCES")
        return entry.content

    def within(self, folder: str) -> Iterator[str]:
        """Paths of the files directly in the folder, in order."""
        for path, entry in sorted(self.entries.items()):
            if entry.content is not None and str(PurePosixPath(path).parent) == folder:
                yield path
