"""CloudWatch Logs: FilterLogEvents, and events that arrive later than they happened.

Source: CloudWatch Logs API Reference, FilterLogEvents (events by timestamp, then by the time of ingestion; pages of at
most 10,000 events or 1 MB, partially full or empty before the last; names and a prefix exclude each other).
LocalStack's own ignores the prefix and orders each stream for itself.

    POST /_emulator/<account>/logs   events of one stream, which is made if need be; the group has to exist
        {"group": "/ce", "stream": "ce/core/0123", "region": "us-east-1",
         "events": [{"message": "x", "at": -30, "arrives": 5}]}      seconds from now

`logs.page` is how many events a page has; with `logs.empty_pages` each is preceded by an empty one.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Iterator

from localstack_fargate.account import Account, setting
from localstack_fargate.backends import moto_backend
from localstack_fargate.control import body_of, route
from localstack_fargate.middleware import aws_error, override

MOST, BYTES = 10_000, 1_048_576
EVENT_OVERHEAD = 26
DAY = 86_400_000

setting("logs.page", MOST)
setting("logs.empty_pages", False)


@override("logs", "FilterLogEvents")
def _filter(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    group = _group(account, region, request)
    limit = request.get("limit") or MOST
    if not 1 <= limit <= MOST:
        raise aws_error("InvalidParameterException", f"limit has to be from 1 to {MOST}.")
    start, end = request.get("startTime"), request.get("endTime")
    if start is not None and end is not None and start > end:
        raise aws_error("InvalidParameterException", "The start time has to be before the end time.")
    after, is_empty = _read_token(request.get("nextToken"))
    found = sorted(_found(account, group, request), key=_key)
    rest = [event for event in found if after is None or _key(event) > tuple(after)]
    if account.settings["logs.empty_pages"] and not is_empty and rest:
        return {"events": [], "searchedLogStreams": [], "nextToken": _token(after, True)}
    page, size = [], 0
    for event in rest[: min(limit, account.settings["logs.page"])]:
        size += len(event["message"].encode()) + EVENT_OVERHEAD
        if page and size > BYTES:
            break
        page.append(event)
    answer: dict = {"events": page, "searchedLogStreams": []}
    if len(page) < len(rest):
        answer["nextToken"] = _token(_key(page[-1]), False)
    return answer


def _group(account: Account, region: str, request: dict) -> Any:
    name = request.get("logGroupName") or request.get("logGroupIdentifier", "").split(":log-group:")[-1]
    group = moto_backend("logs", account.id, region).groups.get(name)
    if group is None:
        raise aws_error("ResourceNotFoundException", "The specified log group does not exist.")
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names and prefix:
        raise aws_error("InvalidParameterException", "logStreamNamePrefix and logStreamNames exclude each other.")
    if any(name not in group.streams for name in names or ()):
        raise aws_error("ResourceNotFoundException", "The specified log stream does not exist.")
    return group


def _found(account: Account, group: Any, request: dict) -> Iterator[dict]:
    from moto.logs.models import EventMessageFilter

    now = account.clock.now() * 1000
    start, end = request.get("startTime"), request.get("endTime")
    if group.retention_in_days:
        start = max(start or 0, int(now - int(group.retention_in_days) * DAY))
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix") or ""
    pattern = EventMessageFilter(request.get("filterPattern") or "")
    for name, stream in group.streams.items():
        if (names and name not in names) or not name.startswith(prefix):
            continue
        for event in stream.events:
            if getattr(event, "arrives", 0) > now or event.timestamp < (start or 0):
                continue
            if (end is not None and event.timestamp > end) or not pattern.matches(event.message):
                continue
            yield event.to_filter_dict() | {"logStreamName": name}


def _key(event: dict) -> tuple[int, int, int]:
    return event["timestamp"], event["ingestionTime"], int(event["eventId"])


def _token(after: Any, is_empty: bool) -> str:
    return base64.b64encode(json.dumps([after, is_empty]).encode()).decode()


def _read_token(token: str | None) -> tuple[list[int] | None, bool]:
    if token is None:
        return None, False
    try:
        after, is_empty = json.loads(base64.b64decode(token))
    except ValueError:
        raise aws_error("InvalidParameterException", "The specified nextToken is invalid.") from None
    return after, is_empty


@route("logs", ("POST",))
def _put(account: Account, request: Any) -> dict:
    from moto.logs.models import LogEvent

    wanted = body_of(request)
    group = moto_backend("logs", account.id, wanted.get("region", "us-east-1")).groups[wanted["group"]]
    if wanted["stream"] not in group.streams:
        group.create_log_stream(wanted["stream"])
    now = int(account.clock.now() * 1000)
    for event in wanted["events"]:
        arrives = now + int(event.get("arrives", 0) * 1000)
        stamp = now + int(event.get("at", 0) * 1000)
        made = LogEvent(arrives, {"timestamp": stamp, "message": event["message"]})
        made.arrives = arrives
        group.streams[wanted["stream"]].events.append(made)
    return {"events": len(wanted["events"])}
