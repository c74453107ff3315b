"""Picture of a greenhouse's next 24 hours: what the last two measured, and the forecast of the plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from headland.agronomy.climate.air import AIR_TEMPERATURE, RELATIVE_HUMIDITY
from headland.agronomy.climate.leaf_wetness import wet_hours
from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.time_grid import STEP_MS, average, make_periods
from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.greenhouse.derived import air_of, by_day_of, leaf_margin_of
from headland.analysis.greenhouse.house import House, find_house
from headland.analysis.greenhouse.rule_limits import RuleLimits
from headland.analysis.greenhouse.samples import read_grid
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.statements import HOURS
from headland.analysis.tonight.subjects import OutlookSubject
from headland.analysis.tonight.today.answer import Column, HazardSpans, HouseStrip, Span, StripLimit, StripLow
from headland.contract.leaf import LEAF_TEMPERATURE, SCREEN
from headland.registry.repositories.forecasts import Forecast
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: How far a picture looks back and ahead.
BACK_MS: Final = 2 * HOUR_MS
AHEAD_MS: Final = HOURS * HOUR_MS
#: What was measured is read again after so long.
SEEN_FRESH_MS: Final = 5 * MINUTE_MS
_SEEN_EVERY_MS: Final = 10 * MINUTE_MS
#: Samples beside the picture that tell the cadence of a slow sensor.
_BESIDE_MS: Final = HOUR_MS
_CHANNELS: Final = (AIR_TEMPERATURE, RELATIVE_HUMIDITY, LEAF_TEMPERATURE, SCREEN)
_MARGIN: Final = "leaf_condensation_margin_k"
_DECIMALS: Final = 2
#: A limit of frost or heat is drawn from so near to it on.
_NEAR_K: Final = 2.0
NO_SPANS: Final = HazardSpans(wet=[], frost=[], heat=[])
#: Time, air, leaf and dew point of some instants.
Seen = tuple[list[int], Column, Column, Column]


def find_seen(scope: OrgScope, subject: OutlookSubject, targets: CropTargets) -> Seen | None:
    """Return what a greenhouse measured in the last two hours, read every five minutes; None where it is no more."""
    try:
        house = find_house(scope, subject.forecast_id)
    except AnalysisError:  # its devices went away meanwhile
        return None
    family = ("today-house", scope.organisation, subject.id)
    key = (*family, scope.now_ms // SEEN_FRESH_MS)
    return scope.cache.get(key, lambda: seen_of(scope, house, targets), family)


def seen_of(scope: OrgScope, house: House, targets: CropTargets) -> Seen:
    """Return what was measured in the last two hours, in means of ten minutes."""
    end_ms = scope.now_ms // STEP_MS * STEP_MS
    starts = list(range(end_ms - BACK_MS, end_ms, _SEEN_EVERY_MS))
    periods = make_periods(starts, end_ms)
    grid = read_grid(scope, house, _CHANNELS, periods, is_past=False, beside_ms=_BESIDE_MS)
    if grid.mean(AIR_TEMPERATURE) is None or grid.mean(RELATIVE_HUMIDITY) is None:
        nothing: Column = [None] * len(starts)
        air = grid.mean(AIR_TEMPERATURE)
        told = nothing if air is None else column_of(average(periods, air))
        return [start + _SEEN_EVERY_MS // 2 for start in starts], told, nothing, nothing
    margin = leaf_margin_of(house, targets, grid, by_day_of(house, periods))
    leaf = margin.surface.temperature_degc
    columns = (air_of(grid)[0], leaf, leaf - margin.margin_k)
    told_air, told_leaf, told_dew = (column_of(average(periods, column)) for column in columns)
    return [start + _SEEN_EVERY_MS // 2 for start in starts], told_air, told_leaf, told_dew


def house_strip(
    now_ms: int, seen: Seen, forecast: Forecast | None, limits: RuleLimits, *, is_estimated: bool, ahead_ms: int
) -> HouseStrip:
    """Return the picture of a greenhouse from two hours ago to `ahead_ms`; without a forecast it ends with now."""
    time_ms, air, leaf, dew = ([*column] for column in seen)
    low: Column = [None] * len(time_ms)
    high: Column = [None] * len(time_ms)
    hazards, limit, lowest = NO_SPANS, None, None
    if forecast is not None:
        hours = _hours_of(forecast, now_ms, ahead_ms)
        columns = {name: forecast_column(forecast, name) for name in (AIR_TEMPERATURE, RELATIVE_HUMIDITY, _MARGIN)}
        dew_to_come = dew_point_degc(columns[AIR_TEMPERATURE], np.clip(columns[RELATIVE_HUMIDITY], 1.0, 100.0))
        leaf_to_come = dew_to_come + columns[_MARGIN]
        time_ms += [_middle(forecast, hour, now_ms) for hour in hours]
        for column, values in ((air, columns[AIR_TEMPERATURE]), (leaf, leaf_to_come), (dew, dew_to_come)):
            column.extend(column_of(values[hours]))
        quantity = forecast.quantities.get(AIR_TEMPERATURE)
        low += _told(None if quantity is None else quantity.low, hours)
        high += _told(None if quantity is None else quantity.high, hours)
        hazards = hazards_of(forecast, limits, now_ms)
        limit = _limit_of(columns[AIR_TEMPERATURE][hours], limits)
        is_frost = limit is not None and limit.kind == "frost"
        lowest = _lowest_of(forecast, hours, columns[AIR_TEMPERATURE] if is_frost else leaf_to_come, now_ms)
    return HouseStrip(
        time_ms=time_ms, air_degc=air, leaf_degc=leaf, dew_point_degc=dew, air_low_degc=low, air_high_degc=high,
        leaf_estimated=is_estimated, limit=limit, hazards=hazards, avoided=NO_SPANS, lowest=lowest,
    )  # fmt: skip


def hazards_of(forecast: Forecast, limits: RuleLimits, now_ms: int) -> HazardSpans:
    """Return the hours to come with wet leaves, by the one definition of them, and with frost and heat by the rules."""
    margin, air = forecast_column(forecast, _MARGIN), forecast_column(forecast, AIR_TEMPERATURE)
    frost = np.isfinite(air) & (air < limits.frost_degc)
    return HazardSpans(
        wet=runs_of(wet_hours(margin), forecast.origin_ms, now_ms),
        frost=runs_of(frost, forecast.origin_ms, now_ms),
        heat=runs_of(np.isfinite(air) & (air > limits.heat_degc), forecast.origin_ms, now_ms),
    )


def runs_of(mask: Mask, origin_ms: int, now_ms: int) -> list[Span]:
    """Return the runs of true hours after an origin, from now on."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    spans = [(origin_ms + int(first) * HOUR_MS, origin_ms + int(end) * HOUR_MS) for first, end in edges.reshape(-1, 2)]
    return [(max(start, now_ms), end) for start, end in spans if end > now_ms]


def column_of(values: Values) -> Column:
    """Return numbers as an answer has them, null where a value is unknown."""
    return [round(value, _DECIMALS) if math.isfinite(value) else None for value in values.tolist()]


def _hours_of(forecast: Forecast, now_ms: int, ahead_ms: int) -> list[int]:
    """Return which hours of a forecast are to come, up to the end of the picture."""
    first = max(0, (now_ms - forecast.origin_ms) // HOUR_MS)
    count = max((len(quantity.made) for quantity in forecast.quantities.values()), default=0)
    return [hour for hour in range(first, count) if forecast.origin_ms + hour * HOUR_MS < now_ms + ahead_ms]


def _middle(forecast: Forecast, hour: int, now_ms: int) -> int:
    """Return the middle of an hour to come, of the part of it that is to come."""
    start_ms = forecast.origin_ms + hour * HOUR_MS
    return (max(start_ms, now_ms) + start_ms + HOUR_MS) // 2


def forecast_column(forecast: Forecast, name: str) -> Values:
    """Return a quantity of a forecast by the hour after its origin, NaN where it is not told."""
    quantity = forecast.quantities.get(name)
    count = max((len(each.made) for each in forecast.quantities.values()), default=0)
    column = np.full(count, np.nan)
    if quantity is not None:
        column[: len(quantity.made)] = [np.nan if value is None else value for value in quantity.made]
    return column


def _told(column: Sequence[float | None] | None, hours: Sequence[int]) -> Column:
    if column is None:
        return [None] * len(hours)
    return [column[hour] if hour < len(column) else None for hour in hours]


def _limit_of(air: Values, limits: RuleLimits) -> StripLimit | None:
    known = air[np.isfinite(air)]
    if len(known) and known.min() <= limits.frost_degc + _NEAR_K:
        return StripLimit(value_degc=limits.frost_degc, kind="frost")
    if len(known) and known.max() >= limits.heat_degc - _NEAR_K:
        return StripLimit(value_degc=limits.heat_degc, kind="heat")
    return None


def _lowest_of(forecast: Forecast, hours: list[int], column: Values, now_ms: int) -> StripLow | None:
    values = column[hours]
    if not len(values) or not np.isfinite(values).any():
        return None
    at = int(np.nanargmin(values))
    return StripLow(time_ms=_middle(forecast, hours[at], now_ms), value_degc=round(float(values[at]), 1))
