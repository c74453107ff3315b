"""Standard errors of a yield map by samples that were left out: they hold the share that they say, on any ground."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.harvest.block_kriging import fit_yield_variogram, krige_blocks, reach_of
from headland.agronomy.prescription.interpolation import Variogram, fit_variogram
from headland.agronomy.series.arrays import Values

EAST, NORTH = np.meshgrid(np.arange(0.0, 120.0, 8.0), np.arange(0.0, 120.0, 4.0))
PLACES = np.column_stack((EAST.ravel(), NORTH.ravel()))
REACH_M = reach_of(len(PLACES), 120.0**2)


def yields(seed: int, spots: float) -> Values:
    """Return yields of waves and noise; of a share of the samples, the noise is six times as large."""
    rng = np.random.default_rng(seed)
    waves = sum(0.5 * np.cos(PLACES @ rng.normal(0.0, 0.06, 2) + rng.uniform(0.0, 6.0)) for _ in range(6))
    noise = rng.standard_normal(len(PLACES)) * np.where(rng.random(len(PLACES)) < spots, 0.9, 0.15)
    return np.asarray(6.0 + waves + noise)


def share_held(value: Values, seed: int, variogram: Variogram | None) -> float:
    is_left_out = np.random.default_rng(seed).random(len(value)) < 0.2
    known = PLACES[~is_left_out]
    model = variogram or fit_yield_variogram(known, value[~is_left_out])
    found = krige_blocks(known, value[~is_left_out], PLACES[is_left_out], model, side_m=0.0, reach_m=REACH_M)
    return float(np.mean(np.abs(value[is_left_out] - found.value) <= 1.645 * found.error))


@pytest.mark.parametrize("spots", [0.0, 0.1])
def test_ninety_per_cent_of_unseen_samples_lie_in_the_band_of_ninety(spots: float) -> None:
    shares = [share_held(yields(seed, spots), seed + 50, None) for seed in range(12)]
    assert np.mean(shares) == pytest.approx(0.9, abs=0.03)


def test_the_factor_changes_no_estimate_and_all_errors_by_one_number() -> None:
    value = yields(3, 0.1)
    plain, scaled = fit_variogram(PLACES, value, most_m=60.0), fit_yield_variogram(PLACES, value)
    before, after = (
        krige_blocks(PLACES, value, PLACES[:40] + 1.5, model, side_m=10.0, reach_m=REACH_M) for model in (plain, scaled)
    )
    assert after.value == pytest.approx(before.value, abs=1e-9)
    assert after.error / before.error == pytest.approx(np.full(40, np.sqrt(scaled.sill / plain.sill)), rel=1e-9)
    assert scaled.range_m == plain.range_m
    assert fit_yield_variogram(PLACES, value) == scaled


def test_few_samples_and_an_even_field_keep_the_fitted_variogram() -> None:
    few = yields(4, 0.0)[:30]
    assert fit_yield_variogram(PLACES[:30], few) == fit_variogram(PLACES[:30], few, most_m=60.0)
    assert fit_yield_variogram(PLACES, np.full(len(PLACES), 6.0)).sill == 0.0
