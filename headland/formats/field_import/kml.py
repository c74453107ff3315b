"""Outlines of KML (OGC 07-147r2) and its zipped form KMZ: always WGS84, longitude first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from pyproj import CRS

from headland.files.coordinate_systems import DEGREES, System
from headland.files.text_encoding import BIG5, GB18030, declared_encoding, decode
from headland.formats.field_import.outline import (
    MOST_FEATURES,
    MOST_POSITIONS,
    FeatureError,
    ImportedOutline,
    RefusedFile,
    feature_name,
    limit_features,
    read_polygons,
)
from headland.formats.field_import.zip_archive import unpack
from headland.plain_numbers import read_decimal
from headland.runtime.cancellation import check_cancelled

Ring = list[tuple[float, float]]

_PROLOG: Final = re.compile(rb"(<\?xml[^>]*?encoding=[\"'])([A-Za-z0-9_-]+)")

#: Elements nested in each other: folders in folders, and the parts of a placemark.
_MOST_DEEP: Final = 64
_CHUNK_BYTES: Final = 1 << 20
#: Letters of one text, and polygons of a file.
_MOST_TEXT: Final = 8 << 20
_MOST_POLYGONS: Final = 100_000
_TEXTS: Final = frozenset(("name", "value", "SimpleData", "coordinates"))


def read_kmz(data: bytes, name_property: str | None) -> tuple[list[ImportedOutline], list[FeatureError], System | None]:
    """Return the outlines of the KML in a KMZ; raises RefusedFile."""
    files = list(unpack(data, (".kml",)).values())
    if len(files) != 1:
        raise RefusedFile.whole(f"The zip has {len(files)} .kml files: import one at a time")
    return read_kml(files[0], name_property)


def read_kml(data: bytes, name_property: str | None) -> tuple[list[ImportedOutline], list[FeatureError], System | None]:
    """Return outlines and errors of placemarks; raises RefusedFile."""
    reader = _Reader()
    outlines, errors = [], []
    for number, mark in enumerate(limit_features(reader.read(_recode(data))), start=1):
        name = feature_name(mark.properties, name_property)
        try:
            parts = [_rings(polygon) for polygon in mark.polygons]
            polygons = read_polygons("MultiPolygon" if parts else "placemark without a polygon", parts)
        except ValueError as error:
            errors.append(FeatureError(number, name, f"feature {number} {error}"))
            continue
        outlines.append(ImportedOutline(number, name, polygons, mark.properties))
    return outlines, errors, CRS(DEGREES)


def _recode(data: bytes) -> bytes:
    """Return a document that declares a Chinese encoding in UTF-8: the parser knows none of them."""
    prolog = _PROLOG.match(data[:200])
    declared = None if prolog is None else declared_encoding(prolog[2])
    if prolog is None or declared not in (GB18030, BIG5):
        return data
    return prolog[1] + b"utf-8" + decode(data[prolog.end(2) :], declared).encode()


@dataclass(slots=True)
class _Polygon:
    """Texts of the coordinates of a polygon's outer and inner boundaries."""

    outer: list[str] = field(default_factory=list)
    inner: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Placemark:
    """A placemark: its properties and its polygons."""

    properties: dict[str, str] = field(default_factory=dict)
    polygons: list[_Polygon] = field(default_factory=list)


class _Reader:
    """Reads placemarks in one pass over the text: no tree is built, whatever the file nests."""

    def __init__(self) -> None:
        self._marks: list[_Placemark] = []
        self._mark: _Placemark | None = None
        self._path: list[str] = []
        self._key = ""
        self._text: list[str] | None = None
        self._text_size = 0
        self._values: dict[str, list[str]] = {}
        self._coordinates = 0
        self._polygons = 0

    def read(self, data: bytes) -> list[_Placemark]:
        """Return the placemarks; raises RefusedFile."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        # By the parser, not by a search: UTF-16 has other bytes. Without a document type there are no entities.
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._collect
        try:
            for start in range(0, len(data), _CHUNK_BYTES):
                check_cancelled()
                parser.Parse(data[start : start + _CHUNK_BYTES], False)
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise RefusedFile.whole(f"The file is not valid KML: {error}") from error
        return self._marks

    def _refuse_doctype(self, *_: object) -> None:
        raise RefusedFile.whole("The KML declares entities, which are not allowed: export it anew")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        self._path.append(tag)
        if len(self._path) > _MOST_DEEP:
            raise RefusedFile.whole(f"The KML nests elements more than {_MOST_DEEP} deep: export it anew")
        if tag == "Placemark":
            if self._mark is not None:
                raise RefusedFile.whole("The KML has a placemark within a placemark: export it anew")
            self._mark, self._values = _Placemark(), {}
            self._marks.append(self._mark)
            if len(self._marks) > MOST_FEATURES + 1:
                raise RefusedFile.whole(f"The file has more than {MOST_FEATURES:,} features: import it in parts")
        elif self._mark is None:
            return
        elif tag == "Polygon":
            self._polygons += 1
            if self._polygons > _MOST_POLYGONS:
                raise RefusedFile.whole(f"The KML has more than {_MOST_POLYGONS:,} polygons: import it in parts")
            self._mark.polygons.append(_Polygon())
        elif tag in ("Data", "SimpleData"):
            self._key = attributes.get("name", "")
            self._values[self._key] = []
        if tag in _TEXTS:
            self._text, self._text_size = [], 0

    def _collect(self, text: str) -> None:
        if self._text is None:
            return
        self._text_size += len(text)
        if self._text_size > _MOST_TEXT:
            raise RefusedFile.whole(f"A text of the KML has more than {_MOST_TEXT:,} letters: import it in parts")
        self._text.append(text)

    def _count_coordinates(self, text: str) -> None:
        self._coordinates += text.count(",")
        if self._coordinates > MOST_POSITIONS:
            raise RefusedFile.whole(f"The KML has more than {MOST_POSITIONS:,} coordinates: import it in parts")

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        self._path.pop()
        mark, parts = self._mark, self._text
        if tag == "Placemark" and mark is not None:
            mark.properties.update((key, "".join(parts)) for key, parts in self._values.items())
            self._mark = None
        if tag not in _TEXTS or parts is None:
            return
        self._text = None
        if mark is None:
            return
        text = "".join(parts)
        if tag == "name" and self._path[-1] == "Placemark":
            mark.properties["name"] = text
            self._values.pop("name", None)
        elif tag == "SimpleData" or (tag == "value" and self._path[-1] == "Data"):
            self._values.setdefault(self._key, []).append(text)
        elif tag == "coordinates" and mark.polygons:
            self._count_coordinates(text)
            if "outerBoundaryIs" in self._path:
                mark.polygons[-1].outer.append(text)
            elif "innerBoundaryIs" in self._path:
                mark.polygons[-1].inner.append(text)


def _rings(polygon: _Polygon) -> list[Ring]:
    if len(polygon.outer) != 1:
        raise ValueError("has a polygon without one outer boundary")
    return [_ring(polygon.outer[0]), *map(_ring, polygon.inner)]


def _ring(text: str) -> Ring:
    positions = [position.split(",") for position in text.split()]
    if any(len(position) not in (2, 3) for position in positions):
        raise ValueError("has coordinates that are not longitude,latitude with blanks between positions")
    ring: list[tuple[float, float]] = []
    for position in positions:
        longitude, latitude = read_decimal(position[0]), read_decimal(position[1])
        if longitude is None or latitude is None:
            raise ValueError("has coordinates that are not numbers")
        ring.append((longitude, latitude))
    return ring
