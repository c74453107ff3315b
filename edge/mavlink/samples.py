"""Message values to rows in the units that the channels' names end in; wire sentinels become None.

Each row of `columns` is compiled, once, into one function from a message's values (wire order, arrays flat) to a dict:
a call per field would cost more than all the rest between bytes and row.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.mavlink.columns import ROWS, SYSTEM_BATTERY, UINT8_MAX, UINT16_MAX, Column, Derived, Row

#: A time stamp of a receiver or an estimator beyond this is UTC, below it is time since boot (1e15 us is 31 years).
UNIX_FROM_US: Final = 10**15

Values = Mapping[str, float | None]
Raw = Sequence[Any]
Make = Callable[[Raw], Values | None]


class Stamp:
    """What a message's own time means (plain numbers: they are compared for every message)."""

    NONE: Final = 0
    BOOT_MS: Final = 1
    #: Microseconds since boot that wrap after 2**32.
    WRAPPED_US: Final = 2
    #: Microseconds since boot, or UTC; stands still while there is nothing new.
    FIX_US: Final = 3


class RowKind:
    """How one message becomes a row: `make`, the family its rows are unique in, where its stamp and instance stand."""

    __slots__ = ("_message_id", "_variants", "family", "has_instances", "instance_at", "make", "stamp", "stamp_at")

    def __init__(
        self, family: str, make: Make, *, stamp: int = Stamp.NONE, stamp_at: int = 0, message_id: int = 0
    ) -> None:
        self.family = family
        self.make = make
        self.stamp = stamp
        self.stamp_at = stamp_at
        #: Where the field stands that tells several of a kind apart.
        self.instance_at = 0
        self.has_instances = False
        self._message_id = message_id
        self._variants: dict[int, RowKind] = {}

    @classmethod
    def compile(cls, message_id: int, row: Row) -> RowKind:
        """Return the kind that `row` describes."""
        fields = flat_fields(message_id)
        stamp = Stamp.NONE
        if row.stamp:
            stamp = Stamp.FIX_US if row.stamp == "time_usec" else Stamp.BOOT_MS
        stamp_at = fields[row.stamp].start if row.stamp else 0
        make = _compile(message_id, row, row.suffix)
        kind = cls(row.family, make, stamp=stamp, stamp_at=stamp_at, message_id=message_id)
        if row.instance:
            kind.instance_at, kind.has_instances = fields[row.instance].start, True
        return kind

    def variant(self, instance: int) -> RowKind:
        """Return the kind for one instance of an instanced message; 0 is the first and has no suffix."""
        if not instance:
            return self
        found = self._variants.get(instance)
        if found is None:
            make = _compile(self._message_id, ROWS[self._message_id], f":{instance}")
            found = RowKind(f"{self.family}:{instance}", make, stamp=self.stamp, stamp_at=self.stamp_at)
            self._variants[instance] = found
        return found


class Span(NamedTuple):
    """Where a field stands among a message's flat values."""

    start: int
    end: int
    is_float: bool


def flat_fields(message_id: int) -> dict[str, Span]:
    """Return the place of each field among the values that the message's struct unpacks to."""
    definition = dialect.mavlink_map[message_id]
    spans: dict[str, Span] = {}
    start = 0
    codes = re.findall(r"(\d*)([A-Za-z])", str(definition.unpacker.format))
    for name, (count, code) in zip(definition.ordered_fieldnames, codes, strict=True):
        end = start + (1 if code == "s" else int(count or 1))
        spans[name] = Span(start, end, code in "fd")
        start = end
    return spans


def pack_voltage_v(voltages: Raw, voltages_ext: Raw) -> float | None:
    """Return the sum of the cells. 65534 is 65.534 V or more with the rest in the next place; extensions read 0."""
    absent = voltages.count(UINT16_MAX)
    if absent == len(voltages):
        return None
    absent += voltages_ext.count(UINT16_MAX)
    return (sum(voltages) + sum(voltages_ext) - UINT16_MAX * absent) / 1000


class _Entry(NamedTuple):
    """One channel of a compiled row, as Python: a condition for its value, and those that floats are numbers."""

    channel: str
    value: str
    condition: str
    finite: tuple[str, ...]

    def source(self, *, sound: bool) -> str:
        """Return the dict entry; with `sound` it is known that all floats are finite."""
        conditions = [] if sound else [f"{name} - {name} == 0.0" for name in self.finite]
        conditions += [self.condition] if self.condition else []
        return f"{self.channel!r}: {self.value}" + (f" if {' and '.join(conditions)} else None" if conditions else "")


def _compile(message_id: int, row: Row, suffix: str) -> Make:
    """Return the function that makes `row` of the message's values."""
    fields = flat_fields(message_id)
    entries = [_entry(column, suffix, fields) for column in row.columns]
    floats = sorted({name for entry in entries for name in entry.finite})
    lines = _assignments(fields, [row.when, *(text for entry in entries for text in (entry.value, entry.condition))])
    if row.when:
        lines.append(f"if not ({row.when}): return None")
    if len(floats) > 1:  # a sum of so few is finite where all its terms are
        lines.append(f"total = {' + '.join(floats)}")
        lines.append(f"if total - total == 0.0: return {{{', '.join(one.source(sound=True) for one in entries)}}}")
    lines.append(f"return {{{', '.join(one.source(sound=False) for one in entries)}}}")
    source = "def make(values):\n" + "\n".join(f"    {line}" for line in lines)
    space: dict[str, Any] = {"hypot": math.hypot, "pack_voltage_v": pack_voltage_v}
    exec(compile(source, f"<row {row.family}>", "exec"), space)  # noqa: S102 - it is made of the table of `columns` alone
    make: Make = space["make"]
    return make


def _entry(column: Column | Derived, suffix: str, fields: Mapping[str, Span]) -> _Entry:
    channel = column.channel + suffix
    if isinstance(column, Derived):
        floats = [name for name in _names(column.expression) if name in fields and fields[name].is_float]
        return _Entry(channel, column.expression, column.when and f"({column.when})", tuple(floats))
    name = column.field
    value = name if column.divisor == 1 else f"{name} / {column.divisor!r}"
    conditions = [f"{name} != {sentinel}" for sentinel in column.none] + ([f"({column.when})"] if column.when else [])
    return _Entry(channel, value, " and ".join(conditions), (name,) if fields[name].is_float else ())


def _names(expression: str) -> list[str]:
    """Return the names in an expression."""
    return sorted({node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)})


def _assignments(fields: Mapping[str, Span], expressions: list[str]) -> list[str]:
    """Return the statements that name the fields: all at once where none is an array, else those that are used."""
    if all(span.end == span.start + 1 for span in fields.values()):
        return [f"{', '.join(fields)}, = values"]
    used = {name for expression in expressions if expression for name in _names(expression)}
    places = {
        name: str(span.start) if span.end == span.start + 1 else f"{span.start}:{span.end}"
        for name, span in fields.items()
    }
    return [f"{name} = values[{place}]" for name, place in places.items() if name in used]


class _Pulses:
    """Numbered pulse widths to a row of those that are there: which ones changes rarely, so it is kept."""

    def __init__(self, names: Sequence[str], places: Sequence[int]) -> None:
        self._all = tuple(zip(names, places, strict=True))
        self._names: tuple[str, ...] = ()
        self._pick = _picker([])
        self._pick_absent = _picker([])
        self._absent: Raw = (None,)  # equals nothing: the first row looks

    def row(self, values: Raw) -> dict[str, float | None]:
        """Return the row of the pulses that are there."""
        pulses = self._pick(values)
        if self._pick_absent(values) != self._absent or 0 in pulses or UINT16_MAX in pulses:
            there = [(name, place) for name, place in self._all if values[place] not in (0, UINT16_MAX)]
            absent = [place for name, place in self._all if (name, place) not in there]
            self._names = tuple(name for name, _ in there)
            self._pick, self._pick_absent = _picker([place for _, place in there]), _picker(absent)
            pulses, self._absent = self._pick(values), self._pick_absent(values)
        return dict(zip(self._names, pulses))  # noqa: B905 - picked by the names' own places


def _picker(places: list[int]) -> Callable[[Raw], Raw]:
    """Return what takes the values at some places (itemgetter gives no tuple of one or none)."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple(values[place] for place in places)


def _numbered(quantity: str, count: int, first: int = 1) -> tuple[str, ...]:
    return tuple(f"{quantity}:{number}" for number in range(first, first + count))


#: Outputs 1 to 8 stand before `port`, 9 to 16 behind it; port 1 has outputs 17 to 32.
_SERVO_PLACES: Final = (*range(1, 9), *range(10, 18))
_SERVOS: Final = {port: _Pulses(_numbered("servo_output_us", 16, 1 + 16 * port), _SERVO_PLACES) for port in range(2)}
_RC: Final = _Pulses(_numbered("rc_channel_us", 18), range(1, 19))


def _servos(values: Raw) -> Values | None:
    pulses = _SERVOS.get(values[9])
    return None if pulses is None else pulses.row(values) or None


def _rc_channels(values: Raw) -> Values:
    row = _RC.row(values)
    row["rc_rssi_code"] = None if values[20] == UINT8_MAX else values[20]
    return row


def _escs(first: int) -> Make:
    """Return the maker for the message whose first ESC has that number; one that never counted is not there."""
    names = [
        _numbered(quantity, 4, first)
        for quantity in ("esc_voltage_v", "esc_current_a", "esc_consumed_mah", "esc_rpm", "esc_temperature_degc")
    ]
    divisors = (100, 100, 1, 1, 1)

    def make(values: Raw) -> Values | None:
        row: dict[str, float | None] = {}
        for place in range(4):
            raw = [values[4 * column + place] for column in range(4)] + [values[20 + place]]
            if values[16 + place] or any(raw):
                for column, divisor in enumerate(divisors):
                    row[names[column][place]] = raw[column] / divisor
        return row or None

    return make


#: How each message that is a row by itself becomes one, by message id.
ROW_KINDS: Final[dict[int, RowKind]] = {
    **{message_id: RowKind.compile(message_id, row) for message_id, row in ROWS.items()},
    36: RowKind("servos", _servos, stamp=Stamp.WRAPPED_US),
    65: RowKind("rc", _rc_channels, stamp=Stamp.BOOT_MS),
    **{11030 + number: RowKind(f"escs:{4 * number}", _escs(1 + 4 * number)) for number in range(3)},
}
#: SYS_STATUS as a battery.
SYSTEM_BATTERY_KIND: Final = RowKind.compile(1, SYSTEM_BATTERY)
