from __future__ import annotations

import numpy as np
import pytest
import shapely

from headland.agronomy.application.drift_outside import BANDS_M, OutsideBand, measure_outside
from headland.agronomy.application.drift_tail import share_beyond, spread_tail, tail_of
from headland.agronomy.geometry.grid import Grid

GRID = Grid(0.0, 0.0, 2.0, 40, 60)
FIELD = shapely.box(20.0, 20.0, 80.0, 60.0)
#: The same on the grid of the tail, which begins 100 m further out.
FIELD_CELLS = slice(60, 80), slice(60, 90)


def sprayed(
    from_deg: float, wind_m_s: float = 3.0, off_map: float = 0.0, on_edge: float = 0.0
) -> tuple[OutsideBand, ...]:
    landed = np.zeros((40, 60))
    landed[10:30, 10:40] = 1.0
    tail = tail_of("medium", np.full(3, wind_m_s), np.full(3, from_deg), np.full(3, 3.0))
    spread = spread_tail(landed, GRID, tail, np.ones(3))
    # The field's edges are lines of cells: nothing else of the pattern is beside it.
    beside = float(spread.mass_kg.sum() - spread.mass_kg[FIELD_CELLS].sum()) + spread.farther_kg + off_map
    return measure_outside(FIELD, spread, beside, off_map, on_edge, (0.7, 0.0), 0.3)


def test_what_comes_down_beside_a_field_falls_with_the_distance_and_adds_up() -> None:
    bands = sprayed(270.0)
    assert [band.from_m for band in bands] == list(BANDS_M)
    per_m = [band.amount / (band.to_m - band.from_m) for band in bands if band.to_m is not None]
    assert per_m == sorted(per_m, reverse=True)
    # 20 rows of 2 m, of which each lost in the wind's direction the integral of the share that goes farther.
    at_m = np.arange(0.05, 60.0, 0.1)
    lost = (
        20.0
        * float((share_beyond(at_m, "medium", 3.0, 3.0) - share_beyond(at_m + 60.0, "medium", 3.0, 3.0)).sum())
        * 0.1
        / 2.0
    )
    assert sum(band.amount for band in bands) == pytest.approx(lost, rel=0.05)


def test_an_interval_holds_its_amount_and_half_and_twice_the_tail() -> None:
    for band in sprayed(270.0):
        assert band.low <= band.amount <= band.high
        assert band.low <= band.drifted / 2.0 + 1e-9
        assert band.high >= 2.0 * band.drifted - 1e-9


def test_what_lies_on_cells_that_the_edge_cuts_may_be_the_fields() -> None:
    plain, cut = sprayed(270.0), sprayed(270.0, on_edge=1e9)
    assert cut[0].low == pytest.approx(cut[0].drifted / 2.0)
    assert cut[1:] == plain[1:]
    assert cut[0].amount == plain[0].amount


def test_in_a_calm_nothing_is_beside_and_what_left_the_map_is_in_the_last_band() -> None:
    bands = sprayed(270.0, wind_m_s=0.0, off_map=1.5)
    assert [round(band.amount, 6) for band in bands] == [0.0, 0.0, 0.0, 0.0, 1.5]
