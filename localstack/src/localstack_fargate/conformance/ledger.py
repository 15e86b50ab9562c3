"""What was checked, and what was wrong: with the calls of each account, and of the program under test in all accounts
together.

    GET     /_emulator/<account>/violations  the program's: [{"operation", "sort", "member", "what"}], each once
    DELETE  /_emulator/<account>/violations  forgets the account, so that a violation on purpose does not count
    GET     /_emulator/requests              {"requests", "operations", "violations"} of the program, in all accounts

The program under test is known by the AWS SDK that it is written with. Other calls (scripts, the emulator's
tests) are checked as well, and their violations are in the journal alone: they may be wrong on purpose.
"""

from __future__ import annotations

import collections
import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from localstack.aws.api import RequestContext

from localstack_fargate.account import Account
from localstack_fargate.conformance.requests import check_request
from localstack_fargate.control import route, shared_route
from localstack_fargate.journal import Entry

LOG = logging.getLogger(__name__)
_UNDER_TEST = "aws-sdk-rust/"

@dataclass
class Ledger:
    """Of one account; its reset leaves it as it is."""

    calls: collections.Counter[str] = field(default_factory=collections.Counter)
    violations: list[dict] = field(default_factory=list)


_lock = threading.Lock()
_ledgers: dict[str, Ledger] = collections.defaultdict(Ledger)


def note(account: Account, entry: Entry, parsed: dict, context: RequestContext) -> None:
    """Checks one call, and keeps what is wrong with it. Never fails the call itself."""
    name = f"{entry.service} {entry.operation}"

    def say(sort: str, member: str, what: str) -> None:
        found = {"operation": name, "sort": sort, "member": member, "what": what}
        if found not in entry.violations:
            entry.violations.append(found)

    try:
        check_request(entry.service, entry.operation, context.protocol, parsed, context.request, say)
    except Exception as error:  # a defect of the check: as loud as what it looks for
        LOG.exception("%s cannot be checked", name)
        say("check", "", f"cannot be checked: {type(error).__name__}: {error}")
    if _UNDER_TEST not in entry.user_agent:
        return
    with _lock:
        ledger = _ledgers[account.id]
        ledger.calls[name] += 1
        ledger.violations += [found for found in entry.violations if found not in ledger.violations]


@shared_route("requests")
def _totals() -> dict[str, int]:
    with _lock:
        ledgers = list(_ledgers.values())
        return {
            "requests": sum(ledger.calls.total() for ledger in ledgers),
            "operations": len({name for ledger in ledgers for name in ledger.calls}),
            "violations": sum(len(ledger.violations) for ledger in ledgers),
        }


@route("violations", ("GET", "DELETE"))
def _of_account(account: Account, request: Any) -> list:
    with _lock:
        if request.method == "DELETE":
            _ledgers.pop(account.id, None)
        return list(_ledgers[account.id].violations)
