"""Yield of seasons: the window of a season's harvest, yield against a pass of the field, and stability over years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.harvest.yield_comparison import LEAST_YEARS, Slope, relative_stability, slope_on_applied
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.detection import find_pass
from headland.analysis.passes.deviation import usable_rate
from headland.analysis.yields.yield_map import YieldMap, YieldRequest, map_yield
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Field, Season
from headland.units_of_time import DAY_MS

#: A harvest is brought in within so much of the season's date, and a season without one ends so long after sowing.
_AROUND_MS: Final = 45 * DAY_MS
_LONGEST_MS: Final = 390 * DAY_MS
#: Blocks of the field for the interval of a slope: as many, none narrower than this [m].
_BLOCKS: Final = 16
_LEAST_BLOCK_M: Final = 15.0


@dataclass(frozen=True, slots=True)
class YieldAgainstApplied:
    """The cells of a field with what one pass applied and what was harvested; `block_m` is the side of a block."""

    yields: YieldMap
    applied: AppliedPass
    applied_ha: Values
    slope: Slope
    block_m: Annotated[float, "Side of a block for the interval of the slope, in metres."]


@dataclass(frozen=True, slots=True)
class YieldSeason:
    """A season that the stability used, or why not."""

    season: str
    name: str
    crop: str
    mean_t_ha: Annotated[float | None, "Mean yield of the season [t/ha]; null where it is not used."]
    simulated: bool
    reason: Annotated[str | None, "Why the season is not used; else null."]


@dataclass(frozen=True, slots=True)
class YieldStability:
    """Mean relative yield and coefficient of variation over years [%] of each cell, NaN where unknown."""

    field: Field
    maps: tuple[YieldMap, ...]
    seasons: Annotated[tuple[YieldSeason, ...], "Seasons that were used, then those that were not."]
    relative_pct: Values
    cv_pct: Values
    reason: Annotated[str | None, "too_few_seasons (three are needed), no_common_cells; else null."]

    @property
    def simulated(self) -> bool:
        """Whether a simulator made any of the data."""
        return any(each.simulated for each in self.maps)

    @property
    def cells(self) -> int:
        """Number of cells that every season knows."""
        return int(np.count_nonzero(np.isfinite(self.relative_pct)))


def window_of_season(season: Season, now_ms: int) -> Window:
    """Return the time in which a season was harvested; raises PreconditionError for one without dates."""
    if season.harvest_date is not None:
        middle_ms = _noon_ms(season.harvest_date)
        start_ms = middle_ms - _AROUND_MS
        if season.sowing_date is not None:
            start_ms = max(start_ms, _noon_ms(season.sowing_date))
        return Window(start_ms, middle_ms + _AROUND_MS)
    if season.sowing_date is not None:
        start_ms = _noon_ms(season.sowing_date)
        return Window(start_ms, max(min(start_ms + _LONGEST_MS, now_ms), start_ms + 1))
    sentence = "The season has neither a sowing nor a harvest date: give it one, or ask with start and end."
    raise PreconditionError("no-season-dates", "Dates of the season unknown", sentence)


def list_seasons(scope: OrgScope, of: Field) -> list[Season]:
    """Return the seasons of a field by their dates; a member sees those in which they held it."""
    seasons = [each for each in scope.repositories.seasons.all(field=of.id) if _is_seen(scope, each)]
    return sorted(seasons, key=lambda season: str(season.harvest_date or season.sowing_date or ""))


def find_season(scope: OrgScope, of: Field, season_id: str) -> Season:
    """Return a season of a field; raises NotFound for one that a member does not see, AnalysisError for another's."""
    season = scope.repositories.seasons.get(season_id)
    if season.field == of.id and not _is_seen(scope, season):
        raise NotFound("season", season_id)
    if season.field != of.id:
        sentence = "The season is of another field: ask with a season of this one."
        raise AnalysisError("other-field", "Season of another field", sentence)
    return season


def compare_with_pass(
    scope: OrgScope,
    of: Field,
    window: Window,
    request: YieldRequest,
    pass_id: str,
    swath_m: float | None = None,
    season: Season | None = None,
) -> YieldAgainstApplied:
    """Return yield against what a pass of the field applied, cell by cell, on the cells of the yield.

    Raises AnalysisError for a pass of another field, and PreconditionError where one of both has no map.
    """
    field_pass = find_pass(scope, pass_id)
    if field_pass.field.id != of.id:
        sentence = "The pass is of another field: ask with a pass of this one."
        raise AnalysisError("other-field", "Pass of another field", sentence)
    yields = map_yield(scope, of, window, request, season)
    applied = compute_as_applied(scope, field_pass, cell_m=yields.grid.cell_m, swath_m=swath_m)
    rate = _onto(usable_rate(applied), applied.map.grid, yields.grid)
    block, side_m = _blocks_of(yields.grid, of.area_m2)
    slope = slope_on_applied(rate.ravel(), yields.yield_t_ha.ravel(), block.ravel())
    return YieldAgainstApplied(yields, applied, rate, slope, side_m)


def stability_of(scope: OrgScope, of: Field, request: YieldRequest) -> YieldStability:
    """Return the stability of a field's yield over its seasons that were harvested by combines with a flow sensor."""
    maps: list[YieldMap] = []
    used: list[YieldSeason] = []
    without: list[YieldSeason] = []
    for season in list_seasons(scope, of):
        try:
            made = map_yield(scope, of, window_of_season(season, scope.now_ms), request, season)
        except PreconditionError as error:
            without.append(_season_of(season, None, error.reason))
            continue
        if made.reason is not None:
            without.append(_season_of(season, None, made.reason))
        else:
            maps.append(made)
            used.append(_season_of(season, made, None))
    none = np.full(maps[0].yield_t_ha.shape if maps else (0, 0), np.nan)
    if len(maps) < LEAST_YEARS:
        return YieldStability(of, tuple(maps), (*used, *without), none, none, "too_few_seasons")
    stacked = np.stack([made.yield_t_ha.ravel() for made in maps])
    relative, cv = (column.reshape(none.shape) for column in relative_stability(stacked))
    reason = None if np.isfinite(relative).any() else "no_common_cells"
    return YieldStability(of, tuple(maps), (*used, *without), relative, cv, reason)


def _season_of(season: Season, made: YieldMap | None, reason: str | None) -> YieldSeason:
    mean_t_ha = None if made is None else made.mean.value
    return YieldSeason(season.id, season.name, season.crop, mean_t_ha, made is not None and made.simulated, reason)


def _onto(rate: Values, own: Grid, other: Grid) -> Values:
    """Return values on the cells of another grid that shares the lines of their plane; NaN beyond the first."""
    row, column = (
        round((high - low) / own.cell_m) for high, low in ((other.south_m, own.south_m), (other.west_m, own.west_m))
    )
    rows, columns = np.arange(other.rows) + row, np.arange(other.columns) + column
    placed = np.full((other.rows, other.columns), np.nan)
    in_rows, in_columns = (rows >= 0) & (rows < own.rows), (columns >= 0) & (columns < own.columns)
    placed[np.ix_(in_rows, in_columns)] = rate[np.ix_(rows[in_rows], columns[in_columns])]
    return placed


def _blocks_of(grid: Grid, area_m2: float) -> tuple[NDArray[np.int64], float]:
    """Return the number of each cell's block, and the side of a block [m]."""
    cells = max(1, round(max(np.sqrt(area_m2 / _BLOCKS), _LEAST_BLOCK_M) / grid.cell_m))
    row, column = np.arange(grid.rows) // cells, np.arange(grid.columns) // cells
    return row[:, None] * (grid.columns + 1) + column[None, :], cells * grid.cell_m


def _is_seen(scope: OrgScope, season: Season) -> bool:
    """Return whether a member held the field at the sowing or the harvest of a season, or now where it has no date."""
    at_ms = [_noon_ms(day) for day in (season.sowing_date, season.harvest_date) if day is not None] or [scope.now_ms]
    repositories = scope.repositories
    return any(repositories.sees_field_at(season.field, time_ms) for time_ms in at_ms)


def _noon_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
