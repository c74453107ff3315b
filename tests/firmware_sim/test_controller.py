from __future__ import annotations

import pytest

from firmware_sim.air import dew_point_degc, saturation_pa
from firmware_sim.controller import NOISE, TRUTH_COLUMNS, Controller
from firmware_sim.house_scenario import HOUSES

START_MS = 1_795_000_000_000


def house(seed: int = 1) -> Controller:
    return Controller(HOUSES["hubei-tomato"], seed, START_MS)


def test_the_readings_are_what_is_true_within_the_sensors_noise() -> None:
    controller = house()
    for _ in range(5):
        controller.step()
        truth = controller.truth()
        for name, noise in NOISE.items():
            assert controller.readings(1)[name] == pytest.approx(truth[name], abs=5 * noise + 1e-9), name


def test_the_noise_has_no_bias() -> None:
    controller = house()
    gaps = []
    for _ in range(400):
        controller.step()
        measured = controller.readings(1)["relative_humidity_pct"]
        assert measured is not None
        gaps.append(measured - controller.truth()["relative_humidity_pct"])
    assert sum(gaps) / len(gaps) == pytest.approx(0, abs=0.05)


def test_truth_agrees_with_itself() -> None:
    truth = house().truth()
    degc, pct = truth["air_temperature_degc"], truth["relative_humidity_pct"]
    assert truth["vpd_kpa"] == pytest.approx(saturation_pa(degc) * (1 - pct / 100) / 1000)
    assert truth["dew_point_degc"] == pytest.approx(dew_point_degc(saturation_pa(degc) * pct / 100))
    deficit = 1000 * saturation_pa(degc) * (1 - pct / 100) / (461.5 * (degc + 273.15))
    assert truth["humidity_deficit_g_m3"] == pytest.approx(deficit)
    assert list(truth) == list(TRUTH_COLUMNS[1:])


def test_the_same_seed_gives_the_same_readings() -> None:
    one, other, third = house(4), house(4), house(5)
    for controller in (one, other, third):
        for _ in range(30):
            controller.step()
    assert one.readings(1) == other.readings(1)
    assert one.readings(1) != third.readings(1)
