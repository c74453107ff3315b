"""Prescription grids as GeoTIFF and ISOXML."""

from __future__ import annotations

from typing import Literal

import numpy as np

from headland.formats.images.geotiff import write_geotiff
from headland.formats.prescriptions.isoxml import Task, write_task
from headland.registry.models.models import Field, Product
from headland.registry.models.prescriptions import Prescription

GridCrs = Literal["wgs84", "utm"]


def prescription_geotiff(prescription: Prescription, crs: GridCrs) -> bytes:
    """Return the rates as a GeoTIFF: in WGS84 unchanged, in the UTM zone resampled to the nearest cell."""
    from pyproj import Transformer  # ten megabytes, for this file alone

    rate = prescription.rate_of_cell()
    if crs == "wgs84":
        corner = (prescription.west_deg, prescription.south_deg)
        return write_geotiff(rate, corner, (prescription.cell_east_deg, prescription.cell_north_deg))
    height_deg, width_deg = (
        prescription.rows * prescription.cell_north_deg,
        prescription.columns * prescription.cell_east_deg,
    )
    epsg = utm_of(prescription.west_deg + width_deg / 2, prescription.south_deg + height_deg / 2)
    transformer = Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
    edges = transformer.transform_bounds(
        prescription.west_deg,
        prescription.south_deg,
        prescription.west_deg + width_deg,
        prescription.south_deg + height_deg,
    )
    cell_m = prescription.cell_m
    west, south, east, north = (float(np.floor(edge / cell_m) * cell_m) for edge in edges)
    columns, rows = round((east - west) / cell_m) + 1, round((north - south) / cell_m) + 1
    x, y = np.meshgrid(west + (np.arange(columns) + 0.5) * cell_m, south + (np.arange(rows) + 0.5) * cell_m)
    longitude, latitude = transformer.transform(x, y, direction="INVERSE")
    column = np.floor((longitude - prescription.west_deg) / prescription.cell_east_deg).astype(np.int64)
    row = np.floor((latitude - prescription.south_deg) / prescription.cell_north_deg).astype(np.int64)
    inside = (row >= 0) & (row < prescription.rows) & (column >= 0) & (column < prescription.columns)
    resampled = np.full(inside.shape, np.nan)
    resampled[inside] = rate[row[inside], column[inside]]
    return write_geotiff(resampled, (west, south), (cell_m, cell_m), epsg)


def utm_of(longitude_deg: float, latitude_deg: float) -> int:
    """Return the EPSG code of the UTM zone (WGS84) of a place, without the exceptions of Norway and Svalbard."""
    zone = int((longitude_deg + 180.0) // 6.0) % 60 + 1
    return (32600 if latitude_deg >= 0.0 else 32700) + zone


def prescription_isoxml(prescription: Prescription, field: Field, product: Product | None) -> bytes:
    """Return the ISOXML task of a prescription."""
    return write_task(
        Task(
            name=prescription.name,
            field=field.name,
            geometry=field.geometry,
            area_m2=field.area_m2,
            product="" if product is None else product.name,
            unit=prescription.unit,
            rate_ha=prescription.rate_of_cell(),
            corner_deg=(prescription.south_deg, prescription.west_deg),
            cell_deg=(prescription.cell_north_deg, prescription.cell_east_deg),
        )
    )
