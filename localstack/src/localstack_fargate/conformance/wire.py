"""How the protocols of AWS write the members of a request: JSON, CBOR, form parameters (query and ec2), XML, and plain
text.

Each format takes nodes apart by the shape that is expected, and says of what is there and not expected that it is
unknown. Sources: Smithy specification, "AWS JSON", "AWS query", "AWS EC2 query", "AWS REST-XML", "Smithy RPC v2
CBOR" protocols; botocore's serializers.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from typing import Any, Callable, Iterator

import botocore.utils
from botocore.model import Shape

Unknown = Callable[[str], None]
"""Takes the name of a member that the model does not have."""

_INTEGER = re.compile(r"-?\d+")
_SHOWN = 60


class Mistyped(Exception):
    """Why a node cannot be of the shape that is expected there."""


def _mistyped(shape: Shape, value: Any) -> Mistyped:
    shown = "" if shape.metadata.get("sensitive") else f", but is {str(value)[:_SHOWN]!r}"
    return Mistyped(f"must be a {shape.type_name}{shown}")


class Json:
    """Nodes are what `json.loads` gives."""

    def __init__(self) -> None:
        self._names: dict[int, dict[str, tuple[str, Shape]]] = {}

    def members(self, shape: Shape, node: Any, unknown: Unknown) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise _mistyped(shape, node)
        names, found = _names(self._names, shape, _plain_name), {}
        for key, value in node.items():
            if key in names:
                found[names[key][0]] = value
            else:
                unknown(key)
        return found

    def items(self, shape: Shape, node: Any, unknown: Unknown) -> list[Any]:
        if not isinstance(node, list):
            raise _mistyped(shape, node)
        return node

    def entries(self, shape: Shape, node: Any, unknown: Unknown) -> Iterator[tuple[Any, Any]]:
        if not isinstance(node, dict):
            raise _mistyped(shape, node)
        yield from node.items()

    def scalar(self, shape: Shape, node: Any) -> Any:
        kind = shape.type_name
        is_number = isinstance(node, (int, float)) and not isinstance(node, bool)
        right = {
            "string": isinstance(node, str),
            "character": isinstance(node, str),
            "blob": isinstance(node, str),
            "boolean": isinstance(node, bool),
            "integer": is_number and not isinstance(node, float),
            "long": is_number and not isinstance(node, float),
            "timestamp": is_number or isinstance(node, str),
        }.get(kind, is_number)
        if not right:
            raise _mistyped(shape, node)
        return _decoded(shape, node) if kind == "blob" else node


class Cbor(Json):
    """Nodes are what `cbor2.loads` gives: bytes, and a timestamp for what has the tag of one, as it must have."""

    def scalar(self, shape: Shape, node: Any) -> Any:
        expected = {"blob": bytes, "timestamp": datetime.datetime}.get(shape.type_name)
        if expected is None:
            return super().scalar(shape, node)
        if not isinstance(node, expected):
            raise _mistyped(shape, node)
        return node


class Text:
    """Nodes are strings, as in headers and query strings; the scalars of forms and XML too."""

    def scalar(self, shape: Shape, node: Any) -> Any:
        kind = shape.type_name
        if not isinstance(node, str):
            raise _mistyped(shape, node)
        if kind in ("integer", "long"):
            if not _INTEGER.fullmatch(node):
                raise _mistyped(shape, node)
            return int(node)
        if kind in ("float", "double"):
            return _tried(float, shape, node)
        if kind == "boolean" and node not in ("true", "false"):
            raise _mistyped(shape, node)
        if kind == "timestamp":
            return _tried(botocore.utils.parse_timestamp, shape, node)
        return _decoded(shape, node) if kind == "blob" else node

    def items(self, shape: Shape, node: Any, unknown: Unknown) -> list[Any]:
        """A header may hold a list, separated by commas; a query string repeats the name."""
        return node if isinstance(node, list) else [part.strip() for part in node.split(",")]


class Form(Text):
    """Nodes are trees of the dotted names of parameters, with text as leaves: {"Filter": {"1": {"Name": "vpc-id"}}}."""

    def __init__(self, protocol: str) -> None:
        self._names: dict[int, dict[str, tuple[str, Shape]]] = {}
        self._is_ec2 = protocol == "ec2"

    @staticmethod
    def tree(parameters: dict[str, list[str]], unknown: Unknown) -> dict[str, Any]:
        root: dict[str, Any] = {}
        for name, values in parameters.items():
            node, (*path, last) = root, name.split(".")
            for part in path:
                node = node.setdefault(part, {}) if isinstance(node, dict) else {}
            if len(values) > 1 or not isinstance(node, dict) or last in node:
                unknown(f"{name} (more than once)")
            else:
                node[last] = values[0]
        return root

    def members(self, shape: Shape, node: Any, unknown: Unknown) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise _mistyped(shape, node)
        names, found = _names(self._names, shape, self._name), {}
        for key, value in node.items():
            if key in names:
                found[names[key][0]] = value
            else:
                unknown(key)
        return found

    def items(self, shape: Shape, node: Any, unknown: Unknown) -> list[Any]:
        if node == "":  # how an empty list is written
            return []
        if not self._is_ec2 and not shape.serialization.get("flattened"):
            node = _only(shape, node, shape.member.serialization.get("name", "member"), unknown)
        return self._numbered(shape, node, unknown)

    def entries(self, shape: Shape, node: Any, unknown: Unknown) -> Iterator[tuple[Any, Any]]:
        if not shape.serialization.get("flattened"):
            node = _only(shape, node, "entry", unknown)
        key, value = (
            part.serialization.get("name", name) for part, name in ((shape.key, "key"), (shape.value, "value"))
        )
        for entry in self._numbered(shape, node, unknown):
            if not isinstance(entry, dict) or set(entry) != {key, value}:
                raise _mistyped(shape, entry)
            yield entry[key], entry[value]

    @staticmethod
    def _numbered(shape: Shape, node: Any, unknown: Unknown) -> list[Any]:
        if not isinstance(node, dict):
            raise _mistyped(shape, node)
        wanted = [str(number) for number in range(1, len(node) + 1)]
        for key in node.keys() - set(wanted):
            unknown(key)
        return [node[key] for key in wanted if key in node]

    def _name(self, member: str, shape: Shape) -> str:
        """botocore's QuerySerializer and EC2Serializer."""
        if self._is_ec2:
            name = shape.serialization.get("name", member)
            return shape.serialization.get("queryName") or (
                name[0].upper() + name[1:] if "name" in shape.serialization else name
            )
        if shape.type_name == "list" and shape.serialization.get("flattened"):
            return shape.member.serialization.get("name") or shape.serialization.get("name", member)
        return shape.serialization.get("name", member)


class Xml(Text):
    """Nodes are elements; a flattened list is a list of elements."""

    def __init__(self) -> None:
        self._names: dict[int, dict[str, tuple[str, Shape]]] = {}

    def members(self, shape: Shape, node: Any, unknown: Unknown) -> dict[str, Any]:
        names, found = _names(self._names, shape, _xml_name), {}
        for child in node:
            tag = _local(child.tag)
            if tag not in names:
                unknown(tag)
                continue
            member, expected = names[tag]
            if expected.serialization.get("flattened"):
                found.setdefault(member, []).append(child)
            elif member in found:
                unknown(f"{tag} (more than once)")
            else:
                found[member] = child
        for key, value in node.attrib.items():
            if _local(key) in names:
                found[names[_local(key)][0]] = value
            elif not key.startswith("{http://www.w3.org/"):
                unknown(key)
        return found

    def items(self, shape: Shape, node: Any, unknown: Unknown) -> list[Any]:
        if isinstance(node, list):
            return node
        wanted, found = shape.member.serialization.get("name", "member"), []
        for child in node:
            if _local(child.tag) == wanted:
                found.append(child)
            else:
                unknown(_local(child.tag))
        return found

    def entries(self, shape: Shape, node: Any, unknown: Unknown) -> Iterator[tuple[Any, Any]]:
        key, value = (
            part.serialization.get("name", name) for part, name in ((shape.key, "key"), (shape.value, "value"))
        )
        for entry in node:
            parts = {_local(part.tag): part for part in entry}
            if set(parts) != {key, value}:
                raise _mistyped(shape, sorted(parts))
            yield parts[key], parts[value]

    def scalar(self, shape: Shape, node: Any) -> Any:
        if isinstance(node, str):
            return super().scalar(shape, node)
        if len(node):
            raise _mistyped(shape, f"<{_local(node[0].tag)}>")
        return super().scalar(shape, node.text or "")


def _names(cache: dict[int, dict], shape: Shape, name: Callable[[str, Shape], str]) -> dict[str, tuple[str, Shape]]:
    """The body's members of a structure by their names on the wire; worked out once, as the models live for ever."""
    if (found := cache.get(id(shape))) is None:
        found = cache[id(shape)] = {
            name(member, expected): (member, expected)
            for member, expected in shape.members.items()
            if "location" not in expected.serialization
        }
    return found


def _plain_name(member: str, shape: Shape) -> str:
    return shape.serialization.get("name", member)


def _xml_name(member: str, shape: Shape) -> str:
    """Of an attribute (`xsi:type`) the name without its prefix."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return shape.serialization.get("name") or shape.member.serialization.get("name", member)
    name = shape.serialization.get("name", member)
    return name.rpartition(":")[2] if shape.serialization.get("xmlAttribute") else name


def _only(shape: Shape, node: Any, name: str, unknown: Unknown) -> Any:
    """What is below `name`, where nothing else may be."""
    if not isinstance(node, dict):
        raise _mistyped(shape, node)
    for other in node.keys() - {name}:
        unknown(other)
    return node.get(name, {})


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _tried(read: Callable[[str], Any], shape: Shape, node: str) -> Any:
    try:
        return read(node)
    except (ValueError, TypeError, AttributeError):
        raise _mistyped(shape, node) from None


def _decoded(shape: Shape, node: str) -> bytes:
    try:
        return base64.b64decode(node, validate=True)
    except (binascii.Error, ValueError):
        raise _mistyped(shape, node) from None
