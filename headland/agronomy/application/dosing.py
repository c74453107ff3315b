"""How much product left the tank, from a flow meter: its running total where it has one, else its flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.intervals import Intervals, bridge, clip, no_time, subtract
from headland.units_of_time import MINUTE_MS

#: Neighbouring flow samples further apart than this are not joined: a pump may have stopped and started between.
MAX_FLOW_GAP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Meter:
    """What a flow meter said: a running total, a flow, either or neither; each with its own ascending times."""

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
    """A volume [L], the n samples it is made of, and the time for which it is known."""

    volume_l: float
    n: int
    known: Intervals


def unwind_total(total_l: Values) -> Values:
    """Return a running total that never falls: a fall is a restart of the meter, which then counts from zero."""
    rise = np.diff(total_l, prepend=total_l[:1])
    return np.cumsum(np.where(rise >= 0.0, rise, total_l))


def volume_from_total(meter: Meter, window: tuple[int, int]) -> Volume:
    """Return the volume within [start_ms, end_ms) by difference of the total, interpolated at the window's ends.

    Samples from outside the window let the volumes of adjoining windows add up. A total bridges any hole in the
    telemetry within the window, unless the meter restarted in it: what it counted last before that was not heard. Nor
    is it known how much of what it counted in a hole across one of the window's ends belongs to the window.
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


def volume_from_flow(meter: Meter, window: tuple[int, int]) -> Volume:
    """Return the volume within [start_ms, end_ms) by the trapezoid rule over flows at most `MAX_FLOW_GAP_S` apart."""
    return Volume(*integrate_flow(meter.flow_time_ms, meter.flow_l_min, window))


def integrate_flow(time_ms: Times, per_min: Values, window: tuple[int, int]) -> tuple[float, int, Intervals]:
    """Return the amount that a flow a minute adds up to in [start_ms, end_ms), of how many samples, and the time known.

    The trapezoid rule over flows at most `MAX_FLOW_GAP_S` apart, which are linear between their samples.
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
