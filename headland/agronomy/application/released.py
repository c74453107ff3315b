"""Product released by a machine over time, by the best evidence, and the reconciliation of all evidence.

A flow meter takes precedence (`measured_flow`). Where it has no samples, the hopper's loss between refills is
distributed over the time in which the feeder was on (`tank_mass`). The pump's command is neither: it is only compared
with the other two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np

from headland.agronomy.application.feeder import FeederLag, fed_s, fit_feeder_lag
from headland.agronomy.application.metering import (
    MAX_FLOW_GAP_S,
    REFILL_KG,
    HopperWeights,
    find_refills,
    mass_from_hopper,
    unwind_total,
)
from headland.agronomy.application.treated import DECLARED, MEASURED_FLOW, PUMP_PWM, TANK_MASS
from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.intervals import Intervals, bridge, clip, intersect, no_time, subtract
from headland.units_of_time import MINUTE_MS

#: ArduPilot's defaults of SERVOn_MIN and SERVOn_MAX: the pulses of a stopped pump and of one at full speed.
PUMP_OFF_US: Final = 1100.0
PUMP_FULL_US: Final = 1900.0
#: The time before and after a load's work whose weights are its levels, that for which the flow dies away [ms], and the
#: fewest weights of a level.
_LEVEL_MS: Final = 10_000.0
_SETTLE_MS: Final = 1500.0
_LEAST_OF_LEVEL: Final = 10


@dataclass(frozen=True, slots=True)
class Amounts:
    """All evidence of released amounts, in one unit, kilograms or litres; any of it may be empty.

    `total` is a meter's running total, `per_min` its flow, `command_us` the pump's pulse.
    """

    total_time_ms: Times
    total: Values
    flow_time_ms: Times
    per_min: Values
    hopper: HopperWeights
    command_time_ms: Times
    command_us: Values

    @property
    def is_metered(self) -> bool:
        """Return whether a meter has at least two samples."""
        return len(self.total_time_ms) >= 2 or len(self.flow_time_ms) >= 2


@dataclass(frozen=True, slots=True)
class Released:
    """Running totals at given instants by class of evidence.

    `untimed` is an amount that left at unknown times, `unknown` the time of work without a known amount, and
    `unmetered` the class of evidence for that work.
    """

    totals: dict[str, Values]
    untimed: float
    unknown: Intervals
    unmetered: str = PUMP_PWM

    @property
    def amount(self) -> float:
        """The whole known amount within the instants."""
        return sum(float(total[-1] - total[0]) for total in self.totals.values()) + self.untimed


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The amount by flow meter, by tank or hopper level, and by the pump's curve (commanded only)."""

    by_flow: Annotated[float | None, "By flow meter; null without one."]
    by_tank: Annotated[float | None, "By the loss of tank or hopper; null where it is not weighed."]
    by_pump_curve: Annotated[float | None, "By the command to the pump; null without a known curve."]
    flow_residual: Annotated[float | None, "By flow less by tank."]
    pump_curve_residual: Annotated[float | None, "By pump curve less by tank, else by flow."]


def release(
    at_ms: Times, amounts: Amounts, on_time: Intervals, window: tuple[int, int], lag: FeederLag | None = None
) -> Released:
    """Return what had left at ascending instants in [start_ms, end_ms); product left only in `on_time`.

    `lag` is that of the feeder behind its signal, for amounts by the hopper; None: product leaves exactly in `on_time`.
    """
    work = clip(on_time, *window)
    metered, known = _by_meter(at_ms, amounts, window)
    totals = {} if metered is None else {MEASURED_FLOW: metered}
    silent, untimed = subtract(work, known), 0.0
    if amounts.hopper.is_weighed and len(silent):
        weighed, untimed = _by_hopper(at_ms, amounts.hopper, work, silent, window, lag or FeederLag())
        totals[TANK_MASS], silent = weighed, no_time()
    return Released(totals, untimed, silent, PUMP_PWM if len(amounts.command_time_ms) >= 2 else DECLARED)


def reconcile(amounts: Amounts, window: tuple[int, int], most_per_min: float | None) -> Reconciliation:
    """Return the amount of [start_ms, end_ms) by meter, by tank and by the pump's curve.

    The curve is a straight line from `PUMP_OFF_US` to `most_per_min` at `PUMP_FULL_US`.
    """
    edges = np.array(window, np.int64)
    metered = _by_meter(edges, amounts, window)[0]
    tank = mass_from_hopper(amounts.hopper, window).mass_kg if amounts.hopper.is_weighed else None
    curve = None
    if most_per_min is not None and len(amounts.command_time_ms) >= 2:
        share = np.clip((amounts.command_us - PUMP_OFF_US) / (PUMP_FULL_US - PUMP_OFF_US), 0.0, 1.0)
        curve = float(np.diff(_integrate(edges, amounts.command_time_ms, share * most_per_min))[0])
    flow = None if metered is None else float(metered[1] - metered[0])
    return Reconciliation(flow, tank, curve, _less(flow, tank), _less(curve, flow if tank is None else tank))


def _less(amount: float | None, other: float | None) -> float | None:
    return None if amount is None or other is None else amount - other


def _by_meter(at_ms: Times, amounts: Amounts, window: tuple[int, int]) -> tuple[Values | None, Intervals]:
    """Return the meter's running total at each instant and the time for which it is known; None without a meter."""
    if len(amounts.total_time_ms) >= 2:
        time = amounts.total_time_ms.astype(np.float64)
        total = np.interp(at_ms, time, unwind_total(amounts.total))
        return np.asarray(total, np.float64), clip(np.array([[time[0], time[-1]]]), *window)
    if len(amounts.flow_time_ms) >= 2:
        known = clip(bridge(amounts.flow_time_ms, MAX_FLOW_GAP_S), *window)
        return _integrate(at_ms, amounts.flow_time_ms, amounts.per_min), known
    return None, no_time()


def _integrate(at_ms: Times, time_ms: Times, per_min: Values) -> Values:
    """Return the integral at each instant of a flow that is linear between samples at most 5 s apart, else 0."""
    time = time_ms.astype(np.float64)
    step_min = np.diff(time) / MINUTE_MS
    joined = step_min * 60.0 <= MAX_FLOW_GAP_S
    pieces = np.where(joined, step_min * (per_min[1:] + per_min[:-1]) / 2.0, 0.0)
    sums = np.concatenate(([0.0], np.cumsum(pieces)))
    moment = np.clip(at_ms.astype(np.float64), time[0], time[-1])
    before = np.clip(np.searchsorted(time, moment, side="right") - 1, 0, len(time) - 2)
    into_min = (moment - time[before]) / MINUTE_MS
    flow = per_min[before] + (per_min[before + 1] - per_min[before]) * into_min / step_min[before]
    part = np.where(joined[before], into_min * (per_min[before] + flow) / 2.0, 0.0)
    return np.asarray(sums[before] + part, np.float64)


def feeder_lag(amounts: Amounts, on_time: Intervals, window: tuple[int, int]) -> FeederLag | None:
    """Return the lag of a feeder without a meter, by its hopper's weights; None where they do not show one."""
    if amounts.is_metered or not amounts.hopper.is_weighed:
        return None
    return fit_feeder_lag(amounts.hopper, clip(on_time, *window), _loads(amounts.hopper, window))


def _by_hopper(
    at_ms: Times, hopper: HopperWeights, work: Intervals, silent: Intervals, window: tuple[int, int], lag: FeederLag
) -> tuple[Values, float]:
    """Return the running total of what left in `silent`, and the hopper's loss outside of any known time of work.

    Each load's loss is distributed evenly over the load's time of work, behind the feeder's lag.
    """
    total, untimed = np.zeros(len(at_ms)), 0.0
    whole_loads = _loads(hopper, (int(hopper.time_ms[0]), int(hopper.time_ms[-1])))
    for start, end in _loads(hopper, window):
        load = np.array([[start, end]])
        on = intersect(work, load)
        on_ms = float(np.sum(on[:, 1] - on[:, 0]))
        if on_ms <= 0.0:
            untimed += mass_from_hopper(hopper, (round(start), round(end))).mass_kg
            continue
        whole = next((each for each in whole_loads if each[0] <= start and end <= each[1]), (start, end))
        lost = _lost_kg(hopper, (start, end), whole, on)
        fed = fed_s(at_ms, intersect(silent, load), lag)
        # All of what is fed by the end counts, however slowly the flow dies away.
        share = (fed[-1] - fed[0]) * 1000.0 / on_ms if len(fed) and len(silent) == len(work) else 1.0
        total += max(lost, 0.0) / on_ms * 1000.0 * fed / max(share, 0.1)
    return total, untimed


def _lost_kg(hopper: HopperWeights, load: tuple[float, float], whole: tuple[float, float], on: Intervals) -> float:
    """Return what a load lost: the level before its work less that after it.

    Each level is the median of some seconds without flow: single weights err by the jolts of a flight, most of all at
    the end of a refill. Where the load lost more or less than jolts explain, that counts. `whole` is the load with what
    is before and after the window.
    """
    whole_kg = mass_from_hopper(hopper, (round(load[0]), round(load[1]))).mass_kg
    first_ms, last_ms = float(on[0, 0]), float(on[-1, 1]) + _SETTLE_MS
    spans = ((max(whole[0], first_ms - _LEVEL_MS), first_ms), (last_ms, min(whole[1], last_ms + _LEVEL_MS)))
    parts = [hopper.mass_kg[(hopper.time_ms >= start) & (hopper.time_ms <= end)] for start, end in spans]
    if min(len(part) for part in parts) < _LEAST_OF_LEVEL:
        return whole_kg
    levelled_kg = float(np.median(parts[0]) - np.median(parts[1]))
    return levelled_kg if abs(levelled_kg - whole_kg) < REFILL_KG else whole_kg


def _loads(hopper: HopperWeights, window: tuple[int, int]) -> list[tuple[float, float]]:
    """Return the stretches of a window between refills."""
    refills = find_refills(hopper.time_ms.astype(np.float64), _smooth(hopper.mass_kg))
    edges = [float(window[0]), *(edge for refill in refills for edge in refill), float(window[1])]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    clipped = [(max(start, window[0]), min(end, window[1])) for start, end in pairs]
    return [(start, end) for start, end in clipped if end > start]


def _smooth(mass_kg: Values) -> Values:
    """Return a running mean of five weights, so that noise does not look like a refill."""
    if len(mass_kg) < 5:
        return mass_kg
    padded = np.pad(mass_kg, 2, mode="edge")
    return np.convolve(padded, np.full(5, 0.2), mode="valid")
