"""Amounts by flow meter and by hopper weight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.agronomy.application.metering import (
    FlowMeter,
    HopperWeights,
    find_refills,
    mass_from_hopper,
    unwind_total,
    volume_from_flow,
    volume_from_total,
)

NOTHING = (np.empty(0, dtype=np.int64), np.empty(0))


def totals(*rows: tuple[int, float]) -> FlowMeter:
    return FlowMeter(np.array([t for t, _ in rows], dtype=np.int64), np.array([v for _, v in rows]), *NOTHING)


def flows(*rows: tuple[int, float]) -> FlowMeter:
    return FlowMeter(*NOTHING, np.array([t for t, _ in rows], dtype=np.int64), np.array([v for _, v in rows]))


def test_a_total_gives_its_rise() -> None:
    assert volume_from_total(totals((0, 5.0), (1000, 5.5), (2000, 7.0)), (0, 3000)).volume_l == pytest.approx(2.0)


def test_a_fall_is_a_restart_that_counts_from_zero() -> None:
    assert unwind_total(np.array([8.0, 9.0, 0.5, 2.0])).tolist() == [0.0, 1.0, 1.5, 3.0]


def test_the_time_of_a_restart_is_unknown() -> None:
    volume = volume_from_total(totals((0, 8.0), (1000, 9.0), (5000, 0.5), (6000, 2.0)), (0, 6000))
    assert volume.volume_l == pytest.approx(3.0)
    assert volume.known.tolist() == [[0.0, 1000.0], [5000.0, 6000.0]]


def test_volumes_of_adjoining_windows_add_up() -> None:
    meter = totals(*((1000 * s, 0.07 * s) for s in range(101)))
    parts = [volume_from_total(meter, window).volume_l for window in ((0, 33_333), (33_333, 70_001), (70_001, 100_000))]
    assert sum(parts) == pytest.approx(7.0)


def test_a_total_bridges_a_hole_in_the_telemetry() -> None:
    volume = volume_from_total(totals((0, 1.0), (50_000, 4.0)), (0, 50_000))
    assert volume.volume_l == pytest.approx(3.0)
    assert volume.known.tolist() == [[0.0, 50_000.0]]


def test_flow_is_integrated_by_trapezoids() -> None:
    # 0 -> 6 L/min in 10 s, then 6 L/min for 20 s: 0.5 L + 2 L.
    meter = flows(*((1000 * s, 0.6 * s) for s in range(11)), *((1000 * s, 6.0) for s in range(11, 31)))
    assert volume_from_flow(meter, (0, 30_001)).volume_l == pytest.approx(2.5)


def test_flow_is_cut_at_the_window() -> None:
    meter = flows(*((1000 * s, 6.0) for s in range(31)))
    assert volume_from_flow(meter, (2500, 12_500)).volume_l == pytest.approx(1.0)


def test_a_hole_in_the_flow_is_not_integrated() -> None:
    meter = flows((0, 6.0), (1000, 6.0), (20_000, 6.0), (21_000, 6.0))
    volume = volume_from_flow(meter, (0, 30_000))
    assert volume.volume_l == pytest.approx(0.2)
    assert volume.known.tolist() == [[0.0, 1000.0], [20_000.0, 21_000.0]]
    assert volume.n == 4


def weigh(*steps: tuple[int, float]) -> HopperWeights:
    """Return five weights a second along straight lines through (seconds, kg)."""
    seconds = np.arange(steps[0][0], steps[-1][0], 0.2)
    mass_kg = np.interp(seconds, [step[0] for step in steps], [step[1] for step in steps])
    return HopperWeights(np.round(seconds * 1000).astype(np.int64), mass_kg)


def test_the_amount_of_a_hopper_without_refills_is_its_loss() -> None:
    hopper = weigh((0, 50.0), (10, 50.0), (100, 20.0), (110, 20.0))
    mass = mass_from_hopper(hopper, (0, 110_000))
    assert mass.mass_kg == pytest.approx(30.0, abs=1e-6)
    assert mass.n == 550


def test_refills_are_added() -> None:
    hopper = weigh((0, 50.0), (100, 5.0), (130, 5.0), (150, 50.0), (160, 50.0), (200, 30.0), (210, 30.0))
    mass = mass_from_hopper(hopper, (0, 210_000))
    assert mass.mass_kg == pytest.approx(65.0, abs=0.2)
    ((first, last),) = find_refills(hopper.time_ms.astype(float), hopper.mass_kg)
    assert (first, last) == pytest.approx((130_000, 160_000), abs=10_500)


@given(seed=st.integers(0, 2**32), noise_kg=st.floats(0.0, 0.25))
def test_noise_is_neither_product_nor_refill(seed: int, noise_kg: float) -> None:
    clean = weigh((0, 40.0), (60, 40.0))
    noise = np.random.default_rng(seed).normal(0.0, noise_kg, len(clean.time_ms))
    mass = mass_from_hopper(HopperWeights(clean.time_ms, clean.mass_kg + noise), (0, 60_000))
    # The difference of two means of five samples, and six times its standard deviation.
    assert abs(mass.mass_kg) < 6 * noise_kg * np.sqrt(2 / 5) + 1e-9


@given(at_s=st.integers(1, 199))
def test_masses_of_adjoining_windows_add_up(at_s: int) -> None:
    hopper = weigh((0, 50.0), (100, 5.0), (130, 5.0), (150, 50.0), (200, 30.0))
    whole = mass_from_hopper(hopper, (0, 200_000)).mass_kg
    parts = [mass_from_hopper(hopper, window).mass_kg for window in ((0, at_s * 1000), (at_s * 1000, 200_000))]
    assert sum(parts) == pytest.approx(whole, abs=1e-6)
