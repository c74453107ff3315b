"""Shapefiles in a ZIP archive, record by record: the place of each shape in degrees, and its attributes as text.

A damaged record is counted and left out; the others are read. pyshp and pyproj are loaded when a shapefile is read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.imports.sentences import Sentence
from headland.errors import DataDamaged, SettingsError
from headland.files.zip_members import ZipMembers, names_in_zip

#: Unpacked bytes of an archive: a season of one machine on one field has 60 MB.
MOST_BYTES: Final = 600_000_000
_MOST_FILES: Final = 200
_POINTS: Final = frozenset((1, 11, 21))
_POLYGONS: Final = frozenset((5, 15, 25))
#: The .prj of nearly all machines: it needs no pyproj, which a gateway may lack.
_WGS84: Final = re.compile(
    r'GEOGCS\["(GCS_WGS_1984|WGS 84)",DATUM\["(D_)?WGS_1984",'
    r'SPHEROID\["WGS[_ ](19)?84",6378137(\.0*)?,298\.25722356\d*\]\],'
    r'PRIMEM\["Greenwich",0(\.0*)?\],UNIT\["degree",0\.01745329251994\d*\]\]',
    re.IGNORECASE,
)


_Placed = tuple[tuple[float, float], dict[str, str]]


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """A shape's place [deg, WGS84] and its attributes as text, by the column's name; empty cells are left out."""

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
    """A shapefile of an archive, read: its records, what was lost, and what a person should know.

    Raises DataDamaged where it cannot be unpacked or its places cannot be known, SettingsError without pyshp.
    """

    def __init__(self, members: ZipMembers, name: str) -> None:
        try:
            from headland.files.shapefile_records import read_records
        except ImportError as error:
            raise SettingsError(
                f"{name}: shapefiles need pyshp and pyproj, which are not installed: pip install 'headland[logs]'"
            ) from error
        parts = {low: each for each in members.sizes if (low := each.lower()).startswith(name.lower())}
        files = {
            ending: members.read(parts[part], MOST_BYTES)
            for ending in ("shp", "dbf", "cpg", "prj")
            if (part := f"{name.lower()}.{ending}") in parts
        }
        read = read_records(files["shp"], files["dbf"], files.get("cpg"), _place_of, numbers_as_text=True)
        self.lost = read.lost
        self.notes: list[str] = []
        self.layer = ShapefileLayer(name.rpartition("/")[2], read.columns, _metadata(members, parts))
        placed = [(place, _filled(cells)) for place, cells in read.shapes if place is not None]
        if read.shapes and not placed:
            raise DataDamaged(Sentence("no_points", name=self.layer.name, kind=read.kind))
        self.records = self._located(placed, files.get("prj"))
        self.lost["no_place"] += len(read.shapes) - len(self.records)
        self.lost += Counter()

    def _located(self, found: list[_Placed], prj: bytes | None) -> list[MachineRecord]:
        """Return the records with a place on earth."""
        longitudes, latitudes = self._degrees([place[0] for place, _ in found], [place[1] for place, _ in found], prj)
        return [
            MachineRecord(longitude, latitude, cells)
            for longitude, latitude, (_, cells) in zip(longitudes, latitudes, found, strict=True)
            if is_place(longitude, latitude)
        ]

    def _degrees(
        self, east: Sequence[float], north: Sequence[float], prj: bytes | None
    ) -> tuple[Sequence[float], Sequence[float]]:
        """Return longitudes and latitudes of places in the system that a .prj names."""
        name = self.layer.name
        if prj is not None and not _WGS84.fullmatch(prj.decode("ascii", "replace").strip(" \0\r\n")):
            try:
                from headland.files.coordinate_systems import read_prj, to_degrees
            except ImportError as error:
                raise DataDamaged(Sentence("no_pyproj", name=name)) from error
            try:
                east, north = to_degrees(east, north, read_prj(prj), outside=True)
            except DataDamaged as error:
                raise DataDamaged(Sentence("unknown_system", name=name, why=str(error)[:200])) from error
        is_in_degrees = any(map(is_place, east, north))
        if not is_in_degrees and east:
            raise DataDamaged(Sentence("places_not_degrees" if prj is None else "places_not_on_earth", name=name))
        if prj is None and east:
            self.notes.append(Sentence("assumed_wgs84", name=name))
        return east, north


def is_place(longitude_deg: float, latitude_deg: float) -> bool:
    """Return whether two numbers can be a machine's place; an empty receiver says 0, 0."""
    inside = -180.0 <= longitude_deg <= 180.0 and -90.0 <= latitude_deg <= 90.0
    return inside and (longitude_deg, latitude_deg) != (0.0, 0.0)


def _place_of(shape: Any) -> tuple[float, float] | None:
    """Return the place of a shape in the file's system: of a polygon, the middle of its corners."""
    points = shape.points
    if shape.shapeType in _POINTS and points:
        place = points[0][:2]
    elif shape.shapeType in _POLYGONS and len(points) >= 4:
        # A ring ends where it began.
        count = len(points) - 1
        place = (sum(each[0] for each in points[:-1]) / count, sum(each[1] for each in points[:-1]) / count)
    else:
        return None
    # An empty receiver writes 0, 0 in any system.
    return None if tuple(place) == (0.0, 0.0) else tuple(place)


def _filled(cells: dict[str, str | None]) -> dict[str, str]:
    """Return the cells that hold something; stars fill one that had no room for its number."""
    stripped = ((name, text.strip()) for name, text in cells.items() if text is not None)
    return {name: text for name, text in stripped if text.strip("*")}


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
