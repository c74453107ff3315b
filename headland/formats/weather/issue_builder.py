"""Builder of a forecast issue: values by the provider's names become series of channels in the catalogue's units."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from headland.contract.foreign_units import Conversion, convert_to_channel
from headland.contract.quantities import quantity_of
from headland.formats.weather.provider import DecodedForecast, ForecastQuery, RefusedAnswer, RefusedForecast
from headland.plain_numbers import read_decimal
from headland.registry.models.weather import (
    MOST_MEMBERS,
    MOST_SERIES,
    MOST_STEPS,
    Attribution,
    ForecastIssue,
    ForecastPlace,
    ForecastSeries,
    StepKind,
    Values,
)

#: A grid point may be so far from the place that was asked for: coarse global models have cells of 0.25 degrees.
MOST_AWAY_M: Final = 40_000.0
_EARTH_M: Final = 6_371_008.8
#: Digits behind the point that are kept of a converted value.
_DECIMALS: Final = 3
_VALUE: Final = ""
#: No forecast tells of a time before the first satellite's or after the year 2200.
_FIRST_MS, _LAST_MS = 0, 7_258_118_400_000


#: A simulator's numbers are nobody's data.
_SIMULATED: Final = Attribution(
    text="Simulated weather forecast: it is of no provider and of no real place.",
    text_zh="模拟天气预报：不来自任何预报来源，也不对应真实地点。",
    licence="none",
    url="https://localhost/",
)


class ForeignName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a provider calls a quantity: its channel, what a value is of its time, and its height above the ground.

    `quantile` is the percent where it is one; `unit` is the unit where the provider's answer does not state it.
    """

    name: Annotated[str, Meta(min_length=1)]
    channel: str
    aggregation: StepKind = StepKind.INSTANT
    height_m: float | None = None
    quantile: str = ""
    unit: str = ""


class _NameFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: tuple[ForeignName, ...]


@cache
def load_names(provider: str) -> dict[str, ForeignName]:
    """Return the names of a provider of this package: the table `names/PROVIDER.toml`."""
    content = files("headland.formats.weather").joinpath("names", f"{provider}.toml").read_bytes()
    return {each.name: each for each in msgspec.toml.decode(content, type=_NameFile).name}


_Key = tuple[str, StepKind, int, float | None]


@dataclass(slots=True)
class IssueBuilder:
    """Collects values, in any order; what cannot be used is counted in `left_out`."""

    left_out: Counter[str] = field(default_factory=Counter)
    _rows: dict[_Key, dict[tuple[int, int], dict[str, float]]] = field(default_factory=dict)
    _values: int = 0

    def add(
        self,
        name: ForeignName,
        time_ms: tuple[int, int],
        value: object,
        unit: str,
        *,
        member: int | None = None,
        group: int | None = None,
    ) -> None:
        """Add the value of a step [start, end] in a unit.

        Steps of one length are a series; `group` names those of another kind, as days, which are not all equally long.
        """
        start_ms, end_ms = time_ms
        if not _FIRST_MS <= start_ms <= end_ms <= _LAST_MS:
            self.left_out["time"] += 1
            return
        key = (name.channel, name.aggregation, end_ms - start_ms if group is None else group, name.height_m)
        steps = self._rows.setdefault(key, {})
        parts = steps.setdefault(time_ms, {})
        part = name.quantile if member is None else f"m{member}"
        if part in parts:
            self.left_out["repeated"] += 1
            return
        number = self._number(name.channel, value, unit)
        if number is not None:
            self._values += 1
            parts[part] = number

    def finish(
        self,
        query: ForecastQuery,
        provider: str,
        attribution: Attribution,
        fetched_ms: int,
        *,
        issued_ms: int | None,
        answered: ForecastPlace | None,
        model: str,
    ) -> DecodedForecast | RefusedForecast:
        """Return the issue, or why it is none."""
        if answered is not None and (away_m := distance_m(query.place, answered)) > MOST_AWAY_M:
            return RefusedForecast(RefusedAnswer.OTHER_PLACE, f"{away_m / 1000:.0f} km away")
        if len(self._rows) > MOST_SERIES or any(len(steps) > MOST_STEPS for steps in self._rows.values()):
            return RefusedForecast(RefusedAnswer.TOO_MANY, f"{len(self._rows)} series")
        series = tuple(
            made for key, steps in sorted(self._rows.items(), key=_order) if (made := _series(key, steps)) is not None
        )
        if not series:
            return RefusedForecast(RefusedAnswer.NO_VALUES, ", ".join(sorted(self.left_out)))
        if any(len(each.members) > MOST_MEMBERS for each in series):
            return RefusedForecast(RefusedAnswer.TOO_MANY, "members")
        issue = ForecastIssue(
            provider=provider,
            model=model[:60],
            asked=query.place,
            answered=answered,
            issued_ms=issued_ms,
            fetched_ms=fetched_ms,
            series=series,
            attribution=_SIMULATED if query.simulated else attribution,
            simulated=query.simulated,
        )
        return DecodedForecast(issue, dict(self.left_out))

    def _number(self, channel: str, value: object, unit: str) -> float | None:
        """Return a value in the channel's unit; None for one that is missing, or cannot be used, which is counted."""
        if value is None or value == "":
            return None
        number = _plain_number(value)
        if number is None:
            self.left_out["not_a_number"] += 1
            return None
        conversion = convert_to_channel(channel, unit)
        if not isinstance(conversion, Conversion):
            self.left_out["unknown_unit"] += 1
            return None
        converted = conversion.apply(number)
        quantity = quantity_of(channel)
        if quantity is not None and not quantity.low <= converted <= quantity.high:
            self.left_out["out_of_range"] += 1
            return None
        return round(converted, _DECIMALS) + 0.0


def _plain_number(value: object) -> float | None:
    if isinstance(value, str):
        return read_decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _order(item: tuple[_Key, object]) -> tuple[str, str, int, float]:
    channel, aggregation, span_ms, height_m = item[0]
    return channel, aggregation, span_ms, -1.0 if height_m is None else height_m


def _series(key: _Key, steps: dict[tuple[int, int], dict[str, float]]) -> ForecastSeries | None:
    """Return the series of its steps in order; None without a value."""
    times = sorted(steps)
    parts = {part for row in steps.values() for part in row}
    if not parts:
        return None

    def column(part: str) -> Values:
        return tuple(steps[time].get(part) for time in times)

    members = sorted((part for part in parts if part.startswith("m")), key=lambda part: int(part[1:]))
    return ForecastSeries(
        channel=key[0],
        aggregation=key[1],
        starts_ms=tuple(start_ms for start_ms, _ in times),
        ends_ms=tuple(end_ms for _, end_ms in times),
        values=column(_VALUE),
        quantiles={part: column(part) for part in sorted(parts - {_VALUE, *members})},
        members=tuple(column(part) for part in members),
        height_m=key[3],
    )


def distance_m(one: ForecastPlace, other: ForecastPlace) -> float:
    """Return the distance of two places on a sphere (haversine)."""
    y1, y2 = math.radians(one.latitude_deg), math.radians(other.latitude_deg)
    half_x = math.radians(other.longitude_deg - one.longitude_deg) / 2
    share = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin(half_x) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, share)))
