"""Simulated trials with a known effect, to measure what the analyses get wrong."""

from __future__ import annotations

import numpy as np

from headland.agronomy.trials.analyses import TrialData
from headland.agronomy.trials.designs import Design


def simulate_trial(
    design: Design, effects_t_ha: dict[str, float], seed: int, *, spatial_sd: float = 0.35, nugget_sd: float = 0.2,
    correlation: tuple[float, float] = (0.6, 0.8), mean_t_ha: float = 6.0,
) -> TrialData:  # fmt: skip
    """Return the yields of a design whose ground varies by AR1 x AR1 over rows and columns, with these effects."""
    rng = np.random.default_rng(seed)
    ground = rng.standard_normal((design.rows, design.columns))
    for axis, rho in enumerate(correlation):
        along = np.moveaxis(ground, axis, 0)
        for place in range(1, len(along)):
            along[place] = rho * along[place - 1] + np.sqrt(1.0 - rho * rho) * along[place]
    plots = design.plots
    noise = nugget_sd * rng.standard_normal(len(plots))
    return TrialData(
        np.array([mean_t_ha + effects_t_ha[p.treatment] + spatial_sd * ground[p.row, p.column] for p in plots]) + noise,
        [plot.treatment for plot in plots],
        [str(plot.block) for plot in plots],
        np.array([float(plot.row) for plot in plots]),
        np.array([float(plot.column) for plot in plots]),
    )
