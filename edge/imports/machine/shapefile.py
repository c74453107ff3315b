"""Shapefiles in a ZIP archive, record by record: the place of each shape and its attributes (ESRI 1998, dBASE III).

A damaged record is counted and left out; the others are read.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from headland.errors import DataDamaged
from headland.files.zip_members import ZipMembers, names_in_zip

#: Unpacked bytes of an archive: a season of one machine on one field has 60 MB.
MOST_BYTES: Final = 600_000_000
_MOST_FILES: Final = 200
_POINTS: Final = frozenset((1, 11, 21))
_POLYGONS: Final = frozenset((5, 15, 25))
_HEADER_BYTES: Final = 100


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """A shape's place [deg] and its attributes as text, by the column's name; empty cells are left out."""

    longitude_deg: float
    latitude_deg: float
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class ShapefileLayer:
    """A shapefile of an archive: its name, its columns, and what the maker's own description says of it."""

    name: str
    columns: tuple[str, ...]
    metadata: dict[str, Any]


def find_layers(path: Path) -> list[str]:
    """Return the names, without ending, of the shapefiles in an archive; none of what is no archive of shapefiles."""
    names = {name.lower(): name for name in names_in_zip(path)[: _MOST_FILES * 8]}
    found = [name for low, name in names.items() if low.endswith(".shp") and f"{low[:-4]}.dbf" in names]
    return sorted(name[:-4] for name in found)[:_MOST_FILES]


class LayerReader:
    """A reader of one shapefile of an archive. Raises DataDamaged where its parts cannot be unpacked."""

    def __init__(self, members: ZipMembers, name: str) -> None:
        parts = {low: each for each in members.sizes if (low := each.lower()).startswith(name.lower())}
        self._shapes = members.read(parts[f"{name.lower()}.shp"], MOST_BYTES)
        self._table = members.read(parts[f"{name.lower()}.dbf"], MOST_BYTES)
        self.lost: Counter[str] = Counter()
        self._columns = _columns_of(self._table)
        self.layer = ShapefileLayer(
            name.rpartition("/")[2], tuple(each[0] for each in self._columns), _metadata(members, parts)
        )

    def records(self) -> Iterator[MachineRecord]:
        """Yield the records whose shape and attributes can be read, in the file's order."""
        if len(self._table) < 32:
            return
        first, width = struct.unpack_from("<HH", self._table, 8)
        for number, place in enumerate(self._places()):
            if place is None:
                continue
            start = first + number * width
            if width == 0 or start + width > len(self._table):
                self.lost["cut"] += 1
                continue
            if self._table[start : start + 1] == b"*":
                self.lost["deleted"] += 1
                continue
            cells = {}
            at = start + 1
            for name, size in self._columns:
                text = self._table[at : at + size].decode("utf-8", "replace").strip(" \0")
                if text and set(text) != {"*"}:
                    cells[name] = text
                at += size
            yield MachineRecord(*place, cells)

    def _places(self) -> Iterator[tuple[float, float] | None]:
        """Yield longitude and latitude of each shape, None for one that is empty or cannot be read."""
        at = _HEADER_BYTES
        while at + 12 <= len(self._shapes):
            words = struct.unpack_from(">i", self._shapes, at + 4)[0]
            content = self._shapes[at + 8 : at + 8 + 2 * words]
            if words < 2 or len(content) < 2 * words:
                self.lost["cut"] += 1
                return
            place = _place_of(content)
            if place is None:
                self.lost["no_place"] += 1
            yield place
            at += 8 + 2 * words


def _place_of(content: bytes) -> tuple[float, float] | None:
    """Return the place of a shape: of a polygon, the middle of its corners."""
    kind = struct.unpack_from("<i", content)[0]
    if kind in _POINTS and len(content) >= 20:
        longitude, latitude = struct.unpack_from("<dd", content, 4)
    elif kind in _POLYGONS and len(content) >= 44:
        parts, points = struct.unpack_from("<ii", content, 36)
        start = 44 + 4 * parts
        # A ring ends where it began.
        count = min(points, (len(content) - start) // 16) - 1
        if parts < 1 or count < 3:
            return None
        values = struct.unpack_from(f"<{2 * count}d", content, start)
        longitude, latitude = sum(values[::2]) / count, sum(values[1::2]) / count
    else:
        return None
    inside = -180.0 <= longitude <= 180.0 and -90.0 <= latitude <= 90.0
    return (longitude, latitude) if inside and (longitude, latitude) != (0.0, 0.0) else None


def _columns_of(table: bytes) -> list[tuple[str, int]]:
    columns = []
    at = 32
    while at + 32 <= len(table) and table[at : at + 1] not in (b"\r", b"\0"):
        name = table[at : at + 11].split(b"\0")[0].decode("utf-8", "replace").strip()
        columns.append((name, table[at + 16]))
        at += 32
    return columns


def _metadata(members: ZipMembers, parts: dict[str, str]) -> dict[str, Any]:
    """Return what the maker's JSON beside a shapefile says, empty where there is none that can be read."""
    for low, name in parts.items():
        if low.endswith(".json"):
            try:
                found = json.loads(members.read(name, MOST_BYTES))
            except (ValueError, RecursionError, DataDamaged):
                continue
            if isinstance(found, dict):
                return found
    return {}
