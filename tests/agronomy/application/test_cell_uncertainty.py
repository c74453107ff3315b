from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.application.cell_uncertainty import CellErrors, interval_90, rate_uncertainty
from headland.agronomy.application.drift import WindDrift, droplet_drift, granule_drift

NONE = np.empty(0)
TIME_MS = np.array([0, 1000], np.int64)
RATE = np.zeros((6, 6))
RATE[:, 3:] = 30.0
NOTHING = np.zeros((6, 6))


def column(value: float) -> np.ndarray:
    return np.full(2, value)


def uncertainty(air: WindDrift, shift_m: tuple[float, float], **changed: object) -> np.ndarray:
    errors = CellErrors(air, shift_m, NOTHING, 5.0, is_granules=False)
    return rate_uncertainty(RATE, 2.0, errors if not changed else CellErrors(air, shift_m, **changed))  # type: ignore[arg-type]


def test_where_the_wind_is_not_known_the_edges_are_the_most_uncertain() -> None:
    unknown = droplet_drift(np.empty(0, np.int64), NONE, NONE, NONE, None)
    by_cell = uncertainty(unknown, (0.0, 0.0))
    assert by_cell[:, 2:4].min() > 2.5
    assert by_cell[:, 5].max() < 2.0
    assert by_cell[:, 0].max() == 0.0


def test_a_wind_along_an_edge_leaves_it_as_certain_as_none_and_one_across_does_not() -> None:
    known = droplet_drift(TIME_MS, column(3.0), column(0.0), column(3.0), "medium")
    along, across = uncertainty(known, (0.0, -0.9)), uncertainty(known, (-0.9, 0.0))
    # Gusts alone make what the wind moves uncertain along it.
    assert along[0, 2] == pytest.approx(uncertainty(known, (0.0, 0.0))[0, 2], rel=0.05)
    by_shift = 7.5 * 0.9 * known.uncertain_share
    assert across[0, 2] == pytest.approx(np.hypot(along[0, 2], by_shift))


def test_granules_are_more_uncertain_on_smaller_cells_for_fewer_land_there() -> None:
    air = granule_drift(TIME_MS, column(0.0), column(0.0), column(4.0))
    even = np.full((6, 6), 100.0)
    small, large = (
        rate_uncertainty(even, m, CellErrors(air, (0.0, 0.0), NOTHING, 5.0, is_granules=True)) for m in (0.5, 2.0)
    )
    # 133 granules of 18.8 mg on a quarter of a square metre: a standard deviation of 8.7 % by their number alone.
    assert small[2, 2] > 8.0
    assert small[2, 2] > large[2, 2]


def test_what_drifted_there_is_uncertain_by_a_factor_of_two() -> None:
    air = droplet_drift(TIME_MS, column(3.0), column(0.0), column(3.0), "medium")
    more = uncertainty(air, (0.0, 0.0), moved=np.full((6, 6), 5.0), swath_m=5.0, is_granules=False)
    assert more[0, 0] == pytest.approx(5.0 * np.log(2.0) / 1.645)


def test_an_interval_does_not_go_below_nothing() -> None:
    low, high = interval_90(np.array([1.0, 30.0]), np.array([2.0, 2.0]))
    assert low.tolist() == pytest.approx([0.0, 26.71])
    assert high.tolist() == pytest.approx([4.29, 33.29])
