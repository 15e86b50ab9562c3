"""The `Condition` element of IAM's policy language: operators, qualifiers and values.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Set operators for multivalued context keys"
and "IAM policy elements: Variables and tags". Keys, and the tag keys inside them, are not case-sensitive.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from datetime import datetime
from typing import Any, Callable, Mapping

Context = Mapping[str, list[str]]
"""Condition keys of a request with their values; a key that the request does not have is absent."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class UnknownOperator(Exception):
    """A condition operator that IAM does not have."""


def glob(pattern: str, value: str) -> bool:
    """IAM's wildcards: * and ?, nothing else."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def arn_like(pattern: str, value: str) -> bool:
    """Each of the six parts of an ARN is matched by itself; only the last may hold more colons."""
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), value.split(":", 5)
    return len(wanted) == len(given) and all(map(glob, wanted, given))


def _as_date(text: str) -> float:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else datetime.fromisoformat(text).timestamp()


def _in_network(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringEqualsIgnoreCase": lambda wanted, given: wanted.lower() == given.lower(),
    "StringLike": glob,
    "NumericEquals": lambda wanted, given: float(given) == float(wanted),
    "NumericLessThan": lambda wanted, given: float(given) < float(wanted),
    "NumericLessThanEquals": lambda wanted, given: float(given) <= float(wanted),
    "NumericGreaterThan": lambda wanted, given: float(given) > float(wanted),
    "NumericGreaterThanEquals": lambda wanted, given: float(given) >= float(wanted),
    "DateEquals": lambda wanted, given: _as_date(given) == _as_date(wanted),
    "DateLessThan": lambda wanted, given: _as_date(given) < _as_date(wanted),
    "DateLessThanEquals": lambda wanted, given: _as_date(given) <= _as_date(wanted),
    "DateGreaterThan": lambda wanted, given: _as_date(given) > _as_date(wanted),
    "DateGreaterThanEquals": lambda wanted, given: _as_date(given) >= _as_date(wanted),
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "BinaryEquals": lambda wanted, given: wanted == given,
    "IpAddress": _in_network,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def substituted(text: str, context: Context) -> str | None:
    """A value with its policy variables filled in; None when the request lacks one of them, so that nothing matches."""
    values = {key.lower(): value for key, value in context.items()}
    missing = []

    def fill(variable: re.Match) -> str:
        name, _, fallback = variable.group(1).partition(",")
        present = values.get(name.strip().lower())
        if not present and not fallback:
            missing.append(name)
        return present[0] if present else fallback.strip().strip("'")

    filled = _VARIABLE.sub(fill, text) if "${" in text else text
    return None if missing else filled


def parse(operator: str) -> tuple[str, str, bool]:
    """("ForAllValues" | "ForAnyValue" | "", base operator, whether it ends in IfExists); raises UnknownOperator."""
    qualifier, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    known = base in _MATCHES or base in _NEGATED or (base == "Null" and name == base and not qualifier)
    if not known or qualifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnknownOperator(operator)
    return qualifier, base, name != base


def holds(operator: str, key: str, wanted: list, context: Context) -> bool:
    """Whether one key of one operator is satisfied; values of the policy are alternatives."""
    qualifier, base, if_exists = parse(operator)
    present = next((values for name, values in context.items() if name.lower() == key.lower()), None)
    if base == "Null":
        return (not present) == (str(wanted[0]).lower() == "true")
    if not present:
        return if_exists or qualifier == "ForAllValues" or (base in _NEGATED and qualifier == "")
    filled = [text for item in wanted if (text := substituted(_text(item), context)) is not None]
    match = _MATCHES[_NEGATED.get(base, base)]
    matched = [any(_safely(match, text, value) for text in filled) for value in present]
    if base in _NEGATED:
        return any(not hit for hit in matched) if qualifier == "ForAnyValue" else not any(matched)
    return all(matched) if qualifier == "ForAllValues" else any(matched)


def _text(item: Any) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)


def _safely(match: Callable[[str, str], bool], wanted: str, given: str) -> bool:
    """A value that is no number, date or address matches nothing."""
    try:
        return match(wanted, given)
    except ValueError:
        return False
