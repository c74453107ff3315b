"""Ground that a spraying or spreading vehicle treated: its times of work and of product release, and the answers.

A command never counts as treatment where a meter reports no flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.application.swaths import (
    MAX_STATE_GAP_S,
    MAX_TRACK_GAP_S,
    Track,
    find_on_time,
    find_passes,
    measure_ground,
)
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.arrays import Mask, Times, Values
from headland.agronomy.series.intervals import Intervals, bridge, clip, intersect, no_time, subtract, total_s, union
from headland.agronomy.series.qartod import MISSING

MEASURED_FLOW: Final = "measured_flow"
TANK_MASS: Final = "tank_mass"
PUMP_PWM: Final = "pump_pwm"
#: No telemetry of the machine: a person declared the work, and the vehicle's track is known.
DECLARED: Final = "declared"

NO_PUMP_STATE: Final = "no_pump_state"
NOTHING_TREATED: Final = "nothing_treated"

#: The share of a sum that must be known for a value.
COVERAGE_BAR: Final = 0.8

#: In a longer silence the vehicle was off or out of reach; it is not missing telemetry of a flight.
SILENCE_S: Final = 60.0
KNOWN: Final = (
    f"a silence of more than {SILENCE_S:.0f} s is no work, "
    "unless the meter's total or the hopper's weight changed in it"
)

#: Shortest time that counts as a dry pump: a meter lags the pump and reports a few times a second.
_DRY_S: Final = 3.0

_SQUARE_METRES_PER_HECTARE: Final = 10_000.0

_SPRAYING: Final = (
    "WGS84 track in local metres, swath of the given width while product leaves, straight ends, gaps over 2 s left "
    f"out; coverage is the located share of the time that this went on or may have ({KNOWN})"
)
_TREATED: Final = Method("area_treated_union", 1, f"area of the union of the swaths; {_SPRAYING}")
_OVERLAP: Final = Method(
    "overlap_gross_minus_union", 1, f"length times width of all swaths minus their union; {_SPRAYING}"
)
_RATE: Final = Method("mean_rate", 1, "product applied over area treated, each as its own answer says")


@dataclass(frozen=True, slots=True)
class PumpStates:
    """Sampled states of the pump's or feeder's output: commanded, not applied."""

    time_ms: Times
    on: Mask


@dataclass(frozen=True, slots=True)
class FlowSamples:
    """Flow samples of a meter of any unit per minute; less than `dry_per_min` is no flow. `channel` names the meter."""

    time_ms: Times
    per_min: Values
    dry_per_min: float
    channel: str

    @property
    def is_known(self) -> bool:
        """Return whether there are at least two samples."""
        return len(self.time_ms) >= 2


@dataclass(frozen=True, slots=True)
class TreatedGroundAnswers:
    """Answers on treated ground, from one track with one class of evidence."""

    area_treated_m2: Answer
    area_treated_ha: Answer
    overlap_m2: Answer


def find_working_time(times: list[Times], worked_silently: Intervals, window: tuple[int, int]) -> Intervals:
    """Return when the vehicle was at work: reporting without a silence over `SILENCE_S`, or known to work in one."""
    # Sorting runs that ascend already is much faster than np.unique.
    sorted_ms = np.sort(np.concatenate(times), kind="stable")
    distinct = sorted_ms[np.diff(sorted_ms, prepend=sorted_ms[:1] - 1) > 0]
    working = union(bridge(distinct, SILENCE_S), worked_silently)
    return clip(working, *window)


def answer_ground(
    track: Track,
    pump: PumpStates,
    flow: FlowSamples,
    working: Intervals,
    *,
    window: tuple[int, int],
    swath_m: float,
    quality: int,
) -> TreatedGroundAnswers:
    """Return the ground treated in [start_ms, end_ms) with a swath of `swath_m` [m]."""
    spraying, may_spray, evidence = find_spraying(pump, flow, window, working)
    located = clip(bridge(track.time_ms, MAX_TRACK_GAP_S), *window)
    known_s, needed_s = total_s(intersect(spraying, located)), total_s(union(spraying, may_spray))
    coverage = known_s / needed_s if needed_s > 0.0 else float(total_s(working) > 0.0)
    ground = measure_ground(find_passes(track, spraying), swath_m)
    n = int(np.count_nonzero((track.time_ms >= window[0]) & (track.time_ms < window[1])))
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
            inputs=(
                "latitude_deg",
                "longitude_deg",
                "pump_on",
                *((flow.channel,) if evidence == MEASURED_FLOW else ()),
            ),
            evidence=None if reason else evidence,
            reason=reason,
        )

    return TreatedGroundAnswers(
        answer(ground.treated_m2, "m2", _TREATED),
        answer(ground.treated_m2 / _SQUARE_METRES_PER_HECTARE, "ha", _TREATED),
        answer(ground.overlap_m2, "m2", _OVERLAP),
    )


def find_spraying(
    pump: PumpStates, flow: FlowSamples, window: tuple[int, int], working: Intervals
) -> tuple[Intervals, Intervals, str | None]:
    """Return when product left, when it may have left without telemetry, and the class of evidence (None: unknown).

    With a pump state, product leaves while the pump is on, except where the meter reports that it is dry. With a meter
    only, it leaves while there is flow.
    """
    flows = clip(bridge(flow.time_ms, MAX_STATE_GAP_S), *window)
    has_pump = len(pump.time_ms) >= 2
    if not has_pump and not flow.is_known:
        return no_time(), working, None
    if has_pump:
        on = clip(find_on_time(pump.time_ms, pump.on), *window)
        unknown = subtract(working, bridge(pump.time_ms, MAX_STATE_GAP_S))
        dry = find_on_time(flow.time_ms, flow.per_min < flow.dry_per_min)
        dry = intersect(on, dry)
        spraying = subtract(on, dry[dry[:, 1] - dry[:, 0] >= _DRY_S * 1000.0])
        metered = total_s(intersect(on, flows)) >= COVERAGE_BAR * total_s(on) and flow.is_known
        return spraying, unknown, MEASURED_FLOW if metered else PUMP_PWM
    spraying = clip(find_on_time(flow.time_ms, flow.per_min >= flow.dry_per_min), *window)
    return spraying, subtract(working, flows), MEASURED_FLOW


def answer_rate(product: Answer, treated: Answer, unit: str) -> Answer:
    """Return the mean rate in `unit` (L/ha or kg/ha), product over area; no value where one of them has none."""
    reason = product.reason or treated.reason
    value = None
    if product.value is not None and treated.value is not None:
        if treated.value > 0.0:
            value = product.value / (treated.value / _SQUARE_METRES_PER_HECTARE)
        else:
            reason = NOTHING_TREATED
    return Answer(
        value=value,
        unit=unit,
        window=product.window,
        n=min(product.n, treated.n),
        coverage=min(product.coverage, treated.coverage),
        quality=max(product.quality, treated.quality),
        method=_RATE,
        inputs=tuple(dict.fromkeys((*product.inputs, *treated.inputs))),
        evidence=None if value is None else treated.evidence,
        reason=reason,
    )
