"""Freshness of a value: the one verdict on whether a device still reports. Pure.

A value is current while its next sample is at most one interval late, late until three intervals are over, and silent
from then on. Short intervals have a floor: a radio, a network and a restart take their time, and nobody is called for
seconds. Every door takes it from here: the API answers it with the limits, by which a page that is open goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Freshness = Literal["current", "late", "silent"]

CURRENT_INTERVALS: Final = 2.0
SILENT_INTERVALS: Final = 3.0
LEAST_CURRENT_S: Final = 15.0
LEAST_SILENT_S: Final = 900.0
#: The interval where none is declared [s]: the usual one of a fixed sensor, and that of a vehicle.
USUAL_INTERVAL_S: Final = 300.0
VEHICLE_INTERVAL_S: Final = 1.0
#: A gateway reports every ten seconds: what it said last is not known to hold after so long [s].
GATEWAY_REPORT_OLD_S: Final = 30.0
#: A record that waits on a gateway's disk for so long is behind [s].
RECORD_BEHIND_S: Final = 600.0
#: Kinds of devices that move while they work.
VEHICLES: Final = frozenset({"drone", "rover", "boat", "plane"})


@dataclass(frozen=True, slots=True)
class FreshnessLimits:
    """The ages from which on a value is late and silent [s], by the interval of its channel."""

    late_after_s: float
    silent_after_s: float

    def verdict(self, age_s: float) -> Freshness:
        """Return the verdict on a value of an age; one from the future is current."""
        if age_s > self.silent_after_s:
            return "silent"
        return "late" if age_s > self.late_after_s else "current"


def limits_of_interval(interval_s: float | None, kind: str = "") -> FreshnessLimits:
    """Return the limits of a channel; `interval_s` is None where none is declared, `kind` is its device's."""
    expected_s = interval_s or (VEHICLE_INTERVAL_S if kind in VEHICLES else USUAL_INTERVAL_S)
    return FreshnessLimits(
        max(LEAST_CURRENT_S, CURRENT_INTERVALS * expected_s), max(LEAST_SILENT_S, SILENT_INTERVALS * expected_s)
    )


def limits_of_device(intervals_s: Iterable[float | None], kind: str = "") -> FreshnessLimits:
    """Return the limits of a device's newest value, of any channel: those of the channel with the longest interval."""
    return max(
        (limits_of_interval(each, kind) for each in (*intervals_s,) or (None,)),
        key=lambda limits: limits.silent_after_s,
    )


def silent_after_s(interval_s: float | None, kind: str = "") -> float:
    """Return the age from which on a channel is silent."""
    return limits_of_interval(interval_s, kind).silent_after_s


def freshness(interval_s: float | None, age_s: float, kind: str = "") -> Freshness:
    """Return the verdict on a value of an age by the interval of its channel, None where none is declared."""
    return limits_of_interval(interval_s, kind).verdict(age_s)
