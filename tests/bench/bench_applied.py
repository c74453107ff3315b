"""As-applied maps: one hour of a pass, and its requests through HTTP.

`python -m tests.bench.bench_applied [--json]`

`hour`: a pass of one hour at 10 Hz with a flow at 5 Hz over a field of 24 ha, the whole answer as the API makes it:
amounts along the track, laid down on a 1 m grid, places, swaths, overlaps and skips; the best of five, and its parts.
`whole_cpu_ms` is the processor's time of the best round, for machines that do other work meanwhile.
`page`: the requests for a declared pass of one hour through HTTP, DuckDB and the registry, first and again: medians.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from headland.agronomy.application.as_applied import AsApplied, Machine, map_applied
from headland.agronomy.application.deposit import OutletTrack, deposit_mass, fit_grid
from headland.agronomy.application.drift import WindDrift, droplet_drift
from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.application.pass_areas import measure_areas
from headland.agronomy.application.pass_detection import VehicleTelemetry, release_time
from headland.agronomy.application.released import Amounts, release
from headland.agronomy.application.spread_pattern import gaussian
from headland.agronomy.application.swaths import Track, draw_swaths, find_passes
from headland.agronomy.application.treated import FlowSamples, PumpStates
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import FieldOutline, map_places
from headland.agronomy.series.intervals import Intervals
from tests.bench.field_page import ask_pages

START_MS = 1_790_000_000_000
PLANE = Plane(32.0, 119.0)
SWATH_M = 5.5
SPEED_M_S = 6.0
MACHINE = Machine(gaussian(1.8), SWATH_M, latency_s=0.3)
NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True)
class Pass:
    """Telemetry of a pass back and forth over a field."""

    vehicle: VehicleTelemetry
    amounts: Amounts
    stretches: Intervals
    outline: FieldOutline
    air: WindDrift


def fly(seconds: int, length_m: float, width_m: float) -> Pass:
    """Return a pass of so many seconds at 10 Hz: rows a swath apart, turns of 5 s between."""
    time_s = np.arange(0, seconds, 0.1)
    row_s = length_m / SPEED_M_S + 5.0
    row, into_s = np.floor(time_s / row_s), time_s % row_s
    along = np.minimum(into_s * SPEED_M_S, length_m)
    east = np.where(row % 2 == 0, along, length_m - along)
    north = (row * SWATH_M + SWATH_M / 2) % width_m + np.maximum(into_s - length_m / SPEED_M_S, 0.0) * SWATH_M / 5.0
    on = into_s < length_m / SPEED_M_S
    latitude, longitude = PLANE.to_degrees(east, north)
    time_ms = (START_MS + np.round(time_s * 1000)).astype(np.int64)
    track = Track(time_ms, latitude, longitude)
    flow_ms, flow = time_ms[::2], np.where(on, 18.0, 0.0)[::2]
    hopper = HopperWeights(NOTHING, np.empty(0))
    vehicle = VehicleTelemetry(
        track, PumpStates(time_ms, on), FlowSamples(flow_ms, flow, 0.5, "mass_flow_kg_min"), hopper
    )
    amounts = Amounts(NOTHING, np.empty(0), flow_ms, flow, hopper, NOTHING, np.empty(0))
    field = shapely.box(0.0, 0.0, length_m, width_m)
    pond = shapely.Point(length_m / 2, width_m / 2).buffer(15.0)
    outline = FieldOutline(field, shapely.box(0.0, 0.0, length_m, 6.0), pond)
    wind_ms = time_ms[::10]
    count = len(wind_ms)
    air = droplet_drift(wind_ms, np.full(count, 2.0), np.full(count, 170.0), np.full(count, 3.0), "medium")
    return Pass(vehicle, amounts, release_time(vehicle), outline, air)


def draw(flown: Pass, cell_m: float) -> AsApplied:
    """Return the whole map of a pass."""
    released = release(flown.vehicle.track.time_ms, flown.amounts, flown.stretches, flown.vehicle.window)
    return map_applied(flown.vehicle.track, released, flown.stretches, flown.outline, PLANE, MACHINE, flown.air, cell_m)


def best_ms(work: Callable[[], object], rounds: int = 5, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the shortest of some rounds."""
    taken = []
    for _ in range(rounds):
        began = clock()
        work()
        taken.append((clock() - began) * 1000)
    return min(taken)


def bench_hour() -> dict[str, float]:
    """Return the times of an hour's map, as a whole and in parts."""
    flown = fly(3600, 600.0, 400.0)
    applied_map = draw(flown, 1.0)
    origin = PLANE.latitude_deg, PLANE.longitude_deg
    east, north = PLANE.to_metres(flown.vehicle.track.latitude_deg, flown.vehicle.track.longitude_deg)
    mass = np.linspace(0.0, 1000.0, len(east))
    outlet = OutletTrack(flown.vehicle.track.time_ms, east, north, mass)
    grid = fit_grid(east, north, 1.0, 10.0)
    swaths = draw_swaths(find_passes(flown.vehicle.track, flown.stretches, origin), SWATH_M)
    return {
        "whole_ms": best_ms(lambda: draw(flown, 1.0)),
        "whole_cpu_ms": best_ms(lambda: draw(flown, 1.0), clock=time.process_time),
        "spraying_ms": best_ms(lambda: release_time(flown.vehicle)),
        "deposit_ms": best_ms(lambda: deposit_mass(outlet, MACHINE.pattern, grid)),
        "places_ms": best_ms(lambda: map_places(flown.outline, applied_map.grid)),
        "swaths_ms": best_ms(lambda: draw_swaths(find_passes(flown.vehicle.track, flown.stretches, origin), SWATH_M)),
        "cover_ms": best_ms(lambda: measure_areas(swaths, flown.outline.usable, SWATH_M)),
        "positions": len(east),
        "cells": applied_map.grid.rows * applied_map.grid.columns,
        "closure_share": applied_map.totals.closure,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = ask_pages(Path(folder))
    figures = {"hour": bench_hour(), "page": page}
    if options.json:
        print(json.dumps(figures))
        return
    for group, values in figures.items():
        for name, value in values.items():
            print(f"{group} {name:<16} {value:,.3f}")


if __name__ == "__main__":
    main()
