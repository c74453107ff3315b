"""Drift against published velocities and simple arithmetic, and its uncertainty on the cells of a map."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.application.drift import (
    DOWNWASH_M_S,
    MEDIAN_DROPLET_UM,
    droplet_drift,
    droplet_fall_m_s,
    granule_drift,
    granule_landing_s,
    rate_uncertainty,
    terminal_velocity_m_s,
)

TIME_MS = np.array([0, 1000], np.int64)
NONE = np.empty(0)


def column(value: float) -> np.ndarray:
    return np.full(2, value)


@pytest.mark.parametrize(("diameter_um", "velocity_m_s"), [(100, 0.27), (200, 0.72), (400, 1.62), (1000, 4.03)])
def test_droplets_fall_as_gunn_and_kinzer_measured(diameter_um: float, velocity_m_s: float) -> None:
    assert terminal_velocity_m_s(diameter_um) == pytest.approx(velocity_m_s)


def test_finer_droplets_drift_further() -> None:
    falls = [droplet_fall_m_s(name) for name in MEDIAN_DROPLET_UM]
    assert falls == sorted(falls)
    assert falls[0] > DOWNWASH_M_S
    assert droplet_fall_m_s(None) == droplet_fall_m_s("medium")
    with pytest.raises(ValueError, match="droplet class is one of"):
        droplet_fall_m_s("huge")


def test_the_shift_is_wind_times_height_over_the_fall() -> None:
    air = droplet_drift(TIME_MS, column(3.0), column(90.0), column(2.5), "coarse")
    east, north = air.shift_m(TIME_MS)
    # From the east to the west: 3 m/s for 2.5 m at 8.5 + 1.485 m/s.
    assert east == pytest.approx(column(-3.0 * 2.5 / 9.985), rel=1e-3)
    assert north == pytest.approx(column(0.0), abs=1e-9)
    assert (air.basis, air.uncertain_m) == ("droplet_class", 0.0)
    assert droplet_drift(TIME_MS, column(3.0), column(90.0), column(2.5), None).uncertain_share > air.uncertain_share


def test_granules_land_ahead_of_where_they_left() -> None:
    air = granule_drift(TIME_MS, column(2.0), column(180.0), column(4.0))
    assert air.shift_m(TIME_MS)[1] == pytest.approx(column(1.0))
    assert granule_landing_s(4.0) == pytest.approx(0.67, abs=0.01)
    assert granule_landing_s(0.0) == pytest.approx(0.3)


def test_an_unknown_wind_shifts_nothing_and_leaves_the_edges_uncertain() -> None:
    air = droplet_drift(np.empty(0, np.int64), NONE, NONE, NONE, None)
    assert (air.basis, air.is_known) == ("not_known", False)
    assert [axis.tolist() for axis in air.shift_m(TIME_MS)] == [[0.0, 0.0], [0.0, 0.0]]
    rate = np.zeros((6, 6))
    rate[:, 3:] = 30.0
    by_cell = rate_uncertainty(rate, 2.0, air, (0.0, 0.0))
    assert by_cell[:, 2:4].min() > 1.0
    assert by_cell[:, [0, 5]].max() == 0.0
    # Beside a wind along the edge nothing is uncertain, across it the edge is.
    known = droplet_drift(TIME_MS, column(3.0), column(0.0), column(3.0), "medium")
    assert rate_uncertainty(rate, 2.0, known, (0.0, -0.9)).max() == 0.0
    across = rate_uncertainty(rate, 2.0, known, (-0.9, 0.0))
    assert across[0, 2] == pytest.approx(7.5 * 0.9 * known.uncertain_share)
