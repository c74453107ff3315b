"""Yield against what was applied, and over years: a planted slope is covered, and too little says so."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.harvest.yield_comparison import relative_stability, slope_on_applied

ROWS, COLUMNS, IN_BLOCK = 30, 40, 10
EAST, NORTH = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
BLOCKS = (NORTH // IN_BLOCK * 100 + EAST // IN_BLOCK).ravel()


def smooth(random: np.random.Generator) -> np.ndarray:
    """Return variation that neighbouring cells share, standard deviation 1."""
    noise = random.normal(size=(ROWS + 8, COLUMNS + 8))
    summed = noise.cumsum(axis=0).cumsum(axis=1)
    mean = summed[5:, 5:] - summed[:-5, 5:] - summed[5:, :-5] + summed[:-5, :-5]
    part = mean[:ROWS, :COLUMNS]
    return np.asarray(part / 5.0)


def test_the_interval_covers_a_planted_slope_though_neighbouring_cells_are_alike() -> None:
    covered = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        applied = 200.0 + 20.0 * smooth(random)
        yields = 5.0 + 0.01 * applied + 0.4 * smooth(random)
        found = slope_on_applied(applied.ravel(), yields.ravel(), BLOCKS)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.01 <= found.high
    # Of 400 simulated ones 90 %; ordinary least squares, which takes cells for independent, covers it in 43 %.
    assert covered >= 50


def test_even_rates_and_few_blocks_give_no_slope() -> None:
    yields = np.random.default_rng(1).normal(6.0, 1.0, len(BLOCKS))
    even = slope_on_applied(np.full(len(BLOCKS), 200.0), yields, BLOCKS)
    assert (even.slope, even.reason) == (None, "applied_evenly")
    rates = np.linspace(100.0, 200.0, len(BLOCKS))
    few = slope_on_applied(rates, yields, (NORTH // 10 * 2 + EAST // 20).ravel())
    assert (few.slope, few.reason, few.blocks) == (None, "too_few_blocks", 6)
    unknown = slope_on_applied(np.full(len(BLOCKS), np.nan), yields, BLOCKS)
    assert (unknown.cells, unknown.reason) == (0, "too_few_blocks")


def test_stability_is_by_hand_and_needs_three_years() -> None:
    years = np.array([[4.0, 6.0, np.nan], [8.0, 12.0, 9.0], [5.0, 5.0, 5.0]])
    mean, cv = relative_stability(years)
    assert mean[:2] == pytest.approx([(80 + 80 + 100) / 3, (120 + 120 + 100) / 3])
    # Deviations of 20/3, 20/3 and 40/3 percent: a variance of 400/3 with two degrees of freedom.
    spread = (400 / 3) ** 0.5
    assert cv[:2] == pytest.approx([100 * spread / (260 / 3), 100 * spread / (340 / 3)])
    assert np.isnan([mean[2], cv[2]]).all()
    assert np.isnan(relative_stability(years[:2])[0]).all()
