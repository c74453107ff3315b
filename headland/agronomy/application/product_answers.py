"""Answers on what a vehicle applied in a window: amount, ground, overlap and rate, each with its evidence.

A commanded amount never counts as applied: litres come from a flow meter, kilograms from a mass-flow sensor or else
from the hopper's loss, or there is no amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.application.metering import (
    REFILL_KG,
    FlowMeter,
    HopperWeights,
    Mass,
    Volume,
    integrate_flow,
    mass_from_hopper,
    unwind_total,
    volume_from_flow,
    volume_from_total,
)
from headland.agronomy.application.swaths import Track
from headland.agronomy.application.treated import (
    COVERAGE_BAR,
    KNOWN,
    MEASURED_FLOW,
    SILENCE_S,
    TANK_MASS,
    FlowSamples,
    PumpStates,
    answer_ground,
    answer_rate,
    find_working_time,
)
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.intervals import Intervals, intersect, no_time, total_s
from headland.agronomy.series.qartod import MISSING

NO_FLOW_METER: Final = "no_flow_meter"
NO_MASS_METER: Final = "no_mass_meter"

#: Volume through the meter in a silence from which on the vehicle was at work in it.
_UNREPORTED_L: Final = 0.05
#: Flow below which the pump is dry.
_DRY_L_MIN: Final = 0.05

_VOLUME_BY_TOTAL: Final = Method(
    "volume_from_flow_total",
    1,
    "difference of the flow meter's running total, a fall is a restart; coverage is the known share of the working "
    f"time ({KNOWN})",
)
_VOLUME_BY_FLOW: Final = Method(
    "volume_from_flow",
    1,
    f"trapezoid over flow samples at most 5 s apart; coverage is the known share of the working time ({KNOWN})",
)

#: Mass flow below which the disc is empty.
DRY_KG_MIN: Final = 0.5

_MASS_BY_FLOW: Final = Method(
    "mass_from_flow",
    1,
    f"trapezoid over mass-flow samples at most 5 s apart; coverage is the known share of the working time ({KNOWN})",
)
_MASS_BY_HOPPER: Final = Method(
    "mass_from_hopper",
    1,
    f"weight of the hopper at the start less at the end, plus its refills (rises by {REFILL_KG:g} kg or more); "
    f"coverage is the known share of the working time ({KNOWN})",
)


@dataclass(frozen=True, slots=True)
class Application:
    """Answers of a sprayer for one window."""

    product_applied_l: Answer
    area_treated_m2: Answer
    area_treated_ha: Answer
    overlap_m2: Answer
    mean_rate_l_ha: Answer


def assess_application(
    track: Track, pump: PumpStates, meter: FlowMeter, *, window: tuple[int, int], swath_m: float, quality: int = 1
) -> Application:
    """Return the answers of a sprayer for [start_ms, end_ms) with a swath of `swath_m` [m].

    Samples may extend a little beyond the window's ends. `quality` is the worst flag among them.
    """
    times = [track.time_ms, pump.time_ms, meter.total_time_ms, meter.flow_time_ms]
    working = find_working_time(times, _find_silent_flow(meter), window)
    flow = FlowSamples(meter.flow_time_ms, meter.flow_l_min, _DRY_L_MIN, "flow_l_min")
    ground = answer_ground(track, pump, flow, working, window=window, swath_m=swath_m, quality=quality)
    product = _answer_volume(meter, window, working, quality)
    return Application(
        product_applied_l=product,
        area_treated_m2=ground.area_treated_m2,
        area_treated_ha=ground.area_treated_ha,
        overlap_m2=ground.overlap_m2,
        mean_rate_l_ha=answer_rate(product, ground.area_treated_m2, "L/ha"),
    )


def _find_silent_flow(meter: FlowMeter) -> Intervals:
    """Return the silences in which the meter's total rose."""
    if not meter.has_total:
        return no_time()
    time = meter.total_time_ms.astype(np.float64)
    silent = (np.diff(time) > SILENCE_S * 1000.0) & (np.diff(unwind_total(meter.total_l)) > _UNREPORTED_L)
    return np.column_stack((time[:-1][silent], time[1:][silent]))


def _answer_volume(meter: FlowMeter, window: tuple[int, int], working: Intervals, quality: int) -> Answer:
    if meter.has_total:
        volume, method, channel = volume_from_total(meter, window), _VOLUME_BY_TOTAL, "flow_volume_total_l"
    elif meter.has_flow:
        volume, method, channel = volume_from_flow(meter, window), _VOLUME_BY_FLOW, "flow_l_min"
    else:
        volume, method, channel = Volume(0.0, 0, no_time()), _VOLUME_BY_TOTAL, "flow_volume_total_l"
    missing = None if meter.has_total or meter.has_flow else NO_FLOW_METER
    amount = _Amount(volume.volume_l, "L", volume.n, volume.known, method, channel, MEASURED_FLOW)
    return _answer_amount(amount, missing, window, working, quality)


@dataclass(frozen=True, slots=True)
class _Amount:
    """An amount of product, the samples and the time that it is known of, and by which evidence."""

    value: float
    unit: str
    n: int
    known: Intervals
    method: Method
    channel: str
    evidence: str


def _answer_amount(
    amount: _Amount, missing: str | None, window: tuple[int, int], working: Intervals, quality: int
) -> Answer:
    """Return the answer of an amount; `missing` is the reason where there is no meter."""
    worked_s = total_s(working)
    coverage = total_s(intersect(working, amount.known)) / worked_s if worked_s > 0.0 else 0.0
    reason = missing or (INSUFFICIENT_DATA if coverage < COVERAGE_BAR else None)
    return Answer(
        value=None if reason else amount.value,
        unit=amount.unit,
        window=window,
        n=amount.n,
        coverage=coverage,
        quality=quality if amount.n else MISSING,
        method=amount.method,
        inputs=(amount.channel,),
        evidence=None if reason else amount.evidence,
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class Spreading:
    """Answers of a spreader of granules for one window."""

    product_applied_kg: Answer
    area_treated_m2: Answer
    area_treated_ha: Answer
    overlap_m2: Answer
    mean_rate_kg_ha: Answer


def assess_spreading(
    track: Track,
    feeder: PumpStates,
    flow: FlowSamples,
    hopper: HopperWeights,
    *,
    window: tuple[int, int],
    swath_m: float,
    quality: int = 1,
) -> Spreading:
    """Return the answers of a spreader for [start_ms, end_ms) with a swath of `swath_m` [m].

    `flow` is of a mass-flow sensor [kg/min], empty without one. Samples may extend a little beyond the window's ends.
    `quality` is the worst flag among them.
    """
    times = [track.time_ms, feeder.time_ms, flow.time_ms, hopper.time_ms]
    working = find_working_time(times, _find_silent_weight_change(hopper), window)
    ground = answer_ground(track, feeder, flow, working, window=window, swath_m=swath_m, quality=quality)
    product = _answer_mass(flow, hopper, window, working, quality)
    return Spreading(
        product_applied_kg=product,
        area_treated_m2=ground.area_treated_m2,
        area_treated_ha=ground.area_treated_ha,
        overlap_m2=ground.overlap_m2,
        mean_rate_kg_ha=answer_rate(product, ground.area_treated_m2, "kg/ha"),
    )


def _find_silent_weight_change(hopper: HopperWeights) -> Intervals:
    """Return the silences in which the hopper's weight changed, because it was emptied or refilled."""
    if not hopper.is_weighed:
        return no_time()
    time = hopper.time_ms.astype(np.float64)
    silent = (np.diff(time) > SILENCE_S * 1000.0) & (np.abs(np.diff(hopper.mass_kg)) > REFILL_KG)
    return np.column_stack((time[:-1][silent], time[1:][silent]))


def _answer_mass(
    flow: FlowSamples, hopper: HopperWeights, window: tuple[int, int], working: Intervals, quality: int
) -> Answer:
    mass, method, channel, evidence = Mass(0.0, 0, no_time()), _MASS_BY_FLOW, flow.channel, MEASURED_FLOW
    if flow.is_known:
        mass = Mass(*integrate_flow(flow.time_ms, flow.per_min, window))
    elif hopper.is_weighed:
        mass, method, channel, evidence = mass_from_hopper(hopper, window), _MASS_BY_HOPPER, "hopper_kg", TANK_MASS
    missing = None if flow.is_known or hopper.is_weighed else NO_MASS_METER
    amount = _Amount(mass.mass_kg, "kg", mass.n, mass.known, method, channel, evidence)
    return _answer_amount(amount, missing, window, working, quality)
