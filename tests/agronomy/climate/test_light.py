"""Photons against the sums that anyone can do, and refusals where a sensor cannot know."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.light import (
    UMOL_PER_LUX,
    photons_mol_m2,
    photothermal_ratio,
    ppfd_from_global,
    ppfd_from_lux,
)


@pytest.mark.parametrize(
    ("ppfd", "hours", "expected"),
    [(100, 16, 5.76), (200, 16, 11.52), (250, 18, 16.2), (500, 12, 21.6), (1000, 8, 28.8)],
)
def test_a_constant_light_sums_to_its_daily_integral(ppfd: float, hours: int, expected: float) -> None:
    time_ms = np.arange(0, hours * 3_600_000 + 1, 300_000, dtype=np.int64)
    found, known_s = photons_mol_m2(time_ms, np.full(len(time_ms), float(ppfd)), 600.0)
    assert found == pytest.approx(expected)
    assert known_s == hours * 3600


def test_uneven_sampling_changes_nothing_and_a_hole_is_not_filled() -> None:
    rng = np.random.default_rng(0)
    time_ms = np.unique(np.concatenate(([0, 36_000_000], rng.integers(0, 36_000_000, 400)))).astype(np.int64)
    slope = time_ms / 36_000_000 * 1000.0
    assert photons_mol_m2(time_ms, slope, 3600.0)[0] == pytest.approx(18.0)
    kept = (time_ms < 14_400_000) | (time_ms > 21_600_000)
    holed, known_s = photons_mol_m2(time_ms[kept], slope[kept], 600.0)
    assert holed < 18.0 - 3.0
    assert known_s < 36_000 - 7000


def test_a_sensors_offset_at_night_is_darkness_and_nan_is_a_hole() -> None:
    time_ms = np.arange(4, dtype=np.int64) * 60_000
    assert photons_mol_m2(time_ms, np.full(4, -3.0), 60.0) == (0.0, 180.0)
    assert photons_mol_m2(time_ms, np.array([100.0, np.nan, 100.0, 100.0]), 60.0) == pytest.approx((0.006, 60.0))


def test_sunlight_has_two_photons_a_joule() -> None:
    # A clear June day at Jurong, 30.19 MJ/m2, is 61 mol/m2 outside and 36.6 behind a cover that passes 0.6.
    assert ppfd_from_global(30.191982) == pytest.approx(60.987804, rel=1e-4)
    assert ppfd_from_global(30.191982, 0.6) == pytest.approx(36.592682, rel=1e-4)


def test_lux_is_converted_only_where_the_lamp_is_known() -> None:
    assert ppfd_from_lux(54_000.0, "sun") == pytest.approx(1000.0, rel=0.001)
    with pytest.raises(ValueError, match="declare one of sun"):
        ppfd_from_lux(54_000.0, "mixed")
    assert all(0.01 < factor < 0.02 for factor in UMOL_PER_LUX.values())


def test_light_per_warmth() -> None:
    assert photothermal_ratio(12.0, 20.0, 4.0) == pytest.approx(0.75)
    assert photothermal_ratio(12.0, 4.0, 4.0) is None
