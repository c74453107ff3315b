"""Drift against published velocities and simple arithmetic, and its uncertainty on the cells of a map."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.application.drift import (
    MEDIAN_DROPLET_UM,
    droplet_carried_s,
    droplet_drift,
    granule_drift,
    granule_landing_s,
)
from headland.agronomy.application.droplet_fall import follow_droplet

TIME_MS = np.array([0, 1000], np.int64)
NONE = np.empty(0)


def column(value: float) -> np.ndarray:
    return np.full(2, value)


@pytest.mark.parametrize(
    ("diameter_um", "velocity_m_s"), [(100, 0.27), (200, 0.72), (300, 1.17), (400, 1.62), (600, 2.47), (1000, 4.03)]
)
def test_in_still_air_droplets_fall_as_gunn_and_kinzer_measured(diameter_um: float, velocity_m_s: float) -> None:
    # Gunn and Kinzer (1949), J. Meteorol. 6, 243-248.
    fall = follow_droplet(float(diameter_um), 0.0)
    assert fall.velocity_m_s[-1] == pytest.approx(velocity_m_s, rel=0.1)


def test_a_droplet_far_below_follows_the_jet_and_the_wind() -> None:
    fall = follow_droplet(50.0)
    # sqrt(150 / (2 * 1.204)) * 10.11 / (20 / 1.6 + 5.817) / sqrt(2), and what it falls through that.
    assert fall.velocity_m_s[-1] == pytest.approx(7.893 * 10.11 / 18.317 / 1.4142 + 0.075, rel=0.05)
    steps = np.diff(fall.depth_m) / fall.velocity_m_s[1:]
    assert np.diff(fall.carried_s)[-10:] == pytest.approx(steps[-10:], rel=1e-3)
    assert fall.carried_s[-1] < steps.sum()


def test_finer_droplets_drift_further() -> None:
    carried = [float(droplet_carried_s(3.0, name)) for name in MEDIAN_DROPLET_UM]
    assert carried == sorted(carried, reverse=True)
    assert droplet_carried_s(3.0, None) == droplet_carried_s(3.0, "medium")
    with pytest.raises(ValueError, match="droplet class is one of"):
        droplet_carried_s(3.0, "huge")


def test_the_shift_is_the_wind_for_the_time_that_it_carries() -> None:
    air = droplet_drift(TIME_MS, column(3.0), column(90.0), column(2.5), "coarse")
    east, north = air.shift_m(TIME_MS)
    # From the east to the west.
    assert east == pytest.approx(column(-3.0 * float(droplet_carried_s(2.5, "coarse"))))
    assert 0.2 < -east[0] / 3.0 < 0.35
    assert north == pytest.approx(column(0.0), abs=1e-9)
    assert (air.basis, air.uncertain_m) == ("droplet_class", 0.0)
    assert droplet_drift(TIME_MS, column(3.0), column(90.0), column(2.5), None).uncertain_share > air.uncertain_share


def test_granules_land_ahead_of_where_they_left() -> None:
    air = granule_drift(TIME_MS, column(2.0), column(180.0), column(4.0))
    assert air.shift_m(TIME_MS)[1] == pytest.approx(column(1.0))
    assert granule_landing_s(4.0) == pytest.approx(0.67, abs=0.01)
    assert granule_landing_s(0.0) == pytest.approx(0.3)


def test_an_unknown_wind_shifts_nothing_and_has_no_tail() -> None:
    air = droplet_drift(np.empty(0, np.int64), NONE, NONE, NONE, None)
    assert (air.basis, air.is_known) == ("not_known", False)
    assert [axis.tolist() for axis in air.shift_m(TIME_MS)] == [[0.0, 0.0], [0.0, 0.0]]
    assert air.tail is None
    assert air.uncertain_m > 0.3
