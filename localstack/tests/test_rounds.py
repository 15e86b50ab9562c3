"""Calls in lockstep, and how they are counted."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localstack_fargate import calls

SOURCE = Path(__file__).resolve().parent.parent / "src"


def side_by_side(*asks):
    with ThreadPoolExecutor(len(asks)) as pool:
        for asked in [pool.submit(ask) for ask in asks]:
            asked.result()


@pytest.mark.row("lockstep: what is called side by side takes one round", plain="absent")
def test_lockstep(account):
    ec2, iam, s3 = (account.client(service) for service in ("ec2", "iam", "s3"))
    several = (ec2.describe_vpcs, iam.list_roles, s3.list_buckets)
    side_by_side(*several)  # the first call of a service takes long
    account.fault(kind="lockstep", seconds=0.5)
    since = account.journal()[-1]["n"]
    side_by_side(*several)
    side_by_side(ec2.describe_subnets, ec2.describe_addresses)
    journal = account.journal(since)
    first, second = journal[:3], journal[3:]
    assert max(call["wall"] for call in first) < min(call["wall_ended"] for call in first)
    assert max(call["wall_ended"] for call in first) < min(call["wall_ended"] for call in second)
    assert calls.rounds(journal) == 2


@pytest.mark.row("lockstep: an error ends a call too", plain="absent")
def test_lockstep_of_refused_calls(account):
    ec2 = account.client("ec2")
    account.fault(kind="lockstep", seconds=0.01)
    for _ in range(2):
        with pytest.raises(ec2.exceptions.ClientError):
            ec2.describe_vpcs(VpcIds=["vpc-00000000"])
    assert calls.rounds(account.journal()) == 2


def call(n, operation, begin, end, mutating=False, service="ec2", **request):
    return {
        "n": n, "operation": operation, "service": service, "wall": begin, "wall_ended": end,
        "mutating": mutating, "request": request, "code": None,
    }  # fmt: skip


@pytest.mark.row("counting: rounds are the longest chain of calls", plain="absent")
def test_rounds():
    assert calls.rounds([]) == 0
    long, short, after_short, after_both = (
        call(1, "A", 0, 10), call(2, "B", 0, 1), call(3, "C", 1, 9), call(4, "D", 10, 11)
    )  # fmt: skip
    assert calls.rounds([long, short]) == 1
    assert calls.rounds([long, short, after_short]) == 2
    assert calls.rounds([long, short, after_short, after_both]) == 3


@pytest.mark.row("counting: polls, quota questions, and calls beside the work", plain="absent")
def test_count():
    journal = [
        call(1, "PutObject", 0, 1, mutating=True, service="s3", Bucket="control"),
        call(2, "DescribeVpcs", 1, 2),
        call(3, "DescribeVpcs", 2, 3),
        call(4, "ListServiceQuotas", 2, 3, service="service-quotas"),
        call(5, "CreateVpc", 3, 4, mutating=True),
        call(6, "DescribeVpcs", 4, 5),
        call(7, "PutObject", 5, 6, mutating=True, service="s3", Bucket="control"),
        call(8, "DescribeVpcs", 6, 7),
        call(9, "DescribeVpcs", 7, 8, VpcIds=["another question"]),
        call(10, "PutObject", 8, 9, mutating=True, service="s3", Bucket="control"),
    ]
    counted = calls.count(journal, beside="control")
    assert counted["polls"] == {"ec2 DescribeVpcs": 1}, "the first look after a write is none"
    assert (counted["calls"], counted["writes"], counted["quota_questions"], counted["beside"]) == (5, 1, 1, 3)
    assert counted["rounds"] == 8, "the lease is renewed beside the work"
    assert counted["rounds_before_first_write"] == 3, "and is taken before it"


@pytest.mark.row("counting: a program that reads the journal", plain="absent")
def test_program(account):
    account.client("ec2").describe_vpcs()
    environment = os.environ | {"AWS_ACCESS_KEY_ID": account.id, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-m", "localstack_fargate.calls"], env=environment, capture_output=True, check=True
    )
    counted = json.loads(done.stdout)
    assert (counted["calls"], counted["rounds"]) == (1, 1)
