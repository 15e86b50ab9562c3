"""FilterLogEvents: order, pages, streams, and events that arrive late."""

import time

import pytest
from conftest import refused

DAY = 86_400


def put(account, stream, *events):
    account.control("logs", {"group": "/ce", "stream": stream, "events": list(events)})


def group(account):
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/ce")
    return logs


def said(answer):
    return [event["message"] for event in answer["events"]]


@pytest.mark.row("logs:FilterLogEvents by time, over all streams of a prefix", plain="fails")
def test_events_come_by_time_over_all_streams_of_a_prefix(account):
    logs = group(account)
    stamp = int(time.time() * 1000)
    for stream, offsets in {"ce/core/1": (0, 3), "ce/ui/1": (1, 2), "other/1": (4,)}.items():
        logs.create_log_stream(logGroupName="/ce", logStreamName=stream)
        events = [{"timestamp": stamp + at, "message": f"{at}"} for at in offsets]
        logs.put_log_events(logGroupName="/ce", logStreamName=stream, logEvents=events)
    assert said(logs.filter_log_events(logGroupName="/ce")) == ["0", "1", "2", "3", "4"]
    assert said(logs.filter_log_events(logGroupName="/ce", logStreamNamePrefix="ce/")) == ["0", "1", "2", "3"]
    assert said(logs.filter_log_events(logGroupName="/ce", logStreamNames=["ce/ui/1"])) == ["1", "2"]
    later = logs.filter_log_events(logGroupName="/ce", startTime=stamp + 1, endTime=stamp + 2)
    assert said(later) == ["1", "2"], "both ends are included"


@pytest.mark.row("neg:FilterLogEvents with names and prefix, of what is not there", plain="fails")
def test_what_filter_log_events_refuses(account):
    logs = group(account)
    call = logs.filter_log_events
    refused(
        lambda: call(logGroupName="/ce", logStreamNames=["a"], logStreamNamePrefix="a"), "InvalidParameterException"
    )
    refused(lambda: call(logGroupName="/ce", logStreamNames=["a"]), "ResourceNotFoundException")
    refused(lambda: call(logGroupName="/none"), "ResourceNotFoundException")
    refused(lambda: call(logGroupName="/ce", limit=10_001), "InvalidParameterException")
    refused(lambda: call(logGroupName="/ce", nextToken="x"), "InvalidParameterException")


@pytest.mark.row("FilterLogEvents: small and empty pages", plain="absent")
def test_pages_may_be_empty_before_the_last(account):
    logs = group(account)
    account.settings(**{"logs.page": 2, "logs.empty_pages": True})
    put(account, "ce/core/1", *[{"message": f"{n}"} for n in range(5)])
    pages, token = [], {}
    while True:
        answer = logs.filter_log_events(logGroupName="/ce", **token)
        pages.append(said(answer))
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert pages == [[], ["0", "1"], [], ["2", "3"], [], ["4"]]


@pytest.mark.row("FilterLogEvents: late and expired events", plain="absent")
def test_events_arrive_late_and_expire(account):
    logs = group(account)
    put(account, "ce/core/1", {"message": "late", "at": -5, "arrives": 20}, {"message": "at once"})
    assert said(logs.filter_log_events(logGroupName="/ce")) == ["at once"]
    account.clock(advance=21)
    (late, _) = logs.filter_log_events(logGroupName="/ce")["events"]
    assert late["message"] == "late" and late["ingestionTime"] - late["timestamp"] == 25_000
    logs.put_retention_policy(logGroupName="/ce", retentionInDays=1)
    account.clock(advance=DAY)
    assert said(logs.filter_log_events(logGroupName="/ce")) == []
