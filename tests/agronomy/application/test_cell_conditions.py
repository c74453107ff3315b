"""The visits of a cell add up to its amount on the map, for any track, pattern, latency and wind."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.application.as_applied import Machine, deposit_total
from headland.agronomy.application.cell_conditions import cell_of, trace_cell
from headland.agronomy.application.deposit import OutletTrack
from headland.agronomy.application.spread_pattern import make_pattern, rectangle
from headland.agronomy.geometry.grid import Grid
from tests.examples import examples

GRID = Grid(-10.0, -10.0, 2.0, 30, 60)


def to_and_fro(rows: int, swath_m: float = 5.0, wind_m: float = 0.0) -> OutletTrack:
    """Return rows of 100 m at 5 m/s, ten positions a second, with turns between them; no total yet."""
    seconds = np.arange(0.0, rows * 24.0, 0.1)
    row, into = (seconds // 24).astype(int), seconds % 24
    along = np.clip(into * 5.0, 0.0, 100.0)
    east = np.where(row % 2 == 0, along, 100.0 - along)
    north = row * swath_m + np.maximum(into - 20.0, 0.0) * swath_m / 4.0
    drift = np.full(len(seconds), wind_m)
    return OutletTrack((seconds * 1000).astype(np.int64), east, north, np.zeros(len(seconds)), drift, drift)


@settings(max_examples=examples(40), deadline=None)
@given(
    row=st.integers(0, 29),
    column=st.integers(0, 59),
    latency_s=st.floats(0.0, 3.0),
    wind_m=st.floats(-2.0, 2.0),
    lean=st.floats(0.1, 3.0),
    seed=st.integers(0, 1000),
)
def test_the_visits_of_a_cell_add_up_to_the_cell(
    row: int, column: int, latency_s: float, wind_m: float, lean: float, seed: int
) -> None:
    outlet = to_and_fro(4, wind_m=wind_m)
    steps = np.random.default_rng(seed).uniform(0.0, 0.03, len(outlet.time_ms))
    half = len(steps) // 2
    metered, weighed = np.cumsum(np.where(np.arange(len(steps)) < half, steps, 0.0)), np.cumsum(steps)
    totals = {"measured_flow": metered, "tank_mass": weighed}
    machine = Machine(make_pattern(np.array([-5.0, 0.0, 4.0]), np.array([0.2, 1.0, lean])), 5.0, latency_s)
    laid = {
        name: deposit_total(outlet, total - total[0], machine, GRID).mass_kg[row, column]
        for name, total in totals.items()
    }
    visits = trace_cell(outlet, totals, np.zeros(len(steps)), machine, cell_of(GRID, row, column))
    for name, amount in laid.items():
        assert sum(visit.amounts.get(name, 0.0) for visit in visits) == pytest.approx(amount, rel=1e-9, abs=1e-12)
    assert all(first.end_ms < second.start_ms for first, second in pairwise(visits))


def test_a_cell_between_two_rows_has_a_visit_of_each() -> None:
    outlet = to_and_fro(2)
    total = np.arange(len(outlet.time_ms), dtype=np.float64) * 0.03
    machine = Machine(rectangle(2.5), 5.0)
    # East 50 to 52, north 2 to 4: the edge of both swaths is at 2.5.
    there, back = trace_cell(outlet, {"measured_flow": total}, np.zeros(len(total)), machine, cell_of(GRID, 6, 30))
    assert 9_000 < there.start_ms < 10_000 < there.end_ms < 12_000
    assert back.start_ms > 30_000
    # Up to 5 m from it, and 3 m beside it: 4 m on both sides of 51 m.
    assert there.nearest_ms == pytest.approx((9_400, 11_000), abs=150)
    # A quarter of the cell lies under the first swath; a swath of 5 m gets 0.06 kg on each metre.
    assert there.amount == pytest.approx(0.06 / 5.0 * 2.0 * 0.5, rel=0.15)
    assert back.amount == pytest.approx(0.06 / 5.0 * 2.0 * 1.5, rel=0.15)
    assert (there.beside_m, back.beside_m) == pytest.approx((3.0, 2.0), abs=0.01)


def test_work_without_an_amount_is_a_visit_of_time() -> None:
    outlet = to_and_fro(1)
    seconds = outlet.time_ms / 1000.0
    (visit,) = trace_cell(outlet, {}, seconds, Machine(rectangle(2.5), 5.0), cell_of(GRID, 5, 30))
    assert (visit.amounts, visit.amount) == ({}, 0.0)
    # Two metres at 5 m/s, two fifths of the swath.
    assert visit.worked_s == pytest.approx(0.4 * 0.4, rel=0.3)


def test_an_untreated_cell_has_no_visits() -> None:
    outlet = to_and_fro(1)
    seconds = outlet.time_ms / 1000.0
    machine = Machine(rectangle(2.5), 5.0)
    assert trace_cell(outlet, {"tank_mass": seconds}, seconds, machine, cell_of(GRID, 25, 30)) == ()
