from __future__ import annotations

import pytest

from firmware_sim.air import dew_point_degc, saturation_pa
from firmware_sim.controller import (
    IDENTITY,
    NO_INT16,
    NO_UINT16,
    REGISTER_COUNT,
    SLOTS,
    TRUTH_COLUMNS,
    Controller,
    encode_word,
    stamp,
)
from firmware_sim.house_scenario import HOUSES

START_MS = 1_795_000_000_000


def house(seed: int = 1) -> Controller:
    return Controller(HOUSES["hubei-tomato"], seed, START_MS)


def decode(words: list[int], name: str) -> float:
    slot = SLOTS[name]
    word = words[slot.address]
    return (word - 0x10000 if slot.signed and word > 0x7FFF else word) / slot.scale


def test_the_registers_hold_what_is_true_within_the_sensors_noise() -> None:
    controller = house()
    for _ in range(5):
        controller.step()
        truth = controller.truth()
        for name, slot in SLOTS.items():
            assert decode(controller.registers, name) == pytest.approx(
                truth[name], abs=5 * slot.noise + 0.51 / slot.scale
            ), name


def test_the_noise_has_no_bias() -> None:
    controller = house()
    gaps = []
    for _ in range(400):
        controller.step()
        gaps.append(decode(controller.registers, "relative_humidity_pct") - controller.truth()["relative_humidity_pct"])
    assert sum(gaps) / len(gaps) == pytest.approx(0, abs=0.05)


def test_the_clock_is_the_seconds_high_word_first() -> None:
    words = stamp([0] * REGISTER_COUNT, START_MS + 234)
    assert words[0] << 16 | words[1] == START_MS // 1000
    assert words[2] == 234
    assert words[3] == IDENTITY == 0x484C


def test_what_does_not_fit_is_no_value() -> None:
    assert encode_word(SLOTS["air_temperature_degc"], -12.34) == 0x10000 - 1234
    assert encode_word(SLOTS["air_temperature_degc"], 400.0) == NO_INT16
    assert encode_word(SLOTS["co2_ppm"], 70_000.0) == NO_UINT16
    assert encode_word(SLOTS["relative_humidity_pct"], 100.4) == 10_000
    assert encode_word(SLOTS["wind_speed_m_s"], -0.1) == 0


def test_truth_agrees_with_itself() -> None:
    truth = house().truth()
    degc, pct = truth["air_temperature_degc"], truth["relative_humidity_pct"]
    assert truth["vpd_kpa"] == pytest.approx(saturation_pa(degc) * (1 - pct / 100) / 1000)
    assert truth["dew_point_degc"] == pytest.approx(dew_point_degc(saturation_pa(degc) * pct / 100))
    deficit = 1000 * saturation_pa(degc) * (1 - pct / 100) / (461.5 * (degc + 273.15))
    assert truth["humidity_deficit_g_m3"] == pytest.approx(deficit)
    assert list(truth) == list(TRUTH_COLUMNS[1:])


def test_the_same_seed_gives_the_same_registers() -> None:
    one, other, third = house(4), house(4), house(5)
    for controller in (one, other, third):
        for _ in range(30):
            controller.step()
    assert one.registers == other.registers
    assert one.registers != third.registers
