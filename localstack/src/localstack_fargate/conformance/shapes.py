"""Whether a node of a request fits the shape that AWS's model has for it: members, types, enums, patterns, lengths,
ranges.

AWS's patterns are anchored, as the services' frameworks match them whole, and so a value must match one in full.
"""

from __future__ import annotations

import functools
from typing import Any, Callable

import regex
from botocore.model import Shape

from localstack_fargate.conformance import documents
from localstack_fargate.conformance.wire import Mistyped

Say = Callable[[str, str, str], None]
"""Takes a violation: its sort, the member, what is wrong."""

_SHOWN = 60
_ALLOWED_ALL_THE_SAME = {"aws/efs/automatic-backup-vault"}
"""Values that AWS takes although its model's pattern does not have them: the vault that AWS Backup makes for EFS's
automatic backups (EFS user guide, "Automatic backups")."""


def check(shape: Shape, node: Any, wire: Any, path: str, say: Say) -> None:
    """Reports all that is wrong with one node and what is below it."""
    if getattr(shape, "is_document_type", False):
        return
    try:
        if shape.type_name == "structure":
            _structure(shape, wire.members(shape, node, _unknown(path, say)), wire, path, say)
        elif shape.type_name == "list":
            items = wire.items(shape, node, _unknown(path, say))
            _size(shape, len(items), "length", f"has {len(items)} items", path, say)
            for position, item in enumerate(items):
                check(shape.member, item, wire, f"{path}[{position}]", say)
        elif shape.type_name == "map":
            entries = list(wire.entries(shape, node, _unknown(path, say)))
            _size(shape, len(entries), "length", f"has {len(entries)} entries", path, say)
            for key, value in entries:
                check(shape.key, key, wire, f"{path} (key)", say)
                check(shape.value, value, wire, f"{path}.*", say)
        else:
            _scalar(shape, wire.scalar(shape, node), path, say)
    except Mistyped as why:
        say("type", path, str(why))


def _structure(shape: Shape, found: dict[str, Any], wire: Any, path: str, say: Say) -> None:
    required(shape, found, path, say)
    if getattr(shape, "is_tagged_union", False) and len(found) != 1:
        say("union", path, f"must have one member, but has {sorted(found)}")
    members = shape.members
    for member, node in found.items():
        check(members[member], node, wire, joined(path, member), say)


def required(shape: Shape, found: Any, path: str, say: Say) -> None:
    """Reports the members that a structure must have and has not."""
    for member in shape.metadata.get("required", ()):
        if member not in found:
            say("required", joined(path, member), "is required, but missing")


def _scalar(shape: Shape, value: Any, path: str, say: Say) -> None:
    if isinstance(value, str) and shape.type_name == "string":
        _size(shape, len(value), "length", f"is {len(value)} characters long", path, say)
        shown = "" if shape.metadata.get("sensitive") else f" {value[:_SHOWN]!r}"
        if shape.enum and value not in shape.enum:
            say("enum", path, f"must be one of {', '.join(shape.enum[:12])}, but is{shown or ' another'}")
        pattern = shape.metadata.get("pattern") if value not in _ALLOWED_ALL_THE_SAME else None
        if pattern and (rule := _compiled(pattern)) and not rule.fullmatch(value):
            say("pattern", path, f"must match {pattern}, but{shown} does not")
        if documents.is_document(value):
            for fault in documents.faults(value):
                say("document", path, fault)
    elif isinstance(value, bytes):
        _size(shape, len(value), "length", f"is {len(value)} bytes long", path, say)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        _size(shape, value, "range", f"is {value}", path, say)


def _size(shape: Shape, size: float, sort: str, words: str, path: str, say: Say) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least or most is not None and size > most:
        between = f"{'' if least is None else least}..{'' if most is None else most}"
        say(sort, path, f"{words}, outside of {between}")


def _unknown(path: str, say: Say) -> Callable[[str], None]:
    return lambda name: say("unknown", joined(path, name), "is not a member that AWS knows")


def joined(path: str, member: str) -> str:
    return f"{path}.{member}" if path else member


@functools.cache
def _compiled(pattern: str) -> Any:
    """None for the few that only Java understands (halves of surrogate pairs)."""
    try:
        return regex.compile(pattern)
    except regex.error:
        return None
