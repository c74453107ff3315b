"""Light sums against simple arithmetic, and refusals where a sensor cannot measure light."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.light import (
    UMOL_PER_LUX,
    Light,
    light_indices,
    photothermal_ratio,
    ppfd_from_global,
    ppfd_from_lux,
)
from headland.agronomy.series.time_grid import make_periods
from headland.units_of_time import DAY_MS

DAY = make_periods([0], DAY_MS)


@pytest.mark.parametrize(
    ("ppfd", "hours", "expected"),
    [(100, 16, 5.76), (200, 16, 11.52), (250, 18, 16.2), (500, 12, 21.6), (1000, 8, 28.8)],
)
def test_a_constant_light_sums_to_its_daily_integral(ppfd: float, hours: int, expected: float) -> None:
    flux = np.where(np.arange(288) < hours * 12, float(ppfd), 0.0)
    indices = {index.name: index for index in light_indices(DAY, Light(flux, "par", 1.0, "test"), 10.0, None)}
    assert indices["dli_mol_m2"].value == pytest.approx([expected])
    assert indices["photoperiod_h"].value == pytest.approx([hours])


def test_a_sensors_offset_at_night_is_darkness_and_an_unknown_day_has_no_sum() -> None:
    by_day = np.arange(288) < 144
    offset = np.where(by_day, 100.0, 3.0)
    (dli, *_) = light_indices(DAY, Light(offset, "par", 1.0, "test", by_day), 10.0, None)
    assert dli.value == pytest.approx([4.32])
    holed = np.where(np.arange(288) < 30, np.nan, offset)
    (dli, *_) = light_indices(DAY, Light(holed, "par", 1.0, "test", by_day), 10.0, None)
    assert np.isnan(dli.value).tolist() == [True]
    assert dli.coverage == pytest.approx([114 / 144])


def dli(flux: np.ndarray, by_day: np.ndarray, *, has_lamps: bool = False) -> tuple[float, float]:
    light = Light(flux, "par", 1.0, "test", by_day, ~by_day, has_lamps)
    (index, *_) = light_indices(DAY, light, 10.0, None)
    return float(index.value[0]), float(index.coverage[0])


def test_lamps_in_the_polar_night_have_a_light_sum() -> None:
    never = np.zeros(288, np.bool_)
    assert dli(np.where(np.arange(288) < 192, 200.0, 0.0), never) == pytest.approx((11.52, 1.0))
    assert dli(np.zeros(288), never) == pytest.approx((0.0, 1.0))


def test_missing_hours_of_a_night_count_where_lamps_may_burn() -> None:
    by_day = (np.arange(288) >= 96) & (np.arange(288) < 192)
    lamps = np.full(288, 200.0)
    lamps[192:282] = np.nan  # 7.5 h of the night
    value, coverage = dli(lamps, by_day)
    assert np.isnan(value)
    assert coverage == pytest.approx(1 - 90 / 288)
    # Without a lamp, declared or seen, a hole in the night is no light that is missing.
    dark = np.where(by_day, 200.0, 0.5)
    dark[192:282] = np.nan
    assert dli(dark, by_day) == pytest.approx((5.76, 1.0))
    assert np.isnan(dli(dark, by_day, has_lamps=True)[0])


def test_twilight_is_no_lamp() -> None:
    by_day = (np.arange(288) >= 96) & (np.arange(288) < 192)
    flux = np.where(by_day, 200.0, 0.0)
    flux[90:96] = 7.0
    flux[200:230] = np.nan
    in_dark = (np.arange(288) < 84) | (np.arange(288) >= 204)
    (index, *_) = light_indices(DAY, Light(flux, "par", 1.0, "test", by_day, in_dark), 10.0, None)
    assert index.coverage == pytest.approx([1.0])


def test_sunlight_has_two_photons_a_joule() -> None:
    # A clear June day at Jurong, 30.19 MJ/m2, is 61 mol/m2 outside and 36.6 behind a cover that passes 0.6.
    assert ppfd_from_global(30.191982) == pytest.approx(60.987804, rel=1e-4)
    assert ppfd_from_global(30.191982, 0.6) == pytest.approx(36.592682, rel=1e-4)


def test_lux_is_converted_only_where_the_lamp_is_known() -> None:
    assert ppfd_from_lux(54_000.0, "sun") == pytest.approx(1000.0, rel=0.001)
    with pytest.raises(ValueError, match="declare one of sun"):
        ppfd_from_lux(54_000.0, "mixed")
    assert all(0.01 < factor < 0.02 for factor in UMOL_PER_LUX.values())


def test_the_photothermal_ratio_needs_a_day_above_the_base_temperature() -> None:
    assert photothermal_ratio(12.0, 20.0, 4.0) == pytest.approx(0.75)
    assert np.isnan(photothermal_ratio(12.0, 4.0, 4.0))
