"""Judgement of the samples of a device by sun, place, season and one another, as findings with cause and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from headland.agronomy.plausibility.air import fahrenheit_of, judge_air, reads_fahrenheit
from headland.agronomy.plausibility.explanation import Weighed
from headland.agronomy.plausibility.light import judge_light
from headland.agronomy.plausibility.light_units import PAR, UNITS
from headland.agronomy.plausibility.sun_course import SunPlace
from headland.agronomy.plausibility.usual import FAHRENHEIT, USUAL
from headland.agronomy.series.arrays import Mask, Times, Values
from headland.agronomy.series.finding import SensorFinding
from headland.agronomy.series.qartod import FAIL, SUSPECT

Samples = Mapping[str, tuple[Times, Values]]

_THERMOMETERS: Final = frozenset(name for name, (_, units) in USUAL.items() if FAHRENHEIT in units)
#: Tests of causes that are no other unit.
_TESTS: Final = {
    "unit_fahrenheit": "unit_fahrenheit",
    "unit_fraction": "unit_fraction",
    "channels_swapped": "swapped",
}


def judge_samples(samples: Samples, place: SunPlace | None, *, indoors: bool) -> dict[str, SensorFinding]:
    """Return the finding about each channel that cannot be as declared, of all its samples.

    `samples` are those of one device with those outdoors beside it; `indoors`: its own air and light are behind a
    cover.
    """
    found: dict[str, SensorFinding] = {}
    for air in judge_air(samples, place, indoors=indoors):
        for channel in air.channels:
            found[channel] = _finding(channel, samples[channel], air.weighed, left_out=air.left_out)
    found |= {channel: finding for channel, finding in _beside_others(samples).items() if channel not in found}
    light = {channel: samples[channel] for channel in UNITS if channel in samples}
    instances = [channel for channel in samples if channel.startswith(f"{PAR}:")]
    for own in (PAR, *instances):
        together = {channel: each for channel, each in light.items() if channel != PAR}
        if own in samples:
            together[PAR] = samples[own]
        elif instances or not light:
            continue
        told = judge_light(together, place, indoors=indoors)
        for name in () if told is None else told.channels:
            channel = own if name == PAR else name
            if told is not None:
                found[channel] = _finding(channel, samples[channel], told.weighed, left_out=told.left_out)
    return found


def _beside_others(samples: Samples) -> dict[str, SensorFinding]:
    """Return the thermometers that read as another one of the device does in Fahrenheit."""
    found: dict[str, SensorFinding] = {}
    names = [name for name in samples if name.partition(":")[0] in _THERMOMETERS and len(samples[name][0])]
    for name in names:
        quantity = name.partition(":")[0]
        for other in names:
            if other == name or other.partition(":")[0] != quantity:
                continue
            time_ms, value = samples[name]
            there_ms, there = samples[other]
            if reads_fahrenheit(value, np.interp(time_ms, there_ms, there)) is not None:
                found[name] = _finding(
                    name, samples[name], Weighed(fahrenheit_of(value), 0.99, left_out=True), left_out=True
                )
    return found


def find_bright(channel: str, time_ms: Times, bright: Mask) -> SensorFinding:
    """Return the finding about samples that are brighter than is possible."""
    at = np.flatnonzero(bright)
    return SensorFinding(
        channel, "sun", FAIL, len(at), int(time_ms[at[0]]), int(time_ms[at[-1]]), left_out=True, detail="",
        cause="sample_above_sun", chance=1.0,
    )  # fmt: skip


def _finding(channel: str, samples: tuple[Times, Values], verdict: Weighed, *, left_out: bool) -> SensorFinding:
    time_ms, value = samples
    at = np.flatnonzero(np.isfinite(value))
    told = verdict.explanation
    test = _TESTS.get(told.cause, "unit" if told.cause.startswith("unit_") else "sun")
    return SensorFinding(
        channel, test, FAIL if left_out else SUSPECT, len(at), int(time_ms[at[0]]), int(time_ms[at[-1]]), left_out, "",
        told.cause, round(verdict.chance, 4), told.facts, told.mend,
    )  # fmt: skip
