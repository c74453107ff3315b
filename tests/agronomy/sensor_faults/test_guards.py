"""Guards that keep a sensor fault from being told: too few days, a small size, a climate that other channels share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headland.agronomy.sensor_faults.climate import is_shared, without_climate
from headland.agronomy.sensor_faults.course import Course, course_of
from headland.agronomy.sensor_faults.detector import find_faults
from headland.agronomy.sensor_faults.fault import ALTERNATING, GAIN, NOISE, SPIKES, Fault
from headland.agronomy.sensor_faults.own_course import find_still, find_two_values
from headland.agronomy.sensor_faults.relation import explain, find_change
from headland.units_of_time import DAY_MS, HOUR_MS

AIR, CO2, SOIL = "air_temperature_degc", "co2_ppm", "soil_temperature_degc"
PAR, VENT, RADIATION = "par_umol_m2_s", "vent_open_pct", "global_radiation_w_m2"
DAYS, ONSET_D = 12, 9
TIME_MS = 300_000 * np.arange(DAYS * 288, dtype=np.int64)
AFTER = TIME_MS >= ONSET_D * DAY_MS
SWING = np.sin(2.0 * np.pi * TIME_MS / DAY_MS)


QUIET = 20.0 + 3.0 * SWING + np.random.default_rng(5).normal(0.0, 0.05, len(TIME_MS))


def course(value: np.ndarray) -> Course:
    found = course_of(TIME_MS[: len(value)], value)
    assert found is not None
    return found


def noise(scale: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, scale, len(TIME_MS))


def moved(of: Course) -> np.ndarray:
    """Return that other channels move as usual, by block."""
    return np.ones(len(of.mean))


def puffs(shape: tuple[float, ...], every: int = 60) -> np.ndarray:
    """Return CO2 that rests at 700 ppm, with pulses of a shape [ppm] from the onset on."""
    value = 700.0 + 30.0 * SWING + noise(2.0)
    for first in range(ONSET_D * 288 + 20, len(value) - 20, every):
        value[first : first + len(shape)] += shape
    return np.asarray(value)


def kinds(channel: str, value: np.ndarray, **others: np.ndarray) -> list[str]:
    """Return the kinds of the faults of a channel beside others."""
    series = {channel: (TIME_MS[: len(value)], value)} | {
        name: (TIME_MS[: len(each)], each) for name, each in others.items()
    }
    return [one.kind for one in find_faults(series) if one.channel == channel]


def test_lone_values_of_gas_are_spikes_and_pulses_that_come_and_go_over_samples_are_none() -> None:
    assert kinds(CO2, puffs((260.0,))) == [SPIKES]
    assert kinds(CO2, puffs((150.0, 410.0, 160.0))) == []


def test_lone_values_that_another_channel_has_too_are_the_climate() -> None:
    value = puffs((260.0,))
    assert kinds(CO2, value, **{AIR: QUIET}) == [SPIKES]
    assert kinds(CO2, value, **{AIR: QUIET + 0.01 * (value - 700.0)}) == []


def test_lone_values_as_on_the_days_before_or_without_days_before_are_no_spikes() -> None:
    value = 700.0 + 30.0 * SWING + noise(2.0)
    value[50::60] += 260.0
    assert kinds(CO2, value) == []
    late = 700.0 + 30.0 * SWING + noise(2.0)
    late[5 * 288 :: 60] += 260.0
    assert kinds(CO2, late[: 6 * 288]) == []


def test_gas_that_scatters_while_the_vents_hunt_as_on_no_day_before_is_the_climate() -> None:
    value = 700.0 + 30.0 * SWING + np.where(AFTER, noise(40.0), noise(2.0))
    move = noise(1.0, 2)
    steady, hunting, always = (
        30.0 + 20.0 * SWING + scale * move for scale in (1.0, np.where(AFTER, 9.0, 1.0), np.full(len(move), 9.0))
    )
    assert kinds(CO2, value, **{VENT: steady}) == [NOISE]
    assert kinds(CO2, value, **{VENT: hunting}) == []
    # Vents change the air, not the light.
    scatter = Fault(PAR, NOISE, ONSET_D * DAY_MS, int(TIME_MS[-1]), np.flatnonzero(AFTER), 40.0, 0.9)
    assert without_climate([scatter], {PAR: course(value), VENT: course(hunting)}) == [scatter]
    # A vent that always hunts explains no scatter that is new.
    assert kinds(CO2, value, **{VENT: always}) == [NOISE]


def test_a_gain_that_another_sensor_of_the_quantity_shows_is_shared_and_one_that_goes_the_other_way_is_not() -> None:
    hours = np.arange(DAYS * 24)
    sun = np.maximum(np.sin(2.0 * np.pi * hours / 24.0), 0.0) * 400.0
    gain = np.where(hours >= ONSET_D * 24, 1.4, 1.0)
    rise, fall, same = (
        explain(scale * sun + np.random.default_rng(seed).normal(0.0, 2.0, len(sun)), {RADIATION: sun}, 0)
        for seed, scale in enumerate((gain, 1.0 / gain, 0.0 * gain + 1.0))
    )
    assert rise is not None
    change = find_change(rise, (GAIN,), len(hours))
    assert change is not None
    assert is_shared(PAR, change, {PAR: rise, f"{PAR}:1": rise})
    assert not is_shared(PAR, change, {PAR: rise, f"{PAR}:1": fall})
    assert not is_shared(PAR, change, {PAR: rise, f"{PAR}:1": same})
    # Another quantity that changes at that hour is no second sensor, and one without a relation shows nothing.
    assert not is_shared(PAR, change, {PAR: rise, CO2: rise, f"{PAR}:1": None})
    assert not is_shared(PAR, change, {PAR: None, f"{PAR}:1": rise})
    # Of a change of few standard errors a few of another sensor are none: both are within what varies.
    small = replace(change, size=0.01, hour=change.hour - 72)
    assert not is_shared(PAR, small, {PAR: same, f"{PAR}:1": same})


def test_scatter_below_the_size_that_matters_is_no_noise_whatever_the_days_before_were() -> None:
    assert kinds(AIR, 20.0 + 3.0 * SWING + np.where(AFTER, noise(0.09), noise(0.004))) == []


def test_scatter_of_two_hours_is_no_noise() -> None:
    short = AFTER & (TIME_MS < ONSET_D * DAY_MS + 2 * HOUR_MS)
    assert kinds(AIR, 20.0 + 3.0 * SWING + np.where(short, noise(2.0), noise(0.05))) == []


def test_scatter_without_five_days_before_it_is_no_noise() -> None:
    after = TIME_MS >= 3 * DAY_MS
    value = 20.0 + 3.0 * SWING + np.where(after, noise(2.0), noise(0.05))
    assert kinds(AIR, value[: 5 * 288]) == []


def test_two_neighbouring_values_of_a_coarse_sensor_are_no_alternation() -> None:
    coarse = np.where(AFTER, 20.0 + 0.5 * np.random.default_rng(3).integers(0, 2, len(TIME_MS)), 20.0 + 6.0 * SWING)
    coarse = np.round(2.0 * coarse) / 2.0
    assert find_two_values(AIR, course(coarse)) == []
    fine = np.where(AFTER, coarse, 20.0 + 6.0 * SWING + noise(0.02))
    assert [one.kind for one in find_two_values(AIR, course(fine))] == [ALTERNATING]


def test_a_channel_that_stands_still_with_all_others_is_no_stuck_sensor() -> None:
    still = course(np.where(AFTER, 20.0 + noise(0.05), 20.0 + 5.0 * SWING))
    assert len(find_still(AIR, still, moved(still))) == 1
    assert find_still(AIR, still, np.zeros(len(still.mean))) == []


def test_soil_that_keeps_its_temperature_for_all_days_is_no_stuck_sensor() -> None:
    even = course(14.0 + noise(0.02))
    assert len(find_still(AIR, even, moved(even))) == 1
    assert find_still(SOIL, even, moved(even)) == []


def test_a_channel_that_resolves_as_much_as_its_calm_days_span_is_no_stuck_sensor() -> None:
    value = np.round((20.0 + np.where(AFTER, 0.0, 1.2 * SWING)) / 1.0) * 1.0
    coarse = course(value)
    assert find_still(AIR, coarse, moved(coarse)) == []


def test_what_scatters_as_widely_as_it_moves_on_calm_days_does_not_stand_still() -> None:
    wide = course(20.0 + np.where(AFTER, 0.0, 3.0 * SWING) + np.where(AFTER, noise(2.5), noise(0.05)))
    assert find_still(AIR, wide, moved(wide)) == []
