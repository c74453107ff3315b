"""The psychrometrics against what a commercial climate computer wrote beside its own readings."""

import csv
from pathlib import Path

import numpy as np

from headland.agronomy.psychrometrics import humidity_deficit_g_m3


def test_the_humidity_deficit_is_the_one_that_growers_read_on_their_computer(real_data: Path) -> None:
    # Autonomous Greenhouse Challenge 3 (2022, MIT): columns Tair, Rhair and the computer's own HumDef, g/m3.
    with (real_data / "datasets/agc3_lettuce_2022/reference_climate.csv").open(encoding="utf-8") as table:
        rows = [[row[name] for name in ("Tair", "Rhair", "HumDef")] for row in csv.DictReader(table)]
    columns = np.array([[float(text) for text in row] for row in rows if all(row)]).T
    off = humidity_deficit_g_m3(columns[0], columns[1]) - columns[2]
    assert len(off) > 10_000
    assert abs(float(np.mean(off))) < 0.01
    assert float(np.std(off)) < 0.005
    assert float(np.percentile(np.abs(off), 99)) < 0.02
