"""What a spraying vehicle applied over a window: litres, ground, overlap and rate, each with what it rests on.

What was commanded is never called applied: litres come from a flow meter or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.application.coverage import Track
from headland.agronomy.application.dosing import Meter, Volume, unwind_total, volume_from_flow, volume_from_total
from headland.agronomy.application.treated import (
    COVERAGE_BAR,
    KNOWN,
    MEASURED_FLOW,
    SILENCE_S,
    Flow,
    PumpStates,
    answer_ground,
    answer_rate,
    find_working_time,
)
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.intervals import Intervals, intersect, no_time, total_s
from headland.agronomy.series.qartod import MISSING

NO_FLOW_METER: Final = "no_flow_meter"

#: Volume that passed the meter in a silence shows that the vehicle worked unheard after all.
_UNHEARD_L: Final = 0.05
#: Flow under this is a dry pump.
_DRY_L_MIN: Final = 0.05

_TOTAL: Final = Method(
    "volume_from_flow_total",
    1,
    "difference of the flow meter's running total, a fall is a restart; coverage is the known share of the working "
    f"time ({KNOWN})",
)
_FLOW: Final = Method(
    "volume_from_flow",
    1,
    f"trapezoid over flow samples at most 5 s apart; coverage is the known share of the working time ({KNOWN})",
)


@dataclass(frozen=True, slots=True)
class Application:
    """The answers over one window."""

    product_applied_l: Answer
    area_treated_m2: Answer
    area_treated_ha: Answer
    overlap_m2: Answer
    mean_rate_l_ha: Answer


def assess_application(
    track: Track, pump: PumpStates, meter: Meter, *, window: tuple[int, int], swath_m: float, quality: int = 1
) -> Application:
    """Return what was applied in [start_ms, end_ms) with a swath of `swath_m` [m].

    Samples from a little outside the window are welcome at its ends. `quality` is the worst flag among them.
    """
    heard = [track.time_ms, pump.time_ms, meter.total_time_ms, meter.flow_time_ms]
    working = find_working_time(heard, _find_unheard_work(meter), window)
    flow = Flow(meter.flow_time_ms, meter.flow_l_min, _DRY_L_MIN, "flow_l_min")
    ground = answer_ground(track, pump, flow, working, window=window, swath_m=swath_m, quality=quality)
    product = _answer_product(meter, window, working, quality)
    return Application(
        product_applied_l=product,
        area_treated_m2=ground.area_treated_m2,
        area_treated_ha=ground.area_treated_ha,
        overlap_m2=ground.overlap_m2,
        mean_rate_l_ha=answer_rate(product, ground.area_treated_m2, "L/ha"),
    )


def _find_unheard_work(meter: Meter) -> Intervals:
    """Return the silences in which the meter's total rose."""
    if not meter.has_total:
        return no_time()
    time = meter.total_time_ms.astype(np.float64)
    silent = (np.diff(time) > SILENCE_S * 1000.0) & (np.diff(unwind_total(meter.total_l)) > _UNHEARD_L)
    return np.column_stack((time[:-1][silent], time[1:][silent]))


def _answer_product(meter: Meter, window: tuple[int, int], working: Intervals, quality: int) -> Answer:
    if meter.has_total:
        volume, method, channel = volume_from_total(meter, window), _TOTAL, "flow_volume_total_l"
    elif meter.has_flow:
        volume, method, channel = volume_from_flow(meter, window), _FLOW, "flow_l_min"
    else:
        volume, method, channel = Volume(0.0, 0, no_time()), _TOTAL, "flow_volume_total_l"
    worked_s = total_s(working)
    coverage = total_s(intersect(working, volume.known)) / worked_s if worked_s > 0.0 else 0.0
    reason = None
    if not meter.has_total and not meter.has_flow:
        reason = NO_FLOW_METER
    elif coverage < COVERAGE_BAR:
        reason = INSUFFICIENT_DATA
    return Answer(
        value=None if reason else volume.volume_l,
        unit="L",
        window=window,
        n=volume.n,
        coverage=coverage,
        quality=quality if volume.n else MISSING,
        method=method,
        inputs=(channel,),
        evidence=None if reason else MEASURED_FLOW,
        reason=reason,
    )
