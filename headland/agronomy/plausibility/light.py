"""Plausibility of light: noon, length and level against the sun, and the sensors of a place against one another.

Explanations are one change each: of the place, of the clock of the stamps, of a channel's unit, of two channels. Light
of lamps in the dark is no fault of a house; at a station outdoors it is one.

Sources
-------
.. [1] Long and Dutton (2002), BSRN Global Network recommended QC tests, V2.0: global radiation is physically possible
   up to 1.5 times the extraterrestrial by cos z to the power of 1.2, and 100 W/m2. Not re-read. For the upper part of a
   day's quarter hours 1.3 clear skies are the limit here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from headland.agronomy.plausibility.explanation import (
    LATITUDE_SIGN,
    LEAST_MISFIT,
    LONGITUDE_SIGN,
    PLACE_SWAPPED,
    ChannelVerdict,
    Explanation,
    weigh,
)
from headland.agronomy.plausibility.light_misfit import LightChange, Seen, misfit_of
from headland.agronomy.plausibility.light_units import FROM_W, OUTSIDE_PAR, PAR, RADIATION, UNITS
from headland.agronomy.plausibility.sun_course import (
    SunPlace,
    Thinned,
    changes_as_the_sun,
    dark_level,
    dark_share,
    level_of,
    observe_course,
    sky_of,
    thin,
)
from headland.agronomy.series.arrays import Mask, Times, Values
from headland.agronomy.series.finding import FieldChange, Mend
from headland.contract.sun import sine_of_elevation

#: The limit of [1] at an instant: times the solar constant [W/m2], and more [W/m2].
_MOST_EXTRATERRESTRIAL, _SOLAR_W_M2, _ALWAYS_W_M2 = 1.5, 1367.0, 100.0
#: Light of lamps that is taken for possible where none is seen in the dark [umol/m2/s]: under a low sun, under a high
#: one, which is brighter than the second; and the most of any lamps.
_LAMPS_LOW_SUN, _LAMPS_HIGH_SUN, _HIGH_SUN_W_M2, _MOST_LAMPS = 200.0, 80.0, 600.0, 700.0
#: Beyond this a wrong noon makes sums of days wrong; below, the samples are used in doubt [h].
_MOST_OFF_H: Final = 1.5


def judge_light(
    samples: Mapping[str, tuple[Times, Values]], place: SunPlace | None, *, indoors: bool
) -> ChannelVerdict | None:
    """Return what is wrong with the light of a place; None where nothing is, or too little is known.

    `indoors`: `par_umol_m2_s` is behind a cover and may have lamps. Radiation and outside light are outdoors.
    """
    anywhere = place or SunPlace(0.0, 0.0)
    thinned = {
        channel: light
        for channel, (time_ms, value) in samples.items()
        if channel in UNITS and (light := thin(time_ms, value, anywhere)) is not None
    }
    if not thinned or (place is None and len(thinned) < 2):
        return None
    seen = [_observe(channel, light, place, indoors=indoors and channel == PAR) for channel, light in thinned.items()]
    as_declared = LightChange(Explanation("", 0.0, 0.0), (), place)
    known: dict[tuple[object, ...], float] = {}
    misfit = misfit_of(seen, as_declared, known)
    if misfit < LEAST_MISFIT:
        return None
    changes = list(_changes(seen, place))
    weighed = [replace(each.explanation, misfit=misfit_of(seen, each, known)) for each in changes]
    verdict = weigh(misfit, weighed)
    if verdict is None:
        return None
    change = changes[weighed.index(verdict.explanation)]
    is_small = bool(change.shift_h) and abs(change.shift_h) < _MOST_OFF_H
    return ChannelVerdict(
        verdict, change.channels, verdict.left_out and not is_small and change.explanation.cause not in _DOUBTS
    )


#: What does not show that the samples are wrong.
_DOUBTS: Final = frozenset({"light_below_sky", "light_at_night"})


def _observe(channel: str, light: Thinned, place: SunPlace | None, *, indoors: bool) -> Seen:
    if place is None:
        return Seen(channel, light, None, indoors, _MOST_LAMPS / 2.0 if indoors else 0.0)
    if not indoors:
        return Seen(channel, light, observe_course(light, place), indoors, 0.0)
    sine, sky = sky_of(light, place)
    is_sun = dark_share(light, sine) < 0.02 or changes_as_the_sun(light, sine)
    possible = _LAMPS_HIGH_SUN if float(sky.max()) > _HIGH_SUN_W_M2 else _LAMPS_LOW_SUN
    lamps = max(possible, 0.0 if is_sun else min(1.2 * dark_level(light, sine), _MOST_LAMPS))
    return Seen(channel, light, observe_course(light, place) if is_sun else None, indoors, lamps)


def _changes(seen: list[Seen], place: SunPlace | None) -> Iterator[LightChange]:
    channels = tuple(each.channel for each in seen)
    if place is not None:
        yield from _changes_of_place(seen, place, channels)
    for each in seen:
        interval_s = each.light.sample_ms / 1000.0
        for unit in UNITS[each.channel]:
            factor = unit.factor_at(interval_s)
            facts = {"unit": unit.symbol, "top": f"{each.light.top:.3g}", "high": f"{each.light.top:.3g}"}
            mend = Mend("calibrate", "channel", "", "gain", 1.0, round(1.0 / factor, 6))
            yield LightChange(
                Explanation(unit.cause, unit.rarity, 0.0, facts, mend), (each.channel,), place,
                factors=((each.channel, factor),),
            )  # fmt: skip
        if place is not None:
            yield from _changes_of_level(each, place)
    for first, second, rarity in ((PAR, OUTSIDE_PAR, 3.5), (RADIATION, OUTSIDE_PAR, 4.0), (PAR, RADIATION, 5.5)):
        if first in channels and second in channels:
            facts = {"first": first, "second": second}
            mend = Mend("rename_channel", "channel", "", "name", first, second)
            yield LightChange(
                Explanation("channels_swapped", rarity, 0.0, facts, mend),
                (first, second),
                place,
                swapped=(first, second),
            )


def _changes_of_place(seen: list[Seen], place: SunPlace, channels: tuple[str, ...]) -> Iterator[LightChange]:
    latitude, longitude = place.latitude_deg, place.longitude_deg
    noon_h = next((e.course.noon_h for e in seen if e.course is not None and np.isfinite(e.course.noon_h)), 0.0)
    facts = {"noon": _clock(12.0 + noon_h), "longitude": f"{longitude:g}", "latitude": f"{latitude:g}"}
    zone = place.utc_offset_h
    # A zone that does not fit to the longitude makes its sign more likely, one that fits less.
    doubt = 0.0 if zone is None else 2.0 if abs(zone - longitude / 15.0) < 2.5 else -2.0
    if abs(longitude) > 1.0:
        mend = Mend("set_field", "site", "", "longitude_deg", longitude, -longitude)
        yield LightChange(
            Explanation(LONGITUDE_SIGN, 4.0 + doubt, 0.0, facts | {"after": f"{-longitude:g}"}, mend), channels,
            replace(place, longitude_deg=-longitude), longitude / 7.5,
        )  # fmt: skip
    if abs(latitude) > 1.0:
        mend = Mend("set_field", "site", "", "latitude_deg", latitude, -latitude)
        yield LightChange(
            Explanation(LATITUDE_SIGN, 4.0, 0.0, facts | {"after": f"{-latitude:g}"}, mend), channels,
            replace(place, latitude_deg=-latitude),
        )  # fmt: skip
    if abs(longitude) <= 90.0:
        other = replace(place, latitude_deg=longitude, longitude_deg=latitude)
        swapped = (FieldChange("longitude_deg", longitude, latitude),)
        mend = Mend("set_field", "site", "", "latitude_deg", latitude, longitude, swapped)
        yield LightChange(
            Explanation(PLACE_SWAPPED, 5.0, 0.0, facts, mend), channels, other, (longitude - latitude) / 15
        )
    if zone:
        for shift_h, rarity in ((zone, 4.0), (-zone, 6.0)):
            told = facts | {"hours": f"{shift_h:+g}"}
            mend = Mend("set_clock", "device", "", "utc_offset_h", shift_h, 0.0)
            yield LightChange(Explanation("stamps_zone", rarity, 0.0, told, mend), channels, place, shift_h)
    if abs(noon_h) > 0.25:
        told = facts | {"hours": f"{noon_h:+.1f}"}
        mend = Mend("set_clock", "device", "", "clock_offset_h", round(noon_h, 2), 0.0)
        yield LightChange(Explanation("stamps_clock", 7.0, 0.0, told, mend), channels, place, noon_h)


def _changes_of_level(each: Seen, place: SunPlace) -> Iterator[LightChange]:
    """Yield that a channel is too high or too low by some factor that is no unit's, or has light by night."""
    sine, sky = sky_of(each.light, place)
    level, _ = level_of(each.light, sine, sky * FROM_W[each.channel], each.lamps)
    if np.isfinite(level) and level > 0.0:
        cause, rarity = ("light_above_sky", 8.0) if level > 1.0 else ("light_below_sky", 9.0)
        facts = {"times": f"{level:.2g}", "top": f"{each.light.top:.3g}"}
        yield LightChange(
            Explanation(cause, rarity, 0.0, facts), (each.channel,), place, factors=((each.channel, level),)
        )
    at_night = dark_level(each.light, sine)
    if not each.indoors and at_night > 0.0 and not changes_as_the_sun(each.light, sine):
        facts = {"light": f"{at_night:.3g}"}
        yield LightChange(
            Explanation("light_at_night", 5.0, 0.0, facts), (each.channel,), place, offsets=((each.channel, at_night),)
        )


def _clock(hour: float) -> str:
    minutes = round(hour * 60.0) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def beyond_the_sun(channel: str, time_ms: Times, value: Values, place: SunPlace, *, indoors: bool) -> Mask:
    """Return which samples have more light than is physically possible at their instant, or one interval beside; [1].

    1.5 times the extraterrestrial radiation by cos z to the power of 1.2, and 100 W/m2; behind a cover with lamps.
    """
    if channel not in UNITS or len(time_ms) == 0:
        return np.zeros(len(time_ms), np.bool_)
    interval_ms = float(np.median(np.diff(time_ms))) if len(time_ms) > 1 else 0.0
    bright = value > FROM_W[channel] * _ALWAYS_W_M2 + (_MOST_LAMPS if indoors else 0.0)
    if not bright.any():
        return np.asarray(bright)
    instants = time_ms[bright].astype(np.float64)
    sines = [
        sine_of_elevation(instants + shift_ms, place.latitude_deg, place.longitude_deg, np)
        for shift_ms in (-interval_ms, 0.0, interval_ms)
    ]
    high = np.maximum(np.maximum.reduce(sines), 0.0)
    most = FROM_W[channel] * (_MOST_EXTRATERRESTRIAL * _SOLAR_W_M2 * high**1.2 + _ALWAYS_W_M2)
    bright[bright] = value[bright] > most + (_MOST_LAMPS if indoors else 0.0)
    return np.asarray(bright)
