"""Standard error of a yield map: of samples that the map has not seen, 90 % lie in its 90 % band, on three real maps.

A fifth of the samples of a map is left out, ten times; the others fit the variogram with its factor, and estimate them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from headland.agronomy.harvest.block_kriging import fit_yield_variogram, krige_blocks, reach_of
from headland.agronomy.series.arrays import Values
from tests.accept.conftest import Agreement

SPLITS = 10
BAND_Z = 1.645
#: Header of 30 feet, distances in inches, and flow in pounds a second, as agridat describes its table.
WIDTH_M, INCH_M, POUND_KG = 9.144, 0.0254, 0.45359237


def read_area2(folder: Path) -> tuple[Values, Values]:
    with (folder / "pyprecag_yield/area2_yield_ISO-8859-1.csv").open(encoding="latin-1") as file:
        rows = list(csv.DictReader(file))
    value = np.array([float(row["Yld Mass(Dry)(tonne/ha)"]) for row in rows])
    return _metres([row["Latitude"] for row in rows], [row["Longitude"] for row in rows]), value


def read_high(folder: Path) -> tuple[Values, Values]:
    with (folder / "pyprecag_yield/high_5m_vesperdata.csv").open() as file:
        rows = np.array([[float(word) for word in row[1:]] for row in list(csv.reader(file))[1:]])
    return rows[:, :2] - rows[0, :2], rows[:, 2]


def read_gartner(folder: Path) -> tuple[Values, Values]:
    with (folder / "agridat/gartner.corn.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if float(row["dist"]) > 0.0]
    value = [
        float(row["mass"]) * float(row["seconds"]) * POUND_KG / (float(row["dist"]) * INCH_M * WIDTH_M) * 10.0
        for row in rows
    ]
    return _metres([row["lat"] for row in rows], [row["long"] for row in rows]), np.array(value)


def _metres(latitude: list[str], longitude: list[str]) -> Values:
    north, east = np.array(latitude, float), np.array(longitude, float)
    scale = 111_320.0 * np.cos(np.deg2rad(north.mean()))
    return np.column_stack(((east - east.mean()) * scale, (north - north.mean()) * 110_950.0))


def cleaned(points: Values, value: Values) -> tuple[Values, Values]:
    """Return distinct places whose yield is within the default limits of a map, 4 robust standard deviations."""
    off = np.abs(value - np.median(value))
    kept = np.flatnonzero((value > 0.0) & (off <= 4.0 * 1.4826 * np.median(off)))
    first = np.sort(np.unique(points[kept], axis=0, return_index=True)[1])
    return points[kept][first], value[kept][first]


def share_in_band(points: Values, value: Values, seed: int) -> float:
    """Return the share of samples left out that the band holds."""
    is_left_out = np.random.default_rng(seed).random(len(value)) < 0.2
    known, at_m = points[~is_left_out], points[is_left_out]
    reach_m = reach_of(len(known), float(shapely.MultiPoint(known).convex_hull.area))
    variogram = fit_yield_variogram(known, value[~is_left_out])
    found = krige_blocks(known, value[~is_left_out], at_m, variogram, side_m=0.0, reach_m=reach_m)
    off = (np.abs(value[is_left_out] - found.value) / found.error)[np.isfinite(found.value)]
    return float(np.mean(off <= BAND_Z))


@pytest.mark.parametrize("read", [read_area2, read_high, read_gartner])
def test_the_band_of_a_yield_map_holds_samples_that_it_has_not_seen(
    real_data: Path, agree: Agreement, read: Callable[[Path], tuple[Values, Values]]
) -> None:
    points, value = cleaned(*read(real_data / "datasets"))
    shares = [share_in_band(points, value, 9000 + split) for split in range(SPLITS)]
    name = read.__name__.removeprefix("read_")
    agree(f"share of samples left out in the 90 % band, {name}", np.mean(shares), 0.9, "held out", within=0.02)
