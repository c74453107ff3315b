"""Course of light over a day as a sensor measured it: its noon, its length and its level, beside the sun's.

A day's noon is the middle of its lit time on the circle of 24 hours: clouds weaken light, but hardly move it. Its level
is the upper part of its light as a share of a clear sky's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Counts, Times, Values
from headland.agronomy.series.clear_sky import clear_sky_w_m2
from headland.agronomy.series.stamps import is_slow
from headland.contract.sun import declination_and_equation, sine_of_elevation
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Samples are thinned to means of this time.
_STEP_MS: Final = 15 * MINUTE_MS
#: A sample is lit above this share of the brightest.
_LIT: Final = 0.01
#: A clear sky is lit above this share of its brightest: a usual cloud takes half of it.
_LIT_SKY: Final = 0.02
#: The known share of a day that counts, and how far light must be from all round the clock.
_LEAST_KNOWN, _LEAST_RESULTANT = 0.9, 0.2
#: The sine of the elevation from which on light is compared with a clear sky: 10 degrees.
_HIGH_SINE: Final = float(np.sin(np.radians(10.0)))
#: A lamp's light changes by less than this share between samples; of so many above this share of the brightest.
_LAMP_CHANGE, _LEAST_LIT, _SEEN = 0.04, 8, 0.05
_DARK_SINE: Final = float(np.sin(np.radians(-8.0)))


@dataclass(frozen=True, slots=True)
class SunPlace:
    """Place of a sensor as declared; the offset of the site's zone from UTC [h] is None where it is not known."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float = 0.0
    utc_offset_h: float | None = None


@dataclass(frozen=True, slots=True)
class Thinned:
    """Series of light thinned to means of a quarter of an hour, or slower samples, with the solar day of each."""

    time_ms: Times
    value: Values
    day: Counts
    interval_ms: float
    sample_ms: float
    top: float

    @property
    def quarters(self) -> Counts:
        """The quarters of an hour of the samples."""
        return np.asarray(self.time_ms // _STEP_MS)


@dataclass(frozen=True, slots=True)
class LightCourse:
    """Course of light on the whole days of a series, in the solar time of the declared longitude.

    noon_h
        The middle of the light less the sun's noon [h], -12 to 12; NaN where the light is all round the clock.
    spread_h
        How far the noons of single days are from it, the median [h].
    lengths_h
        The length of the lit time of each whole day [h].
    """

    noon_h: float
    spread_h: float
    lengths_h: Values
    days: int


def thin(time_ms: Times, value: Values, place: SunPlace) -> Thinned | None:
    """Return a series of light thinned; None for one without light or with less than half a day."""
    known = np.isfinite(value)
    time_ms, value = time_ms[known], value[known]
    if len(time_ms) < 12 or time_ms[-1] - time_ms[0] < DAY_MS // 2:
        return None
    interval_ms = sample_ms = float(np.median(np.diff(time_ms)))
    if interval_ms < _STEP_MS:
        key = time_ms // _STEP_MS
        first = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
        counts = np.diff(first, append=len(key))
        value = np.add.reduceat(value, first) / counts
        time_ms, interval_ms = key[first] * _STEP_MS + _STEP_MS // 2, float(_STEP_MS)
    top = float(np.quantile(value, 0.99))
    if top <= 0.0:
        return None
    return Thinned(time_ms, value, _solar_day(time_ms, place.longitude_deg), interval_ms, sample_ms, top)


def observe_course(light: Thinned, place: SunPlace) -> LightCourse | None:
    """Return the noon and length of the light of whole days; None without one."""
    lit = light.value > _LIT * light.top
    use = _whole_days(light)
    if use is None:
        return None
    days, first, counts = use
    _, equation_min = declination_and_equation(light.time_ms.astype(np.float64), np)
    turn = np.exp(2j * np.pi * (light.time_ms / DAY_MS + place.longitude_deg / 360.0 + equation_min / 1440.0))
    sums = np.add.reduceat(np.where(lit, turn, 0.0), first)[days]
    n_lit = np.add.reduceat(lit.astype(np.float64), first)[days]
    lengths = 24.0 * n_lit / counts[days]
    resultant = np.abs(sums) / np.maximum(n_lit, 1.0)
    clear = (resultant > _LEAST_RESULTANT) & (n_lit > 0)
    if not clear.any():
        return LightCourse(float("nan"), 0.0, lengths, len(days))
    middle = np.exp(1j * np.angle(sums[clear]))
    centre = middle.sum() / len(middle)
    off_h = np.angle(middle / centre) * 12.0 / np.pi
    # Midnight is the start of the circle: the sun's noon is half a turn from it.
    noon_h = float(np.angle(-centre) * 12.0 / np.pi) + float(np.median(off_h))
    return LightCourse((noon_h + 12.0) % 24.0 - 12.0, float(np.median(np.abs(off_h))), lengths, len(days))


def longer_h(course: LightCourse, light: Thinned, sky_w_m2: Values) -> float:
    """Return how much longer the light of days is than that of a clear sky, the median [h]; clouds make it shorter."""
    use = _whole_days(light)
    if use is None:
        return float("nan")
    days, first, counts = use
    lit = (sky_w_m2 > _LIT_SKY * max(float(sky_w_m2.max()), 1.0)).astype(np.float64)
    return float(np.median(course.lengths_h - 24.0 * np.add.reduceat(lit, first)[days] / counts[days]))


def sky_of(light: Thinned, place: SunPlace, shift_h: float = 0.0) -> tuple[Values, Values]:
    """Return the sine of the sun's elevation and a clear sky's radiation [W/m2] at samples, their clock `shift_h` fast.

    The air is thinner above the sea: a clear sky has 5 % more at 1,000 m.
    """
    instants = light.time_ms.astype(np.float64) - shift_h * HOUR_MS
    sine = np.asarray(sine_of_elevation(instants, place.latitude_deg, place.longitude_deg, np))
    sky = clear_sky_w_m2(sine)
    if is_slow(light.time_ms):
        # What a slow stamp means is not known: the mean of the time before, after, or an instant.
        for half_ms in (-light.interval_ms / 2.0, light.interval_ms / 2.0):
            beside = sine_of_elevation(instants + half_ms, place.latitude_deg, place.longitude_deg, np)
            sky = np.maximum(sky, clear_sky_w_m2(np.asarray(beside)))
    return sine, sky * (1.0 + 5e-5 * max(place.altitude_m, 0.0))


def level_of(light: Thinned, sine: Values, sky_w_m2: Values, above: float = 0.0) -> tuple[float, int]:
    """Return the light of the brightest days as a share of a clear sky's, and the number of days with any.

    Light of lamps `above` which the sun's is is taken off. Each day has its 90th percentile where the sun is above
    10 degrees; of three days and more the second counts.
    """
    high = sine > _HIGH_SINE
    if high.sum() < 4:
        return float("nan"), 0
    share = np.maximum(light.value[high] - above, 0.0) / sky_w_m2[high]
    day = light.day[high]
    edges = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    parts = np.split(share, edges[1:])
    tops = sorted(float(np.quantile(part, 0.9)) for part in parts if len(part) >= 3)
    if not tops:
        return float("nan"), 0
    return tops[-2] if len(tops) >= 3 else tops[-1], len(tops)


def dark_level(light: Thinned, sine: Values) -> float:
    """Return the light where the sun is well below the horizon, its 98th percentile; 0 without any such sample."""
    dark = sine < _DARK_SINE
    return float(np.quantile(light.value[dark], 0.98)) if dark.any() else 0.0


def dark_share(light: Thinned, sine: Values) -> float:
    """Return the share of dark samples with light."""
    dark = sine < _DARK_SINE
    return float((light.value[dark] > _LIT * light.top).mean()) if dark.any() else 0.0


def changes_as_the_sun(light: Thinned, sine: Values) -> bool:
    """Return whether light in the dark rises and falls as the sun's: a lamp's is level."""
    lit = (sine < _DARK_SINE) & (light.value > _SEEN * light.top)
    both = lit[1:] & lit[:-1]
    if both.sum() < _LEAST_LIT:
        return False
    change = np.abs(np.diff(light.value))[both] / light.value[1:][both]
    return float(np.median(change)) > _LAMP_CHANGE


def unlit_share(light: Thinned, sine: Values) -> float:
    """Return the share of samples without light where the sun is above 10 degrees."""
    high = sine > _HIGH_SINE
    return float((light.value[high] <= _LIT * light.top).mean()) if high.any() else 0.0


def without_offset(light: Thinned, offset: float) -> Thinned:
    """Return a series less what it has in the dark."""
    value = np.maximum(light.value - offset, 0.0)
    return replace(light, value=value, top=max(float(np.quantile(value, 0.99)), 1e-9))


def _solar_day(time_ms: Times, longitude_deg: float) -> Counts:
    return np.floor(time_ms / DAY_MS + longitude_deg / 360.0).astype(np.int64)


def _whole_days(light: Thinned) -> tuple[Counts, Counts, Counts] | None:
    """Return which days are whole, with the first sample and the number of samples of each day; None without any."""
    first = np.flatnonzero(np.diff(light.day, prepend=light.day[0] - 1))
    counts = np.diff(first, append=len(light.day))
    days = np.flatnonzero(counts >= _LEAST_KNOWN * DAY_MS / light.interval_ms)
    return (days, first, counts) if len(days) else None
