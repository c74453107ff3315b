"""How much product left a hopper, from what it weighs: its loss between refills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.intervals import Intervals, clip, no_time, subtract

#: A rise by more than this from the least so far is a refill; less is the load cells' noise and the flight's jolts.
REFILL_KG: Final = 2.0
#: Weights further apart than this leave a hole; what happened in it is known by the difference, unless it was a refill.
MAX_WEIGHT_GAP_S: Final = 5.0
#: Weights are averaged over this long before they are compared.
_BIN_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Hopper:
    """What the hopper weighed: ascending times and the product in it [kg]."""

    time_ms: Times
    mass_kg: Values

    @property
    def is_weighed(self) -> bool:
        """Return whether there are two weights to take a difference of."""
        return len(self.time_ms) >= 2


@dataclass(frozen=True, slots=True)
class Mass:
    """A mass [kg], the n samples it is made of, and the time for which it is known."""

    mass_kg: float
    n: int
    known: Intervals


def mass_from_hopper(hopper: Hopper, window: tuple[int, int]) -> Mass:
    """Return what left the hopper within [start_ms, end_ms): weight at the start less at the end, plus the refills.

    A hole in the telemetry is bridged by the difference, unless the hopper was refilled in it (what left before that
    was not weighed) or it lies across one of the window's ends and the weight changed. Weights from outside the window
    let the masses of adjoining windows add up.
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
    """Return from when until when the hopper was filled: from a least weight to a greatest, `REFILL_KG` apart or more.

    Turning points of the weight that are no further apart than that are noise and are passed over.
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


def _average(hopper: Hopper) -> tuple[Values, Values]:
    """Return the mean time and weight of each second in which there was one."""
    seconds = hopper.time_ms // _BIN_MS
    starts = np.flatnonzero(np.diff(seconds, prepend=seconds[0] - 1))
    counts = np.diff(np.append(starts, len(seconds)))
    time = np.add.reduceat(hopper.time_ms.astype(np.float64), starts) / counts
    return time, np.add.reduceat(hopper.mass_kg, starts) / counts


def _rise_within(refill: tuple[float, float], time: Values, mass_kg: Values, window: tuple[int, int]) -> float:
    """Return how much a refill added within a window [kg]."""
    first, last = max(refill[0], window[0]), min(refill[1], window[1])
    if first >= last:
        return 0.0
    before, after = np.interp(np.array([first, last]), time, mass_kg)
    return float(after - before)


def _changed(first: float, last: float, time: Values, mass_kg: Values) -> bool:
    before, after = np.interp(np.array([first, last]), time, mass_kg)
    return abs(float(after - before)) >= REFILL_KG
