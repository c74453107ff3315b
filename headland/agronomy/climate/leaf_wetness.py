"""Leaf wetness: the one definition of wet leaves, from which condensation, disease and forecast take their hours.

Leaves are wet while they are no warmer than the dew point of the air, for two steps on end or more. Their temperature
is measured where a sensor does so, else estimated by a named rule. The time in which leaves dry is not added: no source
was found that gives it for a greenhouse by temperature and humidity alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.condensation import Surface, is_wet
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.time_grid import STEP_MS
from headland.contract.leaf import HOLD_S, SCREEN_CLOSED_PCT, estimate_leaf_degc
from headland.units_of_time import HOUR_MS

LEAF: Final = "leaf"
#: Dry hours that end a wet period: Broome et al. (1995), Phytopathology 85, 97-102.
DRY_BREAK_H: Final = 4.0
#: The margin of leaves at and below which they are wet [K].
WET_K: Final = 0.0
DEFINITION: Final = "leaves are wet at or below the dew point of the air, two steps on end or more"


@dataclass(frozen=True, slots=True)
class LeafMargin:
    """How far leaves are above the dew point by step [K], NaN where unknown, and the surface that it was taken from."""

    surface: Surface
    margin_k: Values

    @property
    def wet(self) -> Mask:
        """The steps at which leaves are wet; unknown ones are dry."""
        return is_wet(self.margin_k, WET_K)

    @property
    def definition(self) -> str:
        """What wet means, and whether the leaf is measured or by which rule it is estimated."""
        return f"{DEFINITION}; {self.surface.origin}"


@dataclass(frozen=True, slots=True)
class WetCourse:
    """Leaf wetness by step: whether leaves are wet, and how long and how warm the current wet period has been.

    `hours` and `mean_degc` are NaN at dry steps. A dry break of less than 4 h does not end a period and counts as dry.
    """

    wet: Mask
    hours: Values
    mean_degc: Values


def estimate_leaf(air_degc: Values, by_day: Mask | None, screen_closed_pct: Values | None) -> Values:
    """Return the temperature of leaves without a sensor [degC].

    Where it is not known whether the sun is up, it is taken to be night; a screen that is not known is open.
    """
    up = np.zeros(len(air_degc), np.bool_) if by_day is None else by_day
    closed = np.zeros(len(air_degc), np.bool_) if screen_closed_pct is None else screen_closed_pct > SCREEN_CLOSED_PCT
    return np.asarray(estimate_leaf_degc(air_degc, up, closed))


def hold_leaf(leaf_degc: Values) -> Values:
    """Return a leaf's measured temperature by step, the newest sample held as long as alarm rules hold it."""
    steps = np.arange(len(leaf_degc))
    last = np.maximum.accumulate(np.where(np.isfinite(leaf_degc), steps, -1))
    is_held = (last >= 0) & (steps - last <= round(HOLD_S * 1000) // STEP_MS)
    return np.where(is_held, leaf_degc[np.maximum(last, 0)], np.nan)


def wet_hours(margin_k: Values) -> Mask:
    """Return which hours have wet leaves by their hourly mean margin [K]: an hour is more than two steps."""
    return np.asarray(np.isfinite(margin_k) & (margin_k <= WET_K))


def follow_wetness(wet: Mask, temperature_degc: Values, step_ms: int = STEP_MS) -> WetCourse:
    """Return the course of wet periods of steps in time order, each `step_ms` long; unknown steps are dry."""
    hours, mean = np.full(len(wet), np.nan), np.full(len(wet), np.nan)
    at = np.flatnonzero(wet & np.isfinite(temperature_degc))
    if len(at):
        begins = np.concatenate(([True], np.diff(at) - 1 >= _break_steps(step_ms)))
        first = np.maximum.accumulate(np.where(begins, np.arange(len(at)), 0))
        count = np.arange(len(at)) - first + 1
        total = np.concatenate(([0.0], np.cumsum(temperature_degc[at])))
        hours[at] = count * (step_ms / HOUR_MS)
        mean[at] = (total[1:] - total[first]) / count
    return WetCourse(wet, hours, mean)


def undecided_steps(wet: Mask, step_ms: int = STEP_MS) -> int:
    """Return the steps until which the length of a wet period is unknown, where one may have begun before the first.

    It ends with the first dry break of four hours.
    """
    steps = _break_steps(step_ms)
    total = np.concatenate(([0], np.cumsum(~wet)))
    whole = np.flatnonzero(total[steps:] - total[:-steps] == steps)
    return int(whole[0]) if len(whole) else len(wet)


def _break_steps(step_ms: int) -> int:
    return round(DRY_BREAK_H * HOUR_MS / step_ms)
