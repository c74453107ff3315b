"""What a spraying vehicle applied over a window: litres, ground, overlap and rate, each with what it rests on.

What was commanded is never called applied: litres come from a flow meter or not at all, and ground over which the meter
says that nothing flowed is not treated, whatever the pump was told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.answer import INSUFFICIENT_DATA, MISSING, Answer, Method
from headland.agronomy.coverage import (
    MAX_STATE_GAP_S,
    MAX_TRACK_GAP_S,
    Track,
    find_on_time,
    find_passes,
    measure_ground,
)
from headland.agronomy.dosing import Meter, Volume, unwind_total, volume_from_flow, volume_from_total
from headland.agronomy.intervals import Intervals, Times, bridge, clip, intersect, no_time, subtract, total_s, union

MEASURED_FLOW: Final = "measured_flow"
PUMP_PWM: Final = "pump_pwm"

NO_FLOW_METER: Final = "no_flow_meter"
NO_PUMP_STATE: Final = "no_pump_state"
NOTHING_TREATED: Final = "nothing_treated"

#: Below this share known, a sum is not a sum.
COVERAGE_BAR: Final = 0.8

#: A longer silence means that the vehicle was off or out of reach, not that telemetry of a flight is missing.
SILENCE_S: Final = 60.0
#: Volume that passed the meter in a silence shows that the vehicle worked unheard after all.
_UNHEARD_L: Final = 0.05

#: Flow under this is a dry pump, and it must last: a meter lags the pump and reports a few times a second.
_DRY_L_MIN: Final = 0.05
_DRY_S: Final = 3.0

_SQUARE_METRES_PER_HECTARE: Final = 10_000.0

_KNOWN: Final = f"a silence of more than {SILENCE_S:.0f} s is no work, unless the meter's total rose in it"
_TOTAL: Final = Method(
    "volume_from_flow_total",
    1,
    "difference of the flow meter's running total, a fall is a restart; coverage is the known share of the working "
    f"time ({_KNOWN})",
)
_FLOW: Final = Method(
    "volume_from_flow",
    1,
    f"trapezoid over flow samples at most 5 s apart; coverage is the known share of the working time ({_KNOWN})",
)
_SPRAYING: Final = (
    "WGS84 track in local metres, swath of the given width while spraying, straight ends, gaps over 2 s left out; "
    f"coverage is the located share of the time that spraying went on or may have ({_KNOWN})"
)
_TREATED: Final = Method("area_treated_union", 1, f"area of the union of the swaths; {_SPRAYING}")
_OVERLAP: Final = Method(
    "overlap_gross_minus_union", 1, f"length times width of all swaths minus their union; {_SPRAYING}"
)
_RATE: Final = Method("mean_rate", 1, "product applied over area treated, each as its own answer says")


@dataclass(frozen=True, slots=True)
class PumpStates:
    """Whether the pump's output was on, sampled: commanded, not applied."""

    time_ms: Times
    on: NDArray[np.bool_]


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
    working = find_working_time(track, pump, meter, window)
    spraying, may_spray, evidence = find_spraying(pump, meter, window, working)
    located = clip(bridge(track.time_ms, MAX_TRACK_GAP_S), *window)
    known_s, needed_s = total_s(intersect(spraying, located)), total_s(union(spraying, may_spray))
    coverage = known_s / needed_s if needed_s > 0.0 else float(total_s(working) > 0.0)
    ground = measure_ground(find_passes(track, spraying), swath_m)
    area = _area_answer(evidence, coverage, _count(track.time_ms, window), window, quality)
    product = _answer_product(meter, window, working, quality)
    treated = area(ground.treated_m2, "m2", _TREATED)
    return Application(
        product_applied_l=product,
        area_treated_m2=treated,
        area_treated_ha=area(ground.treated_m2 / _SQUARE_METRES_PER_HECTARE, "ha", _TREATED),
        overlap_m2=area(ground.overlap_m2, "m2", _OVERLAP),
        mean_rate_l_ha=_answer_rate(product, treated),
    )


def find_working_time(track: Track, pump: PumpStates, meter: Meter, window: tuple[int, int]) -> Intervals:
    """Return when the vehicle was at work: heard with no silence over `SILENCE_S`, or metering through one."""
    heard = np.unique(np.concatenate((track.time_ms, pump.time_ms, meter.total_time_ms, meter.flow_time_ms)))
    working = bridge(heard, SILENCE_S)
    if meter.has_total:
        time = meter.total_time_ms.astype(np.float64)
        silent = (np.diff(time) > SILENCE_S * 1000.0) & (np.diff(unwind_total(meter.total_l)) > _UNHEARD_L)
        working = union(working, np.column_stack((time[:-1][silent], time[1:][silent])))
    return clip(working, *window)


def find_spraying(
    pump: PumpStates, meter: Meter, window: tuple[int, int], working: Intervals
) -> tuple[Intervals, Intervals, str | None]:
    """Return when product was sprayed, when it may have been unheard, and the evidence class (None: no way to know).

    With a pump state: while the pump is on, without the stretches in which the meter says that it ran dry. With a
    meter alone: while it flows.
    """
    flows = clip(bridge(meter.flow_time_ms, MAX_STATE_GAP_S), *window)
    has_pump = len(pump.time_ms) >= 2
    if not has_pump and not meter.has_flow:
        return no_time(), working, None
    if has_pump:
        on = clip(find_on_time(pump.time_ms, pump.on), *window)
        unheard = subtract(working, bridge(pump.time_ms, MAX_STATE_GAP_S))
        dry = find_on_time(meter.flow_time_ms, meter.flow_l_min < _DRY_L_MIN)
        dry = intersect(on, dry)
        spraying = subtract(on, dry[dry[:, 1] - dry[:, 0] >= _DRY_S * 1000.0])
        metered = total_s(intersect(on, flows)) >= COVERAGE_BAR * total_s(on) and meter.has_flow
        return spraying, unheard, MEASURED_FLOW if metered else PUMP_PWM
    spraying = clip(find_on_time(meter.flow_time_ms, meter.flow_l_min >= _DRY_L_MIN), *window)
    return spraying, subtract(working, flows), MEASURED_FLOW


def _area_answer(
    evidence: str | None, coverage: float, n: int, window: tuple[int, int], quality: int
) -> Callable[[float, str, Method], Answer]:
    """Return how an area becomes an answer: all areas rest on the same track and the same evidence."""
    reason = None
    if evidence is None:
        reason = NO_PUMP_STATE
    elif coverage < COVERAGE_BAR:
        reason = INSUFFICIENT_DATA

    def answer(value: float, unit: str, method: Method) -> Answer:
        return Answer(
            value=None if reason else value,
            unit=unit,
            window=window,
            n=n,
            coverage=coverage if evidence else 0.0,
            quality=quality if n else MISSING,
            method=method,
            inputs=_area_inputs(evidence),
            evidence=None if reason else evidence,
            reason=reason,
        )

    return answer


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


def _answer_rate(product: Answer, treated: Answer) -> Answer:
    reason = product.reason or treated.reason
    value = None
    if product.value is not None and treated.value is not None:
        if treated.value > 0.0:
            value = product.value / (treated.value / _SQUARE_METRES_PER_HECTARE)
        else:
            reason = NOTHING_TREATED
    return Answer(
        value=value,
        unit="L/ha",
        window=product.window,
        n=min(product.n, treated.n),
        coverage=min(product.coverage, treated.coverage),
        quality=max(product.quality, treated.quality),
        method=_RATE,
        inputs=tuple(dict.fromkeys((*product.inputs, *treated.inputs))),
        evidence=None if value is None else treated.evidence,
        reason=reason,
    )


def _area_inputs(evidence: str | None) -> tuple[str, ...]:
    position = ("latitude_deg", "longitude_deg")
    return (*position, "pump_on", "flow_l_min") if evidence == MEASURED_FLOW else (*position, "pump_on")


def _count(time_ms: Times, window: tuple[int, int]) -> int:
    return int(np.count_nonzero((time_ms >= window[0]) & (time_ms < window[1])))
