"""Sensor faults: each kind planted in a simulated house is found, and the house as it is has none."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.sensor_faults.detector import find_faults
from headland.agronomy.sensor_faults.fault import LEFT_OUT, STUCK, Fault
from headland.agronomy.sensor_faults.told_fault import tell_fault
from headland.analysis.inputs.answers import finding_of
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.agronomy.sensor_faults.planted import Planted, Series, plant

AIR, HUMIDITY, LIGHT, OUTSIDE = (
    "air_temperature_degc", "relative_humidity_pct", "par_umol_m2_s", "outside_temperature_degc",
)  # fmt: skip
TWIN = f"{AIR}:1"
DAYS, ONSET_D = 20, 13
STEP_MS = 300_000


def house(seed: int = 3) -> Series:
    """Return the channels of a house of glass by a first-order balance: sun, outside, leaves that evaporate."""
    random = np.random.default_rng(seed)
    time_ms = STEP_MS * np.arange(DAYS * DAY_MS // STEP_MS, dtype=np.int64)
    day = time_ms / DAY_MS
    clear = np.repeat(random.uniform(0.3, 1.0, DAYS), DAY_MS // STEP_MS)
    clouds = 1.0 + 0.1 * _walk(random, len(day), 6)
    sun = np.maximum(np.sin(2 * np.pi * (day - 0.25)), 0.0) * 600.0 * clear * clouds
    front = np.interp(day, np.arange(DAYS + 1), 6.0 + np.cumsum(random.normal(0.0, 1.5, DAYS + 1)))
    outside = front + 3.0 * np.sin(2 * np.pi * (day - 0.4)) + 0.3 * _walk(random, len(day), 12)
    air = np.zeros(len(day))
    air[0] = 16.0
    aim = 0.25 * outside + 13.0 + 0.016 * sun + 0.4 * _walk(random, len(day), 12)
    for at in range(1, len(day)):
        air[at] = air[at - 1] + 0.06 * (aim[at] - air[at - 1])
    humidity = np.clip(82.0 - 2.2 * (air - 16.0) + 0.01 * sun + 2.0 * _walk(random, len(day), 12), 30.0, 97.0)
    noise = random.normal
    values = {
        AIR: air + noise(0.0, 0.05, len(day)), TWIN: air + 0.3 + noise(0.0, 0.05, len(day)),
        HUMIDITY: humidity + noise(0.0, 0.3, len(day)), LIGHT: np.maximum(1.3 * sun + noise(0.0, 1.0, len(day)), 0.0),
        "global_radiation_w_m2": sun, OUTSIDE: outside + noise(0.0, 0.05, len(day)),
    }  # fmt: skip
    return {channel: (time_ms, np.round(value, 2)) for channel, value in values.items()}


def _walk(random: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Return smooth noise of unit scale."""
    raw = np.convolve(random.normal(0.0, 1.0, n + width), np.ones(width) / np.sqrt(width), "valid")
    return np.asarray(raw[:n])


HOUSE = house()
ALONE = {channel: samples for channel, samples in HOUSE.items() if channel != TWIN}


def found_in(series: Series, fault: Planted) -> list[Fault]:
    return find_faults(plant(series, fault, np.random.default_rng(8)))


def planted(kind: str, channel: str, size: float, lasts_d: float = 100.0) -> Planted:
    onset = ONSET_D * DAY_MS + 5 * HOUR_MS
    return Planted(kind, channel, onset, onset + int(lasts_d * DAY_MS), size)


@pytest.mark.parametrize("series", [HOUSE, ALONE, {AIR: HOUSE[AIR], HUMIDITY: HOUSE[HUMIDITY]}])
def test_a_house_as_it_is_has_no_fault(series: Series) -> None:
    assert find_faults(series) == []


@pytest.mark.parametrize("series", [HOUSE, ALONE], ids=["twin", "alone"])
@pytest.mark.parametrize(
    ("kind", "channel", "size", "lasts_d"),
    [
        ("stuck", AIR, 0.05, 2.0),
        ("stuck", HUMIDITY, 0.3, 2.0),
        ("stuck", LIGHT, 2.0, 2.0),
        ("alternating", AIR, 0.5, 1.5),
        ("alternating", HUMIDITY, 5.0, 1.5),
        ("noise", AIR, 10.0, 2.0),
        ("noise", HUMIDITY, 10.0, 2.0),
        ("spikes", AIR, 6.0, 100.0),
        ("step", AIR, 4.0, 100.0),
        ("step", HUMIDITY, -15.0, 100.0),
        ("drift", AIR, 0.3, 100.0),
        ("gain", HUMIDITY, 0.75, 100.0),
        ("gain", LIGHT, 1.4, 100.0),
    ],
)
def test_a_planted_fault_is_the_one_that_is_found(
    series: Series, kind: str, channel: str, size: float, lasts_d: float
) -> None:
    fault = planted(kind, channel, size, lasts_d)
    found = found_in(series, fault)
    assert {one.channel for one in found} == {channel}
    kinds = {one.kind for one in found}
    alike = {"spikes": {"spike"}, "step": {"step", "gain"}, "gain": {"step", "gain"}}
    assert kinds <= alike.get(kind, {kind})
    early = 3 * DAY_MS if kind == "drift" else DAY_MS
    since = min(one.start_ms for one in found)
    assert fault.onset_ms - early <= since <= fault.onset_ms + 2 * DAY_MS
    assert all(0.82 <= one.chance <= 1.0 for one in found)


def test_a_house_with_five_days_of_samples_says_nothing_of_steps_and_drifts() -> None:
    cut = {channel: (t[t < 5 * DAY_MS], v[t < 5 * DAY_MS]) for channel, (t, v) in HOUSE.items()}
    fault = Planted("step", AIR, 3 * DAY_MS, 100 * DAY_MS, 6.0)
    assert found_in(cut, fault) == []


def test_a_thermometer_alone_says_nothing_of_a_drift() -> None:
    assert found_in({AIR: HOUSE[AIR]}, planted("drift", AIR, 0.3)) == []


def test_a_climate_that_swings_in_all_channels_is_no_fault() -> None:
    random = np.random.default_rng(5)
    swings = random.normal(0.0, 0.8, len(HOUSE[AIR][0])) * (HOUSE[AIR][0] >= ONSET_D * DAY_MS)
    t, air = HOUSE[AIR]
    swinging = {AIR: (t, air + swings), HUMIDITY: (t, HOUSE[HUMIDITY][1] - 3.0 * swings)}
    assert find_faults(swinging) == []


def test_a_house_in_which_nothing_moves_has_no_stuck_sensor() -> None:
    # Two probes in a store room: what they do not show in 18 hours, the days before have not shown either.
    random = np.random.default_rng(6)
    t = HOUSE[AIR][0]
    still = {AIR: (t, 15.0 + random.normal(0.0, 0.05, len(t))), HUMIDITY: (t, 70.0 + random.normal(0.0, 0.3, len(t)))}
    assert find_faults(still) == []


@pytest.mark.parametrize("kind", ["stuck", "alternating", "noise", "spike", "step", "drift", "gain"])
@pytest.mark.parametrize("beside", ["", TWIN])
def test_every_kind_is_told_with_the_remedy_in_both_languages(kind: str, beside: str) -> None:
    fault = Fault(AIR, kind, 0, DAY_MS, np.arange(9), 0.31, 0.93, beside)
    told = finding_of("d", tell_fault(fault, AIR, 9, (0, DAY_MS), "K"))
    assert told.left_out is (kind in LEFT_OUT)
    assert told.flag == (4 if kind in LEFT_OUT else 3)
    assert told.text is not None
    assert told.text_zh is not None
    assert told.detail_zh
    size = "1.31" if kind == "gain" else "0.31 K"
    assert size in told.text
    assert size in told.text_zh
    assert told.chance == 0.93


def test_air_that_is_saturated_for_days_is_no_sensor_that_stands_still() -> None:
    """Humidity at saturation is constant, and the thermometer beside it moves on."""
    hours = np.arange(0, 14 * 24, 1 / 12)
    swing = 4.0 * np.sin(2.0 * np.pi * hours / 24.0)
    wet = np.where(hours < 8 * 24, 80.0 - 3.0 * swing, 100.0)
    time_ms = (hours * HOUR_MS).astype(np.int64)
    series = {"air_temperature_degc": (time_ms, 10.0 + swing), "relative_humidity_pct": (time_ms, wet)}
    assert STUCK not in {fault.kind for fault in find_faults(series)}
    stuck = {**series, "relative_humidity_pct": (time_ms, np.where(hours < 8 * 24, 80.0 - 3.0 * swing, 83.0))}
    assert {fault.kind for fault in find_faults(stuck) if fault.channel == "relative_humidity_pct"} == {STUCK}
