"""Small pages on demand: with the setting `page.size`, every paginated operation answers at most so many items.

Which operations are paginated, and how, is botocore's own description (`paginators-1.json`). The emulator is asked for
everything, and the page is cut from its answer; the token is the position where the next page starts.
"""

from __future__ import annotations

import functools
from typing import Any, Callable

import botocore.loaders

from localstack_fargate import responses  # noqa: F401  pages are cut from what it has reordered
from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import aws_error, invoke, override

setting("page.size", 0)

_TOKEN = "localstack_fargate-page-"
_CUT_ELSEWHERE = {("cloudwatch", "GetMetricData")}
"""What cuts its own pages, of something else than the listed items."""


@functools.cache
def _paginators(service: str) -> dict[str, dict]:
    try:
        return botocore.loaders.Loader().load_service_model(service, "paginators-1")["pagination"]
    except botocore.loaders.UnknownServiceError:
        return {}


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


@override("*", "Describe*", "List*", "Get*")
def _cut(account: Account, region: str, request: dict, context: Any, call_next: Callable[[dict], Any]) -> Any:
    size = account.settings["page.size"]
    service, operation = context.service.service_name, context.operation.name
    spec = _paginators(service).get(operation)
    from_inside = getattr(context, "from_inside", False)
    if not size or spec is None or from_inside or service == "s3" or (service, operation) in _CUT_ELSEWHERE:
        return call_next(request)
    token_in, token_out = _one(spec["input_token"]), _one(spec["output_token"]).split(" || ")[0]
    result, limit = _one(spec["result_key"]), spec.get("limit_key")
    if "." in result:
        return call_next(request)
    start = _position(request.get(token_in))
    size = min(size, int(request.get(limit) or size)) if limit else size
    items, response = [], None
    rest = {key: value for key, value in request.items() if key not in (token_in, limit)}
    while True:
        response = call_next(rest)
        items += response.get(result) or []
        token = response.get(token_out)
        if not token:
            break
        rest = rest | {token_in: token}
    response = dict(response)
    response[result] = items[start : start + size]
    more = start + size < len(items)
    response.pop(token_out, None)
    if more:
        response[token_out] = f"{_TOKEN}{start + size}"
    if "more_results" in spec:
        response[spec["more_results"]] = more
    return response


def everything(account: Account, region: str, service: str, operation: str, request: dict) -> list:
    """All items of a paginated operation, asked for from inside the emulator."""
    spec = _paginators(service).get(operation)
    if spec is None:
        raise KeyError(f"{service}.{operation} is not paginated")
    token_in, token_out = _one(spec["input_token"]), _one(spec["output_token"]).split(" || ")[0]
    items: list = []
    while True:
        response = invoke(account, region, service, operation, request)
        items += response.get(_one(spec["result_key"])) or []
        token = response.get(token_out)
        if not token:
            return items
        request = request | {token_in: token}


def _position(token: str | None) -> int:
    if not token:
        return 0
    if not token.startswith(_TOKEN):
        raise aws_error("InvalidNextToken", f"The token '{token}' is invalid")
    return int(token.removeprefix(_TOKEN))


@override("s3", "ListObjects", "ListObjectsV2", "ListObjectVersions")
def _fewer_keys(account: Account, region: str, request: dict, context: Any, call_next: Callable[[dict], Any]) -> Any:
    """S3 cuts its pages itself."""
    size = account.settings["page.size"]
    if size:
        request = request | {"MaxKeys": min(size, request.get("MaxKeys") or size)}
    return call_next(request)
