from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.house_model.course import HouseCourse
from headland.analysis.tonight.gains.gain import gain_of
from headland.analysis.tonight.gains.house_gain import HouseGain
from headland.analysis.tonight.gains.moves import SMALL_VENT, moves_of
from headland.analysis.tonight.orders import HouseOrder
from headland.analysis.tonight.today.houses.gain_text import avoided_wet, told_gain
from headland.registry.models.house_model import HeldOut
from headland.units_of_time import HOUR_MS, MINUTE_MS

POINTS = 12 * 24
TIME_MS = 5 * MINUTE_MS * np.arange(POINTS, dtype=np.float64)


def course(wet_before: int, wet_after: int, dry_pct: float = 60.0) -> HouseCourse:
    """A day at 10 degC, the first points wet without and with the plan: leaves a kelvin below the air, 99 %."""
    humidity = np.full((POINTS, 2), dry_pct)
    humidity[:wet_before, 0] = humidity[:wet_after, 1] = 99.0
    return HouseCourse(TIME_MS, np.full((POINTS, 2), 10.0), humidity, np.full((POINTS, 2), 9.0))


def errors(pct: float) -> HeldOut:
    return HeldOut(start_ms=0, end_ms=1, hours=336, temperature_rmse_k=1.0, humidity_rmse_pct=pct)


def test_a_gain_counts_the_hours_of_wet_leaves_without_and_with_the_plan() -> None:
    gain = gain_of(course(72, 48), errors(1.0), 0)
    assert (gain.wet_before_h, gain.wet_after_h, gain.error_h, gain.is_told) == (6.0, 4.0, 0.0, True)
    assert gain_of(course(72, 48), errors(1.0), HOUR_MS).wet_before_h == 5.0


def test_a_larger_error_of_the_model_makes_a_larger_one_of_the_saving_and_takes_the_verdict_back() -> None:
    near = course(72, 48, dry_pct=91.0)
    found = [gain_of(near, errors(pct), 0) for pct in (1.0, 3.0, 9.0)]
    assert found[0].error_h < found[1].error_h <= found[2].error_h
    assert [each.is_told for each in found] == [True, False, False]
    assert {each.wet_before_h - each.wet_after_h for each in found} == {2.0}


def test_the_two_courses_may_err_apart_so_that_even_a_plan_without_effect_has_an_error() -> None:
    gain = gain_of(course(72, 72, dry_pct=91.0), errors(5.0), 0)
    assert (gain.wet_before_h - gain.wet_after_h, gain.is_told) == (0.0, False)
    assert gain.error_h > 1.0


def test_a_gain_is_told_with_its_error_and_one_within_it_says_so() -> None:
    gain, reason = told_gain(HouseGain(gain_of(course(72, 48), errors(1.0), 0)))
    assert gain is not None
    assert reason is None
    assert gain.text == "Wet leaves 4.0 h instead of 6.0 h (± 0.0 h), by the climate model"
    assert "6.0 小时减为 4.0 小时" in gain.text_zh
    within, _ = told_gain(HouseGain(gain_of(course(72, 48, 91.0), errors(9.0), 0)))
    assert within is not None
    assert "less than its error" in within.text


@pytest.mark.parametrize(
    "untold", ["no_plan", "no_model", "declared", "yesterday_not_known", "no_better", "no_place", "no_forecast",
    "no_weather", "dry"],
)  # fmt: skip
def test_every_reason_why_no_gain_is_told_has_its_sentence(untold: str) -> None:
    gain, reason = told_gain(HouseGain(untold=untold))  # type: ignore[arg-type]
    assert gain is None
    assert reason is not None
    assert reason.text != reason.text_zh


def test_wet_hours_that_go_away_are_those_of_the_picture_that_the_model_dries() -> None:
    gain = gain_of(course(72, 48), errors(1.0), 0)
    wet = [(2 * HOUR_MS, 5 * HOUR_MS), (20 * HOUR_MS, 22 * HOUR_MS)]
    assert avoided_wet(gain, wet) == [(4 * HOUR_MS, 5 * HOUR_MS)]
    assert avoided_wet(replace(gain, error_h=9.0), wet) == []
    assert avoided_wet(None, wet) == []


def test_the_same_plan_a_minute_later_has_the_same_moves() -> None:
    now_ms = 100 * HOUR_MS + 7 * MINUTE_MS
    for later_ms in (0, MINUTE_MS):
        order = HouseOrder("vents", "open", now_ms + later_ms, 104 * HOUR_MS, ("disease",))
        (vent, windward) = moves_of([order], now_ms + later_ms)
        assert (vent.start_ms, vent.end_ms, vent.least) == (100 * HOUR_MS, 104 * HOUR_MS, SMALL_VENT)
        assert windward.actuator == "windward"
    assert moves_of([HouseOrder("spraying", "wait", now_ms, 104 * HOUR_MS, ("disease",))], now_ms) == ()
