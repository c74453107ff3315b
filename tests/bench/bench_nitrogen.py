"""Best rate of nitrogen of a real strip trial, with each pixel as a plot and with each strip as one.

`--data` is a table of agridat's `lasrosas.corn` (separated by tabs), which is no part of this project. Prices are 5 a
kilogram of nitrogen and 2,400 a tonne of grain.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from headland.agronomy.trials.nitrogen_response import PixelsError
from tests.simulated_responses import fit

_Q_T = 0.1


def strips_of(rows: list[dict[str, str]]) -> dict[str, object]:
    rate = np.array([float(row["nitro"]) for row in rows])
    y = np.array([float(row["yield"]) for row in rows]) * _Q_T
    names = [row["rep"] + row["nf"] for row in rows]
    _, first, member = np.unique(names, return_index=True, return_inverse=True)
    means = np.bincount(member, y) / np.bincount(member)
    try:
        pixels = f"taken as {fit(rate, y, None).n} plots"
    except PixelsError as error:
        pixels = str(error)
    found = fit(rate[first], means, [rows[index]["rep"] for index in first])
    return {
        "pixels": len(rows),
        "pixels_as_plots": pixels,
        "strips": found.n,
        "optimum_kg_ha": round(found.optimum_kg_ha, 1),
        "interval_kg_ha": [round(found.optimum_low_kg_ha, 1), round(found.optimum_high_kg_ha, 1)],
        "reason": found.reason,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    figures: dict[str, object] = {}
    if options.data is not None:
        with options.data.open() as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        for year in sorted({row["year"] for row in rows}):
            figures[f"strips_{year}"] = strips_of([row for row in rows if row["year"] == year])
    print(json.dumps(figures, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
