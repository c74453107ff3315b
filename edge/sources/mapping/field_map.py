"""Field map: converts a foreign device's named numbers to channels in the channels' units."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from headland.contract.foreign_units import Conversion, convert_to_channel
from headland.contract.quantities import QUANTITIES, quantity_of, split_channel, unit_of_channel
from headland.contract.units import UNIT_BY_SUFFIX

#: The unit of a number whose format has units, but none here: it must not be read as the channel's own.
UNKNOWN_UNIT: Final = "?"

#: The most cached names, which a sender may invent; beyond that the cache starts over.
_MOST_CACHED: Final = 4096
_LONGEST_NAME: Final = 256
#: What is remembered of numbers without a channel, for a person.
_MOST_NAMED: Final = 50
_LONGEST_VALUE: Final = 24
_NUMBER: Final = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*")
#: Texts that devices write for a missing value.
_NO_VALUE: Final = frozenset({"", "nan", "null", "none", "unknown", "unavailable", "n/a"})


class FieldSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `channel` table: maps a number of the device to a channel.

    `from` is the device's name for it: a key, a path, a column, an index. The number times `scale` plus `offset` is in
    `unit`, which is converted to the channel's unit; without `unit` it is in the unit that the device states, else in
    the channel's own. `invalid` are the numbers that the device sends for a missing value.
    """

    key: str | Annotated[int, Meta(ge=0, le=1000)] = msgspec.field(name="from")
    channel: str
    unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    invalid: list[float] = []

    def __post_init__(self) -> None:
        """Refuse an unknown channel, and a unit that cannot be converted to it (msgspec adds the place)."""
        check_channel(self.channel)
        if self.unit is not None:
            conversion = convert_to_channel(self.channel, self.unit)
            if not isinstance(conversion, Conversion):
                raise ValueError(conversion.sentence)
        if not 1e-9 <= abs(self.scale) <= 1e9 or not math.isfinite(self.offset):
            raise ValueError(f"scale of {self.channel} must be 1e-9..1e9, its offset finite")


class Measurement(NamedTuple):
    """A number from a device. `unit` None: the format never has units; UNKNOWN_UNIT: it has none for this number."""

    name: str | int
    value: object
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    """Rule that converts a foreign number to a channel's value; `fault` is the counter where none does."""

    channel: str
    field: FieldSettings | None
    conversion: Conversion | None
    fault: str = ""


class FieldMap:
    """Field map of one device. Refusals are counted in `counts`: `unmapped`, `refused_unit`, `refused_value`."""

    def __init__(self, fields: Sequence[FieldSettings], counts: Counter[str]) -> None:
        self._fields: Mapping[str | int, FieldSettings] = {field.key: field for field in fields}
        self._counts = counts
        self._rules: dict[tuple[str | int, str | None], _Rule] = {}
        self._unmapped: dict[str, str] = {}

    @property
    def unmapped(self) -> Mapping[str, str]:
        """Names of numbers that no channel was found for, each with a value: at most 50."""
        return self._unmapped.copy()

    def convert(self, measurements: Iterable[Measurement]) -> dict[str, float | None]:
        """Return the values by channel, in the channels' units; None where the device reports a missing value."""
        values: dict[str, float | None] = {}
        for name, value, unit in measurements:
            rule = self._find(name, unit)
            if rule.fault:
                self._counts[rule.fault] += 1
                if rule.fault == "unmapped" and len(self._unmapped) < _MOST_NAMED:
                    self._unmapped.setdefault(str(name)[:_LONGEST_NAME], str(value)[:_LONGEST_VALUE])
            elif rule.channel in values:
                self._counts["refused_double"] += 1
            else:
                self._convert_value(rule, value, values)
        return values

    def _convert_value(self, rule: _Rule, value: object, values: dict[str, float | None]) -> None:
        number = read_number(value)
        if isinstance(number, NotANumber):
            self._counts["refused_value"] += 1
            return
        field = rule.field
        if number is not None and field is not None:
            number = None if number in field.invalid else number * field.scale + field.offset
        if number is not None and rule.conversion is not None:
            number = rule.conversion.apply(number)
        values[rule.channel] = number

    def _find(self, name: str | int, unit: str | None) -> _Rule:
        rule = self._rules.get((name, unit))
        if rule is None:
            if len(self._rules) >= _MOST_CACHED:
                self._rules.clear()
            rule = self._rules[name, unit] = _make_rule(self._fields.get(name), name, unit)
        return rule


class NotANumber(NamedTuple):
    """A text or a structure where a number is expected."""


def read_number(value: object) -> float | NotANumber | None:
    """Return `value` as a number: 1 or 0 for a boolean, None for a missing value, never NaN or infinity."""
    if value is None:
        return None
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) is None:
            return None if value.strip().lower() in _NO_VALUE else NotANumber()
        value = float(value)
    if not isinstance(value, int | float):  # a boolean is an int
        return NotANumber()
    try:
        number = float(value)
    except OverflowError:
        return NotANumber()
    return number if math.isfinite(number) else None


def check_channel(channel: str) -> None:
    """Raise ValueError where `channel` is not a quantity of the table and does not end in a known unit."""
    if unit_of_channel(channel) is None:
        raise ValueError(f"{channel!r} is not a channel: use a quantity whose name ends in its unit")


def _make_rule(field: FieldSettings | None, name: str | int, unit: str | None) -> _Rule:
    """Return the rule for a number `name` in `unit`: from the settings, else from its name."""
    if field is None:
        return _rule_of_name(name, unit)
    stated = field.unit or unit
    if stated is None:
        return _Rule(field.channel, field, None)
    if stated == UNKNOWN_UNIT:
        quantity = quantity_of(field.channel)
        bare = quantity is not None and quantity.unit == "1"
        return _Rule(field.channel, field, None, "" if bare else "refused_unit")
    conversion = convert_to_channel(field.channel, stated)
    if isinstance(conversion, Conversion):
        return _Rule(field.channel, field, conversion)
    return _Rule(field.channel, field, None, "refused_unit")


def _rule_of_name(name: str | int, unit: str | None) -> _Rule:
    """Return the rule of an unmapped number: its name is a channel, or a channel without the unit stated beside it."""
    parts = split_channel(name) if isinstance(name, str) and len(name) <= _LONGEST_NAME else None
    if parts is None:
        return _Rule("", None, None, "unmapped")
    channel = str(name)
    if parts[0] not in QUANTITIES:
        full = _STEMS.get(parts[0])
        if full is None or unit is None or unit == UNKNOWN_UNIT:
            return _Rule("", None, None, "unmapped")
        channel = full if parts[1] is None else f"{full}:{parts[1]}"
    if unit is None or unit == UNKNOWN_UNIT:
        return _Rule(channel, None, None)
    conversion = convert_to_channel(channel, unit)
    if isinstance(conversion, Conversion):
        return _Rule(channel, None, conversion)
    return _Rule(channel, None, None, "refused_unit")


def _stems() -> dict[str, str]:
    """Return the quantity of each name without its unit (`air_temperature`), where only one quantity has that name."""
    names_of: dict[str, list[str]] = {}
    for name in QUANTITIES:
        words = name.split("_")
        endings = ["_".join(words[start:]) for start in range(1, len(words))]
        # The longest ending that is a unit; `open_pct` is a unit and a word of the name.
        unit = next((ending for ending in endings if ending in UNIT_BY_SUFFIX and ending != "open_pct"), None)
        if unit is not None:
            names_of.setdefault(name.removesuffix(f"_{unit}"), []).append(name)
    return {stem: names[0] for stem, names in names_of.items() if len(names) == 1}


_STEMS: Final = _stems()
