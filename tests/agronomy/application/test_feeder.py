"""The lag of a feeder recovered from noisy weights of its hopper."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.application.feeder import FeederLag, fed_s, fit_feeder_lag
from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.application.released import Amounts, release

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


def test_the_jolt_of_a_take_off_after_a_refill_is_no_product() -> None:
    # Two loads of seven rows; between them the hopper is filled to 50 kg, and reads 0.9 kg more at the take-off.
    rows = ROWS + np.where(ROWS > 175_000.0, 20_000.0, 0.0)
    time_ms = np.arange(0, 380_000, 200, dtype=np.int64)
    fed = fed_s(time_ms, rows, FeederLag())
    mass = np.interp(time_ms, [176_000, 178_000], [50.0 - 0.33 * 105.0, 50.0])
    mass += 0.33 * (105.0 - fed)
    mass += np.where((time_ms >= 179_000) & (time_ms < 181_000), 0.9, 0.0)
    mass += np.random.default_rng(3).normal(0.0, 0.12, len(mass))
    none, never = np.empty(0), time_ms[:0]
    amounts = Amounts(never, none, never, none, HopperWeights(time_ms, mass), never, none)
    assert release(time_ms, amounts, rows, (0, 380_000)).amount == pytest.approx(0.33 * 210.0, abs=0.15)
