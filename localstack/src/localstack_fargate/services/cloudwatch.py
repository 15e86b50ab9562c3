"""CloudWatch: what GetMetricData makes of the metrics of AWS's services.

A service's metrics come from a `source`, registered by namespace: a function that gives the data points of one metric,
as the service would have published them until now. Namespaces without one are LocalStack's (custom metrics).

Sources: CloudWatch API reference, GetMetricData, MetricDataQuery, MetricStat, MetricDataResult; CloudWatch user guide,
"Statistics definitions" (percentiles need samples, and services publish sums). That buckets begin at multiples of the
period, so that the first may begin before StartTime, is as a public report of EFS metrics has it (unverified), and so
are how results are spread over pages and the words of refusals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, invoke, override

DAY = 86_400.0
_MOST_QUERIES = 500
_MOST_POINTS = 100_800
_TOKEN = "localstack_fargate-metrics-"
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_PERCENTILE = re.compile(r"(p|tm|tc|ts|wm)\d{1,3}(\.\d+)?|(PR|TM|TC|TS|WM)\(.*\)|IQM")
_SHORT_PERIODS = {1, 5, 10, 20, 30}


@dataclass(frozen=True)
class Point:
    """A statistic set, as a service publishes it: of `count` samples from `least` to `most` the sum."""

    time: float
    """When what it is about began, in epoch seconds."""
    total: float
    count: float
    least: float
    most: float

    @classmethod
    def of_one(cls, time: float, value: float) -> Point:
        """One sample."""
        return cls(time, value, 1.0, value, value)


@dataclass(frozen=True)
class Metric:
    """The data points of one metric, and the unit that they were published with."""

    unit: str
    points: Iterable[Point]


Source = Callable[[Account, str, str, dict[str, str], float, float], Metric | None]
"""fn(account, region, name, dimensions, begin, end): what was published with times from `begin` until before `end`;
None where there is no such metric."""

_SOURCES: dict[str, Source] = {}

_STATISTICS: dict[str, Callable[[list[Point]], float]] = {
    "Sum": lambda points: sum(point.total for point in points),
    "SampleCount": lambda points: sum(point.count for point in points),
    "Average": lambda points: sum(point.total for point in points) / sum(point.count for point in points),
    "Minimum": lambda points: min(point.least for point in points),
    "Maximum": lambda points: max(point.most for point in points),
}


def source(namespace: str) -> Callable[[Source], Source]:
    """Registers where the metrics of a namespace come from."""

    def keep(fn: Source) -> Source:
        _SOURCES[namespace] = fn
        return fn

    return keep


@override("cloudwatch", "GetMetricData")
def get_metric_data(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    queries = request.get("MetricDataQueries") or []
    begin, end = _seconds(request["StartTime"]), _seconds(request["EndTime"])
    _check(request, queries, begin, end)
    foreign = [query for query in queries if query["MetricStat"]["Metric"].get("Namespace") not in _SOURCES]
    found = _asked_of(foreign, request, call_next)
    newest_first = request.get("ScanBy") != "TimestampAscending"
    series = []
    for query in (query for query in queries if query.get("ReturnData") is not False):
        points = found.get(query["Id"])
        if points is None:
            points = _series(account, region, query["MetricStat"], begin, end)
        series.append((query, sorted(points, reverse=newest_first)))
    limit = request.get("MaxDatapoints") or _MOST_POINTS
    return _page(series, _position(request.get("NextToken")), min(limit, account.settings["page.size"] or limit))


def _seconds(moment: datetime | float) -> float:
    if not isinstance(moment, datetime):
        return float(moment)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _invalid(message: str):
    return aws_error("ValidationError", message)


def _check(request: dict, queries: list[dict], begin: float, end: float) -> None:
    if begin >= end:
        raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
    if not queries or len(queries) > _MOST_QUERIES:
        raise _invalid(f"The collection MetricDataQueries must have a size from 1 to {_MOST_QUERIES}.")
    if (request.get("MaxDatapoints") or 1) not in range(1, _MOST_POINTS + 1):
        raise _invalid(f"The parameter MaxDatapoints must be from 1 to {_MOST_POINTS}.")
    ids = [query.get("Id") or "" for query in queries]
    if len(set(ids)) < len(ids):
        raise _invalid("The values for parameter id in MetricDataQueries are not unique.")
    for query in queries:
        if not _ID.fullmatch(query.get("Id") or ""):
            raise _invalid(f"The value {query.get('Id')} for parameter MetricDataQueries.Id is not matching [a-z]\\w*.")
        if bool(query.get("Expression")) == bool(query.get("MetricStat")):
            raise _invalid("Exactly one of MetricStat and Expression must be specified.")
        if query.get("Expression"):
            raise aws_error("InternalFailure", "the emulator has no metric math", 501, sender_fault=False)
        _check_stat(query["MetricStat"])


def _check_stat(wanted: dict) -> None:
    period, stat = wanted["Period"], wanted["Stat"]
    if period not in _SHORT_PERIODS and (period < 60 or period % 60):
        raise _invalid("Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    if stat not in _STATISTICS and not _PERCENTILE.fullmatch(stat):
        raise _invalid(f"The value {stat} for parameter MetricDataQueries.MetricStat.Stat is not supported.")
    if not wanted["Metric"].get("MetricName"):
        raise _invalid("The parameter MetricDataQueries.MetricStat.Metric.MetricName is required.")


def _asked_of(queries: list[dict], request: dict, call_next: Callable) -> dict[str, list[tuple[float, float]]]:
    """What LocalStack has, by id."""
    if not queries:
        return {}
    rest = {key: value for key, value in request.items() if key not in ("NextToken", "MaxDatapoints")}
    answer = call_next(rest | {"MetricDataQueries": queries})
    return {
        one["Id"]: list(zip(map(_seconds, one["Timestamps"]), one["Values"], strict=True))
        for one in answer["MetricDataResults"]
    }


def series(account: Account, region: str, wanted: dict, begin: float, end: float) -> list[tuple[float, float]]:
    """(time, value) of each period that has data, of a service's metric or of one that somebody has put."""
    if wanted["Metric"]["Namespace"] in _SOURCES:
        return _series(account, region, wanted, begin, end)
    query = {"Id": "m", "MetricStat": wanted}
    times = {name: datetime.fromtimestamp(time, UTC) for name, time in (("StartTime", begin), ("EndTime", end))}
    [answer] = invoke(account, region, "cloudwatch", "GetMetricData", {"MetricDataQueries": [query]} | times)[
        "MetricDataResults"
    ]
    return list(zip(map(_seconds, answer["Timestamps"]), answer["Values"], strict=True))


def _series(account: Account, region: str, wanted: dict, begin: float, end: float) -> list[tuple[float, float]]:
    """(time, value) of each bucket that has data."""
    metric, period = wanted["Metric"], float(wanted["Period"])
    resolution = _resolution(account.clock.now() - begin)
    if period % resolution:  # what is older is kept with a lower resolution only
        return []
    begin = begin // resolution * resolution // period * period
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions") or []}
    found = _SOURCES[metric["Namespace"]](account, region, metric["MetricName"], dimensions, begin, end)
    if found is None or wanted.get("Unit") not in (None, found.unit) or wanted["Stat"] not in _STATISTICS:
        return []
    buckets: dict[float, list[Point]] = {}
    for point in found.points:
        buckets.setdefault(point.time // period * period, []).append(point)
    statistic = _STATISTICS[wanted["Stat"]]
    return [(time, statistic(points)) for time, points in buckets.items()]


def _resolution(age: float) -> float:
    """Seconds to which a start that long ago is rounded down, and of which a period must be a multiple."""
    if age > 63 * DAY:
        return 3600.0
    return 300.0 if age > 15 * DAY else 60.0


def _position(token: str | None) -> int:
    if not token:
        return 0
    if not re.fullmatch(_TOKEN + r"\d+", token):
        raise aws_error("InvalidNextToken", f"The token {token} is invalid.")
    return int(token.removeprefix(_TOKEN))


def _page(series: list[tuple[dict, list[tuple[float, float]]]], start: int, size: int) -> dict:
    """Data points from the one numbered `start` on, through all results in the order of the queries. A result without
    any counts as one.
    """
    results, number = [], 0
    for query, points in series:
        first, number = number, number + max(1, len(points))
        if number <= start or first >= start + size:
            continue
        here = points[max(0, start - first) : start + size - first]
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
                "Timestamps": [datetime.fromtimestamp(time, UTC) for time, _ in here],
                "Values": [value for _, value in here],
                "StatusCode": "PartialData" if number > start + size else "Complete",
            }
        )
    answer = {"MetricDataResults": results, "Messages": []}
    if number > start + size:
        answer["NextToken"] = f"{_TOKEN}{start + size}"
    return answer
