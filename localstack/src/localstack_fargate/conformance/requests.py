"""One HTTP request, as it came, against the model of its operation."""

from __future__ import annotations

import functools
import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cbor2
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from localstack_fargate.conformance.shapes import Say, check, joined, required
from localstack_fargate.conformance.wire import Cbor, Form, Json, Text, Xml
from localstack_fargate.rpc_v2_cbor import PROTOCOL as RPC_V2_CBOR

_WIRES = {
    "query": Form("query"),
    "ec2": Form("ec2"),
    "json": Json(),
    RPC_V2_CBOR: Cbor(),
    "rest-json": Json(),
    "rest-xml": Xml(),
}
_TEXT = Text()
_ANY_REQUEST = re.compile(
    r"x-amz-(content-sha256|date|security-token|user-agent|trailer|decoded-content-length|sdk-checksum-algorithm"
    r"|checksum-.*)"
)
"""Headers that every request may have: signing, checksums and who asks."""


@functools.cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@functools.cache
def _operation(service: str, operation: str) -> OperationModel:
    return _model(service).operation_model(operation)


def check_request(service: str, operation: str, protocol: str, parsed: dict, request: Any, say: Say) -> None:
    """Reports all that is wrong. `parsed` is only asked for what was in the path."""
    if (wire := _WIRES.get(protocol)) is None:
        say("protocol", "", f"{protocol} is a protocol that is not checked")
        return
    model = _operation(service, operation)
    shape = model.input_shape
    if protocol in ("query", "ec2"):
        _check_form(shape, wire, request, say)
    elif protocol == "json":
        _check_body(shape, json.loads(request.get_data() or b"{}"), wire, say)
    elif protocol == RPC_V2_CBOR:
        body = request.get_data()
        _check_body(shape, cbor2.loads(body) if body else {}, wire, say)
    else:
        _check_rest(model, shape, wire, parsed, request, say)


def _check_form(shape: Shape | None, wire: Form, request: Any, say: Say) -> None:
    parameters = {name: request.values.getlist(name) for name in request.values}
    for dispatched_by in ("Action", "Version"):
        parameters.pop(dispatched_by, None)
    _check_body(
        shape, wire.tree(parameters, lambda name: say("unknown", name, "is not a member that AWS knows")), wire, say
    )


def _check_body(shape: Shape | None, node: Any, wire: Any, say: Say) -> None:
    if shape is not None:
        check(shape, node, wire, "", say)
    elif node:
        say("unknown", ", ".join(sorted(node)), "are members of an operation that takes none")


def _check_rest(model: OperationModel, shape: Shape | None, wire: Any, parsed: dict, request: Any, say: Say) -> None:
    members = shape.members if shape is not None else {}
    found = {
        member
        for member, expected in members.items()
        if expected.serialization.get("location") == "uri" and parsed.get(member)
    }
    for member in found:
        check(members[member], str(parsed[member]), _TEXT, member, say)
    found |= _check_query_string(model, members, request, say)
    found |= _check_headers(model, members, request, say)
    payload = shape.serialization.get("payload") if shape is not None else None
    if payload:
        found |= _check_payload(payload, members[payload], wire, request, say)
    elif shape is not None:
        body = _parsed(request, wire, say)
        within = {} if body is None else wire.members(shape, body, lambda name: _not_known(name, say))
        for member, node in within.items():
            check(members[member], node, wire, member, say)
        found |= within.keys()
    if shape is not None:
        required(shape, found, "", say)


def _parsed(request: Any, wire: Any, say: Say) -> Any:
    """The body, None if there is none."""
    raw = request.get_data()
    if not raw:
        return None
    try:
        return json.loads(raw) if isinstance(wire, Json) else ElementTree.fromstring(raw)
    except (ValueError, ElementTree.ParseError):
        say("type", "", "has a body that cannot be read")
        return None


def _check_payload(member: str, shape: Shape, wire: Any, request: Any, say: Say) -> set[str]:
    """A body that is one member: a structure, or text and bytes as they are (which may be a stream, and stays unread).
    """
    if shape.type_name == "structure":
        body = _parsed(request, wire, say)
        if body is None:
            return set()
        root = shape.serialization.get("name", member)
        if isinstance(wire, Xml) and body.tag.rpartition("}")[2] != root:
            say("unknown", body.tag.rpartition("}")[2], f"stands where {root} should")
        check(shape, body, wire, member, say)
    elif shape.type_name == "string":
        check(shape, request.get_data().decode(errors="replace"), _TEXT, member, say)
    return {member}


def _check_query_string(model: OperationModel, members: dict[str, Shape], request: Any, say: Say) -> set[str]:
    fixed = parse_qs(urlsplit(model.http["requestUri"]).query, keep_blank_values=True)
    by_name = {
        expected.serialization.get("name", member): member
        for member, expected in members.items()
        if expected.serialization.get("location") == "querystring"
    }
    found = set()
    for name in request.args:
        if name in by_name:
            member, values = by_name[name], request.args.getlist(name)
            found.add(member)
            check(members[member], values if members[member].type_name == "list" else values[-1], _TEXT, member, say)
        elif name not in fixed and name != "x-id":  # x-id names the operation, for S3 alone
            _not_known(f"?{name}", say)
    return found


def _check_headers(model: OperationModel, members: dict[str, Shape], request: Any, say: Say) -> set[str]:
    located = {
        member: expected.serialization for member, expected in members.items() if "location" in expected.serialization
    }
    by_name = {at.get("name", member).lower(): member for member, at in located.items() if at["location"] == "header"}
    prefixes = {at.get("name", "").lower(): member for member, at in located.items() if at["location"] == "headers"}
    found = set()
    for name, value in request.headers.items():
        name = name.lower()
        if name in by_name:
            found.add(by_name[name])
            check(members[by_name[name]], value, _TEXT, by_name[name], say)
        elif prefix := next((prefix for prefix in prefixes if name.startswith(prefix)), None):
            found.add(prefixes[prefix])
        elif name.startswith("x-amz-") and not _ANY_REQUEST.fullmatch(name):
            _not_known(name, say)
    needs_checksum = (model.http_checksum or {}).get("requestChecksumRequired") or model.http_checksum_required
    if needs_checksum and not any(
        re.match(r"content-md5$|x-amz-checksum-|x-amz-trailer$", name.lower()) for name in request.headers.keys()
    ):
        say("required", "x-amz-checksum-*", "is required, but missing")
    return found


def _not_known(name: str, say: Say) -> None:
    say("unknown", joined("", name), "is not a member that AWS knows")
