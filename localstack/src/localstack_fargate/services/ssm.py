"""Systems Manager parameters: names are answered as they were asked for."""

from __future__ import annotations

from typing import Any

from localstack_fargate.account import Account
from localstack_fargate.middleware import after


@after("ssm", "GetParameters")
def _unknown_names_as_given(account: Account, region: str, request: dict, response: dict, context: Any) -> dict:
    unknown = {name.lstrip("/") for name in response.get("InvalidParameters") or []}
    response["InvalidParameters"] = [name for name in request.get("Names") or [] if name.lstrip("/") in unknown]
    return response
