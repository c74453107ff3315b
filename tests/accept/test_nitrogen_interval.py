"""Interval of the best rate of nitrogen: 300 simulated trials in blocks, and 300 of strips with correlated places."""

from __future__ import annotations

import numpy as np
import pytest

from tests.accept.conftest import Agreement
from tests.simulated_responses import fit, fit_strips, holds, simulate_blocks, simulate_strips, width

#: Other trials than those that were looked at.
SEEDS = range(700_000, 700_300)


@pytest.mark.long
def test_the_interval_of_trials_in_blocks_holds_and_is_as_wide_as_with_blocks_known(agree: Agreement) -> None:
    trials = [simulate_blocks(seed) for seed in SEEDS]
    found = [fit(trial.rate, trial.yield_t_ha, trial.block) for trial in trials]
    known = [fit(trial.rate, trial.yield_t_ha - trial.block_effect, None) for trial in trials]
    agree("share of 95 % intervals that hold, blocks", np.mean([*map(holds, found)]), 0.95, "planted", within=0.02)
    wider = np.mean([*map(width, found)]) / np.mean([*map(width, known)])
    agree("width of the interval by that with blocks known", wider, 1.0, "planted", within=0.1)


@pytest.mark.long
def test_the_interval_of_strips_with_correlated_places_holds(agree: Agreement) -> None:
    found = [fit_strips(simulate_strips(seed)) for seed in SEEDS]
    agree("share of 95 % intervals that hold, strips", np.mean([*map(holds, found)]), 0.95, "planted", within=0.02)
