"""Outlines of an ESRI shapefile, a zip of .shp, .dbf and .prj."""

from __future__ import annotations

import io
import re
import struct
import warnings
from typing import Any, Final

import shapefile
from pyproj import CRS

from headland.formats.field_import.outline import (
    FeatureError,
    ImportedOutline,
    RefusedFile,
    feature_name,
    limit_features,
    read_crs,
    read_polygons,
)
from headland.formats.field_import.text_encoding import TextEncoding, declared_encoding, decode, settle_encoding
from headland.formats.field_import.zip_archive import unpack

_WKT: Final = re.compile(r"\s*[A-Za-z_]{4,20}\s*\[")
#: What makes PROJ open a file that the text names.
_FILES: Final = re.compile(r"grids\s*=\s*(?!@null\b)|PARAMETERFILE|\+init|\+proj=pipeline", re.IGNORECASE)
_KEEP_BYTES: Final = "surrogateescape"
_ENDINGS = (".shp", ".dbf", ".prj", ".cpg")


def read_shapefile(
    data: bytes, name_property: str | None
) -> tuple[list[ImportedOutline], list[FeatureError], CRS | None, TextEncoding]:
    """Return outlines, errors of features, the system of the .prj, and the encoding of names; raises RefusedFile."""
    files = unpack(data, _ENDINGS)
    shapes = [name for name in files if name.endswith(".shp")]
    if len(shapes) != 1:
        raise RefusedFile.whole(f"The zip has {len(shapes)} .shp files: put one shapefile into a zip")
    stem = shapes[0].removesuffix(".shp")
    crs = read_prj(files[f"{stem}.prj"].decode("utf-8", "replace")) if f"{stem}.prj" in files else None
    outlines, errors = [], []
    records = limit_features(_read(files, stem))
    encoding = _settle_names(files, stem, [properties for _, properties in records])
    for number, (shape, raw) in enumerate(records, start=1):
        properties = _decode_names(raw, encoding)
        name = feature_name(properties, name_property)
        try:
            polygons = read_polygons(*_geometry(shape))
        except (ValueError, shapefile.ShapefileException) as error:
            errors.append(FeatureError(number, name, f"feature {number} {error}"))
            continue
        outlines.append(ImportedOutline(number, name, polygons, properties))
    return outlines, errors, crs, encoding


def read_prj(text: str) -> CRS:
    """Return the coordinate system of a .prj; raises RefusedFile for what is no WKT, or names files to be read."""
    if not _WKT.match(text) or _FILES.search(text):
        raise RefusedFile.whole("The .prj is not well-known text without grid files: export it as EPSG:4326 or UTM")
    return read_crs(text)


def _read(files: dict[str, bytes], stem: str) -> list[tuple[shapefile.Shape, dict[str, Any]]]:
    attributes = files.get(f"{stem}.dbf")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # doubtful headers show in the data
            reader = shapefile.Reader(
                shp=io.BytesIO(files[f"{stem}.shp"]),
                dbf=None if attributes is None else io.BytesIO(attributes),
                # Bytes beyond ASCII are kept as they are until all of them are seen.
                encoding="ascii",
                encodingErrors=_KEEP_BYTES,
            )
            if attributes is None:
                return [(shape, {}) for shape in reader.iterShapes()]
            return [(record.shape, record.record.as_dict()) for record in reader.iterShapeRecords()]
    except (shapefile.ShapefileException, struct.error, LookupError, ValueError, OSError, IndexError) as error:
        raise RefusedFile.whole(f"The shapefile cannot be read ({error}): export it anew") from error


def _settle_names(files: dict[str, bytes], stem: str, records: list[dict[str, Any]]) -> TextEncoding:
    """Return the encoding of the texts of a table and of its columns' names."""
    table = files.get(f"{stem}.dbf", b"")
    names = list(records[0]) if records else []
    texts = [*names, *(value for record in records for value in record.values() if isinstance(value, str))]
    declared = declared_encoding(files.get(f"{stem}.cpg"), table[29] if len(table) > 29 else None)
    return settle_encoding([_bytes_of(text) for text in texts], declared)


def _decode_names(record: dict[str, Any], encoding: TextEncoding) -> dict[str, Any]:
    return {
        decode(_bytes_of(name), encoding.name): decode(_bytes_of(value), encoding.name).strip()
        if isinstance(value, str)
        else value
        for name, value in record.items()
    }


def _bytes_of(text: str) -> bytes:
    return text.encode("ascii", _KEEP_BYTES)


def _geometry(shape: shapefile.Shape) -> tuple[str, Any]:
    if shape.shapeType not in (shapefile.POLYGON, shapefile.POLYGONZ, shapefile.POLYGONM):
        return shape.shapeTypeName.lower(), ()
    geometry = shape.__geo_interface__
    return geometry["type"], geometry["coordinates"]
