"""Response to nitrogen by its design: blocks are no error, and places of a strip are no plots."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.trials.designs import (
    Design,
    design_blocks,
    design_checkerboard,
    design_split_plot,
    design_strips,
)
from headland.agronomy.trials.experimental_units import find_trial_strips
from headland.agronomy.trials.nitrogen_response import PixelsError
from tests.simulated_responses import fit, simulate_blocks, simulate_strips, width


@pytest.mark.parametrize("seed", range(5))
def test_what_differs_between_blocks_changes_nothing_but_the_level(seed: int) -> None:
    trial = simulate_blocks(seed)
    found, shifted = (
        fit(trial.rate, trial.yield_t_ha + shift, trial.block)
        for shift in (0.0, np.random.default_rng(seed).normal(0.0, 3.0, 4)[[int(b) for b in trial.block]])
    )
    for name in ("optimum_kg_ha", "optimum_low_kg_ha", "optimum_high_kg_ha", "curvature", "residual_sd_t_ha"):
        assert getattr(shifted, name) == pytest.approx(getattr(found, name), rel=1e-6)
    assert found.df == 24 - 4 - 2
    assert width(found) < width(fit(trial.rate, trial.yield_t_ha, None))


def test_places_of_strips_are_refused_as_plots_and_plots_in_any_order_are_not() -> None:
    for seed in range(20):
        strips, blocks = simulate_strips(seed, places=20, along=0.8), simulate_blocks(seed, blocks=8)
        with pytest.raises(PixelsError):
            fit(strips.rate, strips.yield_t_ha, None)
        # Sorted by rate, the same blocks follow one another in each.
        order = np.argsort(blocks.rate, kind="stable")
        for block in (None, [blocks.block[index] for index in order]):
            assert fit(blocks.rate[order], blocks.yield_t_ha[order], block).n == 48


@pytest.mark.parametrize("seed", range(10))
def test_plots_of_every_design_are_units_and_places_are_found_along_rows_and_columns(seed: int) -> None:
    def strips_of(design: Design) -> object:
        names = list(design.treatments)
        plots = design.plots
        return find_trial_strips(
            [p.row for p in plots], [p.column for p in plots], [names.index(p.treatment) for p in plots],
            [p.block for p in plots],
        )  # fmt: skip

    rates = [f"N{rate}" for rate in range(0, 360, 60)]
    for design in (
        design_strips(rates, 4, seed), design_strips(["a", "b"], 10, seed), design_blocks(rates, 4, seed),
        design_checkerboard("a", "b", 6, 8), design_split_plot(["till", "none"], rates, 4, seed),
    ):  # fmt: skip
        assert strips_of(design) is None
    places = simulate_strips(seed, places=7)
    treatment, block = np.unique(places.rate, return_inverse=True)[1].tolist(), [int(b) for b in places.block]
    for along, across in ((places.row, places.column), (places.column, places.row)):
        found = find_trial_strips(along, across, treatment, block)
        assert found is not None
        assert (found == np.array(places.column)).all()
    # Without places nothing is known of neighbours.
    assert find_trial_strips([0] * 12, [0] * 12, [0] * 6 + [1] * 6, [0] * 12) is None


def test_a_flat_response_does_not_exclude_what_the_yields_allow() -> None:
    rng = np.random.default_rng(3)
    rate = np.repeat([0.0, 100.0, 200.0], 3)
    found = fit(rate, 6.0 - 1e-3 * rate + rng.normal(0.0, 1.0, 9), None)
    assert (found.reason, found.optimum_low_kg_ha) == ("no_response", 0.0)
    assert found.optimum_high_kg_ha > 100.0
    with pytest.raises(ValueError, match="blocks"):
        fit(rate, rate, [str(index) for index in (0, 0, 1, 1, 2, 2, 3, 4, 5)])
