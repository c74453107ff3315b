"""Treatment zones from layers to rates: thinning conserves means, wide gaps are refused, totals are as planned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.agronomy.prescription.treatment_zones import (
    MachineLimits,
    check_machine,
    draw_zones,
    fastest_m_s,
    fill_gaps,
    rate_by_index,
    settle_rates,
    steady_flow,
    thin_points,
)


@pytest.mark.parametrize(
    ("rate_kg_ha", "swath_m", "speed_m_s", "flow_kg_min"),
    # A spreader's published trial (15 km/h, 300 kg/ha), and a dressing of 150 kg/ha.
    [(150.0, 6.0, 6.0, 32.4), (300.0, 5.75, 4.1667, 43.125)],
)
def test_a_flow_makes_a_rate_at_the_published_speed(
    rate_kg_ha: float, swath_m: float, speed_m_s: float, flow_kg_min: float
) -> None:
    assert fastest_m_s(rate_kg_ha, swath_m, flow_kg_min) == pytest.approx(speed_m_s, rel=1e-4)


def test_a_steady_flow_is_as_large_as_the_smallest_rate_at_full_speed_allows() -> None:
    rates = np.array([80.0, 0.0, 120.0])
    machine = MachineLimits(6.0, 60.0, 3.0, 6.0)
    assert steady_flow(rates, machine) == pytest.approx(17.28)
    assert check_machine(rates, machine, "kg").holds is True
    assert check_machine(rates, MachineLimits(6.0, 60.0, 4.5, 6.0), "kg").holds is False
    assert check_machine(rates, MachineLimits(6.0, None, 3.0, 6.0), "kg").holds is None


def test_few_distinct_points_remain_and_twins_become_their_mean() -> None:
    points = np.array([[0.0, 0.0], [5.0, 5.0], [5.0, 5.0]])
    kept, _ = thin_points(points[:2], np.array([1.0, 2.0]))
    assert kept.tolist() == [[0.0, 0.0], [5.0, 5.0]]
    thinned, means = thin_points(points, np.array([1.0, 2.0, 4.0]))
    assert thinned.tolist() == [[0.0, 0.0], [5.0, 5.0]]
    assert means.tolist() == [1.0, 3.0]


def test_many_points_become_few_within_their_extent() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(0.0, 300.0, (20_000, 2))
    thinned, means = thin_points(points, points[:, 0], 500)
    assert 100 < len(thinned) <= 500
    # Means of east stay the means of east.
    np.testing.assert_allclose(means, thinned[:, 0])


def test_a_gap_takes_the_nearest_cell_and_too_many_are_refused() -> None:
    layer = np.arange(100.0).reshape(10, 10)
    usable = np.ones((10, 10), bool)
    usable[0] = False
    layer[5, 5] = np.nan
    filled, share = fill_gaps(layer, usable)
    assert filled[5, 5] in (45.0, 54.0, 56.0, 65.0)
    assert share == pytest.approx(89 / 90)
    assert np.isnan(filled[0]).all()
    layer[:, :2] = np.nan
    with pytest.raises(ValueError, match="90% are needed"):
        fill_gaps(layer, usable)


def test_zones_that_vanish_by_smoothing_leave_no_gap_in_the_numbers() -> None:
    index = np.zeros((9, 9))
    index[:, 5:] = 2.0
    index[4, 2] = 1.0
    assert np.unique(draw_zones([index], 3, by="kmeans", smooth=0)).tolist() == [0, 1, 2]
    assert np.unique(draw_zones([index], 3, by="kmeans", smooth=2)).tolist() == [0, 1]


def test_the_direction_decides_which_zones_get_more() -> None:
    index = np.array([0.4, 0.5, 0.8])
    assert rate_by_index(index, (60.0, 120.0), compensate=True) == pytest.approx([120.0, 105.0, 60.0])
    assert rate_by_index(index, (60.0, 120.0), compensate=False) == pytest.approx([60.0, 75.0, 120.0])


@given(
    st.lists(st.tuples(st.floats(0.1, 20.0), st.floats(10.0, 300.0)), min_size=1, max_size=9),
    st.floats(0.0, 1.0),
)
def test_rates_come_to_the_total_within_their_limits(zones: list[tuple[float, float]], share: float) -> None:
    area_ha, wish = (np.array(column) for column in zip(*zones, strict=True))
    least, most = 20.0, 250.0
    total = float(area_ha.sum()) * (least + share * (most - least))
    rates, _ = settle_rates(area_ha, wish, (least, most), total)
    assert rates @ area_ha == pytest.approx(total, rel=1e-6)
    assert np.all((rates >= least - 1e-9) & (rates <= most + 1e-9))


def test_a_zone_with_a_rate_of_zero_gets_nothing() -> None:
    area_ha = np.array([1.0, 2.0])
    rates, _ = settle_rates(area_ha, np.array([0.0, 50.0]), (10.0, 200.0), 120.0)
    assert rates == pytest.approx([0.0, 60.0])
    with pytest.raises(ValueError, match="every zone has a rate of 0"):
        settle_rates(area_ha, np.zeros(2), (0.0, 10.0), 5.0)
