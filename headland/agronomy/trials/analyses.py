"""Analyses of a trial: paired strips, a mixed model, and a spatial model; adjusted means with LSD and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.trials.mean_groups import mean_groups
from headland.agronomy.trials.reml import (
    Contrast,
    FittedModel,
    Matrix,
    SpatialCovariance,
    VarianceComponents,
    fit_reml,
)
from headland.agronomy.trials.students_t import t_quantile, t_two_sided

STRIPS: Final = Method(
    "trial_strips", 1, "mean of the differences between neighbouring strips, with Student's t over the pairs"
)
MIXED: Final = Method(
    "trial_mixed_model",
    2,
    "treatments fixed, blocks random, by restricted maximum likelihood (Gilmour, Thompson and Cullis 1995), the "
    "variance of blocks not bounded at 0 (Nelder 1954; Stroup and Littell 2002), so that a balanced trial has the "
    "intervals of its analysis of variance; standard errors by Kenward and Roger (1997), degrees of freedom by "
    "Satterthwaite",
)
SPATIAL: Final = Method(
    "trial_spatial_model",
    1,
    "as trial_mixed_model, with errors correlated along rows and columns (AR1 x AR1, Cullis and Gleeson 1991) and an "
    "independent part",
)
HERITABILITY: Final = Method(
    "variety_heritability",
    1,
    "varieties and incomplete blocks random, complete replicates fixed, by restricted maximum likelihood; heritability "
    "of means from the mean variance of a difference of two predictions (Cullis, Smith and Coombes 2006)",
)


@dataclass(frozen=True, slots=True)
class TrialData:
    """Plots of a trial: yield [t/ha], treatment, block, and the plot's row and column.

    `groups` are further random effects by name, such as the main plots of a split plot; `replicate` are complete
    replicates, which count as fixed.
    """

    yield_t_ha: Values
    treatment: Sequence[str]
    block: Sequence[str]
    row: Values
    column: Values
    groups: tuple[tuple[str, Sequence[str]], ...] = ()
    replicate: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TreatmentMean:
    """The adjusted mean of a treatment [t/ha] with its interval, on `plots` plots.

    Means that share a letter of `letters` are not told apart.
    """

    treatment: str
    plots: int
    mean: Contrast
    letters: str


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Result of an analysis: means, and the difference of each treatment from the first.

    `lsd_t_ha` is the least significant difference between two means, the root mean square over all pairs.
    """

    method: Method
    means: tuple[TreatmentMean, ...]
    differences: tuple[tuple[str, Contrast], ...]
    lsd_t_ha: float
    model: FittedModel | None


def analyse_strips(first: Values, second: Values, level: float = 0.95) -> Contrast:
    """Return the mean of `second` less `first` over pairs of neighbouring strips; raises ValueError below two pairs."""
    difference = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    n = len(difference)
    if n < 2:
        raise ValueError("a strip trial needs two pairs of strips")
    mean, error = float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(n))
    reach = t_quantile(level, n - 1) * error
    p = t_two_sided(mean / error, n - 1) if error > 0.0 else (1.0 if mean == 0.0 else 0.0)
    return Contrast(mean, error, float(n - 1), mean - reach, mean + reach, p, level)


def analyse_mixed(data: TrialData, level: float = 0.95) -> TrialResult:
    """Return the analysis with random blocks; raises ValueError where the plots do not determine it.

    The variance of blocks is negative where plots of one block differ more than plots of different blocks.
    """
    names, x = _treatments(data)
    effects = {"block": indicator(data.block)[1], **{name: indicator(labels)[1] for name, labels in data.groups}}
    model = fit_reml(data.yield_t_ha, x, VarianceComponents(effects, len(x), may_be_negative=True))
    return _result(MIXED, data, names, model, level)


def analyse_spatial(data: TrialData, level: float = 0.95) -> TrialResult:
    """Return the analysis with errors correlated over rows and columns; raises ValueError as `analyse_mixed` does."""
    names, x = _treatments(data)
    effects = {name: indicator(labels)[1] for name, labels in data.groups}
    model = fit_reml(data.yield_t_ha, x, SpatialCovariance(data.row, data.column, effects))
    return _result(SPATIAL, data, names, model, level)


@dataclass(frozen=True, slots=True)
class Heritability:
    """Genetic and residual variance of varieties, and the heritability of their means (Cullis et al. 2006).

    `blocks` is the variance of incomplete blocks, 0 where every block is a complete replicate. `predictions` are the
    means of varieties by their names (BLUP): drawn towards the `mean` of all by what is not heritable.
    """

    mean: float
    genetic: float
    residual: float
    blocks: float
    heritability: float
    predictions: tuple[tuple[str, float], ...]


def heritability_of(
    value: Values, variety: Sequence[str], replicate: Sequence[str], block: Sequence[str] = ()
) -> Heritability:
    """Return the heritability of a variety trial: replicates fixed, blocks within them and varieties random.

    Without `block` the replicates are complete blocks. Raises ValueError where the plots do not determine it.
    """
    names, z = indicator(variety)
    effects = {"genetic": z}
    if block:
        effects["block"] = indicator([f"{r}/{b}" for r, b in zip(replicate, block, strict=True)])[1]
    model = fit_reml(value, indicator(replicate)[1], VarianceComponents(effects, len(z)))
    genetic, residual = model.parameter("genetic"), model.parameter("residual")
    blocks = model.parameter("block") if block else 0.0
    mean = float(np.mean(model.effects))
    if genetic <= 0.0:
        return Heritability(mean, 0.0, residual, blocks, 0.0, tuple((name, mean) for name in names))
    effects_of, errors = model.random_effects(z, genetic)
    n = len(errors)
    trace = float(np.trace(errors))
    of_difference = 2.0 / n * (trace - (float(errors.sum()) - trace) / (n - 1))
    share = 1.0 - of_difference / (2.0 * genetic)
    predictions = zip(names, (mean + effects_of).tolist(), strict=True)
    return Heritability(mean, genetic, residual, blocks, share, tuple(predictions))


def indicator(labels: Sequence[str]) -> tuple[list[str], Matrix]:
    """Return the distinct labels in order, and a matrix with a 1 for the label of each row."""
    names = sorted(set(labels))
    at = {name: index for index, name in enumerate(names)}
    z = np.zeros((len(labels), len(names)))
    z[np.arange(len(labels)), [at[label] for label in labels]] = 1.0
    return names, z


def _treatments(data: TrialData) -> tuple[list[str], Matrix]:
    names, x = indicator(data.treatment)
    if len(names) < 2:
        raise ValueError("a trial compares at least two treatments")
    if data.replicate:
        # Deviations that add up to zero, so that a treatment's effect remains its mean over the replicates.
        of_replicate = indicator(data.replicate)[1]
        x = np.hstack([x, of_replicate[:, :-1] - of_replicate[:, -1:]])
    return names, x


def _result(method: Method, data: TrialData, names: list[str], model: FittedModel, level: float) -> TrialResult:
    eye = np.eye(len(names), len(model.effects))
    counts = {name: sum(1 for label in data.treatment if label == name) for name in names}
    each = [model.contrast(eye[i], level) for i in range(len(names))]
    differences = tuple((name, model.contrast(eye[i] - eye[0], level)) for i, name in enumerate(names) if i)
    pairs = {(i, j): model.contrast(eye[i] - eye[j], level) for i in range(len(names)) for j in range(i)}
    lsd = float(np.sqrt(np.mean([((pair.high - pair.low) / 2.0) ** 2 for pair in pairs.values()])))
    groups = mean_groups([mean.estimate for mean in each], lambda i, j: pairs[max(i, j), min(i, j)].p < 1.0 - level)
    means = tuple(
        TreatmentMean(name, counts[name], mean, letters)
        for name, mean, letters in zip(names, each, groups, strict=True)
    )
    return TrialResult(method, means, differences, lsd, model)
