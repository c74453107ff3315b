"""Split of an Observations condition into a store query and a condition per sample. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.standards.sensorthings.entities import TimeInstant
from api.standards.sensorthings.filter_eval import evaluate
from api.standards.sensorthings.filter_parser import (
    Expression,
    FilterCall,
    FilterError,
    Literal,
    PropertyPath,
    SortKey,
    parse_moment,
)
from headland.analysis.inputs.window import HIGH_MS, LOW_MS

_TIMES: Final = (("phenomenonTime",), ("resultTime",))
_MIRRORED: Final = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge", "eq": "eq"}


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query plan: samples of [start_ms, end_ms) of the Datastreams for which `streams` holds, where `rest` holds."""

    start_ms: int = LOW_MS
    end_ms: int = HIGH_MS + 1
    streams: tuple[Expression, ...] = ()
    rest: Expression | None = None


def plan_filter(condition: Expression | None, now_ms: int) -> QueryPlan:
    """Return the plan of a condition; the conjunction of the plan's parts equals the condition."""
    start_ms, end_ms = LOW_MS, HIGH_MS + 1
    streams: list[Expression] = []
    rest: list[Expression] = []
    for part in _parts(condition):
        bound = _bound_of(part, now_ms)
        if bound is not None:
            start_ms, end_ms = max(start_ms, bound[0]), min(end_ms, bound[1])
        elif _only_of_stream(part):
            streams.append(_relative_to_stream(part))
        else:
            rest.append(part)
    remainder: Expression | None = rest[0] if rest else None
    for part in rest[1:]:
        remainder = FilterCall("and", (remainder, part)) if remainder is not None else part
    return QueryPlan(start_ms, end_ms, tuple(streams), remainder)


def time_order(order: tuple[SortKey, ...], *, one_stream: bool) -> bool | None:
    """Return True for descending and False for ascending time order; None for any other order."""
    keys = order[:-1] if len(order) > 1 and order[-1].path.parts in (("id",), ("@iot.id",)) else order
    if not keys:
        return False
    if len(keys) > 1:
        return None
    if keys[0].path.parts in _TIMES or (one_stream and keys[0].path.parts in (("id",), ("@iot.id",))):
        return keys[0].descending
    return None


def _parts(condition: Expression | None) -> list[Expression]:
    if condition is None:
        return []
    if isinstance(condition, FilterCall) and condition.name == "and":
        return [part for argument in condition.arguments for part in _parts(argument)]
    return [condition]


def _bound_of(part: Expression, now_ms: int) -> tuple[int, int] | None:
    """Return [start, end) of a comparison of time with an instant; None for any other expression."""
    if not (isinstance(part, FilterCall) and part.name in _MIRRORED):
        return None
    name, (left, right) = part.name, part.arguments
    if isinstance(right, PropertyPath):
        name, left, right = _MIRRORED[name], right, left
    if not (isinstance(left, PropertyPath) and left.parts in _TIMES) or _paths(right):
        return None
    values = evaluate(right, None, now_ms)
    moment = values[0] if values else None
    if isinstance(right, Literal) and isinstance(moment, str):
        try:
            moment = parse_moment(moment)
        except FilterError:
            return None
    if not isinstance(moment, TimeInstant):
        return None
    low_ms = {"gt": moment.time_ms + 1, "ge": moment.time_ms, "eq": moment.time_ms}.get(name, LOW_MS)
    high_ms = {"lt": moment.time_ms, "le": moment.time_ms + 1, "eq": moment.time_ms + 1}.get(name, HIGH_MS + 1)
    return low_ms, high_ms


def _paths(expression: Expression) -> list[PropertyPath]:
    if isinstance(expression, PropertyPath):
        return [expression]
    if isinstance(expression, FilterCall):
        return [path for argument in expression.arguments for path in _paths(argument)]
    return []


def _only_of_stream(part: Expression) -> bool:
    paths = _paths(part)
    return bool(paths) and all(path.parts[0] == "Datastream" for path in paths)


def _relative_to_stream(part: Expression) -> Expression:
    if isinstance(part, PropertyPath):
        return PropertyPath(part.parts[1:])
    if isinstance(part, FilterCall):
        return FilterCall(part.name, tuple(_relative_to_stream(argument) for argument in part.arguments))
    return part
