"""Answers as they may also look: in another order, without what is empty, with members that no client knows yet.

Settings, all off by default: `responses.reversed`, lists of structures come the other way round where AWS promises no
order; `responses.sparse`, empty lists and texts are left out; `responses.unknown`, every structure of an answer has a
member more. Sources: AWS SDKs and Tools reference guide, "AWS service endpoints and API changes are backward
compatible"; Smithy 2.0 specification, "Evolving models" and "Protocol tests" (clients ignore unknown members).
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable

import cbor2
from localstack_fargate import account as accounts
from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import after, override

setting("responses.reversed", False)
setting("responses.sparse", False)
setting("responses.unknown", False)

_ORDERED = {
    "containerDefinitions",  # kept as registered
    "events",  # of a service: the newest first
    "CommonPrefixes", "Contents", "Versions",  # S3: by key
    "logStreams",
}  # fmt: skip
_NEW = "memberOfTomorrow"


@override("*", "Describe*", "List*", "Get*")
def _other_order(account: Account, region: str, request: dict, context: Any, call_next: Callable[[dict], Any]) -> Any:
    response = call_next(request)
    if not account.settings["responses.reversed"] or getattr(context, "from_inside", False):
        return response
    return _reversed(response)


def _reversed(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _reversed(item, key) for key, item in value.items()}
    if isinstance(value, list):
        items = [_reversed(item) for item in value]
        structures = all(isinstance(item, dict) for item in items)
        return items[::-1] if structures and name not in _ORDERED else items
    return value


@after("*", "Describe*", "List*", "Get*", "Create*")
def _without_the_empty(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    if not account.settings["responses.sparse"] or getattr(context, "from_inside", False):
        return response
    return _filled(response)


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item) for key, item in value.items() if item not in (None, "", [])}
    return [_filled(item) for item in value] if isinstance(value, list) else value


def register() -> None:
    """Lets what is new be written into the answers that LocalStack has serialised."""
    from localstack.aws.handlers import run_custom_response_handlers

    run_custom_response_handlers.append(_with_unknown_members)


def _with_unknown_members(chain: Any, context: Any, response: Any) -> None:
    if (
        not (context.service and context.account_id)
        or not accounts.get(context.account_id).settings["responses.unknown"]
    ):
        return
    kind = response.headers.get("Content-Type", "")
    if "json" in kind and response.data:
        response.set_response(json.dumps(_with_members(json.loads(response.data))))
    elif "cbor" in kind and response.data:
        body = _with_members(cbor2.loads(response.data))
        response.set_response(cbor2.dumps(body, datetime_as_timestamp=True))
    elif "xml" in kind and response.data:
        response.set_response(_with_elements(response.get_data(as_text=True)))


def _with_members(body: Any) -> Any:
    """The answer and the structures in its lists: a map may hold anything, and is none of them."""
    if not isinstance(body, dict):
        return body
    for value in body.values():
        for item in value if isinstance(value, list) else []:
            _with_members(item)
    body[_NEW] = {"text": "of a release to come", "list": [1]}
    return body


def _with_elements(text: str) -> str:
    """Every structure in a list, and the answer itself, which ends last."""
    element = f"<{_NEW}><text>of a release to come</text></{_NEW}>"
    text = re.sub(r"(?<=>)(?<!<item>)(?<!<member>)</(item|member)>", rf"{element}</\1>", text)
    head, closing, tail = text.rpartition("</")
    return f"{head}{element}{closing}{tail}" if head else text
