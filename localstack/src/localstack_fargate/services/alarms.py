"""CloudWatch alarms that change state by the emulator's own metrics, each minute of the account's clock; dashboards.

Only metric alarms. An alarm is judged by the last `EvaluationPeriods` periods that are over; that CloudWatch looks at a
few more where data is missing is left out. One that is new has the state INSUFFICIENT_DATA, and the first judgement is a
change of state like any other. What SetAlarmState sets holds until the next judgement.

Sources: CloudWatch API reference, PutMetricAlarm (replaces everything, the state and the tags stay), SetAlarmState,
DescribeAlarms, DeleteAlarms, GetDashboard; CloudWatch user guide, "Evaluating an alarm", "Configuring how CloudWatch
alarms treat missing data"; AWS re:Post (the history says when an action failed).
"""

from __future__ import annotations

import json
import operator
from datetime import UTC, datetime
from typing import Any, Callable

from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import aws_error, guard, override
from localstack_fargate.services import metric_math, notices, samples
from localstack_fargate.services.cloudwatch import series

setting("quota.alarms", 5_000)

SERVICE = "cloudwatch.amazonaws.com"
_GIVEN = (
    "AlarmName", "AlarmDescription", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName", "Namespace",
    "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm",
    "Threshold", "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile", "Metrics",
)  # fmt: skip
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


class Alarms:
    """Of one region: as AWS describes them, with their tags and their history."""

    def __init__(self) -> None:
        self.alarms: dict[str, dict] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.history: list[dict] = []
        self.ticking = False


def _of(account: Account, region: str) -> Alarms:
    return account.state(f"alarms:{region}", Alarms)


def _now(account: Account) -> datetime:
    return datetime.fromtimestamp(account.clock.now(), UTC)


def _invalid(message: str):
    return aws_error("ValidationError", message)


@override("cloudwatch", "PutMetricAlarm")
def _put(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here, name = _of(account, region), request["AlarmName"]
    _check(request)
    known = here.alarms.get(name)
    if known is None and len(here.alarms) >= account.settings["quota.alarms"]:
        raise aws_error("LimitExceeded", "The maximum limit for alarms has been reached.")
    now = _now(account)
    alarm = {field: request[field] for field in _GIVEN if request.get(field) is not None}
    alarm |= {
        "AlarmArn": f"arn:aws:cloudwatch:{region}:{account.id}:alarm:{name}",
        "ActionsEnabled": request.get("ActionsEnabled") is not False,
        "AlarmConfigurationUpdatedTimestamp": now,
    }
    for actions in _ACTIONS.values():
        alarm.setdefault(actions, [])
    state = ("StateValue", "StateReason", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
    if known:
        alarm |= {field: known[field] for field in state}
    else:
        fresh = ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation", now, now)
        alarm |= dict(zip(state, fresh, strict=True))
        here.tags[alarm["AlarmArn"]] = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []}
    here.alarms[name] = alarm
    if not here.ticking:
        here.ticking = True
        _tick_later(account, region)
    return {}


def _check(request: dict) -> None:
    queries = request.get("Metrics")
    if bool(queries) == bool(request.get("MetricName")):
        raise _invalid("Exactly one of Metrics and MetricName must be specified.")
    if queries and sum(query.get("ReturnData") is not False for query in queries) != 1:
        raise _invalid("Exactly one element of the metrics list should return data.")
    if request["EvaluationPeriods"] < (request.get("DatapointsToAlarm") or 1):
        raise _invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    if len(request.get("AlarmActions") or []) > 5:
        raise _invalid("Member must have length less than or equal to 5")
    expressions = [query["Expression"] for query in queries or [] if query.get("Expression")]
    for expression in expressions:
        named = {query["Id"]: {} for query in queries if query.get("MetricStat")}
        try:
            metric_math.evaluate(expression, named)
        except metric_math.Malformed as malformed:
            raise _invalid(str(malformed)) from None


def _tick_later(account: Account, region: str) -> None:
    now = account.clock.now()
    account.schedule((now // samples.MINUTE + 1) * samples.MINUTE - now, lambda account: _tick(account, region))


def _tick(account: Account, region: str) -> None:
    here = _of(account, region)
    if not here.alarms:
        here.ticking = False
        return
    samples.take(account, region)
    for alarm in list(here.alarms.values()):
        state, reason = _judge(account, region, alarm)
        if state != alarm["StateValue"]:
            _set(account, region, alarm, state, reason)
    _tick_later(account, region)


def _judge(account: Account, region: str, alarm: dict) -> tuple[str, str]:
    queries = alarm.get("Metrics") or [{"Id": "m", "MetricStat": _stat_of(alarm), "ReturnData": True}]
    period = max(query["MetricStat"]["Period"] for query in queries if query.get("MetricStat"))
    count, needed = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    end = account.clock.now() // period * period
    found = {
        query["Id"]: dict(series(account, region, query["MetricStat"], end - count * period, end))
        for query in queries
        if query.get("MetricStat")
    }
    [returned] = [query for query in queries if query.get("ReturnData") is not False]
    values = (
        metric_math.evaluate(returned["Expression"], found) if returned.get("Expression") else found[returned["Id"]]
    )
    given = [values[time] for time in (end - number * period for number in range(1, count + 1)) if time in values]
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(breaches(value, alarm["Threshold"]) for value in given)
    missing, treated = count - len(given), alarm.get("TreatMissingData") or "missing"
    if not given and treated == "missing":
        return "INSUFFICIENT_DATA", "Insufficient Data: no datapoints were received."
    if not given and treated == "ignore":
        return alarm["StateValue"], alarm["StateReason"]
    bad = breaching + (missing if treated == "breaching" else 0)
    said = f"Threshold Crossed: {bad} out of the last {count} datapoints {[round(value, 2) for value in given]}"
    if bad >= needed:
        return "ALARM", f"{said} crossed the threshold ({alarm['Threshold']})."
    return "OK", f"{said} crossed the threshold ({alarm['Threshold']}), and {needed} are needed."


def _stat_of(alarm: dict) -> dict:
    metric = {"Namespace": alarm["Namespace"], "MetricName": alarm["MetricName"]}
    metric["Dimensions"] = alarm.get("Dimensions") or []
    return {"Metric": metric, "Period": alarm["Period"], "Stat": alarm.get("Statistic") or alarm["ExtendedStatistic"]}


def _set(account: Account, region: str, alarm: dict, state: str, reason: str) -> None:
    now, old = _now(account), alarm["StateValue"]
    alarm |= {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": now}
    if old == state:
        return
    alarm["StateTransitionedTimestamp"] = now
    _note(account, region, alarm, "StateUpdate", f"Alarm updated from {old} to {state}")
    if not alarm["ActionsEnabled"]:
        return
    message = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": account.id,
        "NewStateValue": state,
        "NewStateReason": reason,
        "StateChangeTime": now.isoformat(),
        "Region": region,
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old,
    }
    subject = f'{state}: "{alarm["AlarmName"]}" in {region}'[:100]
    for topic in alarm[_ACTIONS[state]]:
        why = notices.publish(account, region, topic, json.dumps(message), subject, SERVICE, alarm["AlarmArn"])
        done = f"Successfully executed action {topic}" if why is None else f"Failed to execute action {topic}. {why}"
        _note(account, region, alarm, "Action", done)


def _note(account: Account, region: str, alarm: dict, kind: str, summary: str) -> None:
    _of(account, region).history.insert(
        0,
        {
            "AlarmName": alarm["AlarmName"],
            "AlarmType": "MetricAlarm",
            "Timestamp": _now(account),
            "HistoryItemType": kind,
            "HistorySummary": summary,
        },
    )


@override("cloudwatch", "SetAlarmState")
def _set_state(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    alarm = _of(account, region).alarms.get(request["AlarmName"])
    if alarm is None:
        raise aws_error("ResourceNotFound", "", 404)
    _set(account, region, alarm, request["StateValue"], request["StateReason"])
    return {}


@override("cloudwatch", "EnableAlarmActions", "DisableAlarmActions")
def _switch(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    for name in request["AlarmNames"]:
        if alarm := _of(account, region).alarms.get(name):
            alarm["ActionsEnabled"] = context.operation.name == "EnableAlarmActions"
    return {}


@override("cloudwatch", "DescribeAlarms")
def _describe(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    names, prefix = request.get("AlarmNames"), request.get("AlarmNamePrefix")
    if names and prefix:
        raise _invalid("AlarmNames and AlarmNamePrefix exclude each other.")
    found = [
        alarm
        for name, alarm in sorted(_of(account, region).alarms.items())
        if (not names or name in names)
        and name.startswith(prefix or "")
        and request.get("StateValue") in (None, alarm["StateValue"])
    ]
    size = min(request.get("MaxRecords") or 50, account.settings["page.size"] or 50)
    start = int(request.get("NextToken") or 0)
    answer: dict = {"MetricAlarms": found[start : start + size], "CompositeAlarms": []}
    return answer | ({"NextToken": str(start + size)} if start + size < len(found) else {})


@override("cloudwatch", "DescribeAlarmHistory")
def _history(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    wanted = ("AlarmName", "HistoryItemType")
    items = [
        item
        for item in _of(account, region).history
        if all(request.get(field) in (None, item[field]) for field in wanted)
    ]
    return {"AlarmHistoryItems": items}


@override("cloudwatch", "DeleteAlarms")
def _delete(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here, names = _of(account, region), request["AlarmNames"]
    if any(name not in here.alarms for name in names):
        raise aws_error("ResourceNotFound", "", 404)
    for name in names:
        here.tags.pop(here.alarms.pop(name)["AlarmArn"], None)
    return {}


@override("cloudwatch", "TagResource", "UntagResource", "ListTagsForResource")
def _tags(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    arn = request["ResourceARN"]
    if ":alarm:" not in arn:
        return call_next(request)
    if arn not in (tags := _of(account, region).tags):
        raise aws_error("ResourceNotFoundException", f"{arn} does not exist", 404)
    if context.operation.name == "ListTagsForResource":
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags[arn].items()]}
    tags[arn].update({tag["Key"]: tag["Value"] for tag in request.get("Tags") or []})
    for key in request.get("TagKeys") or []:
        tags[arn].pop(key, None)
    return {}


@guard("cloudwatch", "GetDashboard")
def _no_dashboard(account: Account, region: str, request: dict, context: Any) -> None:
    from localstack.services.cloudwatch.models import cloudwatch_stores

    if request["DashboardName"] not in cloudwatch_stores[account.id][region].dashboards:
        raise aws_error("ResourceNotFound", f"Dashboard {request['DashboardName']} does not exist", 404)
