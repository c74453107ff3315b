"""Raw values of DataFlash messages to rows in the units that the channels' names end in: one function for each format.

Scales and units that the log itself gives (FMTU) have precedence over the table of `columns`, unless they cannot be
true: a letter that is declared twice or not at all, or a unit that is no unit of the channel's. Then what is known of
the message counts, and the column is named in `doubted`. A column of which neither says the unit is left out, by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from edge.imports.dataflash.columns import PULSES, RULES, LogChannel, MessageRule
from edge.imports.dataflash.format import ColumnUnit, Format, Raw
from headland.contract.foreign_units import NoConversion, convert_to_channel
from headland.contract.quantities import quantity_of

Values = dict[str, float | None]
#: Takes raw values; returns the row, None where there is none.
Make = Callable[[Raw], Values | None]

#: FMTU's names of units, as `headland.contract.foreign_units` knows them.
_SPELLINGS: Final = {
    "deglatitude": "deg", "deglongitude": "deg", "degheading": "deg", "W.h": "Wh", "satellites": "1", "instance": "1",
}  # fmt: skip
#: Units that are converted here: ampere seconds, watt seconds, degrees.
_FACTORS: Final = {
    ("A.s", "mAh"): 1 / 3.6,
    ("W.s", "Wh"): 1 / 3600,
    ("deg", "rad"): math.pi / 180,
}
_NUMBERED: Final = re.compile(r"Ch?([0-9]{1,2})\Z")
_NO_UNIT: Final = ("", "UNKNOWN", "instance")
_UINT16_MAX: Final = 65535
_MOST_PULSES: Final = 32


class FormatRows(NamedTuple):
    """How the messages of one format become rows.

    `instance_at` is the place of the instance, None where there is none. `left_out` names columns that could not be
    converted, `doubted` those whose unit in the log is not believed, with that unit.
    """

    series: str
    make: Make
    instance_at: int | None
    left_out: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()


class _Scale(NamedTuple):
    """`raw / divisor * scale + offset`."""

    divisor: float
    scale: float
    offset: float


class _Entry(NamedTuple):
    """One channel: `raw / divisor * scale + offset`."""

    channel: str
    place: int
    divisor: float
    scale: float
    offset: float
    none: tuple[int, ...]
    when: Callable[[Mapping[str, Any]], object] | None
    is_float: bool


def row_kind(fmt: Format, instance: int = 0) -> FormatRows | None:
    """Return how messages of a format become rows (for one instance of them), None where they do not."""
    if fmt.name in PULSES:
        return _pulses(fmt)
    rule = RULES.get(fmt.name)
    if rule is None:
        return None
    at = next((fmt.places[name] for name in rule.instance if fmt.is_whole(name)), None)
    number = rule.first + instance if at is not None else rule.number
    suffix = f":{number}" if number else ""
    entries: list[_Entry] = []
    left_out: list[str] = []
    doubted: list[str] = []
    for column in rule.columns:
        if not fmt.is_number(column.field) or any(entry.channel == column.channel + suffix for entry in entries):
            continue
        scale, is_believed = _scale(fmt, column)
        name, labels = f"{fmt.name}.{column.field}", _labels(fmt.units.get(column.field))
        if scale is None:
            left_out.append(name)
            continue
        if not is_believed:
            doubted.append(f"{name} ({', '.join(labels)})" if labels else name)
        entries.append(
            _Entry(
                column.channel + (suffix if ":" not in column.channel else ""),
                fmt.places[column.field],
                *scale,
                column.none,
                column.when,
                fmt.is_float(column.field),
            )
        )
    if not entries:
        return FormatRows(rule.series, lambda _: None, at, tuple(left_out), tuple(doubted))
    return FormatRows(rule.series + suffix, _maker(fmt, rule, entries), at, tuple(left_out), tuple(doubted))


def _scale(fmt: Format, column: LogChannel) -> tuple[_Scale | None, bool]:
    """Return the scale by the log's own unit and multiplier, else that of what firmware without units writes (None
    where that is not known), and whether all that the log declares is believed.
    """
    log_unit = fmt.units.get(column.field)
    own_divisor = fmt.divisor(column.field)
    divisor = column.whole if own_divisor == 1 and fmt.is_whole(column.field) else own_divisor
    known = _conversion(column.channel, column.unit)
    known_scale = None if known is None else _Scale(divisor, *known)
    if log_unit is None or (own_divisor == 1 and not log_unit.is_declared):
        return known_scale, log_unit is None
    if own_divisor == 1 and log_unit.multiplier:
        divisor = 1 / log_unit.multiplier if log_unit.multiplier >= 1 else round(1 / log_unit.multiplier)
    declared = [_conversion(column.channel, label) for label in _labels(log_unit) or (column.unit,)]
    possible = {conversion for conversion in declared if conversion is not None}
    if len(possible) != 1:
        return known_scale, False
    return _Scale(divisor, *possible.pop()), None not in declared


def _labels(unit: ColumnUnit | None) -> list[str]:
    """Return the units that a log declares for a column."""
    return [] if unit is None else [label for label in (*unit.others, unit.name) if label not in _NO_UNIT]


def _conversion(channel: str, label: str) -> tuple[float, float] | None:
    """Return scale and offset from a unit to the channel's, None where it is none of the channel's."""
    unit, quantity = _SPELLINGS.get(label, label), quantity_of(channel)
    if not unit or quantity is None:
        return None
    scale = _FACTORS.get((unit, quantity.unit))
    if scale is not None:
        return scale, 0.0
    conversion = convert_to_channel(channel, unit)
    return None if isinstance(conversion, NoConversion) else (conversion.scale, conversion.offset)


def _maker(fmt: Format, rule: MessageRule, entries: list[_Entry]) -> Make:
    """Return the function that makes the row of the raw values."""
    derive = rule.derive
    gates = list(dict.fromkeys(entry.when for entry in entries if entry.when is not None))
    plan = [(*entry[:6], -1 if entry.when is None else gates.index(entry.when), entry.is_float) for entry in entries]
    numbers = [(column, fmt.places[column]) for column in fmt.columns if fmt.is_number(column)]

    def make(raw: Raw) -> Values | None:
        open_gates: list[object] = []
        if gates:
            named = {column: raw[place] for column, place in numbers}
            open_gates = [gate(named) for gate in gates]
        row: Values = {}
        for channel, place, divisor, scale, offset, none, gate_at, is_float in plan:
            value = raw[place]
            if value in none or (gate_at >= 0 and not open_gates[gate_at]) or (is_float and value - value != 0.0):
                row[channel] = None
                continue
            if divisor != 1:
                value /= divisor
            if scale != 1.0:
                value *= scale
            row[channel] = value + offset if offset else value
        if derive is not None:
            derive(row)
        return row

    return make


def numbered(fmt: Format) -> list[tuple[int, int]]:
    """Return (number, place) of the columns that are numbered: `C9`, `Ch9`."""
    return [
        (int(match[1]), fmt.places[column])
        for column in fmt.columns
        if fmt.is_whole(column) and (match := _NUMBERED.match(column)) and 1 <= int(match[1]) <= _MOST_PULSES
    ]


def _pulses(fmt: Format) -> FormatRows:
    """Return how numbered pulse widths become rows of those that are there; 0 is an output that is not used."""
    outputs = [(f"{PULSES[fmt.name]}:{number}", place) for number, place in numbered(fmt)]

    def make(raw: Raw) -> Values | None:
        return {channel: raw[place] for channel, place in outputs if 0 < raw[place] < _UINT16_MAX} or None

    return FormatRows(fmt.name.lower(), make, None)
