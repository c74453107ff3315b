"""Results of a trial: means of treatments with intervals, LSD, and the response to nitrogen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from headland.agronomy.series.answer import Method
from headland.agronomy.trials.analyses import (
    MIXED,
    SPATIAL,
    STRIPS,
    TrialData,
    TrialResult,
    analyse_mixed,
    analyse_spatial,
    analyse_strips,
)
from headland.agronomy.trials.experimental_units import find_trial_strips
from headland.agronomy.trials.mean_groups import MEAN_GROUPS, mean_groups
from headland.agronomy.trials.nitrogen_response import RESPONSE
from headland.agronomy.trials.reml import Contrast
from headland.analysis.trials.nitrogen import Prices, ResponseAnswer, answer_response
from headland.analysis.trials.varieties import VarietyAnswer, compare_varieties, replicates_of
from headland.registry.models.trials import PlotObservation, Trial, TrialPlot, TrialVariable

Model = Literal["auto", "strips", "mixed", "spatial"]
METHODS: Final = (STRIPS, MIXED, SPATIAL, RESPONSE, MEAN_GROUPS)


class TrialEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """A mean of a treatment, or its difference from the first one, with its interval; `p` is of no difference.

    Means that share a letter of `letters` are not told apart; a difference has none.
    """

    treatment: Annotated[str, "Name of the treatment."]
    plots: Annotated[int, "Number of plots."]
    value: Annotated[float, "Mean, or difference from the first treatment."]
    standard_error: Annotated[float, "Standard error of the value."]
    df: Annotated[float, "Degrees of freedom."]
    low: Annotated[float, "Lower end of the interval."]
    high: Annotated[float, "Upper end of the interval."]
    p: Annotated[float | None, "Probability of such a difference without any; null for a mean."] = None
    letters: Annotated[str | None, "Letters of the groups that the mean is in; null for a difference."] = None


class TrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a trial for one variable. Without one, `reason` says why.

    `missing` are plots without a number, `replaced` older observations of plots that were observed again. Plots that
    are places along strips are averaged to them, and strips are the plots of the result. `lsd` is the least significant
    difference of two means. `varieties` is there where every treatment is a variety.
    """

    trial: str
    variable: str
    unit: str
    method: Annotated[Method | None, "Method of the analysis; null without a result."]
    level: Annotated[float, "Level of the intervals, 0 to 1."]
    n: Annotated[int, "Number of plots with a number."]
    averaged: Annotated[int, "Number of places along strips that were averaged to strips; 0 where plots are none."]
    missing: Annotated[tuple[str, ...], "Names of plots without a number."]
    replaced: Annotated[int, "Number of older observations of plots that were observed again."]
    means: Annotated[tuple[TrialEstimate, ...], "Means by treatment."]
    differences: Annotated[tuple[TrialEstimate, ...], "Differences from the first treatment."]
    lsd: Annotated[float | None, "Least significant difference of two means; null where there is none."]
    parameters: Annotated[dict[str, float], "Fitted parameters by name."]
    at_bound: Annotated[tuple[str, ...], "Parameters that are at a bound."]
    is_converged: Annotated[bool | None, "Whether the fit converged; null where nothing was fitted."]
    response: Annotated[ResponseAnswer | None, "Response to nitrogen; null with a reason."]
    response_reason: Annotated[str | None, "Why there is no response; else null."]
    varieties: Annotated[VarietyAnswer | None, "Comparison of the varieties; null with a reason."]
    varieties_reason: Annotated[str | None, "Why there is no comparison; else null."]
    reason: Annotated[str | None, "Why there is no result; else null."]


def numbers_of(trial: Trial, observations: Iterable[PlotObservation]) -> tuple[dict[int, float], int]:
    """Return the newest number of each plot, and how many older ones it replaced."""
    newest: dict[int, tuple[int, int, float]] = {}
    replaced = 0
    for each in observations:
        try:
            value = math.nan if each.value is None else float(each.value)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or not 1 <= each.plot <= len(trial.plots):
            continue
        instant = (each.created_ms if each.time_ms is None else each.time_ms, each.changed_ms)
        known = newest.get(each.plot)
        replaced += known is not None
        if known is None or instant >= known[:2]:
            newest[each.plot] = (*instant, value)
    return {plot: value for plot, (_, _, value) in sorted(newest.items())}, replaced


def analyse_trial(
    trial: Trial,
    variable: TrialVariable,
    observations: Iterable[PlotObservation],
    model: Model = "auto",
    prices: Prices | None = None,
    level: float = 0.95,
) -> TrialAnswer:
    """Return the result of a trial for a variable from the observations of it."""
    numbers, replaced = numbers_of(trial, observations)
    missing = tuple(plot.name for plot in trial.plots if plot.number not in numbers)
    trial, numbers, averaged = _average_strips(trial, numbers)
    found: TrialResult | Contrast | None = None
    reason: str | None = None
    if variable.data_type not in ("numerical", "duration"):
        reason = "not_numerical"
    elif not numbers:
        reason = "no_observations"
    else:
        found, reason = _fit(trial, numbers, _choose(trial) if model == "auto" else model, level)
    strips = found if isinstance(found, Contrast) else None
    result = found if isinstance(found, TrialResult) else None
    response, response_reason = answer_response(
        trial, variable, numbers, prices, level, "strip" if averaged or trial.kind == "strips" else "plot"
    )
    varieties, varieties_reason = (None, reason) if reason is not None else compare_varieties(trial, numbers)
    method = STRIPS if strips is not None else None if result is None else result.method
    means, differences = (
        _strip_estimates(trial, numbers, strips, level) if strips is not None else _estimates(trial, result)
    )
    fitted = None if result is None else result.model
    return TrialAnswer(
        trial=trial.id,
        variable=variable.id,
        unit=variable.unit,
        method=method,
        level=level,
        n=len(numbers),
        averaged=averaged,
        missing=missing,
        replaced=replaced,
        means=means,
        differences=differences,
        lsd=_least_significant(strips, result),
        parameters={} if fitted is None else dict(zip(fitted.names, fitted.parameters.tolist(), strict=True)),
        at_bound=() if fitted is None else fitted.at_bound,
        is_converged=None if fitted is None else fitted.is_converged,
        response=response,
        response_reason=response_reason,
        varieties=varieties,
        varieties_reason=varieties_reason,
        reason=reason,
    )


def _fit(
    trial: Trial, numbers: Mapping[int, float], model: Model, level: float
) -> tuple[TrialResult | Contrast | None, str | None]:
    """Return the fitted model, or why it cannot be fitted."""
    if model == "strips":
        if len({plot.treatment for plot in trial.plots}) != 2:
            return None, "not_two_treatments"
        pairs = _pairs(trial, numbers)
        if len(pairs) < 2:
            return None, "too_few_pairs"
        first, second = np.array(pairs).T
        return analyse_strips(first, second, level), None
    data = _data(trial, numbers)
    try:
        return analyse_spatial(data, level) if model == "spatial" else analyse_mixed(data, level), None
    except ValueError:
        return None, "too_few_plots"


def _least_significant(strips: Contrast | None, result: TrialResult | None) -> float | None:
    if strips is not None:
        return float(strips.high - strips.low) / 2.0
    return None if result is None else float(result.lsd_t_ha)


def _choose(trial: Trial) -> Model:
    used = {plot.treatment for plot in trial.plots}
    if trial.kind == "strips" and len(used) == 2:
        return "strips"
    return "spatial" if trial.kind == "checkerboard" else "mixed"


def _label(index: int) -> str:
    """Return a name that sorts as the trial lists its treatments: others are held against the first of them."""
    return f"{index:04d}"


def _data(trial: Trial, numbers: Mapping[int, float]) -> TrialData:
    plots = [plot for plot in trial.plots if plot.number in numbers]
    groups: tuple[tuple[str, list[str]], ...] = ()
    if trial.kind == "split_plot":
        groups = (("main_plot", [str(plot.main_plot) for plot in plots]),)
    return TrialData(
        np.array([numbers[plot.number] for plot in plots]),
        [_label(plot.treatment) for plot in plots],
        [str(plot.block) for plot in plots],
        np.array([plot.row for plot in plots], np.float64),
        np.array([plot.column for plot in plots], np.float64),
        groups,
        replicates_of(plots),
    )


def _pairs(trial: Trial, numbers: Mapping[int, float]) -> list[tuple[float, float]]:
    used = sorted({plot.treatment for plot in trial.plots})
    by_block: dict[int, dict[int, float]] = {}
    for plot in trial.plots:
        if plot.number in numbers:
            by_block.setdefault(plot.block, {})[plot.treatment] = numbers[plot.number]
    return [(pair[used[0]], pair[used[1]]) for pair in by_block.values() if len(pair) == 2]


def _strip_estimates(
    trial: Trial, numbers: Mapping[int, float], difference: Contrast, level: float
) -> tuple[tuple[TrialEstimate, ...], tuple[TrialEstimate, ...]]:
    pairs = np.array(_pairs(trial, numbers))
    used = sorted({plot.treatment for plot in trial.plots})
    means = []
    for index, values in zip(used, pairs.T, strict=True):
        # The mean of strips less nothing: Student's t over them.
        alone = analyse_strips(np.zeros(len(values)), values, level)
        means.append(_estimate(trial.treatments[index].name, len(values), alone, with_p=False))
    letters = mean_groups([mean.value for mean in means], lambda _, __: difference.p < 1.0 - level)
    means = [msgspec.structs.replace(mean, letters=of_mean) for mean, of_mean in zip(means, letters, strict=True)]
    second = trial.treatments[used[1]].name
    return tuple(means), (_estimate(second, len(pairs), difference, with_p=True),)


def _estimates(trial: Trial, result: TrialResult | None) -> tuple[tuple[TrialEstimate, ...], tuple[TrialEstimate, ...]]:
    if result is None:
        return (), ()
    names = {_label(index): treatment.name for index, treatment in enumerate(trial.treatments)}
    plots = {each.treatment: each.plots for each in result.means}
    means = tuple(
        _estimate(names[each.treatment], each.plots, each.mean, with_p=False, letters=each.letters)
        for each in result.means
    )
    differences = tuple(
        _estimate(names[label], plots[label], contrast, with_p=True) for label, contrast in result.differences
    )
    return means, differences


def _estimate(name: str, plots: int, contrast: Contrast, *, with_p: bool, letters: str | None = None) -> TrialEstimate:
    return TrialEstimate(
        treatment=name,
        plots=plots,
        value=float(contrast.estimate),
        standard_error=float(contrast.standard_error),
        df=float(contrast.df),
        low=float(contrast.low),
        high=float(contrast.high),
        p=float(contrast.p) if with_p else None,
        letters=letters,
    )


def _average_strips(trial: Trial, numbers: Mapping[int, float]) -> tuple[Trial, dict[int, float], int]:
    """Return a trial of strips with their means, and how many places they are of; a trial of plots as it is, and 0.

    A strip has the number of its first plot, and the mean of those of its plots that have a number.
    """
    plots = trial.plots
    found = find_trial_strips(
        [plot.row for plot in plots],
        [plot.column for plot in plots],
        [plot.treatment for plot in plots],
        [plot.block for plot in plots],
    )
    if found is None:
        return trial, dict(numbers), 0
    strips: dict[int, list[TrialPlot]] = {}
    for plot, strip in zip(plots, found.tolist(), strict=True):
        strips.setdefault(strip, []).append(plot)
    means: dict[int, float] = {}
    for places in strips.values():
        known = [numbers[plot.number] for plot in places if plot.number in numbers]
        if known:
            means[places[0].number] = sum(known) / len(known)
    drawn = tuple(places[0] for places in strips.values())
    return msgspec.structs.replace(trial, plots=drawn), means, len(numbers)
