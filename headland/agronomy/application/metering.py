"""Product that left the tank, by a flow meter (its running total, or else its flow) or by the hopper's weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.intervals import Intervals, bridge, clip, no_time, subtract
from headland.units_of_time import MINUTE_MS

#: Longest gap between flow samples that are joined: in a longer one a pump may have stopped and started.
MAX_FLOW_GAP_S: Final = 5.0
#: A rise of the weight that is a refill; less is noise of the load cells and jolts of the flight.
REFILL_KG: Final = 2.0
#: Longest gap between weights without a hole; the loss in a hole is its difference, unless it was a refill.
MAX_WEIGHT_GAP_S: Final = 5.0
#: Time over which weights are averaged before they are compared.
_BIN_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class FlowMeter:
    """Samples of a flow meter: a running total, a flow, both or neither; each with its own ascending times."""

    total_time_ms: Times
    total_l: Values
    flow_time_ms: Times
    flow_l_min: Values

    @property
    def has_total(self) -> bool:
        """Return whether there are two totals to take a difference of."""
        return len(self.total_time_ms) >= 2

    @property
    def has_flow(self) -> bool:
        """Return whether there are two flows to integrate between."""
        return len(self.flow_time_ms) >= 2


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume [L], the number of samples it is computed from, and the time for which it is known."""

    volume_l: float
    n: int
    known: Intervals


def unwind_total(total_l: Values) -> Values:
    """Return a running total that never falls: a fall is a restart of the meter, which then counts from zero."""
    rise = np.diff(total_l, prepend=total_l[:1])
    return np.cumsum(np.where(rise >= 0.0, rise, total_l))


def volume_from_total(meter: FlowMeter, window: tuple[int, int]) -> Volume:
    """Return the volume within [start_ms, end_ms) by difference of the total, interpolated at the window's ends.

    With samples from outside the window, the volumes of adjoining windows add up. A total bridges any hole in the
    telemetry within the window, unless the meter restarted in it: its last count before that is unknown. A rise in a
    hole across one of the window's ends is unknown, too, because it cannot be divided between the windows.
    """
    start_ms, end_ms = window
    time = meter.total_time_ms.astype(np.float64)
    at_ends = np.interp(np.array(window, dtype=np.float64), time, unwind_total(meter.total_l))
    fell = np.flatnonzero(np.diff(meter.total_l) < 0.0)
    restarts = np.column_stack((time[fell], time[fell + 1])) if len(fell) else no_time()
    unknown = np.concatenate((restarts, *(_rise_across(edge_ms, time, meter.total_l) for edge_ms in window)))
    known = subtract(clip(np.array([[time[0], time[-1]]]), start_ms, end_ms), unknown[np.argsort(unknown[:, 0])])
    inside = int(np.count_nonzero((meter.total_time_ms >= start_ms) & (meter.total_time_ms < end_ms)))
    return Volume(float(at_ends[1] - at_ends[0]), inside, known)


def _rise_across(at_ms: int, time: Values, total_l: Values) -> Intervals:
    """Return the hole in the telemetry around an instant in which the total changed, or no time."""
    after = int(np.searchsorted(time, at_ms, side="left"))
    if not 0 < after < len(time) or time[after] == at_ms or time[after] - time[after - 1] <= MAX_FLOW_GAP_S * 1000.0:
        return no_time()
    return no_time() if total_l[after] == total_l[after - 1] else time[after - 1 : after + 1].reshape(1, 2)


def volume_from_flow(meter: FlowMeter, window: tuple[int, int]) -> Volume:
    """Return the volume within [start_ms, end_ms) by the trapezoid rule over flows at most `MAX_FLOW_GAP_S` apart."""
    return Volume(*integrate_flow(meter.flow_time_ms, meter.flow_l_min, window))


def integrate_flow(time_ms: Times, per_min: Values, window: tuple[int, int]) -> tuple[float, int, Intervals]:
    """Return the amount of a flow per minute in [start_ms, end_ms), its number of samples, and its known time.

    By the trapezoid rule over flows at most `MAX_FLOW_GAP_S` apart, which are linear between their samples.
    """
    start_ms, end_ms = window
    time = time_ms.astype(np.float64)
    known = clip(bridge(time_ms, MAX_FLOW_GAP_S), start_ms, end_ms)
    pumped = np.concatenate(([0.0], np.cumsum(np.diff(time) / MINUTE_MS * (per_min[1:] + per_min[:-1]) / 2)))
    amount = 0.0
    for first, last in known:
        amount += _pumped_until(last, time, per_min, pumped) - _pumped_until(first, time, per_min, pumped)
    inside = int(np.count_nonzero((time_ms >= start_ms) & (time_ms < end_ms)))
    return amount, inside, known


def _pumped_until(at_ms: float, time: Values, per_min: Values, pumped: Values) -> float:
    """Return the integral of a flow that is linear between its samples, up to an instant among them."""
    before = min(int(np.searchsorted(time, at_ms, side="right")) - 1, len(time) - 1)
    flow_at = float(np.interp(at_ms, time, per_min))
    return float(pumped[before] + (at_ms - time[before]) / MINUTE_MS * (per_min[before] + flow_at) / 2)


@dataclass(frozen=True, slots=True)
class HopperWeights:
    """Weights of a hopper: ascending times and the product in it [kg]."""

    time_ms: Times
    mass_kg: Values

    @property
    def is_weighed(self) -> bool:
        """Return whether there are two weights to take a difference of."""
        return len(self.time_ms) >= 2


@dataclass(frozen=True, slots=True)
class Mass:
    """A mass [kg], the number of samples it is computed from, and the time for which it is known."""

    mass_kg: float
    n: int
    known: Intervals


def mass_from_hopper(hopper: HopperWeights, window: tuple[int, int]) -> Mass:
    """Return the mass that left the hopper in [start_ms, end_ms): weight at the start less at the end, plus refills.

    A hole in the telemetry is bridged by the difference, unless the hopper was refilled in it (the loss before that was
    not weighed), or it is across one of the window's ends and the weight changed. With weights from outside the window,
    the masses of adjoining windows add up.
    """
    start_ms, end_ms = window
    time, mass_kg = _average(hopper)
    at_ends = np.interp(np.array(window, dtype=np.float64), time, mass_kg)
    refills = find_refills(time, mass_kg)
    refilled_kg = sum(_rise_within(refill, time, mass_kg, window) for refill in refills)
    holes = np.column_stack((time[:-1], time[1:]))[np.diff(time) > MAX_WEIGHT_GAP_S * 1000.0]
    unknown = [
        (first, last)
        for first, last in holes
        if any(low < last and first < high for low, high in refills)
        or any(first < edge_ms < last and _changed(first, last, time, mass_kg) for edge_ms in window)
    ]
    inside = int(np.count_nonzero((hopper.time_ms >= start_ms) & (hopper.time_ms < end_ms)))
    known = clip(np.array([[hopper.time_ms[0], hopper.time_ms[-1]]], dtype=np.float64), start_ms, end_ms)
    known = subtract(known, np.array(unknown) if unknown else no_time())
    return Mass(float(at_ends[0] - at_ends[1]) + refilled_kg, inside, known)


def find_refills(time: Values, mass_kg: Values) -> list[tuple[float, float]]:
    """Return the start and end of each refill: from a least weight to a greatest one, at least `REFILL_KG` apart.

    Turning points of the weight that are closer to each other are noise.
    """
    refills: list[tuple[float, float]] = []
    low = high = 0
    rising = False
    for index in range(len(mass_kg)):
        if rising:
            if mass_kg[index] >= mass_kg[high]:
                high = index
            elif mass_kg[high] - mass_kg[index] >= REFILL_KG:
                refills.append((float(time[low]), float(time[high])))
                low, rising = index, False
        elif mass_kg[index] <= mass_kg[low]:
            low = index
        elif mass_kg[index] - mass_kg[low] >= REFILL_KG:
            high, rising = index, True
    if rising:
        refills.append((float(time[low]), float(time[high])))
    return refills


def _average(hopper: HopperWeights) -> tuple[Values, Values]:
    """Return the mean time and weight of each second in which there was one."""
    seconds = hopper.time_ms // _BIN_MS
    starts = np.flatnonzero(np.diff(seconds, prepend=seconds[0] - 1))
    counts = np.diff(np.append(starts, len(seconds)))
    time = np.add.reduceat(hopper.time_ms.astype(np.float64), starts) / counts
    return time, np.add.reduceat(hopper.mass_kg, starts) / counts


def _rise_within(refill: tuple[float, float], time: Values, mass_kg: Values, window: tuple[int, int]) -> float:
    """Return the mass that a refill added within a window [kg]."""
    first, last = max(refill[0], window[0]), min(refill[1], window[1])
    if first >= last:
        return 0.0
    before, after = np.interp(np.array([first, last]), time, mass_kg)
    return float(after - before)


def _changed(first: float, last: float, time: Values, mass_kg: Values) -> bool:
    """Return whether the weight changed by a refill or more between two instants."""
    before, after = np.interp(np.array([first, last]), time, mass_kg)
    return abs(float(after - before)) >= REFILL_KG
