"""Outlines out of an ESRI shapefile, which is a zip of .shp, .dbf and .prj."""

from __future__ import annotations

import io
import struct
import warnings
from typing import Any

import shapefile
from pyproj import CRS

from headland.formats.field_import.outline import Outline, RefusedFile, Trouble, bound, call_it, read_crs, read_polygons
from headland.formats.field_import.zip_archive import unpack

_ENDINGS = (".shp", ".dbf", ".prj", ".cpg")


def read_shapefile(data: bytes, name_property: str | None) -> tuple[list[Outline], list[Trouble], CRS | None]:
    """Return the outlines, the features that are none, and the .prj's coordinate system; raises RefusedFile."""
    files = unpack(data, _ENDINGS)
    shapes = [name for name in files if name.endswith(".shp")]
    if len(shapes) != 1:
        raise RefusedFile.whole(f"The zip holds {len(shapes)} .shp files: put one shapefile in a zip")
    stem = shapes[0].removesuffix(".shp")
    crs = read_crs(files[f"{stem}.prj"].decode("utf-8", "replace")) if f"{stem}.prj" in files else None
    outlines, troubles = [], []
    for number, (shape, properties) in enumerate(bound(_read(files, stem)), start=1):
        name = call_it(properties, name_property)
        try:
            polygons = read_polygons(*_geometry(shape))
        except (ValueError, shapefile.ShapefileException) as error:
            troubles.append(Trouble(number, name, f"feature {number} {error}"))
            continue
        outlines.append(Outline(number, name, polygons, properties))
    return outlines, troubles, crs


def _read(files: dict[str, bytes], stem: str) -> list[tuple[shapefile.Shape, dict[str, Any]]]:
    encoding = files.get(f"{stem}.cpg", b"utf-8").decode("ascii", "replace").strip() or "utf-8"
    attributes = files.get(f"{stem}.dbf")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it doubts of the header shows in what it reads
            reader = shapefile.Reader(
                shp=io.BytesIO(files[f"{stem}.shp"]),
                dbf=None if attributes is None else io.BytesIO(attributes),
                encoding=encoding,
                encodingErrors="replace",
            )
            if attributes is None:
                return [(shape, {}) for shape in reader.iterShapes()]
            return [(each.shape, each.record.as_dict()) for each in reader.iterShapeRecords()]
    except (shapefile.ShapefileException, struct.error, LookupError, ValueError, OSError, IndexError) as error:
        raise RefusedFile.whole(f"The shapefile cannot be read ({error}): export it anew") from error


def _geometry(shape: shapefile.Shape) -> tuple[str, Any]:
    if shape.shapeType not in (shapefile.POLYGON, shapefile.POLYGONZ, shapefile.POLYGONM):
        return shape.shapeTypeName.lower(), ()
    told = shape.__geo_interface__
    return told["type"], told["coordinates"]
