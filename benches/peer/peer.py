"""The stack of `plans/new-vpc.toml` as a boto3 script makes it: what the benchmark of the program compares with.

    python benches/peer/peer.py create|plan|destroy [--threads 8] [--poll-seconds 2.5]

It works in the account of the environment. `README.md` beside it says how far it goes, and what it leaves out.
"""

from __future__ import annotations

import argparse
import sys

import destroy
import identity
import network
import storage
import task
from aws import Aws
from read import read
from steps import Steps

PARTS = (network.network, network.groups, identity.identity, identity.logs, storage.buckets, storage.storage,
         task.balancer, task.task)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["create", "plan", "destroy"])
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--poll-seconds", type=float, default=2.5, help="between two looks at what settles")
    wanted = parser.parse_args()
    aws = Aws(wanted.threads, wanted.poll_seconds)
    account = aws.sts.get_caller_identity()["Account"]
    if wanted.mode == "plan":
        found = read(aws, account, wanted.threads)
        print(f"read {len(found)} answers, {sum(answer is None for answer in found.values())} of them empty")
    elif wanted.mode == "create":
        steps = Steps()
        for part in PARTS:
            part(steps, aws, account)
        print(f"{len(steps.run(wanted.threads))} steps")
    else:
        print(f"{len(destroy.steps(aws, account, wanted.threads).run(wanted.threads))} steps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
