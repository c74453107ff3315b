"""Each zone of a prescription is compared with its own rate, and the zones add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.application.deviation import CAUSES, Conditions, measure_deviation
from headland.agronomy.application.zone_deviation import deviation_by_zone

SHAPE = (10, 20)
EAST = np.arange(20)[None, :] >= 10
ZONE = np.where(np.broadcast_to(EAST, SHAPE), 1, 0)
RATES = (60.0, 120.0)


def conditions(speed_m_s: np.ndarray | None = None, flow_per_min: np.ndarray | None = None) -> Conditions:
    return Conditions(
        covers=np.ones(SHAPE, np.int64),
        edge_m=np.full(SHAPE, np.inf),
        refill_m=np.full(SHAPE, np.inf),
        speed_m_s=np.full(SHAPE, 6.0) if speed_m_s is None else speed_m_s,
        wind_m_s=np.full(SHAPE, 2.0),
        flow_per_min=np.full(SHAPE, 12.0) if flow_per_min is None else flow_per_min,
        hopper_kg=np.full(SHAPE, 30.0),
        dry=np.zeros(SHAPE, np.bool_),
    )


def planned() -> np.ndarray:
    return np.array(RATES)[ZONE]


def test_zones_have_their_own_amounts_classes_and_causes_and_add_up() -> None:
    rate = np.where(ZONE == 1, 100.0, 60.0)
    rate[0, :10] = 20.0
    found = measure_deviation(rate, planned(), conditions(), 2.0, 5.0)
    assert found is not None
    west, east = deviation_by_zone(ZONE, RATES, rate, found, 2.0)
    assert (west.kind, east.kind) == ("on_target", "under")
    assert west.area_m2 == east.area_m2 == 400.0
    assert (east.planned, east.applied) == pytest.approx((0.04 * 120, 0.04 * 100))
    assert west.class_m2["far_under"] == 40.0
    assert sum(west.class_m2.values()) == 400.0
    assert [west.planned + east.planned, west.applied + east.applied] == pytest.approx([found.planned, found.applied])
    assert east.cause in CAUSES


def test_ground_without_an_amount_is_reported_apart() -> None:
    rate = planned()
    rate[:5, :10] = np.nan
    found = measure_deviation(rate, planned(), conditions(), 2.0, 5.0)
    assert found is not None
    west, _ = deviation_by_zone(ZONE, RATES, rate, found, 2.0)
    assert (west.area_m2, west.unknown_m2, west.kind, west.cause) == (200.0, 200.0, "on_target", None)
    (only,) = deviation_by_zone(np.where(ZONE == 0, 0, -1), (0.0,), rate, found, 2.0)
    assert (only.planned, only.kind) == (0.0, None)


@pytest.mark.parametrize("by", ["speed", "flow"])
def test_a_speed_or_a_flow_that_makes_the_rates_of_a_prescription_is_no_cause(by: str) -> None:
    rate = planned()
    rate[3, 15] = 90.0
    speed = np.where(ZONE == 1, 3.0, 6.0) if by == "speed" else np.full(SHAPE, 6.0)
    flow = np.full(SHAPE, 12.0) if by == "speed" else np.where(ZONE == 1, 24.0, 12.0)
    found = measure_deviation(rate, planned(), conditions(speed, flow), 2.0, 5.0)
    assert found is not None
    # The cell is as slow, or as rich, as all of its zone.
    assert CAUSES[found.causes[3, 15]] == "pattern"
    speed[3, 15], flow[3, 15] = (4.0, 12.0) if by == "speed" else (6.0, 18.0)
    found = measure_deviation(rate, planned(), conditions(speed, flow), 2.0, 5.0)
    assert found is not None
    assert CAUSES[found.causes[3, 15]] == by
