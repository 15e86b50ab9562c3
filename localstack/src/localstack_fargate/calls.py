"""Counts the calls of one run of a program: `python -m localstack_fargate.calls`.

It reads the journal of the account of the environment and prints JSON:

    calls                      all but polls, quota questions and calls beside the work
    writes                     of these, how many may change something
    polls                      by operation: reads that repeat one made since the first write
    quota_questions            calls of Service Quotas
    beside                     calls about the bucket given with --beside
    rounds                     the longest chain of calls, each begun after the one before it was answered
    rounds_before_first_write  of which before the first call that changes something
    refused                    calls that were answered with an error, by operation and code

What changes the bucket given with --beside is no first write, and what is asked of it between the first write and the
last other call (a lease is renewed there) is in no chain. Rounds are exact under the fault `lockstep`; under `latency`
they are so only where that is long against what the emulator itself needs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.request
from collections import Counter
from typing import Callable


def count(journal: list[dict], beside: str | None = None) -> dict:
    """What the module's documentation says, of these entries of a journal."""
    is_beside = about_bucket(beside)
    work = [call for call in journal if not is_beside(call)]
    writes = [call["n"] for call in work if call["mutating"]]
    first = writes[0] if writes else float("inf")
    last = work[-1]["n"] if work else 0
    polls = _polls([call for call in work if call["n"] > first])
    quotas = [call for call in work if call["service"] == "service-quotas"]
    in_chain = [call for call in journal if not (is_beside(call) and first < call["n"] < last)]
    refused = Counter(f"{_name(call)} {call['code']}" for call in work if call["code"])
    return {
        "calls": len(work) - polls.total() - len(quotas),
        "writes": len(writes),
        "polls": dict(sorted(polls.items())),
        "quota_questions": len(quotas),
        "beside": len(journal) - len(work),
        "rounds": rounds(in_chain),
        "rounds_before_first_write": rounds([call for call in in_chain if call["n"] < first]),
        "refused": dict(sorted(refused.items())),
    }


def rounds(calls: list[dict]) -> int:
    """The most calls of which each began after the one before it had ended: always take the one that ends first."""
    chain, answered = 0, float("-inf")
    for call in sorted(calls, key=lambda call: call["wall_ended"]):
        if call["wall"] >= answered:
            chain, answered = chain + 1, call["wall_ended"]
    return chain


def _polls(calls: list[dict]) -> Counter[str]:
    seen: set[str] = set()
    polls: Counter[str] = Counter()
    for call in calls:
        asked = f"{_name(call)} {json.dumps(call['request'], sort_keys=True)}"
        if not call["mutating"] and asked in seen:
            polls[_name(call)] += 1
        seen.add(asked)
    return polls


def about_bucket(name: str | None) -> Callable[[dict], bool]:
    """Tells which entries of a journal are about it."""
    return lambda call: name is not None and call["request"].get("Bucket") == name


def _name(call: dict) -> str:
    return f"{call['service']} {call['operation']}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m localstack_fargate.calls", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--since", type=int, default=0, metavar="N", help="only entries numbered above N")
    parser.add_argument("--beside", metavar="BUCKET", help="a bucket whose calls are not the work itself")
    wanted = parser.parse_args(arguments)
    account = os.environ["AWS_ACCESS_KEY_ID"]
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_emulator/{account}/journal?since={wanted.since}"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
        json.dump(count(json.load(answer), wanted.beside), sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
