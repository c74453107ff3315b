"""Outlines of an ESRI shapefile, a zip of .shp, .dbf and .prj."""

from __future__ import annotations

from typing import Any

import shapefile

from headland.errors import DataDamaged
from headland.files.coordinate_systems import System, read_prj
from headland.files.shapefile_records import ShapefileRecords, read_records
from headland.files.text_encoding import TextEncoding
from headland.formats.field_import.outline import (
    MOST_FEATURES,
    FeatureError,
    ImportedOutline,
    RefusedFile,
    feature_name,
    limit_features,
    read_polygons,
)
from headland.formats.field_import.zip_archive import unpack

_ENDINGS = (".shp", ".dbf", ".prj", ".cpg")


def read_shapefile(
    data: bytes, name_property: str | None
) -> tuple[list[ImportedOutline], list[FeatureError], System | None, TextEncoding]:
    """Return outlines, errors of features, the system of the .prj, and the encoding of names; raises RefusedFile."""
    files = unpack(data, _ENDINGS)
    shapes = [name for name in files if name.endswith(".shp")]
    if len(shapes) != 1:
        raise RefusedFile.whole(f"The zip has {len(shapes)} .shp files: put one shapefile into a zip")
    stem = shapes[0].removesuffix(".shp")
    try:
        crs = read_prj(files[f"{stem}.prj"]) if f"{stem}.prj" in files else None
    except DataDamaged as error:
        raise RefusedFile.whole(str(error)) from error
    outlines, errors = [], []
    read = _read(files, stem)
    for number, (geometry, properties) in enumerate(limit_features(read.shapes), start=1):
        name = feature_name(properties, name_property)
        try:
            polygons = read_polygons(*geometry)
        except ValueError as error:
            errors.append(FeatureError(number, name, f"feature {number} {error}"))
            continue
        outlines.append(ImportedOutline(number, name, polygons, properties))
    return outlines, errors, crs, read.encoding


def _read(files: dict[str, bytes], stem: str) -> ShapefileRecords[tuple[str, Any]]:
    """Return all records of a shapefile; raises RefusedFile where any of them is damaged."""
    try:
        read = read_records(
            files[f"{stem}.shp"], files.get(f"{stem}.dbf"), files.get(f"{stem}.cpg"), _geometry, most=MOST_FEATURES
        )
    except DataDamaged as error:
        raise RefusedFile.whole(str(error)) from error
    if count := read.lost.pop("unreadable_text", 0):
        raise RefusedFile.whole(f"{count} cells of the table are text in no known encoding: export it anew, in UTF-8")
    read.lost.pop("deleted", 0)
    if read.lost:
        raise RefusedFile.whole(f"{read.lost.total()} shapes of the file are cut or damaged: export it anew")
    return read


def _geometry(shape: shapefile.Shape) -> tuple[str, Any]:
    if shape.shapeType not in (shapefile.POLYGON, shapefile.POLYGONZ, shapefile.POLYGONM):
        return shape.shapeTypeName.lower(), ()
    geometry = shape.__geo_interface__
    return geometry["type"], geometry["coordinates"]
