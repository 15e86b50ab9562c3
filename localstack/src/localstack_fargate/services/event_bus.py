"""EventBridge: the events that AWS's services put on the default bus, and the rules that pass them on to topics.

A rule's targets of other kinds than SNS topics get no events of the emulator's services. The rules themselves, their
patterns and transformers are LocalStack's.

Source: EventBridge user guide, "Events and event patterns" (the envelope), "Amazon EventBridge input transformation".
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from localstack_fargate.account import Account
from localstack_fargate.services import notices

SERVICE = "events.amazonaws.com"


def emit(account: Account, region: str, source: str, kind: str, resources: list[str], detail: dict) -> None:
    """An event of a service; nothing happens where no rule is interested."""
    rules = _rules(account, region)
    if not rules:
        return
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": account.id,
        "time": datetime.fromtimestamp(account.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": resources,
        "detail": detail,
    }
    for rule in rules:
        if _matches(rule, event):
            for target in list(rule.targets.values()):
                if target["Arn"].split(":")[2] == "sns":
                    text = _input(target, event)
                    notices.publish(account, region, target["Arn"], text, None, SERVICE, str(rule.arn))


def _rules(account: Account, region: str) -> list[Any]:
    from localstack.services.events.models import events_stores

    bus = events_stores[account.id][region].event_buses.get("default")
    return [rule for rule in bus.rules.values() if rule.state == "ENABLED" and rule.event_pattern] if bus else []


def _matches(rule: Any, event: dict) -> bool:
    from localstack.services.events.event_rule_engine import EventPatternCompiler, EventRuleEngine

    pattern = EventPatternCompiler().compile_event_pattern(event_pattern=rule.event_pattern)
    return EventRuleEngine().evaluate_pattern_on_event(pattern, event)


def _input(target: dict, event: dict) -> str:
    from localstack.services.events.target import get_template_replacements, replace_template_placeholders

    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    text = replace_template_placeholders(
        transformer["InputTemplate"], get_template_replacements(transformer, event)
    )
    return text if isinstance(text, str) else json.dumps(text)
