"""Metric math: what an expression makes of several series.

Arithmetic, comparisons, AND, OR, IF and FILL with a number. FILL puts its value where another metric of the expression
has data: whether AWS fills a series without any data is not documented (unverified).

Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics".
"""

from __future__ import annotations

import ast
import operator
import re
from typing import Callable

Series = dict[float, float]
Value = float | Series

_BINARY: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


class Malformed(Exception):
    """The expression is not one."""


def evaluate(expression: str, series: dict[str, Series]) -> Series:
    """The series that it makes; raises Malformed."""
    words = re.sub(r"\bAND\b|&&", " and ", re.sub(r"\bOR\b|\|\|", " or ", expression))
    try:
        tree = ast.parse(words.strip(), mode="eval").body
    except SyntaxError:
        raise Malformed(f"Error in expression: {expression}") from None
    times = sorted({time for one in series.values() for time in one})
    value = _value(tree, series, times)
    return value if isinstance(value, dict) else dict.fromkeys(times, value)


def _value(node: ast.AST, series: dict[str, Series], times: list[float]) -> Value:
    match node:
        case ast.Constant(value=number):
            return float(number)
        case ast.Name(id=name) if name in series:
            return series[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _each(_BINARY[type(op)], _value(left, series, times), _value(right, series, times))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _BINARY:
            return _each(_BINARY[type(op)], _value(left, series, times), _value(right, series, times))
        case ast.BoolOp(op=op, values=[left, right]):
            both = isinstance(op, ast.And)
            join = (lambda a, b: bool(a) and bool(b)) if both else (lambda a, b: bool(a) or bool(b))
            return _each(join, _value(left, series, times), _value(right, series, times))
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=number)]):
            known = _value(filled, series, times)
            return known if not isinstance(known, dict) else {time: known.get(time, float(number)) for time in times}
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            parts = [_value(part, series, times) for part in (condition, then, otherwise)]
            return _each(lambda chosen, pair: pair[0] if chosen else pair[1], parts[0], _pairs(parts[1], parts[2], times))
    raise Malformed(f"Error in expression: {ast.unparse(node)}")


def _pairs(one: Value, other: Value, times: list[float]) -> dict[float, tuple[float, float]]:
    first, second = (value if isinstance(value, dict) else dict.fromkeys(times, value) for value in (one, other))
    return {time: (first[time], second[time]) for time in first.keys() & second.keys()}


def _each(fn: Callable, one: Value, other: Value) -> Value:
    """Where both have data."""
    match isinstance(one, dict), isinstance(other, dict):
        case True, True:
            return {time: float(fn(one[time], other[time])) for time in sorted(one.keys() & other.keys())}
        case True, False:
            return {time: float(fn(value, other)) for time, value in one.items()}
        case False, True:
            return {time: float(fn(one, value)) for time, value in other.items()}
    return float(fn(one, other))
