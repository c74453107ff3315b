"""Comparison of varieties: how far the differences of their means are their own, and so will come again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
import numpy as np

from headland.agronomy.series.answer import Method
from headland.agronomy.trials.analyses import HERITABILITY, heritability_of
from headland.registry.models.trials import Trial, TrialPlot

#: A variance between fewer varieties is little more than chance.
FEWEST_VARIETIES: Final = 5


class VarietyMean(msgspec.Struct, frozen=True, kw_only=True):
    """The predicted mean of a variety (BLUP): drawn towards the mean of all by what is not heritable."""

    treatment: Annotated[str, "Name of the variety."]
    value: Annotated[float, "Predicted mean."]


class VarietyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How far the differences of varieties are their own: variances, heritability of means, and predicted means.

    `block_variance` is that of incomplete blocks, 0 where every block is a complete replicate.
    """

    method: Annotated[Method, "Method of the comparison."]
    varieties: Annotated[int, "Number of varieties."]
    mean: Annotated[float, "Mean over all plots."]
    genetic_variance: Annotated[float, "Variance between varieties."]
    block_variance: Annotated[float, "Variance between incomplete blocks; 0 where every block is a complete replicate."]
    residual_variance: Annotated[float, "Variance within blocks."]
    heritability: Annotated[float, "Share of the variance of means that is heritable, 0 to 1."]
    predictions: Annotated[tuple[VarietyMean, ...], "Predicted means by variety."]


def replicates_of(plots: Sequence[TrialPlot]) -> list[str]:
    """Return the complete replicates that the blocks of plots are parts of; none where the blocks are these."""
    labels = [plot.replicate for plot in plots]
    return [] if None in labels or len(set(labels)) < 2 else [str(label) for label in labels]


def compare_varieties(trial: Trial, numbers: Mapping[int, float]) -> tuple[VarietyAnswer | None, str | None]:
    """Return how far the differences of varieties are their own, or why that is not known."""
    plots = [plot for plot in trial.plots if plot.number in numbers]
    used = {plot.treatment for plot in plots}
    if any(trial.treatments[index].germplasm is None for index in used):
        return None, "no_varieties"
    if len(used) < FEWEST_VARIETIES:
        return None, "too_few_varieties"
    values = np.array([numbers[plot.number] for plot in plots])
    labels = [trial.treatments[plot.treatment].name for plot in plots]
    replicates, blocks = replicates_of(plots), [str(plot.block) for plot in plots]
    try:
        found = heritability_of(values, labels, replicates or blocks, blocks if replicates else ())
    except ValueError:
        return None, "too_few_plots"
    return (
        VarietyAnswer(
            method=HERITABILITY,
            varieties=len(used),
            mean=found.mean,
            genetic_variance=found.genetic,
            block_variance=found.blocks,
            residual_variance=found.residual,
            heritability=found.heritability,
            predictions=tuple(VarietyMean(treatment=name, value=value) for name, value in found.predictions),
        ),
        None,
    )
