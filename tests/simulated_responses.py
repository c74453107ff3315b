"""Simulated trials of nitrogen with a known optimum: plots in blocks, and strips of places that are alike nearby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values
from headland.agronomy.trials.experimental_units import find_trial_strips
from headland.agronomy.trials.nitrogen_response import NitrogenResponse, fit_response

NITROGEN_PRICE, GRAIN_PRICE = 5.0, 2400.0
_RATES: Final = np.array([0.0, 60.0, 120.0, 180.0, 240.0, 300.0])
_PLATEAU_T_HA, _PLATEAU_N, _CURVATURE = 9.0, 210.0, -1.0e-4
#: Where the slope of the response is the ratio of the prices.
OPTIMUM: Final = _PLATEAU_N + NITROGEN_PRICE / GRAIN_PRICE / (2.0 * _CURVATURE)


@dataclass(frozen=True)
class SimulatedResponse:
    """Plots, or places of strips, with rate, yield, block, row and column; `block_effect` is what was planted."""

    rate: Values
    yield_t_ha: Values
    block: list[str]
    row: list[int]
    column: list[int]
    block_effect: Values


def simulate_blocks(seed: int, *, blocks: int = 4, block_sd: float = 0.6, plot_sd: float = 0.3) -> SimulatedResponse:
    """Return a trial of six rates in complete blocks, a row each."""
    rng = np.random.default_rng(seed)
    effects = block_sd * rng.standard_normal(blocks)
    rate = np.concatenate([rng.permutation(_RATES) for _ in range(blocks)])
    block = np.repeat(np.arange(blocks), len(_RATES))
    y = _true(rate) + effects[block] + plot_sd * rng.standard_normal(len(rate))
    return SimulatedResponse(
        rate, y, [str(each) for each in block], block.tolist(), (np.arange(len(rate)) % len(_RATES)).tolist(),
        effects[block],
    )  # fmt: skip


def simulate_strips(
    seed: int, *, blocks: int = 4, places: int = 60, ground_sd: float = 0.5, nugget_sd: float = 0.3,
    along: float = 0.95, across: float = 0.8,
) -> SimulatedResponse:  # fmt: skip
    """Return strips of six rates in blocks side by side, place by place, on ground that varies by AR1 x AR1."""
    rng = np.random.default_rng(seed)
    strips = blocks * len(_RATES)
    ground = rng.standard_normal((strips, places))
    for place in range(1, places):
        ground[:, place] = along * ground[:, place - 1] + np.sqrt(1.0 - along**2) * ground[:, place]
    for strip in range(1, strips):
        ground[strip] = across * ground[strip - 1] + np.sqrt(1.0 - across**2) * ground[strip]
    rate = np.concatenate([rng.permutation(_RATES) for _ in range(blocks)])
    y = _true(rate)[:, None] + ground_sd * ground + nugget_sd * rng.standard_normal(ground.shape)
    block = np.repeat(np.arange(strips) // len(_RATES), places)
    return SimulatedResponse(
        np.repeat(rate, places), y.ravel(), [str(each) for each in block],
        np.tile(np.arange(places), strips).tolist(), np.repeat(np.arange(strips), places).tolist(),
        np.zeros(y.size),
    )  # fmt: skip


def fit(rate: Values, y: Values, block: list[str] | None) -> NitrogenResponse:
    """Return the response by the simulated prices."""
    return fit_response(rate, y, NITROGEN_PRICE, GRAIN_PRICE, block=block)


def fit_strips(trial: SimulatedResponse) -> NitrogenResponse:
    """Return the response of strips whose places came as plots."""
    treatment = np.unique(trial.rate, return_inverse=True)[1].tolist()
    strips = find_trial_strips(trial.row, trial.column, treatment, [int(each) for each in trial.block])
    assert strips is not None
    first = np.unique(strips, return_index=True)[1]
    means = np.bincount(strips, trial.yield_t_ha) / np.bincount(strips)
    return fit(trial.rate[first], means, [trial.block[index] for index in first])


def width(found: NitrogenResponse) -> float:
    """Return the width of the optimum's interval."""
    return found.optimum_high_kg_ha - found.optimum_low_kg_ha


def holds(found: NitrogenResponse) -> bool:
    """Return whether the interval holds the planted optimum."""
    return found.optimum_low_kg_ha <= OPTIMUM <= found.optimum_high_kg_ha


def _true(rate: Values) -> Values:
    return np.asarray(_PLATEAU_T_HA + _CURVATURE * (np.minimum(rate, _PLATEAU_N) - _PLATEAU_N) ** 2)
