"""What a spreader of granules applied over a window: kilograms, ground, overlap and rate, each with what it rests on.

Kilograms come from a mass-flow sensor, else from what the hopper lost, or not at all: what the feeder was told is never
called applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.application.coverage import Track
from headland.agronomy.application.dosing import integrate_flow
from headland.agronomy.application.treated import (
    COVERAGE_BAR,
    KNOWN,
    MEASURED_FLOW,
    SILENCE_S,
    TANK_MASS,
    Flow,
    PumpStates,
    answer_ground,
    answer_rate,
    find_working_time,
)
from headland.agronomy.application.weighing import REFILL_KG, Hopper, Mass, mass_from_hopper
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.intervals import Intervals, intersect, no_time, total_s
from headland.agronomy.series.qartod import MISSING

NO_MASS_METER: Final = "no_mass_meter"

#: A flow sensor's word under this is an empty disc.
DRY_KG_MIN: Final = 0.5

_FLOW: Final = Method(
    "mass_from_flow",
    1,
    f"trapezoid over mass-flow samples at most 5 s apart; coverage is the known share of the working time ({KNOWN})",
)
_HOPPER: Final = Method(
    "mass_from_hopper",
    1,
    f"weight of the hopper at the start less at the end, plus its refills (rises by {REFILL_KG:g} kg or more); "
    f"coverage is the known share of the working time ({KNOWN})",
)


@dataclass(frozen=True, slots=True)
class Spreading:
    """The answers over one window."""

    product_applied_kg: Answer
    area_treated_m2: Answer
    area_treated_ha: Answer
    overlap_m2: Answer
    mean_rate_kg_ha: Answer


def assess_spreading(
    track: Track,
    feeder: PumpStates,
    flow: Flow,
    hopper: Hopper,
    *,
    window: tuple[int, int],
    swath_m: float,
    quality: int = 1,
) -> Spreading:
    """Return what was spread in [start_ms, end_ms) with a swath of `swath_m` [m].

    `flow` is what a mass-flow sensor said [kg/min], empty without one. Samples from a little outside the window are
    welcome at its ends. `quality` is the worst flag among them.
    """
    heard = [track.time_ms, feeder.time_ms, flow.time_ms, hopper.time_ms]
    working = find_working_time(heard, _find_unheard_work(hopper), window)
    ground = answer_ground(track, feeder, flow, working, window=window, swath_m=swath_m, quality=quality)
    product = _answer_product(flow, hopper, window, working, quality)
    return Spreading(
        product_applied_kg=product,
        area_treated_m2=ground.area_treated_m2,
        area_treated_ha=ground.area_treated_ha,
        overlap_m2=ground.overlap_m2,
        mean_rate_kg_ha=answer_rate(product, ground.area_treated_m2, "kg/ha"),
    )


def _find_unheard_work(hopper: Hopper) -> Intervals:
    """Return the silences in which the hopper's weight changed: it was emptied or, perhaps emptied before, refilled."""
    if not hopper.is_weighed:
        return no_time()
    time = hopper.time_ms.astype(np.float64)
    silent = (np.diff(time) > SILENCE_S * 1000.0) & (np.abs(np.diff(hopper.mass_kg)) > REFILL_KG)
    return np.column_stack((time[:-1][silent], time[1:][silent]))


def _answer_product(flow: Flow, hopper: Hopper, window: tuple[int, int], working: Intervals, quality: int) -> Answer:
    mass, method, channel, evidence = Mass(0.0, 0, no_time()), _FLOW, flow.channel, MEASURED_FLOW
    if flow.is_known:
        mass = Mass(*integrate_flow(flow.time_ms, flow.per_min, window))
    elif hopper.is_weighed:
        mass, method, channel, evidence = mass_from_hopper(hopper, window), _HOPPER, "hopper_kg", TANK_MASS
    worked_s = total_s(working)
    coverage = total_s(intersect(working, mass.known)) / worked_s if worked_s > 0.0 else 0.0
    reason = None
    if not flow.is_known and not hopper.is_weighed:
        reason = NO_MASS_METER
    elif coverage < COVERAGE_BAR:
        reason = INSUFFICIENT_DATA
    return Answer(
        value=None if reason else mass.mass_kg,
        unit="kg",
        window=window,
        n=mass.n,
        coverage=coverage,
        quality=quality if mass.n else MISSING,
        method=method,
        inputs=(channel,),
        evidence=None if reason else evidence,
        reason=reason,
    )
