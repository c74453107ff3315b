"""Designs, planted effects and the response to nitrogen."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.trials.analyses import analyse_mixed, analyse_spatial, analyse_strips
from headland.agronomy.trials.designs import (
    NO_PLOT,
    Placement,
    design_blocks,
    design_checkerboard,
    design_split_plot,
    design_strips,
    place_design,
    rates_of,
)
from headland.agronomy.trials.nitrogen_response import fit_response
from tests.examples import examples
from tests.simulated_trials import simulate_trial


@settings(max_examples=examples(30), deadline=None)
@given(st.integers(2, 6), st.integers(2, 8), st.integers(0, 2**32))
def test_every_treatment_is_once_in_each_block_of_any_design(treatments: int, blocks: int, seed: int) -> None:
    names = [f"t{number}" for number in range(treatments)]
    for design in (design_strips(names, blocks, seed), design_blocks(names, blocks, seed)):
        assert Counter((plot.block, plot.treatment) for plot in design.plots) == {
            (block, name): 1 for block in range(blocks) for name in names
        }
        assert {(plot.row, plot.column) for plot in design.plots} == {
            (row, column) for row in range(design.rows) for column in range(design.columns)
        }
        assert len(design.plots) == design.rows * design.columns
    split = design_split_plot(names, ["x", "y"], blocks, seed)
    assert set(Counter((plot.block, plot.treatment) for plot in split.plots).values()) == {1}
    # A main plot has one level of the main factor and each level of the other.
    for main in range(blocks * treatments):
        parts = [plot.treatment.split("/") for plot in split.plots if plot.main_plot == main]
        assert (len({first for first, _ in parts}), sorted(second for _, second in parts)) == (1, ["x", "y"])
    assert design_blocks(names, blocks, seed) == design_blocks(names, blocks, seed)


def test_neighbours_of_a_checkerboard_have_the_other_treatment() -> None:
    at = {(plot.row, plot.column): plot.treatment for plot in design_checkerboard("base", "rich", 5, 6).plots}
    for (row, column), treatment in at.items():
        assert at.get((row + 1, column), "other") != treatment
        assert at.get((row, column + 1), "other") != treatment


@pytest.mark.parametrize("heading", [0.0, 90.0, 37.0])
def test_a_design_is_laid_on_the_cells_with_the_area_of_its_plots(heading: float) -> None:
    design = design_blocks(["low", "high"], 3, 1)
    grid = Grid(-100.0, -100.0, 1.0, 200, 200)
    placed = place_design(design, Placement(0.0, 0.0, heading, 20.0, 12.0, gap_m=4.0), grid)
    counts = Counter(placed.ravel().tolist())
    for index in range(6):
        assert counts[index] == pytest.approx(240, rel=0.05)
    assert counts[NO_PLOT] == 200 * 200 - sum(counts[index] for index in range(6))
    rates = rates_of(design, placed, {"low": 60.0, "high": 120.0})
    assert np.isnan(rates[placed == NO_PLOT]).all()
    assert set(np.unique(rates[placed != NO_PLOT])) == {60.0, 120.0}


def test_a_planted_effect_is_found_without_bias_and_within_its_interval() -> None:
    # A small part of `make bench ARGS="trials"`, which simulates 200 trials of each design.
    effects = {"a": 0.0, "b": 0.3, "c": 0.1}
    found = [
        analyse(simulate_trial(design_blocks(["a", "b", "c"], 8, seed), effects, 100 + seed)).differences[0][1]
        for seed in range(12)
        for analyse in (analyse_mixed, analyse_spatial)
    ]
    errors = [contrast.estimate - 0.3 for contrast in found]
    assert abs(np.mean(errors)) < 3.0 * np.std(errors) / np.sqrt(12)
    assert sum(contrast.low <= 0.3 <= contrast.high for contrast in found) >= 20
    assert all(contrast.standard_error < 0.3 for contrast in found)


def test_the_differences_of_strips_have_students_interval() -> None:
    # Student (1908), hours of sleep gained by ten patients with two drugs: mean 1.58, t = 4.06.
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    found = analyse_strips(first, second)
    assert found.estimate == pytest.approx(1.58)
    assert found.estimate / found.standard_error == pytest.approx(4.0621, abs=1e-4)
    assert found.low == pytest.approx(0.7001, abs=1e-4)
    assert found.high == pytest.approx(2.4599, abs=1e-4)
    assert found.p == pytest.approx(0.002833, abs=1e-6)


def test_the_optimum_of_a_known_response_is_where_nitrogen_costs_what_it_brings() -> None:
    rates = np.repeat([0.0, 60.0, 120.0, 180.0, 240.0, 300.0], 4)
    plateau, start, curvature = 7.5, 200.0, -0.9e-4
    true = plateau + curvature * (np.minimum(rates, start) - start) ** 2
    exact = fit_response(rates, true, 5.0, 2400.0)
    assert exact.plateau_n_kg_ha == pytest.approx(start, abs=0.01)
    assert exact.plateau_t_ha == pytest.approx(plateau, abs=1e-6)
    best = start + 5.0 / 2400.0 / (2 * curvature)
    assert exact.optimum_kg_ha == pytest.approx(best, abs=0.02)
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(20):
        noisy = fit_response(rates, true + rng.normal(size=len(rates)) * 0.2, 5.0, 2400.0)
        assert noisy.optimum_low_kg_ha <= noisy.optimum_kg_ha <= noisy.optimum_high_kg_ha
        inside += noisy.optimum_low_kg_ha <= best <= noisy.optimum_high_kg_ha
    assert inside >= 16


def test_yields_that_nitrogen_does_not_raise_have_no_optimum() -> None:
    rates = np.repeat([0.0, 100.0, 200.0], 3)
    found = fit_response(rates, 6.0 - rates * 0.002, 5.0, 2400.0)
    assert (found.reason, found.optimum_kg_ha) == ("no_response", 0.0)
    rising = fit_response(np.array([0.0, 50, 100, 150, 200]), np.array([4.0, 4.6, 5.2, 5.8, 6.4]), 5.0, 2400.0)
    assert (rising.reason, rising.optimum_kg_ha, rising.optimum_high_kg_ha) == ("beyond_rates", 200.0, 200.0)
    with pytest.raises(ValueError, match="three rates"):
        fit_response(np.array([0.0, 0, 0, 100, 100]), np.ones(5), 5.0, 2400.0)
