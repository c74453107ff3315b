"""Kriging against numbers that others printed: two packages, and VESPER's own map of a real wheat yield."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from headland.agronomy.prescription.interpolation import Variogram, idw, krige
from tests.accept.conftest import Agreement

YIELD = Path("datasets/pyprecag_yield")
#: As the control file says: the nearest 100 points, blocks of 30 m that are the mean of 10 by 10 places.
NEAREST, BLOCK_M, PLACES = 100, 30.0, 10
#: VESPER prints five decimals of the estimate and six digits of each local variogram, which moves it by up to 3e-5.
PRINTED = 5e-5
#: Every cell agrees (1,032, at most 3.0e-5 apart); every eighth is asked here, along all of the field.
EVERY = 8


def read_table(path: Path) -> np.ndarray:
    lines = path.read_text().splitlines()[1:]
    return np.array([[float(word) for word in line.split()] for line in lines if line.strip()])


def test_kriging_and_distance_give_what_two_packages_printed(real_data: Path, agree: Agreement) -> None:
    told = json.loads((real_data / "oracles.json").read_text())["kriging"]
    points, value, at = np.column_stack((told["x"], told["y"])), np.array(told["z"]), np.array(told["points"], float)
    found = krige(points, value, at, Variogram(0.2, 1.8, 90.0))
    for package in ("pykrige", "gstools"):
        agree("kriged value", found.value, told[f"{package}_z"], package, within=2e-6)
        agree("kriging variance", found.variance, told[f"{package}_var"], package, within=2e-7)
    agree("inverse distance", idw(points, value, at), told["idw_p2"], "oracle table", within=2e-6)


def test_vespers_map_of_a_real_yield_is_met_to_the_decimals_that_it_printed(real_data: Path, agree: Agreement) -> None:
    folder = real_data / YIELD
    with (folder / "high_5m_vesperdata.csv").open() as file:
        rows = np.array([[float(word) for word in row[1:]] for row in list(csv.reader(file))[1:]])
    points, value = rows[:, :2] - rows[0, :2], rows[:, 2]
    printed = read_table(folder / "high_5m_kriged.txt")[::EVERY]
    local = read_table(folder / "high_5m_parameter.txt")[::EVERY]
    side_m = ((np.arange(PLACES) + 0.5) / PLACES - 0.5) * BLOCK_M
    block = np.column_stack([axis.ravel() for axis in np.meshgrid(side_m, side_m)])
    found = np.empty(len(printed))
    for index, (east_m, north_m, nugget, sill, length_m, _) in enumerate(local):
        middle = np.array([east_m, north_m]) - rows[0, :2]
        near = np.argsort(np.hypot(*(points - middle).T), kind="stable")[:NEAREST]
        # VESPER's exponential model has the distance parameter where ours has a third of the practical range.
        model = Variogram(nugget, sill, 3.0 * length_m)
        # A block's ordinary kriging estimate is the mean of those of its places: the estimate is linear.
        found[index] = krige(points[near], value[near], middle + block, model).value.mean()
    assert len(found) == 129
    assert (local[:, :2] == printed[:, 1:3]).all()
    agree("map of a wheat yield [t/ha]", found, printed[:, 3], "VESPER", within=PRINTED)
