"""Meaning of the stamps of slow samples: an instant, or the mean of the interval before or after, as the sun shows it.

A logger that stores a mean of global radiation once an hour reports light at a stamp at which the sun is down: with the
mean of the hour before it after sunset, with that of the hour after it before sunrise. One that stores what it measures
at the stamp reports none. Clouds weaken that light but do not move it, unlike the middle of a day's radiation.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from headland.agronomy.series.arrays import Counts, Mask, Times, Values
from headland.agronomy.series.clear_sky import clear_sky_w_m2
from headland.units_of_time import MINUTE_MS

Stamp = Literal["instant", "before", "after"]

#: The fastest interval of samples whose meaning matters: below, half an interval changes no answer.
SLOW_MS: Final = 25 * MINUTE_MS
#: The sun is down at a stamp below the first elevation, and was or will be up by an interval's other end above the
#: second [deg]; the light of twilight ends between them. The night, which shows a sensor's offset, is below the third.
_DOWN_DEG, _UP_DEG, _NIGHT_DEG = -4.0, 4.0, -12.0
#: Light above the offset that the sun brought [W/m2].
_LIGHT_W_M2: Final = 1.5
#: More than this share of a clear sky's light is none of that interval's.
_MOST_OF_CLEAR: Final = 1.5
#: The fewest stamps that show a meaning, and the shares of them with and without light that decide.
_LEAST_STAMPS: Final = 5
_MOST_WITHOUT, _LEAST_WITH = 0.1, 0.6


def observe_stamp(
    radiation_w_m2: Values, at_deg: Values, before_deg: Values, after_deg: Values
) -> tuple[Stamp | None, int]:
    """Return what stamps of global radiation mean, and how many of them show it; None where too few do.

    The other columns are the sun's elevation at each stamp, one interval before and one interval after it.
    """
    known = np.isfinite(radiation_w_m2)
    night = known & (np.maximum(np.maximum(at_deg, before_deg), after_deg) < _NIGHT_DEG)
    offset = float(np.median(radiation_w_m2[night])) if night.any() else 0.0
    light = known & (radiation_w_m2 - offset >= _LIGHT_W_M2)
    down = known & (at_deg < _DOWN_DEG)
    if _is_impossible(radiation_w_m2 - offset, down, at_deg, (before_deg, after_deg)):
        return None, 0
    evenings, mornings = down & (before_deg > _UP_DEG), down & (after_deg > _UP_DEG)
    shown = int(evenings.sum()), int(mornings.sum())
    with_light = [float(light[stamps].mean()) if stamps.any() else 0.0 for stamps in (evenings, mornings)]
    enough = [count >= _LEAST_STAMPS for count in shown]
    is_lit = [is_enough and share >= _LEAST_WITH for is_enough, share in zip(enough, with_light, strict=True)]
    is_dark = [share <= _MOST_WITHOUT for share in with_light]
    if is_lit[0] and is_dark[1]:
        return "before", sum(shown)
    if is_lit[1] and is_dark[0]:
        return "after", sum(shown)
    # One twilight alone does not show an instant: the other one may have been lit.
    return ("instant" if all(enough) and all(is_dark) else None), sum(shown)


def _is_impossible(light_w_m2: Values, down: Mask, at_deg: Values, others_deg: tuple[Values, Values]) -> bool:
    """Return whether stamps have more light than a clear sky brings in the interval on one side: a clock is off."""
    for other_deg in others_deg:
        lit = down & (other_deg > _UP_DEG) & (light_w_m2 >= _LIGHT_W_M2)
        if lit.sum() < _LEAST_STAMPS:
            continue
        course_deg = np.linspace(at_deg[lit], other_deg[lit], 25)
        clear = clear_sky_w_m2(np.sin(np.radians(course_deg))).mean(axis=0)
        if float(np.median(light_w_m2[lit] / clear)) > _MOST_OF_CLEAR:
            return True
    return False


def interval_ms(time_ms: Times) -> float:
    """Return the median interval of samples [ms]; 0 for fewer than two."""
    return float(np.median(np.diff(time_ms))) if len(time_ms) > 1 else 0.0


def is_slow(time_ms: Times) -> bool:
    """Return whether samples come so rarely that it matters what their stamps mean."""
    return interval_ms(time_ms) >= SLOW_MS


def mean_of_gap(stamp: Stamp, low: Values, high: Values, share: Values) -> Values:
    """Return the values of steps between two samples: the course between instants, else the mean of that interval."""
    if stamp == "instant":
        return np.asarray(low + (high - low) * share)
    return high if stamp == "before" else low


def near_samples(stamp: Stamp, from_low: Counts, to_high: Counts, intervals: Values) -> tuple[Mask, Mask]:
    """Return which steps of a hole are still known by the sample before it, and which by the one after it.

    Distances in steps. Of instants half an interval on each side is known, of means the whole interval on theirs.
    """
    reach = {"instant": (0.5, 0.5), "before": (0.0, 1.0), "after": (1.0, 0.0)}[stamp]
    return from_low <= np.floor(reach[0] * intervals), to_high <= np.floor(reach[1] * intervals)
