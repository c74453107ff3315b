"""Irrigation advice by the root zone's water, its limits, and a forecast that is never booked."""

from __future__ import annotations

import pytest

from headland.agronomy.root_zone.advice import EstimatedWater, PumpLimits, advise
from headland.agronomy.root_zone.tables import CROPS, SOILS, find_crop

#: Ten mu.
AREA_M2 = 6666.7


def test_water_is_due_when_the_readily_available_is_gone() -> None:
    advice = advise(EstimatedWater(30.0, 20.0, 40.0), 50.0, 5.0, AREA_M2, PumpLimits())
    assert advice.verdict == "wait"
    assert (advice.due_in_days, advice.earliest_days, advice.latest_days) == (4.0, 2.0, 6.0)
    assert advice.amount_mm == EstimatedWater(30.0, 20.0, 40.0)
    assert advice.amount_m3_mu.value == pytest.approx(20.0)
    assert advice.if_it_rains is None


def test_losses_are_added_and_a_pump_divides_the_amount_into_days() -> None:
    # 40 m3/h for 5 h on 6667 m2 are 30 mm a day.
    limits = PumpLimits(0.8, flow_m3_h=40.0, hours_a_day=5.0)
    advice = advise(EstimatedWater(56.0, 50.0, 60.0), 50.0, 5.0, AREA_M2, limits)
    assert advice.verdict == "irrigate"
    assert advice.amount_mm.value == pytest.approx(70.0)
    assert advice.turn_mm == pytest.approx(30.0, abs=0.01)
    assert (advice.turns, advice.limited_by) == (3, "pump")
    zone = advise(EstimatedWater(56.0, 50.0, 60.0), 50.0, 5.0, AREA_M2, PumpLimits(0.8, 25.0, 40.0, 5.0))
    assert (zone.turn_mm, zone.limited_by) == (25.0, "zone")


def test_forecast_rain_is_told_apart_and_changes_no_amount() -> None:
    depleted = EstimatedWater(48.0, 40.0, 55.0)
    plain = advise(depleted, 50.0, 5.0, AREA_M2, PumpLimits())
    rain = advise(depleted, 50.0, 5.0, AREA_M2, PumpLimits(), [20.0, 30.0])
    assert (rain.amount_mm, rain.due_in_days, rain.verdict) == (plain.amount_mm, plain.due_in_days, plain.verdict)
    assert rain.if_it_rains is not None
    assert (rain.if_it_rains.rain_mm, rain.if_it_rains.amount_mm) == (20.0, 0.0)
    assert rain.if_it_rains.due_in_days == pytest.approx(22.0 / 5.0)
    little = advise(depleted, 50.0, 5.0, AREA_M2, PumpLimits(), [1.0])
    assert little.if_it_rains is not None
    assert little.if_it_rains.amount_mm == 47.0


def test_a_crop_that_takes_up_nothing_is_not_due() -> None:
    advice = advise(EstimatedWater(10.0, 5.0, 15.0), 50.0, 0.0, AREA_M2, PumpLimits())
    assert (advice.verdict, advice.due_in_days) == ("wait", None)


def test_limits_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="efficiency"):
        PumpLimits(0.1)
    with pytest.raises(ValueError, match="flow_m3_h"):
        PumpLimits(flow_m3_h=0.0)


def test_growers_names_find_their_crop() -> None:
    assert find_crop("冬小麦") is find_crop("Winter wheat") is CROPS["winter_wheat"]
    assert find_crop("dragon fruit") is None


def test_the_soils_of_table_19_hold_what_it_says() -> None:
    # FAO-56 table 19: FC less WP of a loam 0.13 to 0.18, of a clay 0.12 to 0.20.
    for texture, low, high in (("loam", 0.12, 0.18), ("clay", 0.12, 0.20), ("sand", 0.05, 0.11)):
        capacity, wilting = SOILS[texture].middle  # type: ignore[index] # a texture by its name
        assert low <= capacity - wilting <= high
