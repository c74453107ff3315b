"""Evaluation of $filter expressions on entities. Pure: the caller provides the values."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final

import shapely
from shapely.geometry import shape

from api.standards.sensorthings.entities import Entity, EntityType, Interval, TimeInstant
from api.standards.sensorthings.filter_parser import (
    COMPARISONS,
    Expression,
    FilterCall,
    FilterError,
    Literal,
    PropertyPath,
    parse_moment,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_ORDERINGS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}

_TEXT: Final[dict[str, Callable[..., Any]]] = {
    "substringof": lambda part, text: part in text,
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "indexof": lambda text, part: text.find(part),
    "concat": lambda first, second: first + second,
    "length": len,
    "tolower": str.lower,
    "toupper": str.upper,
    "trim": str.strip,
}

_CLOCK: Final[dict[str, Callable[[datetime], float]]] = {
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "second": lambda moment: moment.second,
    "fractionalseconds": lambda moment: moment.microsecond / 1e6,
}

#: Halves are rounded up, as OData requires, not to even.
_NUMBER: Final[dict[str, Callable[[float], float]]] = {
    "round": lambda value: math.floor(value + 0.5),
    "floor": math.floor,
    "ceiling": math.ceil,
}

_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "mod": math.fmod,
}


def check_paths(expression: Expression, kind: EntityType) -> None:
    """Check that all paths exist on entities of a type; raises FilterError with the existing names."""
    if isinstance(expression, FilterCall):
        for argument in expression.arguments:
            check_paths(argument, kind)
    elif isinstance(expression, PropertyPath):
        check_path(expression, kind)


def check_path(path: PropertyPath, kind: EntityType) -> None:
    """Check that a path leads from a type to a field; raises FilterError."""
    entity_type = kind
    for place, part in enumerate(path.parts):
        last = place == len(path.parts) - 1
        target = entity_type.related_type(part)
        if target is not None:
            if target.plural == "Observations" or last:
                raise FilterError(f"cannot read {path}: it has no value, or passes through all observations")
            entity_type = target
        elif part in entity_type.free or (last and part in ("id", "@iot.id", *entity_type.fields)):
            return
        else:
            raise FilterError(
                f"asks for {part[:40]} of {entity_type.plural}, which have {', '.join(entity_type.names)}"
            )


def values_of(start: Entity, path: PropertyPath) -> list[Any]:
    """Return the values of a path: one, or one per entity of a to-many relation."""
    entities, parts = [start], list(path.parts)
    while parts and parts[0] in entities[0].related:
        entities = [related for entity in entities for related in entity.related[parts[0]]()]
        parts.pop(0)
        if not entities:
            return []
    values = [entity.value_of(parts[0]) for entity in entities]
    for part in parts[1:]:
        values = [value.get(part) if isinstance(value, dict) else None for value in values]
    return values


def holds(expression: Expression, entity: Entity | None, now_ms: int) -> bool:
    """Return whether a condition holds for an entity; with several values of a path, for any of them."""
    return any(value is True for value in evaluate(expression, entity, now_ms))


def evaluate(expression: Expression, entity: Entity | None, now_ms: int) -> list[Any]:
    """Return the values of an expression; undefined operations give None. Without an entity, paths have no values."""
    if isinstance(expression, Literal):
        return [expression.value]
    if isinstance(expression, PropertyPath):
        return [] if entity is None else values_of(entity, expression)
    name = expression.name
    if name == "now":
        return [TimeInstant(now_ms)]
    if name == "and":
        return [all(holds(argument, entity, now_ms) for argument in expression.arguments)]
    if name == "or":
        return [any(holds(argument, entity, now_ms) for argument in expression.arguments)]
    if name == "not":
        return [not holds(expression.arguments[0], entity, now_ms)]
    rows = product(*(evaluate(argument, entity, now_ms) for argument in expression.arguments))
    return [_apply(name, row) for row in rows]


def _apply(name: str, row: tuple[Any, ...]) -> Any:
    if name in COMPARISONS:
        return compare(name, row[0], row[1])
    try:
        return _compute(name, row)
    except (TypeError, ValueError, ArithmeticError, AttributeError, shapely.GEOSException):
        return None


def _compute(name: str, row: tuple[Any, ...]) -> Any:
    if name in _TEXT:
        return _TEXT[name](*row) if all(isinstance(value, str) for value in row) else None
    if name == "substring":
        text, start, *length = row
        return text[int(start) : int(start) + int(length[0])] if length else text[int(start) :]
    if name in _CLOCK:
        moment = row[0].start if isinstance(row[0], Interval) else row[0]
        return _CLOCK[name](_EPOCH + timedelta(milliseconds=moment.time_ms))
    if name in _NUMBER:
        return _NUMBER[name](row[0])
    if name in _ARITHMETIC:
        return _calculate(name, *row)
    first, second = (_geometry_of(value) for value in row)
    if first is None or second is None:
        return None
    return bool(getattr(shapely, name.removeprefix("geo.").removeprefix("st_"))(first, second))


def _calculate(name: str, first: Any, second: Any) -> Any:
    """Apply an arithmetic operator to numbers, or to an instant and a duration."""
    if isinstance(first, TimeInstant) and isinstance(second, timedelta) and name in ("add", "sub"):
        length_ms = round(second / timedelta(milliseconds=1))
        moved_ms = first.time_ms + (length_ms if name == "add" else -length_ms)
        return TimeInstant(moved_ms)
    if isinstance(first, TimeInstant) and isinstance(second, TimeInstant) and name == "sub":
        return timedelta(milliseconds=first.time_ms - second.time_ms)
    return _ARITHMETIC[name](first, second) if _is_number(first, second) else None


def compare(name: str, first: Any, second: Any) -> bool:
    """Compare two values; incomparable values are neither equal nor ordered."""
    if name == "ne":
        return not compare("eq", first, second)
    if isinstance(first, TimeInstant | Interval) or isinstance(second, TimeInstant | Interval):
        return _compare_times(name, _time_of(first), _time_of(second))
    if name == "eq":
        return (type(first) is type(second) and first == second) or (_is_number(first, second) and first == second)
    if _is_number(first, second) or (isinstance(first, str) and isinstance(second, str)):
        return _ORDERINGS[name](first, second)
    return isinstance(first, timedelta) and isinstance(second, timedelta) and _ORDERINGS[name](first, second)


def _compare_times(name: str, first: Interval | None, second: Interval | None) -> bool:
    """Compare instants and intervals; an interval is before another where all of it is before."""
    if first is None or second is None:
        return False
    if name == "eq":
        return first == second
    if name == "gt":
        return first.start > second.end
    if name == "lt":
        return first.end < second.start
    return first.start >= second.start if name == "ge" else first.end <= second.end


def _time_of(value: Any) -> Interval | None:
    if isinstance(value, str):
        try:
            value = parse_moment(value)
        except FilterError:
            return None
    if isinstance(value, TimeInstant):
        return Interval(value, value)
    return value if isinstance(value, Interval) else None


def _is_number(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _geometry_of(value: Any) -> Any:
    if isinstance(value, dict):
        geometry = value.get("geometry") if value.get("type") == "Feature" else value
        return None if geometry is None else shape(geometry)
    return value if isinstance(value, shapely.Geometry) else None
