"""Volumes as folders of this machine, with the owners that their files would have.

Nothing is ever really given to another user, so that it makes no difference who runs the emulator: the owner of each
inode is noted, modes are real. What a script has changed is compared with what its user may change
(`Volume.refused`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from cloud_exchange.files import File

LARGEST = 1024 * 1024
"""Files above are no configuration; of these the content is not kept."""

Owner = tuple[int, int]


@dataclass(eq=False)
class Volume:
    """A folder that containers mount."""

    folder: Path
    owner: Owner = (0, 0)
    enforced: Owner | None = None
    """Who everybody is there: the user of an access point."""
    owners: dict[int, Owner] = field(default_factory=dict)
    """By inode."""
    facts: dict = field(default_factory=dict)
    """What a server has put into it, as far as others must know."""

    @classmethod
    def make(cls, folder: Path, owner: Owner = (0, 0), mode: int = 0o755, enforced: Owner | None = None) -> Volume:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        return cls(folder, owner, enforced, {folder.stat().st_ino: owner})

    def entries(self) -> dict[str, File]:
        """Everything in it by its path relative to the folder; the folder itself is the empty path."""
        found = {}
        for parent, folders, names in os.walk(self.folder):
            for path in [Path(parent), *(Path(parent, name) for name in names)]:
                if entry := self._entry(path):
                    relative = str(path.relative_to(self.folder))
                    found["" if relative == "." else relative] = entry
        return found

    def _entry(self, path: Path) -> File | None:
        try:
            status = path.stat()
        except OSError:  # a link to nowhere
            return None
        uid, gid = self.owners.get(status.st_ino, self.owner)
        mode = status.st_mode & 0o7777
        if path.is_dir():
            return File(None, uid, gid, mode)
        content = b"" if status.st_size > LARGEST or not path.is_file() else _read(path, mode)
        return File(content, uid, gid, mode)

    def state(self) -> dict[str, tuple[int, int, int]]:
        """Inode, size and time of change of everything in it."""
        found = {}
        for parent, folders, names in os.walk(self.folder):
            for name in [*folders, *names]:
                path = Path(parent, name)
                status = path.lstat()
                size = 0 if path.is_dir() else status.st_size
                changed = 0 if path.is_dir() else status.st_mtime_ns
                found[str(path.relative_to(self.folder))] = (status.st_ino, size, changed)
        return found

    def take(self, user: Owner) -> None:
        """Gives what has no owner yet to the user who has made it."""
        inodes = {inode for inode, _, _ in self.state().values()} | {self.folder.stat().st_ino}
        known = {inode: owner for inode, owner in self.owners.items() if inode in inodes}
        self.owners = {inode: known.get(inode, self.enforced or user) for inode in inodes}

    def refused(
        self, before: dict, entries: dict[str, File], user: tuple[int | None, int | None], read_only: bool
    ) -> str | None:
        """Why the user could not have made the changes since `before` and `entries`: `path: words`."""
        uid, gid = self.enforced or user
        after = self.state()
        for path in sorted(before.keys() | after.keys()):
            if before.get(path) == after.get(path):
                continue
            if read_only:
                return f"{path}: Read-only file system"
            parent = str(Path(path).parent).removeprefix(".")
            renewed = path not in before or path not in after or before[path][0] != after[path][0]
            target = entries.get(parent) if renewed else entries.get(path)
            if target and not target.grants(uid, gid, 2):
                return f"{path}: Permission denied"
        return None


def _read(path: Path, mode: int) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError:  # a mode that shuts out even the owner, who is not root here
        path.chmod(mode | 0o400)
        try:
            return path.read_bytes()
        finally:
            path.chmod(mode)
