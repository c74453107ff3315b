"""Raw values of DataFlash messages to rows in the units that the channels' names end in: one function for each format.

Scales and units that the log itself gives (FMTU) have precedence over the table of `columns`. A column whose unit
cannot be converted to its channel's is left out, by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from edge.imports.dataflash.columns import PULSES, RULES, LogChannel, MessageRule
from edge.imports.dataflash.format import Format, Raw
from edge.sources.mapping.units import NoConversion, convert_to_channel
from headland.contract.quantities import quantity_of

Values = dict[str, float | None]
#: Takes raw values; returns the row, None where there is none.
Make = Callable[[Raw], Values | None]

#: FMTU's names of units, as `edge.sources.mapping.units` knows them.
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


class Kind(NamedTuple):
    """How the messages of one format become rows.

    `instance_at` is the place of the instance, None where there is none. `left_out` names columns that could not be
    converted.
    """

    series: str
    make: Make
    instance_at: int | None
    left_out: tuple[str, ...] = ()


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


def row_kind(fmt: Format, instance: int = 0) -> Kind | None:
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
    for column in rule.columns:
        if not fmt.is_number(column.field) or any(entry.channel == column.channel + suffix for entry in entries):
            continue
        entry = _entry(fmt, column, suffix if ":" not in column.channel else "")
        if entry is None:
            left_out.append(f"{fmt.name}.{column.field}")
        else:
            entries.append(entry)
    if not entries:
        return Kind(rule.series, lambda _: None, at, tuple(left_out))
    return Kind(rule.series + suffix, _maker(fmt, rule, entries), at, tuple(left_out))


def _entry(fmt: Format, column: LogChannel, suffix: str) -> _Entry | None:
    """Return how a column becomes its channel, None where what it is in is not known or cannot be converted."""
    log_unit = fmt.units.get(column.field)
    divisor = fmt.divisor(column.field)
    if divisor == 1 and log_unit is not None and log_unit.multiplier:
        divisor = 1 / log_unit.multiplier if log_unit.multiplier >= 1 else round(1 / log_unit.multiplier)
    elif fmt.is_whole(column.field):
        divisor = column.whole
    unit = (
        column.unit if log_unit is None or log_unit.name in _NO_UNIT else _SPELLINGS.get(log_unit.name, log_unit.name)
    )
    quantity = quantity_of(column.channel)
    if not unit or quantity is None:
        return None
    scale, offset = _FACTORS.get((unit, quantity.unit)), 0.0
    if scale is None:
        conversion = convert_to_channel(column.channel, unit)
        if isinstance(conversion, NoConversion):
            return None
        scale, offset = conversion.scale, conversion.offset
    place, is_float = fmt.places[column.field], fmt.is_float(column.field)
    return _Entry(column.channel + suffix, place, divisor, scale, offset, column.none, column.when, is_float)


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


def _pulses(fmt: Format) -> Kind:
    """Return how numbered pulse widths become rows of those that are there; 0 is an output that is not used."""
    outputs = [(f"{PULSES[fmt.name]}:{number}", place) for number, place in numbered(fmt)]

    def make(raw: Raw) -> Values | None:
        return {channel: raw[place] for channel, place in outputs if 0 < raw[place] < _UINT16_MAX} or None

    return Kind(fmt.name.lower(), make, None)
