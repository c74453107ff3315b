"""Values of a posted message by channel, by the field map of a gateway, and what is told of the others. Pure."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec

from edge.sources.devices.device_clock import CREDIBLE_FROM_MS
from edge.sources.mapping.field_map import FieldMap, FieldSettings, Measurement
from headland.contract.posts.packs import PostedBody, PostedRecord
from headland.contract.refusals import Reason, Refused
from headland.errors import SettingsError

_MOST_UNMAPPED: Final = 50
_LONGEST_DETAIL: Final = 400
_LONGEST_VALUE: Final = 40
_MOST_INSTANCES: Final = 16


class MappedValues(NamedTuple):
    """Values by channel, None for a missing one; names that were read, and sentences on those that could not be."""

    values: Mapping[str, float | None]
    read: set[str]
    told: Sequence[str]
    #: Names that no channel is known for, each with its value.
    unmapped: Mapping[str, str]


def field_of(text: str) -> FieldSettings:
    """Return the `channel` table of `CHANNEL,UNIT,NAME`. Raises SettingsError where it is none."""
    parts = text.split(",", 2)
    if len(parts) < 3 or not parts[2]:
        raise SettingsError(f"{text[:80]!r} is not CHANNEL,UNIT,NAME")
    channel, unit, key = parts
    try:
        return msgspec.convert({"from": key, "channel": channel, "unit": unit or None}, FieldSettings)
    except ValueError as error:
        raise SettingsError(f"{text[:80]!r}: {error}") from error


@cache
def fields_of_map(name: str, section: str | None = None, invalid: tuple[float, ...] = ()) -> tuple[FieldSettings, ...]:
    """Return the `channel` tables of a built-in map, or of a section of it, by `maps/NAME.toml`.

    `invalid` are the numbers that stand for a missing value in every field.
    """
    table = tomllib.loads(files(__package__).joinpath(f"maps/{name}.toml").read_text(encoding="utf-8"))
    rows = table if section is None else table.get(section, {})
    return tuple(
        msgspec.convert(
            {
                "from": field.replace("#", number),
                "channel": f"{channel}:{number}" if number else channel,
                "unit": unit,
                "invalid": list(invalid),
            },
            FieldSettings,
        )
        for field, (channel, unit) in rows.items()
        for number in (map(str, range(1, _MOST_INSTANCES + 1)) if "#" in field else ("",))
    )


def tell_unmapped(mapped: MappedValues) -> list[str]:
    """Return sentences on all that is not stored of a message."""
    unknown = (f"{name[:64]} ({value}): no channel is known for it" for name, value in mapped.unmapped.items())
    return [*mapped.told, *unknown]


def map_values(measurements: Iterable[Measurement], fields: Sequence[FieldSettings]) -> MappedValues:
    """Return the values of measurements by channel, in the channels' units; of two of one channel the first counts."""
    counts: Counter[str] = Counter()
    field_map = FieldMap(fields, counts)
    values: dict[str, float | None] = {}
    read: set[str] = set()
    told: list[str] = []
    for measurement in measurements:
        counts.clear()
        for channel, value in field_map.convert([measurement]).items():
            if channel in values:
                told.append(f"{measurement.name} ({measurement.value}): another number is {channel} already")
            values.setdefault(channel, value)
            read.add(str(measurement.name))
        if counts["refused_unit"] or counts["refused_value"]:
            fault = "its unit does not fit its channel" if counts["refused_unit"] else "it is no number"
            told.append(f"{measurement.name} ({str(measurement.value)[:_LONGEST_VALUE]}): {fault}")
    return MappedValues(values, read, told, field_map.unmapped)


def body_of(device: str, time_ms: int | None, values: Mapping[str, float | None], told: Sequence[str]) -> PostedBody:
    """Return the records of a message; one without any value is refused. A clock that was never set is no time."""
    time_s = time_ms / 1000 if time_ms is not None and time_ms >= CREDIBLE_FROM_MS else 0.0
    unmapped = told[:_MOST_UNMAPPED]
    if values:
        records = [PostedRecord(device, name, "", time_s, value) for name, value in values.items() if value is not None]
        return PostedBody(records, (), unmapped, device)
    why = f"no number has a channel: {'; '.join(unmapped) or 'it has no number'}"
    return PostedBody((), (Refused(Reason.UNKNOWN_CHANNEL, why[:_LONGEST_DETAIL]),), unmapped, device)
