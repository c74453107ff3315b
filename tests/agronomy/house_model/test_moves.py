from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from headland.agronomy.house_model.course import HousePlace, OutdoorHours, run_plans
from headland.agronomy.house_model.moves import Move, moved
from headland.agronomy.house_model.state import Actuators
from headland.agronomy.house_model.structures import EARTH_WALL, FILM_MULTISPAN
from headland.units_of_time import HOUR_MS

CLOSED = Actuators(*(np.zeros(2) for _ in fields(Actuators)))
NIGHT = OutdoorHours(0, np.full(6, 4.0), np.full(6, 90.0), np.zeros(6), np.full(6, 1.0))
PLACE = HousePlace(30.6, 114.3, 8.0)


def test_a_move_holds_its_compartment_in_its_range_while_it_lasts() -> None:
    moves = {1: [Move("vent", 100, 200, least=0.15)]}
    assert moved(CLOSED, moves, 100).vent.tolist() == [0.0, 0.15]
    assert moved(CLOSED, moves, 99).vent.tolist() == moved(CLOSED, moves, 200).vent.tolist() == [0.0, 0.0]
    wide = replace(CLOSED, vent=np.array([0.5, 0.5]))
    assert moved(wide, moves, 100).vent.tolist() == [0.5, 0.5]
    assert moved(wide, {1: [Move("vent", 100, 200, most=0.0)]}, 150).vent.tolist() == [0.5, 0.0]


def test_a_vent_below_a_quilt_stays_shut() -> None:
    covered = replace(CLOSED, quilt=np.ones(2))
    assert moved(covered, {0: [Move("vent", 0, 1, least=0.15)]}, 0).vent.tolist() == [0.0, 0.0]
    laid = {0: [Move("quilt", 0, 1, least=1.0), Move("vent", 0, 1, least=0.15)]}
    assert moved(CLOSED, laid, 0).vent.tolist() == [0.0, 0.0]


def test_houses_that_run_side_by_side_do_what_each_does_alone() -> None:
    houses = [FILM_MULTISPAN, EARTH_WALL]
    plans = [[Move("vent", 2 * HOUR_MS, 4 * HOUR_MS, least=0.3)], []]
    together = run_plans(houses, plans, NIGHT, PLACE, 2 * HOUR_MS)
    for house, plan, course in zip(houses, plans, together, strict=True):
        (alone,) = run_plans([house], [plan], NIGHT, PLACE, 2 * HOUR_MS)
        np.testing.assert_allclose(course.air_degc, alone.air_degc)
        np.testing.assert_allclose(course.leaf_degc, alone.leaf_degc)
    moved_course, still = together
    assert moved_course.air_degc[12, 1] < moved_course.air_degc[12, 0] - 0.1
    assert moved_course.humidity_pct[12, 1] < moved_course.humidity_pct[12, 0]
    np.testing.assert_array_equal(still.air_degc[:, 0], still.air_degc[:, 1])


def test_a_screen_that_a_house_does_not_have_is_not_closed_by_a_plan() -> None:
    (course,) = run_plans([FILM_MULTISPAN], [[Move("screen", 0, 6 * HOUR_MS, least=1.0)]], NIGHT, PLACE, 2 * HOUR_MS)
    np.testing.assert_array_equal(course.humidity_pct[:, 0], course.humidity_pct[:, 1])
