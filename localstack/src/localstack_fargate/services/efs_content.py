"""What is in a file system, as one number: its content version, counted up by every task that mounts it for writing.

    GET /_emulator/<account>/file-systems  [{"id", "content", "restored", "restored_from", "writers": [task ARNs]}, ...]

A backup records the version, a restore sets it, and a task remembers the one it found (`content` in its history): so a
test can tell whether data came back, and whether an empty directory was taken for it.

Source: AWS Backup developer guide, "Restore an Amazon EFS file system": every restore, also a full one to a new file
system, puts what it restores into a new directory `aws-backup-restore_<time>` of the file system's root, and access
points do not see it there. `restored` is the version in each such directory. It is what a task finds that mounts the
directory or what is below, and becomes the file system's own version once a data step has moved it to the root.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Iterator

from localstack_fargate.account import Account, setting
from localstack_fargate.control import route
from localstack_fargate.middleware import after
from localstack_fargate.services.efs import region_of

setting("restore.into_directory", True)  # False: to the root, as AWS does not

PREFIX = "aws-backup-restore_"

ON_BACKUP: list[Callable[[Account, str], Any]] = []
"""fn(account, file system): what a plugin keeps of its files in a recovery point."""
ON_RESTORE: list[Callable[[Account, str, Any], None]] = []
"""fn(account, new file system, what was kept), in the same order."""


@dataclass
class Content:
    """`versions` by directory: "" is the root without the restored directories."""

    versions: dict[str, int] = field(default_factory=lambda: {"": 0})
    restored_from: str | None = None
    writers: list[str] = field(default_factory=list)

    def tree(self, path: str) -> str:
        """The directory of `versions` in which a path is."""
        return next((top for top in self.versions if top and f"{path}/".startswith(f"{top}/")), "")


@dataclass(frozen=True)
class Mount:
    """One container's view of a file system; `posix_user` is the one its access point enforces."""

    file_system: str
    path: str
    writes: bool
    access_point: str | None
    posix_user: int | None


def of(account: Account, file_system: str) -> Content:
    return account.state("efs.content", dict).setdefault(file_system, Content())


def mounts(account: Account, region: str, volumes: list[dict], container: dict) -> Iterator[Mount]:
    """The EFS mounts of a container of a task definition."""
    named = {v["name"]: v["efsVolumeConfiguration"] for v in volumes if v.get("efsVolumeConfiguration")}
    for mount in container["mountPoints"]:
        if efs := named.get(mount.get("sourceVolume")):
            point = (efs.get("authorizationConfig") or {}).get("accessPointId")
            known = region_of(account, region).access_points.get(point) or {}
            path = (known.get("RootDirectory") or {}).get("Path") or efs.get("rootDirectory") or "/"
            user = (known.get("PosixUser") or {}).get("Uid")
            yield Mount(efs["fileSystemId"], path.rstrip("/"), not mount.get("readOnly"), point, user)


def begin(account: Account, task_arn: str, found: dict[str, int], mounted: list[Mount]) -> None:
    """A container of the task starts: `found` is what the task has found so far, by file system."""
    for mount in mounted:
        content = of(account, mount.file_system)
        tree = content.tree(mount.path)
        found.setdefault(mount.file_system, content.versions[tree])
        if mount.writes and task_arn not in content.writers:
            content.writers.append(task_arn)
            content.versions[tree] += 1


def restore(account: Account, file_system: str, version: int, point_arn: str, directory: str) -> None:
    """A restore job has ended; `directory` is its own, such as `/aws-backup-restore_2026-…`."""
    content = of(account, file_system)
    content.restored_from = point_arn
    content.versions[directory if account.settings["restore.into_directory"] else ""] = version


def keep(account: Account, file_system: str) -> list[Any]:
    """What plugins keep of a file system in a recovery point."""
    return [keep(account, file_system) for keep in ON_BACKUP]


def give_back(account: Account, file_system: str, kept: list[Any]) -> None:
    """Gives plugins back what they have kept."""
    for give, what in zip(ON_RESTORE, kept):
        give(account, file_system, what)


def move_to_root(account: Account, mounted: list[Mount]) -> None:
    """What was restored last takes the place of what the root holds, in the file systems that are mounted by their
    root."""
    for mount in mounted:
        content = of(account, mount.file_system)
        restored = sorted(top for top in content.versions if top)
        if mount.writes and not mount.path and restored:
            content.versions[""] = content.versions.pop(restored[-1])


@after("efs", "CreateFileSystem")
def _begin_empty(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    of(account, response["FileSystemId"])
    return response


@after("efs", "DeleteFileSystem")
def _forget(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    account.state("efs.content", dict).pop((request.get("FileSystemId") or "").rsplit("/", 1)[-1], None)
    return response


@route("file-systems")
def _listing(account: Account, request: Any) -> list:
    return [
        {
            "id": file_system,
            "content": content.versions[""],
            "restored": {top: version for top, version in content.versions.items() if top},
            "restored_from": content.restored_from,
            "writers": content.writers,
        }
        for file_system, content in account.state("efs.content", dict).items()
    ]
