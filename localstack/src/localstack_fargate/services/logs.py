"""CloudWatch Logs: names and retention that AWS refuses.

Source: CloudWatch Logs API Reference, CreateLogGroup and PutRetentionPolicy.
"""

from __future__ import annotations

import re
from typing import Any

from localstack_fargate.account import Account, setting
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error, guard

setting("quota.log_groups", 1_000_000)

RETENTION_DAYS = {
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}  # fmt: skip


@guard("logs", "PutRetentionPolicy")
def _known_retention(account: Account, region: str, request: dict, context: Any) -> None:
    if request.get("retentionInDays") not in RETENTION_DAYS:
        raise aws_error(
            "InvalidParameterException",
            f"1 validation error detected: Value '{request.get('retentionInDays')}' at 'retentionInDays' failed to "
            "satisfy "
            f"constraint: Member must satisfy enum value set: {sorted(RETENTION_DAYS)}",
        )


@guard("logs", "CreateLogGroup")
def _group_name(account: Account, region: str, request: dict, context: Any) -> None:
    name = request.get("logGroupName", "")
    if not re.match(r"^[.\-_/#A-Za-z0-9]{1,512}$", name):
        raise aws_error(
            "InvalidParameterException",
            f"1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        )
    if name.startswith("aws/"):
        raise aws_error("InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS.")
    groups = moto_backend("logs", account.id, region).groups
    if name not in groups and len(groups) >= account.settings["quota.log_groups"]:
        raise aws_error("LimitExceededException", "Resource limit exceeded.")
