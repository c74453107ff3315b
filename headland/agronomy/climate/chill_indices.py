"""Winter chill by day, from hourly means: hours, Utah units, and portions gathered since the first day asked for."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.climate.chill import FITTED_OFFSET_K, portions_by_hour, utah_by_hour
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import MEAN_BAR, SUM_BAR, Index, told_index
from headland.agronomy.series.time_grid import Periods, average, count_true, sum_up

#: The band of plain chill hours [degC], both ends included.
CHILL_DEGC: Final = (0.0, 7.2)
_HOURLY: Final = "of hourly means of half an hour or more"


def chill_indices(days: Periods, hours: Periods, channel: str, temperature_degc: Values) -> list[Index]:
    """Return the chill of each day; `days` counts in hours, `hours` and `temperature_degc` in steps of one grid."""
    enough = count_true(hours, np.isfinite(temperature_degc)) >= MEAN_BAR * hours.lengths
    hourly = np.where(enough, average(hours, temperature_degc), np.nan)
    known = count_true(days, np.isfinite(hourly))
    coverage = known / days.lengths
    low, high = CHILL_DEGC
    gathered = portions_by_hour(hourly)[days.edges[1:] - 1]
    since = np.cumsum(known) / np.cumsum(days.lengths)
    utah = f"Richardson, Seeley and Walker (1974), Utah, {_HOURLY}; warm hours take units away; from 90 % on"
    dynamic = (
        f"Fishman et al. (1987), constants of Luedeling et al. (2009), 0 degC = {FITTED_OFFSET_K:g} K, gathered since "
        f"the first day asked for, {_HOURLY}; every hour must be known"
    )
    plain = f"hours from {low:g} to {high:g} degC {_HOURLY}; from 90 % on"
    cold = count_true(days, (hourly >= low) & (hourly <= high)).astype(np.float64)
    columns = (
        ("chill_hours", "h", plain, cold, coverage, SUM_BAR),
        ("chill_units", "1", utah, sum_up(days, utah_by_hour(hourly)), coverage, SUM_BAR),
        ("chill_portions_since", "1", dynamic, gathered, since, 1.0),
    )
    return [
        told_index(name, unit, Method(name, 1, rule), (channel,), value, share, known, bar)
        for name, unit, rule, value, share, bar in columns
    ]
