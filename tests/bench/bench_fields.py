"""Accuracy of as-applied maps: ten seeds of each field scenario, through gateway, store and API, against the ground.

Figures are the mean, the least and the largest of the seeds: the total, cells of 2 m against what landed on them [% RMS
of the mean], overlap and skip against the swaths where half of a row's flow or more came down [% of the field], how
much less ground those cover than the rows as planned (`late`), and how much more bare ground is shown than there is
(under a quarter of the plan). Machines are declared as the documentation says, a hopper alone without a latency.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from firmware_sim.drone.scenarios import FIELDS
from tests.walk.field_flight import FlownField, errors_of, fly_field, serve_flight

#: Under this share of the plan ground is bare.
_BARE: Final = 0.25


def bare_pct(flown: FlownField) -> float:
    """Return how much bare ground is shown less how much there is [% of the field]."""
    answer = flown.get("as-applied", cell_m=1.0)
    inside = np.array(answer["grid"]["place"]) == 1
    bar = _BARE * flown.flight.scenario.machine.rate_ha
    shown = np.nan_to_num(np.array(answer["grid"]["rate_ha"], dtype=float))[inside] < bar
    true = flown.flight.truth_on(answer["grid"])[inside] < bar
    return 100.0 * float(shown.sum() - true.sum()) / float(inside.sum())


def measure(name: str, seeds: range) -> dict[str, float]:
    """Return mean, least and largest of the errors of a scenario."""
    rows: dict[str, list[float]] = {}
    for seed in seeds:
        machine: dict[str, Any] = {"on_latency_s": 0.0} if "hopper" in name else {}
        with (
            tempfile.TemporaryDirectory() as folder,
            serve_flight(fly_field(name, seed), Path(folder), machine) as flown,
        ):
            errors = errors_of(flown)
            figures = {
                "total_pct": errors.total_pct, "cells_rms_pct": errors.cells_rms_pct,
                "overlap_pct": errors.overlap_pct, "skip_pct": errors.skip_pct, "late_pct": errors.late_pct,
                "bare_pct": bare_pct(flown),
            }  # fmt: skip
        for figure, value in figures.items():
            rows.setdefault(figure, []).append(value)
        print(name, seed, {figure: round(value, 2) for figure, value in figures.items()}, file=sys.stderr, flush=True)
    found = {}
    for figure, values in rows.items():
        found[f"{figure.removesuffix('_pct')}_mean_pct"] = round(float(np.mean(values)), 2)
        found[f"{figure.removesuffix('_pct')}_low_pct"] = round(min(values), 2)
        found[f"{figure.removesuffix('_pct')}_high_pct"] = round(max(values), 2)
    return found


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
