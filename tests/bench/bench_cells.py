"""Coverage of cells' 90 % intervals, and product beside fields: maps of simulated passes against their ground.

`python -m tests.bench.bench_cells [--json] [--seeds 10] [--first 1] [--scenarios ...]`

Of each scenario, over its seeds: the share of the field's cells of 2 m whose interval holds what landed on them, the
mean width of the intervals in shares of the ordered rate, and the product beside the field by distance as the map says
it and as it came down, with the share of bands whose interval holds it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from firmware_sim.drone.scenarios import FIELDS
from headland.agronomy.application.cell_uncertainty import interval_90
from headland.agronomy.geometry.local_plane import Plane
from tests.walk.field_flight import FieldFlight, FlownField, fly_field, serve_flight

Floats = NDArray[np.float64]

CELL_M: Final = 2.0


@dataclass(frozen=True)
class CellCheck:
    """What a map's intervals hold: cells of the field, and bands beside it as (said, low, high, true)."""

    held: NDArray[np.bool_]
    width: Floats
    bands: list[tuple[float, float, float, float]]

    @property
    def coverage_pct(self) -> float:
        """The share of cells whose interval holds what landed there."""
        return 100.0 * float(self.held.mean())


def check_cells(flown: FlownField) -> CellCheck:
    """Return what the intervals of a pass's map hold."""
    answer = flown.get("as-applied", cell_m=CELL_M)
    flight, grid = flown.flight, answer["grid"]
    inside = np.array(grid["place"]) == 1
    shown = np.nan_to_num(np.array(grid["rate_ha"], dtype=float))
    low, high = interval_90(shown, np.array(grid["uncertainty_ha"], dtype=float))
    true = flight.truth_on(grid)
    held = ((true >= low - 1e-3) & (true <= high + 1e-3))[inside]
    width = ((high - low) / flight.scenario.machine.rate_ha)[inside]
    landed = landed_beside(flight, [band["from_m"] for band in answer["outside"]])
    bands = [
        (band["amount"], band["low"], band["high"], amount)
        for band, amount in zip(answer["outside"], landed, strict=True)
    ]
    return CellCheck(held, width, bands)


def landed_beside(flight: FieldFlight, from_m: list[float]) -> list[float]:
    """Return what came down beside the plots in bands that begin at `from_m`; what left the grid is in the last one."""
    plane = Plane(*flight.low_deg)
    plots = shapely.union_all(
        [
            shapely.Polygon(np.column_stack(plane.to_metres(*(np.array(axis) for axis in zip(*ring, strict=True)))))
            for ring in flight.scenario.corners_deg()
        ]
    )
    row, column = np.nonzero(flight.per_m2)
    east_m, north_m = ((at + 0.5) * flight.cell_m for at in (column, row))
    distance_m = shapely.distance(shapely.points(east_m, north_m), plots)
    mass = flight.per_m2[row, column] * flight.cell_m**2
    inside = np.asarray(distance_m <= 0.0)
    band = np.searchsorted(np.array(from_m), distance_m, side="right") - 1
    sums = np.bincount(band[~inside], mass[~inside], minlength=len(from_m))
    sums[-1] += max(flight.released - float(mass.sum()), 0.0)
    return [float(each) for each in sums]


def measure(name: str, seeds: range) -> dict[str, Any]:
    """Return the coverage of a scenario over its seeds."""
    checks = []
    for seed in seeds:
        machine: dict[str, Any] = {"on_latency_s": 0.0} if "hopper" in name else {}
        with (
            tempfile.TemporaryDirectory() as folder,
            serve_flight(fly_field(name, seed), Path(folder), machine) as flown,
        ):
            checks.append(check_cells(flown))
        print(name, seed, round(checks[-1].coverage_pct, 1), file=sys.stderr, flush=True)
    bands = np.array([check.bands for check in checks])
    said, low, high, true = (bands[:, :, at] for at in range(4))
    return {
        "coverage_pct": round(float(np.mean([check.coverage_pct for check in checks])), 1),
        "coverage_low_pct": round(min(check.coverage_pct for check in checks), 1),
        "coverage_high_pct": round(max(check.coverage_pct for check in checks), 1),
        "width_of_rate": round(float(np.mean([check.width.mean() for check in checks])), 3),
        "beside_said": [round(float(each), 4) for each in said.mean(axis=0)],
        "beside_true": [round(float(each), 4) for each in true.mean(axis=0)],
        "beside_held_pct": round(100.0 * float(((true >= low) & (true <= high)).mean()), 1),
    }


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--scenarios", nargs="*", default=sorted(FIELDS))
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    print(json.dumps({name.replace("-", "_"): measure(name, seeds) for name in options.scenarios}))


if __name__ == "__main__":
    main()
