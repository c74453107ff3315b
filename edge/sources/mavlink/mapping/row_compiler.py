"""Compiler of a row of `field_table` into one function from the values of many messages to their rows.

A call per field, or even per message, would cost more than all other steps from bytes to rows.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from edge.sources.mavlink.mapping.dialect import definition_of
from edge.sources.mavlink.mapping.field_table import UINT16_MAX, Derived, FieldChannel, Row

#: The values of a message in wire order, arrays flat.
Raw = Sequence[Any]
#: Function to a row of channel values for each message, in order.
MakeRows = Callable[[Sequence[Raw]], list[tuple[float | None, ...]]]
#: Whether a message has a row at all.
HasRow = Callable[[Raw], object]

_NAME: Final = re.compile(r"\b[A-Za-z_]\w*\b")


class FieldSpan(NamedTuple):
    """Place of a field among a message's flat values."""

    start: int
    end: int
    is_float: bool

    @property
    def is_array(self) -> bool:
        """Whether the field has several values."""
        return self.end > self.start + 1


class _Entry(NamedTuple):
    """One channel of a compiled row, as Python: its value, its condition, and the floats that must be finite."""

    value: str
    condition: str
    finite: tuple[str, ...]

    def source(self, *, are_finite: bool) -> str:
        """Return the expression; with `are_finite` all floats are known to be finite."""
        conditions = [] if are_finite else [f"{name} - {name} == 0.0" for name in self.finite]
        conditions += [self.condition] if self.condition else []
        return self.value + (f" if {' and '.join(conditions)} else None" if conditions else "")


def flat_fields(message_id: int) -> dict[str, FieldSpan]:
    """Return the place of each field among the values that the message's struct unpacks to."""
    definition = definition_of(message_id)
    spans: dict[str, FieldSpan] = {}
    start = 0
    codes = re.findall(r"(\d*)([A-Za-z])", definition.codes)
    for name, (count, code) in zip(definition.fields, codes, strict=True):
        end = start + (1 if code == "s" else int(count or 1))
        spans[name] = FieldSpan(start, end, code in "fd")
        start = end
    return spans


def compile_row(message_id: int, row: Row) -> MakeRows:
    """Return the function from the values of many messages to rows of `row`'s columns."""
    fields = flat_fields(message_id)
    entries = [_entry(column, fields) for column in row.columns]
    floats = sorted({name for entry in entries for name in entry.finite})
    text = _tuple(entry.source(are_finite=False) for entry in entries)
    if len(floats) > 1:  # a sum of so few is finite where all its terms are
        finite = _tuple(entry.source(are_finite=True) for entry in entries)
        text = f"{finite} if (total := {' + '.join(floats)}) - total == 0.0 else {text}"
    head = f"{', '.join(fields)},"
    if any(span.is_array for span in fields.values()):  # fields by their place: arrays have no name to unpack to
        head, text = "values", _by_place(text, fields)
    source = f"def make_rows(raws):\n    return [{text} for {head} in raws]"
    space: dict[str, Any] = {
        "hypot": math.hypot,
        "radians": math.radians,
        "pack_voltage_v": pack_voltage_v,
        "wind_from_deg": wind_from_deg,
    }
    exec(compile(source, f"<row {row.series}>", "exec"), space)  # noqa: S102 - it is made of `field_table` alone
    make_rows: MakeRows = space["make_rows"]
    return make_rows


def compile_condition(message_id: int, condition: str) -> HasRow:
    """Return the function that evaluates `condition` with a message's values."""
    text = f"lambda values: {_by_place(condition, flat_fields(message_id))}"
    has_row: HasRow = eval(text)  # noqa: S307 - it is made of `field_table` alone
    return has_row


def pack_voltage_v(voltages: Raw, voltages_ext: Raw) -> float | None:
    """Return the sum of the cells, None where none is measured: all absent, or 0 V as without a battery monitor.

    65534 is 65.534 V or more with the rest in the next place; extensions read 0.
    """
    absent = voltages.count(UINT16_MAX)
    if absent == len(voltages):
        return None
    absent += voltages_ext.count(UINT16_MAX)
    return (sum(voltages) + sum(voltages_ext) - UINT16_MAX * absent) / 1000 or None


def wind_from_deg(north_m_s: float, east_m_s: float) -> float:
    """Return the direction from which air comes that moves so to the north and east."""
    return math.degrees(math.atan2(-east_m_s, -north_m_s)) % 360


def _entry(column: FieldChannel | Derived, fields: Mapping[str, FieldSpan]) -> _Entry:
    if isinstance(column, Derived):
        floats = [name for name in _names(column.expression) if name in fields and fields[name].is_float]
        return _Entry(column.expression, column.when and f"({column.when})", tuple(floats))
    name = column.field
    value = name if column.divisor == 1 else f"{name} / {column.divisor!r}"
    conditions = [f"{name} != {sentinel}" for sentinel in column.none] + ([f"({column.when})"] if column.when else [])
    return _Entry(value, " and ".join(conditions), (name,) if fields[name].is_float else ())


def _names(expression: str) -> list[str]:
    """Return the names in an expression."""
    return sorted({node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)})


def _tuple(expressions: Any) -> str:
    return f"({', '.join(expressions)},)"


def _by_place(expression: str, fields: Mapping[str, FieldSpan]) -> str:
    """Return an expression with places among `values` for the fields' names."""

    def place(name: re.Match[str]) -> str:
        span = fields.get(name[0])
        if span is None:
            return name[0]
        return f"values[{span.start}:{span.end}]" if span.is_array else f"values[{span.start}]"

    return _NAME.sub(place, expression)
