"""A trial's best rate of nitrogen: strips that came as pixels, main plots and blocks count as what they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from headland.analysis.trials.nitrogen import Prices, ResponseAnswer
from headland.analysis.trials.results import TrialAnswer, analyse_trial
from headland.registry.models.trials import PlotObservation, Trial, TrialPlot, TrialTreatment, TrialVariable
from tests.simulated_responses import GRAIN_PRICE, NITROGEN_PRICE, OPTIMUM, simulate_blocks, simulate_strips

VARIABLE = TrialVariable(id="v" * 26, name="yield", trait="grain yield", method="weighed", unit="t/ha")
RATES = (0.0, 60.0, 120.0, 180.0, 240.0, 300.0)


def analyse(
    kind: str, rate: Sequence[float], y: Sequence[float], block: Sequence[int], row: Sequence[int],
    column: Sequence[int], main_plot: Sequence[int] | None = None,
) -> TrialAnswer:  # fmt: skip
    trial = Trial(
        id="t" * 26, field="f" * 26, name="N", kind=kind,  # type: ignore[arg-type]  # one of its kinds
        treatments=tuple(TrialTreatment(name=f"N{each:g}", n_kg_ha=each) for each in RATES),
        plots=tuple(
            TrialPlot(
                number=at + 1, name=str(at + 1), row=row[at], column=column[at], block=block[at],
                main_plot=0 if main_plot is None else main_plot[at], treatment=RATES.index(rate[at]),
            )
            for at in range(len(rate))
        ),
    )  # fmt: skip
    weighed = [
        PlotObservation(trial=trial.id, plot=at + 1, variable=VARIABLE.id, value=str(value))
        for at, value in enumerate(y)
    ]
    return analyse_trial(trial, VARIABLE, weighed, prices=Prices(NITROGEN_PRICE, GRAIN_PRICE))


def response_of(found: TrialAnswer) -> ResponseAnswer:
    assert found.response is not None, found.response_reason
    return found.response


def test_pixels_that_came_as_plots_are_averaged_to_their_strips_in_every_figure() -> None:
    trial = simulate_strips(3, places=25)
    blocks = [int(each) for each in trial.block]
    found = analyse("imported", trial.rate.tolist(), trial.yield_t_ha.tolist(), blocks, trial.row, trial.column)
    strips = trial.yield_t_ha.reshape(24, 25).mean(axis=1)
    by_strip = analyse("strips", trial.rate[::25].tolist(), strips.tolist(), blocks[::25], [0] * 24, list(range(24)))
    assert (found.averaged, found.n, by_strip.averaged) == (600, 24, 0)
    assert [(mean.treatment, mean.plots) for mean in found.means] == [(f"N{rate:g}", 4) for rate in RATES]
    assert found.lsd == pytest.approx(by_strip.lsd, rel=1e-6)
    response, expected = response_of(found), response_of(by_strip)
    assert (response.n, response.unit, response.compared_within) == (24, "strip", "block")
    for name in ("optimum_kg_ha", "optimum_low_kg_ha", "optimum_high_kg_ha"):
        assert getattr(response, name) == pytest.approx(getattr(expected, name), abs=1e-6)
    # Without rows and columns nobody can tell the strips.
    refused = analyse("imported", trial.rate.tolist(), trial.yield_t_ha.tolist(), [0] * 600, [0] * 600, [0] * 600)
    assert (refused.response, refused.response_reason) == (None, "places_of_strips")


def test_blocks_are_out_of_the_interval_and_main_plots_of_one_rate_are_its_plots() -> None:
    trial = simulate_blocks(11)
    blocks = [int(each) for each in trial.block]
    shifted = trial.yield_t_ha + 5.0 * np.array(blocks)
    first, second = (
        response_of(analyse("rcbd", trial.rate.tolist(), y.tolist(), blocks, trial.row, trial.column))
        for y in (trial.yield_t_ha, shifted)
    )
    assert (first.unit, first.compared_within, first.df) == ("plot", "block", 18)
    assert second.optimum_low_kg_ha == pytest.approx(first.optimum_low_kg_ha)
    assert second.optimum_high_kg_ha == pytest.approx(first.optimum_high_kg_ha)
    assert first.optimum_low_kg_ha < OPTIMUM < first.optimum_high_kg_ha
    # Each main plot has one rate and three subplots: 24 units and not 72.
    rng = np.random.default_rng(1)
    y = np.repeat(trial.yield_t_ha, 3) + rng.normal(0.0, 0.05, 72)
    split = response_of(
        analyse(
            "split_plot", np.repeat(trial.rate, 3).tolist(), y.tolist(), np.repeat(blocks, 3).tolist(),
            [3 * row + part for row in trial.row for part in (0, 2, 4)], np.repeat(trial.column, 3).tolist(),
            np.repeat(trial.column, 3).tolist(),
        )
    )  # fmt: skip
    assert (split.n, split.df, split.unit, split.compared_within) == (24, 18, "main_plot", "block")
    # The rates are within main plots: these are no error.
    within = response_of(
        analyse(
            "split_plot", trial.rate.tolist(), shifted.tolist(), blocks, trial.row, trial.column,
            [int(column >= 3) for column in trial.column],
        )
    )  # fmt: skip
    assert (within.n, within.df, within.compared_within) == (24, 24 - 8 - 2, "main_plot")
