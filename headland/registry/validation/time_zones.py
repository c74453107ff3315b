"""Time zones by the zone database: where each is in use, and how far its clocks are from the sun.

`zone.tab` of the IANA time zone database names for each country its zones with the position of the largest place of
each; `tzdata.zi` the other names of a zone. Both come with the system or with the package `tzdata`; without them only
the clocks are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import TZPATH, ZoneInfo

from headland.registry.models.geometry import Position
from headland.registry.validation.geometry import distance_m

#: A winter and a summer day by the rules that are known: the smaller distance of both is that of standard time.
_DAYS: Final = (datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 7, 1, tzinfo=UTC))
#: `+3114+12128`, `-0639+12800`, `+404251-0740023`.
_POSITION: Final = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")
#: The clocks of nobody are farther from the sun than China's in its west at 73 E: 3.1 h.
_MOST_LAG_H: Final = 3.5
#: The same for names without a country, such as UTC.
_MOST_LAG_OF_NO_COUNTRY_H: Final = 2.5
#: From here on another zone of the same country, whose place is nearer and whose clocks fit, is the likelier one.
_LAG_OF_ANOTHER_ZONE_H: Final = 2.0
_FITS_H: Final = 1.25
#: No place of a country is farther from the nearest place of `zone.tab` in that country.
_FAR_FROM_COUNTRY_M: Final = 2_500_000.0
#: Countries whose legal time is one although the table has a second zone: Xinjiang's is used beside Beijing's.
_ONE_TIME: Final = frozenset(("CN",))


@dataclass(frozen=True, slots=True)
class ZonePlace:
    """A row of the table: a zone in a country, and the position of its largest place."""

    zone: str
    country: str
    position: Position


def is_in_use_at(zone: str, longitude_deg: float, latitude_deg: float) -> bool:
    """Return whether a zone can be that of a place: its country is near, and its clocks are those of the sun there."""
    lag_h, countries = lag_of(zone, longitude_deg), _countries_of(zone)
    if not countries:
        return abs(lag_h) <= _MOST_LAG_OF_NO_COUNTRY_H
    here = (longitude_deg, latitude_deg)
    near = min((each for each in load_places() if each.country in countries), key=lambda each: _away(each, here))
    if abs(lag_h) > _MOST_LAG_H or _away(near, here) > _FAR_FROM_COUNTRY_M:
        return False
    is_other = (
        abs(lag_of(near.zone, longitude_deg) - lag_h) > _FITS_H and abs(lag_of(near.zone, longitude_deg)) <= _FITS_H
    )
    return not (abs(lag_h) > _LAG_OF_ANOTHER_ZONE_H and is_other and near.country not in _ONE_TIME)


def zone_at(longitude_deg: float, latitude_deg: float) -> str | None:
    """Return the zone of the nearest place of the table; None without the table."""
    here = (longitude_deg, latitude_deg)
    return min(load_places(), key=lambda each: _away(each, here)).zone if load_places() else None


def lag_of(zone: str, longitude_deg: float) -> float:
    """Return how far the standard time of a zone is ahead of the sun's at a longitude [h, -12 to 12]."""
    lags = ((offset - longitude_deg / 15.0 + 12.0) % 24.0 - 12.0 for offset in _offsets_h(zone))
    return min(lags, key=abs)


def noon_by(zone: str, longitude_deg: float) -> str:
    """Return the time that the clocks of a zone show when the sun is highest at a longitude, as 05:03."""
    minutes = round((12.0 + lag_of(zone, longitude_deg)) * 60.0) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@cache
def load_places() -> tuple[ZonePlace, ...]:
    """Return the rows of `zone.tab`; none where the machine has no such table."""
    rows = (line.split("\t") for line in _read("zone.tab").splitlines() if line and not line.startswith("#"))
    found = ((row, _POSITION.fullmatch(row[1])) for row in rows)
    return tuple(ZonePlace(row[2], row[0], _position(match)) for row, match in found if match is not None)


@cache
def _other_names() -> dict[str, str]:
    """Return the zone of each of its other names."""
    lines = (line.split() for line in _read("tzdata.zi").splitlines() if line.startswith("L "))
    return {parts[2]: parts[1] for parts in lines}


@lru_cache(256)
def _countries_of(zone: str) -> frozenset[str]:
    names = {zone, _other_names().get(zone, zone)}
    return frozenset(each.country for each in load_places() if each.zone in names)


@lru_cache(256)
def _offsets_h(zone: str) -> tuple[float, ...]:
    info = ZoneInfo(zone)
    found = []
    for day in _DAYS:
        local = day.astimezone(info)
        offset, summer = local.utcoffset(), local.dst()
        assert offset is not None  # noqa: S101 - an aware time has one
        # The database has Ireland's summer as its standard time.
        found.append((offset.total_seconds() - max(summer.total_seconds() if summer else 0.0, 0.0)) / 3600.0)
    return tuple(found)


def _away(place: ZonePlace, here: Position) -> float:
    return distance_m(place.position, here)


def _position(match: re.Match[str]) -> Position:
    south, degrees, minutes, seconds, west, more_degrees, more_minutes, more_seconds = match.groups()
    latitude = int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600
    longitude = int(more_degrees) + int(more_minutes) / 60 + int(more_seconds or 0) / 3600
    return (-longitude if west == "-" else longitude, -latitude if south == "-" else latitude)


def _read(name: str) -> str:
    for folder in TZPATH:
        path = Path(folder) / name
        if path.is_file():
            return path.read_text(encoding="utf-8")
    try:
        return files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return ""
