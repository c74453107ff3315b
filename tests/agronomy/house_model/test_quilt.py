from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.house_model.quilt import TRAVEL_S, conductance_w_m2k, roll, target_closed

NAN = np.array([np.nan])
UP, DOWN = np.zeros(1), np.ones(1)


@pytest.mark.parametrize(
    ("hour", "closed"), [(8.4, 1.0), (8.5, 0.0), (12.0, 0.0), (16.4, 0.0), (16.5, 1.0), (2.0, 1.0)]
)
def test_it_lies_outside_of_its_declared_hours_whatever_the_light(hour: float, closed: float) -> None:
    for radiation in (0.0, 80.0, 700.0):
        assert target_closed(np.array([8.5]), np.array([16.5]), hour, radiation, UP)[0] == closed


def test_by_the_light_it_stays_between_the_two_limits() -> None:
    assert target_closed(NAN, NAN, 3.0, 200.0, DOWN)[0] == 0
    assert target_closed(NAN, NAN, 12.0, 20.0, UP)[0] == 1
    assert target_closed(NAN, NAN, 12.0, 90.0, UP)[0] == 0
    assert target_closed(NAN, NAN, 12.0, 90.0, DOWN)[0] == 1


def test_a_roller_takes_its_time() -> None:
    assert roll(DOWN, UP, TRAVEL_S / 4)[0] == pytest.approx(0.75)
    assert roll(np.array([0.1]), UP, TRAVEL_S)[0] == 0


def test_a_quilt_adds_its_resistance_where_it_lies() -> None:
    bare, ratio, resistance = np.array([12.0]), np.array([1.2]), np.array([0.5])
    # 12 W/K of a floor area on 1.2 m2 of film are 0.1 m2 K/W of film; with the quilt 0.6.
    assert conductance_w_m2k(bare, ratio, resistance, UP) == pytest.approx(bare)
    assert conductance_w_m2k(bare, ratio, resistance, DOWN) == pytest.approx(1.2 / 0.6)
    assert conductance_w_m2k(bare, ratio, resistance, DOWN / 2) == pytest.approx(7.0)
    assert conductance_w_m2k(bare, ratio, np.zeros(1), DOWN) == pytest.approx(bare)
