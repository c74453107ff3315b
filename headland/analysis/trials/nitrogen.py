"""Response of yield to nitrogen: from plots, or what stands for them, within blocks, to the rate of largest profit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import numpy as np

from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.trials.nitrogen_response import RESPONSE, PixelsError, fit_response
from headland.contract.units import factors_to
from headland.registry.models.trials import Trial, TrialPlot, TrialVariable

#: Tonnes per hectare of a unit of yield.
_T_HA: Final = factors_to("t/ha")


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a kilogram of nitrogen and of a tonne of grain, in one currency."""

    nitrogen_kg: float
    grain_t: float


class ResponseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The response of yield to nitrogen: plateau, the rate of largest profit, and its interval [kg N/ha, t/ha].

    `unit` is what counts as a plot: that for which rates were drawn. What differs between blocks, or main plots, with
    several rates is not in the interval. `low_is_open` and `high_is_open`: the interval ends at a tested rate, and may
    go on beyond it.
    """

    method: Annotated[Method, "Method of the response."]
    plateau_t_ha: Annotated[float, "Yield at the plateau."]
    plateau_n_kg_ha: Annotated[float, "Nitrogen rate at which the plateau begins."]
    curvature: Annotated[float, "Quadratic coefficient of the response."]
    optimum_kg_ha: Annotated[float, "Nitrogen rate of the largest profit."]
    optimum_low_kg_ha: Annotated[float, "Lower end of its interval."]
    optimum_high_kg_ha: Annotated[float, "Upper end of its interval."]
    low_is_open: Annotated[bool, "Whether the interval may go on below its lower end."]
    high_is_open: Annotated[bool, "Whether the interval may go on beyond its upper end."]
    yield_at_optimum_t_ha: Annotated[float, "Yield at that rate."]
    residual_sd_t_ha: Annotated[float, "Standard deviation of the residuals."]
    n: Annotated[int, "Number of plots."]
    df: Annotated[int, "Degrees of freedom of the interval, blocks taken out."]
    unit: Annotated[str, "What counts as a plot: plot, strip, main_plot or block."]
    compared_within: Annotated[str, "Within what rates are compared: trial, block or main_plot."]
    points: Annotated[tuple[tuple[float, float], ...], "Measured points: nitrogen rate and yield."]
    curve: Annotated[tuple[tuple[float, float], ...], "Fitted curve: nitrogen rate and yield."]
    reason: Annotated[str | None, "Why the optimum is not told; else null."]


@dataclass(frozen=True, slots=True)
class _Units:
    """What rates were drawn for: rate and yield of each, and its block, None without blocks."""

    rate: Values
    yield_t_ha: Values
    block: list[str] | None
    unit: str
    compared_within: str


def answer_response(
    trial: Trial,
    variable: TrialVariable,
    numbers: Mapping[int, float],
    prices: Prices | None,
    level: float,
    unit: str = "plot",
) -> tuple[ResponseAnswer | None, str | None]:
    """Return the response to nitrogen, or why there is none; `unit` is what the trial's plots are."""
    factor = _T_HA.get(variable.unit)
    if factor is None:
        return None, "not_a_yield"
    if prices is None:
        return None, "no_prices"
    points = [
        (plot, rate, numbers[plot.number] * factor)
        for plot in trial.plots
        if plot.number in numbers and (rate := trial.treatments[plot.treatment].n_kg_ha) is not None
    ]
    if len(points) < 5 or len({rate for _, rate, _ in points}) < 3:
        return None, "too_few_rates"
    units = _units_of(points, unit, has_main_plots=trial.kind == "split_plot")
    rates, yields = units.rate, units.yield_t_ha
    if len(rates) < 5:
        return None, "too_few_rates"
    try:
        fitted = fit_response(rates, yields, prices.nitrogen_kg, prices.grain_t, level, block=units.block)
    except PixelsError:
        return None, "places_of_strips"
    except ValueError:
        return None, "too_few_in_blocks"
    low, high = float(rates.min()), float(rates.max())
    return (
        ResponseAnswer(
            method=RESPONSE,
            plateau_t_ha=float(fitted.plateau_t_ha),
            plateau_n_kg_ha=float(fitted.plateau_n_kg_ha),
            curvature=float(fitted.curvature),
            optimum_kg_ha=float(fitted.optimum_kg_ha),
            optimum_low_kg_ha=float(fitted.optimum_low_kg_ha),
            optimum_high_kg_ha=float(fitted.optimum_high_kg_ha),
            low_is_open=bool(fitted.optimum_low_kg_ha <= low),
            high_is_open=bool(fitted.optimum_high_kg_ha >= high),
            yield_at_optimum_t_ha=float(fitted.yield_at(fitted.optimum_kg_ha)),
            residual_sd_t_ha=float(fitted.residual_sd_t_ha),
            n=fitted.n,
            df=fitted.df,
            unit=units.unit,
            compared_within=units.compared_within,
            points=tuple((float(rate), float(value)) for rate, value in zip(rates, yields, strict=True)),
            curve=tuple((float(rate), float(fitted.yield_at(float(rate)))) for rate in np.linspace(low, high, 41)),
            reason=fitted.reason,
        ),
        None,
    )


def _units_of(points: Sequence[tuple[TrialPlot, float, float]], unit: str, *, has_main_plots: bool) -> _Units:
    """Return what rates were drawn for: plots within blocks, or what holds plots of one rate alone.

    Plots of a main plot (block) with a single rate say nothing of how rates differ by chance: they are averaged.
    """
    rate = np.array([each for _, each, _ in points])
    value = np.array([each for _, _, each in points])
    labels = {"block": [str(plot.block) for plot, _, _ in points]}
    if has_main_plots:
        labels = {"main_plot": [f"{plot.block}/{plot.main_plot}" for plot, _, _ in points], **labels}
    for name in list(labels):
        names, member = np.unique(labels[name], return_inverse=True)
        if len(names) == 1:
            continue
        if len(set(zip(member.tolist(), rate.tolist(), strict=True))) > len(names):
            return _Units(rate, value, labels[name], unit, name)
        if len(names) < len(rate):
            unit = name
        first = [int(np.flatnonzero(member == index)[0]) for index in range(len(names))]
        rate, value = rate[first], np.bincount(member, value) / np.bincount(member)
        labels = {each: [of[index] for index in first] for each, of in labels.items()}
    return _Units(rate, value, None, unit, "trial")
