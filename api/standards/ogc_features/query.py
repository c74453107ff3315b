"""Query parameters of features: bounding box, time, limit and cursor.

Invalid parameters give 400, as the standard requires.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import shapely

from api.http.problems import ProblemError
from api.http.query_windows import parse_instant
from headland.analysis.inputs.window import HIGH_MS, LOW_MS
from headland.plain_numbers import read_whole

#: Largest number of features per page.
MOST_FEATURES: Final = 10_000
#: QGIS takes this for its pages, and each page lists the passes anew: a layer of 10,000 cells is two of them.
DEFAULT_FEATURES: Final = 5000
#: Clients write all digits of a double, and small numbers with an exponent.
_NUMBER: Final = r"-?[0-9]{1,6}(\.[0-9]{0,25})?([eE][-+]?[0-9]{1,3})?"
BBOX_PATTERN: Final = f"^{_NUMBER}(,{_NUMBER}){{3}}(,{_NUMBER}){{0,2}}$"
_BBOX: Final = re.compile(BBOX_PATTERN)
_OPEN: Final = ("", "..")
_CURSOR: Final = re.compile(r"^[A-Za-z0-9._~:-]{1,200}$")


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """A query of a collection. `start_ms` and `end_ms` are inclusive; None without a limit."""

    boxes: tuple[shapely.Geometry, ...] | None
    start_ms: int | None
    end_ms: int | None
    limit: int
    after: str
    pass_id: str | None = None

    @property
    def bounds_deg(self) -> tuple[tuple[float, float, float, float], ...] | None:
        """West, south, east and north of each box [deg]; None without a box."""
        return None if self.boxes is None else tuple(box.bounds for box in self.boxes)

    def matches_geometry(self, geometry: Mapping[str, Any] | None) -> bool:
        """Return whether a geometry intersects the box; an unknown geometry does not."""
        if self.boxes is None:
            return True
        if geometry is None:
            return False
        shape = shapely.from_geojson(orjson.dumps(geometry))
        return any(shape.intersects(box) for box in self.boxes)

    def matches_time(self, start_ms: int | None, end_ms: int | None) -> bool:
        """Return whether a time intersects the requested one; an `end_ms` of None means that it continues."""
        if self.start_ms is None and self.end_ms is None:
            return True
        if start_ms is None:
            return False
        begins_in_time = self.end_ms is None or start_ms <= self.end_ms
        return begins_in_time and (self.start_ms is None or end_ms is None or end_ms >= self.start_ms)


def read_query(bbox: str | None, time: str | None, limit: str | None, after: str | None) -> FeatureQuery:
    """Return the query of the parameters; raises ProblemError (400)."""
    start_ms, end_ms = _read_time(time)
    if after is not None and not _CURSOR.match(after):
        raise _refuse("cursor", "Follow the link `next` of the previous page unchanged.")
    return FeatureQuery(_read_boxes(bbox), start_ms, end_ms, _read_limit(limit), after or "")


def _read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_FEATURES
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
        raise _refuse("limit", "Set limit to a whole number of at least 1.")
    return min(int(text), MOST_FEATURES)


def _read_boxes(text: str | None) -> tuple[shapely.Geometry, ...] | None:
    if text is None:
        return None
    sentence = (
        "Set bbox to west,south,east,north in degrees of WGS84 (or with the least and greatest height in between)."
    )
    if not _BBOX.match(text) or text.count(",") == 4:
        raise _refuse("bbox", sentence)
    numbers = [float(part) for part in text.split(",")]
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise _refuse("bbox", sentence)
    if west <= east:
        return (shapely.box(west, south, east, north),)
    return shapely.box(west, south, 180.0, north), shapely.box(-180.0, south, east, north)


def _read_time(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    parts = text.split("/")
    sentence = "Set datetime to an instant as 2026-11-24T08:00:00Z, or to two with / between; one may be .."
    if len(parts) > 2 or (len(parts) == 1 and parts[0] in _OPEN):
        raise _refuse("datetime", sentence)
    try:
        ends = [None if part in _OPEN else _instant(part) for part in parts]
    except ValueError as error:
        raise _refuse("datetime", sentence) from error
    start_ms, end_ms = ends if len(ends) == 2 else ends * 2
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        raise _refuse("datetime", "Set the second instant of datetime after the first.")
    if start_ms is None and end_ms is None:
        return LOW_MS, HIGH_MS
    return start_ms, end_ms


def _instant(text: str) -> int:
    time_ms = parse_instant(text)
    if not isinstance(time_ms, int) or read_whole(text) is not None:
        raise ValueError(text)
    return time_ms


def _refuse(name: str, sentence: str) -> ProblemError:
    return ProblemError(400, "bad-query", f"Invalid {name}", sentence)
