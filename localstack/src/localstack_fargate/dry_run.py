"""EC2's DryRun: never executed, always answered with an error.

Source: EC2 API Reference, "Common query parameters" and "Error codes" (DryRunOperation, 412). The emulator ignores the
parameter for the VPC family and executes the call.
"""

from __future__ import annotations

from typing import Any

from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import aws_error, guard

setting("ec2.dry_run", True)  # False: the parameter is ignored and the call executed, as other emulators do


@guard("ec2", "*")
def _refuse_dry_run(account: Account, region: str, request: dict, context: Any) -> None:
    if request.get("DryRun") and account.settings["ec2.dry_run"]:
        raise aws_error("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
