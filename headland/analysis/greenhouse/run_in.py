"""Run-in: the periods before and after those asked for, from which a value has the same history in every window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from headland.agronomy.climate.air import following_lows
from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.indicator import Index, part_of
from headland.agronomy.series.time_grid import STEP_MS, Periods, count_true, lowest
from headland.analysis.greenhouse.house import HouseLocation, day_starts, hour_starts
from headland.analysis.greenhouse.house_grid import HouseGrid
from headland.analysis.inputs.window import Window
from headland.units_of_time import DAY_MS, HOUR_MS


@dataclass(frozen=True, slots=True)
class RunIn:
    """Periods with local days before and after them: `periods` are all, `asked` those without `before` and `after`.

    `days` are the whole local days of all of them, or the hours themselves.
    """

    asked: Periods
    periods: Periods
    days: Periods
    before: int

    def part(self, indices: Iterable[Index]) -> list[Index]:
        """Return indices of all periods as those of the asked ones."""
        return [part_of(index, self.before, self.before + len(self.asked)) for index in indices]

    @property
    def steps(self) -> slice:
        """The steps of the asked periods."""
        first = (self.asked.start_ms - self.periods.start_ms) // STEP_MS
        return slice(first, first + self.asked.steps)

    def cut(self, grid: HouseGrid) -> HouseGrid:
        """Return a grid of all periods as one of the asked ones."""
        return grid.cut(self.asked)

    def following_degc(self, temperature_degc: Values) -> Values:
        """Return the lowest temperature of the local day after each period; NaN after one that is no whole day."""
        coverage = count_true(self.days, np.isfinite(temperature_degc)) / self.days.lengths
        lows = following_lows(lowest(self.days, temperature_degc), coverage)
        first = np.searchsorted(self.days.edges, self.periods.edges[:-1])
        first = np.minimum(first, len(lows) - 1)
        whole = (self.days.edges[first] == self.periods.edges[:-1]) & (
            self.days.edges[first + 1] == self.periods.edges[1:]
        )
        return np.where(whole, lows[first], np.nan)


def run_in(place: HouseLocation, asked: Periods, days_before: int = 1, days_after: int = 1) -> RunIn:
    """Return periods with the rest of their first and last local day, and so many whole days before and after."""
    first_ms, end_ms = asked.start_ms, asked.window(len(asked) - 1)[1]
    whole = Window(first_ms - days_before * DAY_MS, end_ms + days_after * DAY_MS)
    midnights = [*day_starts(place, whole), _next_midnight(place, whole.end_ms)]
    before = [midnight for midnight in midnights if midnight < first_ms]
    after = [midnight for midnight in midnights if midnight > end_ms]
    edges = np.array([*before, *(first_ms + STEP_MS * (asked.edges - asked.edges[0])), *after], np.int64)
    days = np.array(midnights, np.int64)
    return RunIn(asked, _periods_of(edges), _periods_of(days), len(before))


def run_in_by_hour(place: HouseLocation, asked: Periods, hours_before: int) -> RunIn:
    """Return local hours with so many hours before them."""
    window = Window(asked.start_ms - hours_before * HOUR_MS, asked.window(len(asked) - 1)[1])
    before = [start_ms for start_ms in hour_starts(place, window) if start_ms < asked.start_ms]
    first_ms = asked.start_ms - STEP_MS * asked.edges[0]
    periods = _periods_of(np.array([*before, *(first_ms + STEP_MS * asked.edges)], np.int64))
    return RunIn(asked, periods, periods, len(before))


def _periods_of(edges_ms: Times) -> Periods:
    return Periods(int(edges_ms[0]), ((edges_ms - edges_ms[0]) // STEP_MS).astype(np.int64))


def _next_midnight(place: HouseLocation, time_ms: int) -> int:
    """Return the first beginning of a local day at or after an instant."""
    return next(
        start_ms for start_ms in day_starts(place, Window(time_ms, time_ms + 2 * DAY_MS)) if start_ms >= time_ms
    )
