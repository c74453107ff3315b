"""Means of strips: plots that are places along strips are no plots of their own, and are averaged to the strips."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headland.agronomy.trials.experimental_units import find_trial_strips
from headland.registry.models.trials import Trial, TrialPlot


def average_strips(trial: Trial, numbers: Mapping[int, float]) -> tuple[Trial, dict[int, float], int]:
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
