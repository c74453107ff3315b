"""Prescription zones as polygons: GeoJSON and shapefile."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import shapely

from headland.files.zip_members import pack_zip
from headland.registry.models.prescriptions import PrescribedZone, Prescription


def draw_zone_polygons(prescription: Prescription) -> Iterator[tuple[int, PrescribedZone, shapely.MultiPolygon]]:
    """Yield each zone with its outline along the edges of its cells, WGS84 longitude and latitude."""
    labels = prescription.zone_of_cell()
    for number, zone in enumerate(prescription.zones):
        mask = np.pad(labels == number, ((0, 0), (1, 1))).astype(np.int8)
        step = np.diff(mask, axis=1)
        row, first = np.nonzero(step == 1)
        last = np.nonzero(step == -1)[1]
        west, east = (prescription.west_deg + column * prescription.cell_east_deg for column in (first, last))
        south, north = (prescription.south_deg + edge * prescription.cell_north_deg for edge in (row, row + 1))
        # On a grid of a hundred-thousandth of a cell, so that the edges of neighbours meet.
        grid_deg = prescription.cell_north_deg * 1e-5
        whole = shapely.union_all(shapely.box(west, south, east, north), grid_size=grid_deg)
        parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
        yield number, zone, shapely.MultiPolygon(parts)


def zones_geojson(prescription: Prescription) -> bytes:
    """Return a FeatureCollection (RFC 7946) with a feature for each zone and the properties of the prescription."""
    features = [
        {
            "type": "Feature",
            "geometry": orjson.loads(shapely.to_geojson(shapely.orient_polygons(outline))),
            "properties": _properties(prescription, number, zone),
        }
        for number, zone, outline in draw_zone_polygons(prescription)
    ]
    head = {"prescription": prescription.id, "name": prescription.name, "unit": prescription.unit}
    return orjson.dumps({"type": "FeatureCollection", **head, "total": prescription.total, "features": features})


def zones_shapefile(prescription: Prescription) -> bytes:
    """Return a zip of .shp, .shx, .dbf, .prj and .cpg with a record for each zone."""
    import shapefile
    from pyproj import CRS  # ten megabytes, for this file alone

    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=shapefile.POLYGON, encoding="utf-8") as writer:
        writer.field("ZONE", "N", size=4)
        writer.field("RATE", "N", size=14, decimal=4)
        writer.field("UNIT", "C", size=8)
        writer.field("N_KG_HA", "N", size=14, decimal=4)
        writer.field("AREA_HA", "N", size=14, decimal=6)
        for number, zone, outline in draw_zone_polygons(prescription):
            clockwise = shapely.orient_polygons(outline, exterior_cw=True)
            rings = [ring for part in clockwise.geoms for ring in (part.exterior, *part.interiors)]
            writer.poly([list(ring.coords) for ring in rings])
            writer.record(number, zone.rate_ha, prescription.unit, zone.n_kg_ha, zone.area_ha)
    prj = CRS("EPSG:4326").to_wkt("WKT1_ESRI").encode()
    parts = {"shp": shp.getvalue(), "shx": shx.getvalue(), "dbf": dbf.getvalue(), "prj": prj, "cpg": b"UTF-8"}
    return pack_zip({f"prescription.{ending}": data for ending, data in parts.items()})


def _properties(prescription: Prescription, number: int, zone: PrescribedZone) -> dict[str, Any]:
    return {
        "zone": number,
        "rate_ha": zone.rate_ha,
        "unit": prescription.unit,
        "n_kg_ha": zone.n_kg_ha,
        "area_ha": zone.area_ha,
        "amount": zone.amount,
    }
