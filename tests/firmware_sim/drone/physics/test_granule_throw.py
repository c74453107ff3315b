from __future__ import annotations

import numpy as np
import pytest

from firmware_sim.drone.field_model import SpreaderPlan
from firmware_sim.drone.physics.deposition import DepositGrid, Granules, throw_m
from firmware_sim.drone.physics.kinematics import Motion


def test_without_much_drag_a_throw_is_speed_times_fall() -> None:
    # From 0.2 m the fall takes 0.2 s, whatever the drag; a disc of 100 rpm throws with 1.48 m/s.
    assert throw_m(100.0, 0.2) == pytest.approx(1.481 * 0.2029, rel=0.03)
    assert throw_m(0.0, 4.0) == 0.0


def spread_m(width: float, height_m: float) -> float:
    """Return the standard deviation across a flight of a disc of `width` times its nominal speed."""
    fall = Granules(
        SpreaderPlan("urea", 98.0, 50.0, 60.0, 0.0), DepositGrid((-30.0, -30.0), (30.0, 130.0)), 1, 0.02, 4.0
    )
    motion = Motion(0.0, 0.0, north_m_s=6.0)
    for _ in range(600):
        motion.north_m += 0.12
        fall.step(0.006, motion, (0.0, 0.0), height_m, width)
    columns = fall.grid.amounts.sum(axis=0)
    at_m = (np.arange(len(columns)) + 0.5) * fall.grid.cell_m - 30.0
    middle_m = float(np.average(at_m, weights=columns))
    return float(np.sqrt(np.average((at_m - middle_m) ** 2, weights=columns)))


def test_a_faster_disc_and_a_higher_one_throw_wider() -> None:
    usual = spread_m(1.0, 4.0)
    assert spread_m(1.3, 4.0) / usual == pytest.approx(throw_m(1430.0, 4.0) / throw_m(1100.0, 4.0), rel=0.03)
    assert spread_m(1.0, 2.0) / usual == pytest.approx(throw_m(1100.0, 2.0) / throw_m(1100.0, 4.0), rel=0.03)
    assert spread_m(1.0, 2.0) < usual < spread_m(1.0, 6.0)
