"""Two probes against places that were held out, on a truth of another kind, and what their intervals are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.root_zone.probe_smoother import SmoothedWater, smooth_season
from headland.agronomy.root_zone.sensors import StatedErrors, irrigation_error
from tests.agronomy.root_zone.judge_probes import CHOSEN_BY, DEPTHS_M, JUDGED_BY, judge, simulated_places
from tests.agronomy.root_zone.layered_truth import DAYS, make_field


@pytest.mark.parametrize(
    ("seeds", "depths_m", "gain", "covered"),
    [
        pytest.param((0, 4, 8), DEPTHS_M[1], 0.25, (0.85, 1.0), id="few"),
        # The stated errors were chosen by these.
        *(
            pytest.param(CHOSEN_BY, depths, gain, (0.85, 0.97), id=f"chosen {len(depths)}", marks=pytest.mark.long)
            for depths, gain in zip(DEPTHS_M, (0.25, 0.25, 0.20), strict=True)
        ),
        # By these nothing was chosen. With two sensors at two depths a quarter is not reached.
        *(
            pytest.param(JUDGED_BY, depths, gain, (0.85, 0.97), id=f"thirty {len(depths)}", marks=pytest.mark.long)
            for depths, gain in zip(DEPTHS_M, (0.25, 0.25, 0.20), strict=True)
        ),
    ],
)
def test_two_probes_take_from_the_error_at_places_that_were_held_out_and_intervals_hold_them(
    seeds: Sequence[int], depths_m: Sequence[float], gain: float, covered: tuple[float, float]
) -> None:
    judged = judge(simulated_places(seeds, depths_m))
    assert judged.gain >= gain
    assert covered[0] <= judged.covered <= covered[1]


def width_mm(water: SmoothedWater) -> float:
    return float(np.mean(water.depletion_mm.high - water.depletion_mm.low))


def test_many_probes_do_not_average_away_what_nobody_knows_of_the_soil() -> None:
    field = make_field(1)
    sensors = field.sensors([0, 1, 2, 3, 4, 5])
    each_its_own = [replace(each, prior=replace(each.prior, shared_error=0.0)) for each in sensors]
    shared, apart = smooth_season(field.case, sensors), smooth_season(field.case, each_its_own)
    assert width_mm(shared) > 1.05 * width_mm(apart)


def test_probes_that_part_in_time_widen_the_interval_of_a_place() -> None:
    field = make_field(2)
    alike, parting = field.sensors([0, 1]), field.sensors([0, 1])
    dries = 12.0 * np.sin(np.pi * np.arange(DAYS) / DAYS)
    parting = [
        replace(each, reading=each.reading - dries) if each.probe == "probe-1" else each for each in parting
    ]  # fmt: skip
    a, b = smooth_season(field.case, alike), smooth_season(field.case, parting)
    assert b.places > a.places
    assert np.mean(b.place_mm.high - b.place_mm.low) > 1.2 * np.mean(a.place_mm.high - a.place_mm.low)


def test_a_balance_that_the_readings_contradict_has_a_wider_ensemble() -> None:
    field = make_field(3)
    sensors = field.sensors([0, 1])
    # Rain and irrigation that nobody recorded.
    silent = replace(field.case.water, irrigation_mm=np.zeros(DAYS), rain_mm=np.zeros(DAYS))
    told = smooth_season(field.case, sensors)
    not_told = smooth_season(replace(field.case, water=silent), sensors)
    assert not_told.width > told.width
    assert width_mm(not_told) > width_mm(told)


def test_a_later_reading_changes_what_is_said_of_a_day_before_it() -> None:
    field = make_field(4)
    sensors = field.sensors([0, 1])
    first = [replace(each, reading=np.where(np.arange(DAYS) <= 60, each.reading, np.nan)) for each in sensors]
    then, now = smooth_season(field.case, first), smooth_season(field.case, sensors)
    assert abs(then.depletion_mm.value[50] - now.depletion_mm.value[50]) > 0.5


def test_irrigation_of_which_less_is_known_has_the_larger_error() -> None:
    metered, written, unknown = (
        irrigation_error(is_metered=is_metered, knows_losses=knows_losses)
        for is_metered, knows_losses in ((True, True), (False, True), (False, False))
    )
    assert metered == StatedErrors().irrigation < written < unknown < 0.35
