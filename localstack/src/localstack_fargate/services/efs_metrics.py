"""EFS's metrics in CloudWatch: what tasks read and write as long as they have a file system mounted.

Settings: `efs.io`, the bytes a second that each task with a mount reads and writes (`data_read`, `data_write`,
`metadata_read`, `metadata_write`); `efs.burst_credits`, what a file system begins with;
`efs.percent_io_limit`, how near it comes to the limit of operations while it is mounted; `efs.mounted_before`, for how
many seconds before it ran each task counts as having had its file systems mounted, so that a test has days of data.

Source: Amazon EFS user guide, "CloudWatch metrics for Amazon EFS" (names, units, dimensions, periods; data operations
count with at least 32 KiB, others with at least 4 KiB), "Throughput modes" (credits, baseline, burst). From a public
report: `BurstCreditBalance` is not published in elastic mode, and `PermittedThroughput` is 5 GiB/s there. That nothing
but `StorageBytes` is published while no client is connected is unverified.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from localstack_fargate.account import Account, setting
from localstack_fargate.services import efs, efs_content
from localstack_fargate.services.cloudwatch import Metric, Point, source
from localstack_fargate.services.ecs import lifecycle
from localstack_fargate.services.ecs.model import Task

_SORTS = {"data_read": 32_768, "data_write": 32_768, "metadata_read": 4_096, "metadata_write": 4_096}
"""Each sort of I/O, with the bytes of an operation."""
_MIB = 2**20
_MOST_CREDITS = 2.1 * 2**40


def _check_rates(value: Any) -> None:
    if unknown := set(value) - set(_SORTS):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if any(rate < 0 for rate in value.values()):
        raise ValueError("a rate cannot be negative")


_USUAL = {"data_read": 20_000, "data_write": 60_000, "metadata_read": 90_000, "metadata_write": 5_000}

setting("efs.io", _USUAL, _check_rates)
setting("efs.burst_credits", _MOST_CREDITS)
setting("efs.mounted_before", 0)
setting("efs.percent_io_limit", 5)

_MINUTE, _QUARTER = 60.0, 900.0
_METERED = "MeteredIOBytes"
_COUNTED: dict[str, tuple[str, ...]] = {
    "DataReadIOBytes": ("data_read",),
    "DataWriteIOBytes": ("data_write",),
    "MetadataReadIOBytes": ("metadata_read",),
    "MetadataWriteIOBytes": ("metadata_write",),
    "MetadataIOBytes": ("metadata_read", "metadata_write"),
    "TotalIOBytes": tuple(_SORTS),
    _METERED: tuple(_SORTS),
}
"""The sorts of I/O in each metric of operations."""


@dataclass
class Mounted:
    """A task that has a file system mounted; it still has where `end` is None."""

    task: str
    file_system: str
    begin: float
    end: float | None = None


def _mounted(account: Account, region: str) -> list[Mounted]:
    return account.state(f"efs.mounted:{region}", list)


def _follow(account: Account, task: Task) -> None:
    """Tasks mount their file systems when they run, and do no longer when they are being stopped."""
    here = [one for one in _mounted(account, task.region) if one.task == task.arn and one.end is None]
    now = account.clock.now()
    if task.status != "RUNNING":
        for one in here:
            one.end = now
    elif not here:
        volumes = task.definition.body["volumes"]
        mounts = (efs_content.mounts(account, task.region, volumes, one.definition) for one in task.containers)
        systems = {mount.file_system for all_of_one in mounts for mount in all_of_one}
        _mounted(account, task.region).extend(Mounted(task.arn, system, now) for system in sorted(systems))


lifecycle.ON_CHANGE.append(_follow)


@source("AWS/EFS")
def _metric(account: Account, region: str, name: str, dimensions: dict, begin: float, end: float) -> Metric | None:
    file_system, storage_class = dimensions.get("FileSystemId", ""), dimensions.get("StorageClass")
    if set(dimensions) - {"FileSystemId", "StorageClass"} or bool(storage_class) != (name == "StorageBytes"):
        return None
    record = efs.region_of(account, region).file_systems.get(file_system)
    earlier = account.settings["efs.mounted_before"]
    mounted = [
        replace(one, begin=one.begin - earlier)
        for one in _mounted(account, region)
        if one.file_system == file_system
    ]
    end = min(end, account.clock.now())
    if name in _COUNTED:
        return Metric("Bytes", _operations(account, mounted, name, begin, end))
    if name == "ClientConnections":
        minutes = _minutes(mounted, begin, end)
        return Metric("Count", (Point(time, seconds / _MINUTE, 1.0, 1.0, 1.0) for time, seconds in minutes))
    if record is None:
        return None
    if name == "StorageBytes":
        return Metric("Bytes", _stored(record, storage_class, begin, end))
    if name == "BurstCreditBalance" and record["ThroughputMode"] != "elastic":
        credits = _credits(account, record, mounted, end)
        return Metric("Bytes", (Point.of_one(time, left) for time, left in credits if time >= begin))
    if name == "PercentIOLimit" and record["PerformanceMode"] == "generalPurpose":
        used, minutes = float(account.settings["efs.percent_io_limit"]), _minutes(mounted, begin, end)
        return Metric("Percent", (Point.of_one(time, used) for time, _ in minutes))
    if name == "PermittedThroughput":
        credits = _credits(account, record, mounted, end)
        permitted = ((time, _permitted(record, left)) for time, left in credits if time >= begin)
        return Metric("Bytes/Second", (Point.of_one(time, rate) for time, rate in permitted))
    return None


def _minutes(mounted: list[Mounted], begin: float, end: float) -> Iterator[tuple[float, float]]:
    """Each minute that is over and in which a client was connected, and the seconds of it, of all clients together."""
    first = min((one.begin for one in mounted), default=end)
    time = max(begin, first) // _MINUTE * _MINUTE
    while time + _MINUTE <= end:
        ends = [(one.begin, end if one.end is None else one.end) for one in mounted]
        if seconds := sum(max(0.0, min(last, time + _MINUTE) - max(start, time)) for start, last in ends):
            yield time, seconds
        time += _MINUTE


def _operations(
    account: Account, mounted: list[Mounted], name: str, begin: float, end: float
) -> Iterator[Point]:
    """What was read and written in each minute, as far as a metric counts it."""
    weights = {"data_read": 1 / 3, "metadata_read": 1 / 3} if name == _METERED else {}
    rates = {sort: account.settings["efs.io"].get(sort, 0) for sort in _COUNTED[name]}
    sizes = [_SORTS[sort] * weights.get(sort, 1.0) for sort, rate in rates.items() if rate]
    total = sum(rate * weights.get(sort, 1.0) for sort, rate in rates.items())
    count = sum(rate / _SORTS[sort] for sort, rate in rates.items())
    for time, seconds in _minutes(mounted, begin, end) if sizes else ():
        yield Point(time, total * seconds, count * seconds, min(sizes), max(sizes))


def _stored(record: dict, storage_class: str | None, begin: float, end: float) -> Iterator[Point]:
    sizes = record["SizeInBytes"]
    classes = {"Total": "Value", "Standard": "ValueInStandard", "IA": "ValueInIA", "Archive": "ValueInArchive"}
    if storage_class not in classes:
        return
    time = -(-max(begin, record["CreationTime"].timestamp()) // _QUARTER) * _QUARTER
    while time + _MINUTE <= end:
        yield Point.of_one(time, float(sizes[classes[storage_class]]))
        time += _QUARTER


def _baseline(record: dict) -> float:
    """Bytes a second that cost no credits: 50 KiB/s for each GiB stored, and at least 1 MiB/s."""
    return max(float(_MIB), record["SizeInBytes"]["ValueInStandard"] / 2**30 * 50 * 2**10)


def _permitted(record: dict, credits: float) -> float:
    if record["ThroughputMode"] == "elastic":
        return 5 * 2.0**30
    if record["ThroughputMode"] == "provisioned":
        return max(record["ProvisionedThroughputInMibps"] * _MIB, _baseline(record))
    return 100.0 * _MIB if credits > 0 else _baseline(record)


def _credits(account: Account, record: dict, mounted: list[Mounted], end: float) -> Iterator[tuple[float, float]]:
    """(time, credits left) of each minute with a client."""
    left, baseline = float(account.settings["efs.burst_credits"]), _baseline(record)
    metered = {point.time: point.total for point in _operations(account, mounted, _METERED, 0.0, end)}
    before = None
    for time, _ in _minutes(mounted, 0.0, end):
        left = min(_MOST_CREDITS, left + (time + _MINUTE - (time if before is None else before)) * baseline)
        left, before = max(0.0, left - metered.get(time, 0.0)), time + _MINUTE
        yield time, left
