"""The lag of a feeder recovered from noisy weights of its hopper."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.application.feeder import FeederLag, fed_s, fit_feeder_lag
from headland.agronomy.application.metering import HopperWeights

#: Rows of 15 s, 10 s apart.
ROWS = np.array([[25_000.0 * row + 5000.0, 25_000.0 * row + 20_000.0] for row in range(14)])
TIME_MS = np.arange(0, 360_000, 200, dtype=np.int64)
LOADS = [(0.0, 360_000.0)]


def weights(lag: FeederLag, noise_kg: float, seed: int) -> HopperWeights:
    random = np.random.default_rng(seed)
    drift = 0.06 * np.sin(TIME_MS / 60_000.0)
    mass = 50.0 - 0.33 * fed_s(TIME_MS, ROWS, lag) + drift + random.normal(0.0, noise_kg, len(TIME_MS))
    return HopperWeights(TIME_MS, mass)


@pytest.mark.parametrize("lag", [FeederLag(0.6, 0.1), FeederLag(1.2, 0.4), FeederLag()])
def test_the_lag_that_made_the_weights_is_found(lag: FeederLag) -> None:
    for seed in range(3):
        found = fit_feeder_lag(weights(lag, 0.12, seed), ROWS, LOADS)
        assert found is not None
        assert found.opening_s == pytest.approx(lag.opening_s, abs=0.25)
        assert found.closing_s == pytest.approx(lag.closing_s, abs=0.3)


def test_what_a_lag_holds_back_is_fed_after_the_end() -> None:
    # One row of 15 s with equal lags: what is missing at the start comes at the end.
    fed = fed_s(np.array([5000, 20_000, 40_000]), ROWS[:1], FeederLag(1.0, 1.0))
    assert fed == pytest.approx([0.0, 14.0, 15.0], abs=1e-4)


def test_too_few_rows_show_no_lag() -> None:
    assert fit_feeder_lag(weights(FeederLag(0.6, 0.1), 0.12, 1), ROWS[:3], LOADS) is None
