"""Warnings about spraying, as events with a beginning and an end.

pump_without_flow      the pump runs and the meter reads no flow: blocked, empty, or no sensor
flow_without_pump      the pump is off and product flows: a leak or a valve
spray_in_rtl           product flows on the way home: an autopilot's failsafe does not stop its sprayer
spray_outside_field    product flows outside every declared field
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.spray.channels import Spray
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.pending import EventBody
from headland.contract.records import Scalar

#: No flow below this: meters read that much while a line empties.
DRY_L_MIN: Final = 0.05
DRY_KG_MIN: Final = 0.05
#: Longer than a line takes to fill or to empty, and longer than a meter holds its last value.
_HYDRAULIC_MS: Final = 3000
#: One position outside is noise, a second of them is not.
_PLACE_MS: Final = 1000
_CHECK_MS: Final = 200
#: A position is valid for so long.
_PLACE_AGE_MS: Final = 2000


@dataclass(slots=True)
class _Condition:
    """One condition: since when it holds, and whether its event was sent."""

    hold_ms: int
    since_ms: int | None = None
    is_active: bool = False

    def update(self, holds: bool | None, moment_ms: int) -> bool | None:
        """Return True when it begins, False when it ends, else None; `holds` is None while it is not known."""
        if holds is None:
            return None
        if not holds:
            was_active, self.is_active, self.since_ms = self.is_active, False, None
            return False if was_active else None
        if self.since_ms is None or moment_ms < self.since_ms:
            self.since_ms = moment_ms
        if not self.is_active and moment_ms - self.since_ms >= self.hold_ms:
            self.is_active = True
            return True
        return None


class SprayMonitor:
    """Checks the conditions of one vehicle. Pure; moments are milliseconds of the clock of `Spray`."""

    def __init__(self, profile: SprayerSettings) -> None:
        self._fields = profile.fields
        self._place: tuple[float, float] | None = None
        self._place_ms = 0
        self._last_state: object = None
        self._checked_ms = 0
        self._is_quiet = False  # no condition holds, and none will before the state changes
        self._conditions = {
            "pump_without_flow": _Condition(_HYDRAULIC_MS),
            "flow_without_pump": _Condition(_HYDRAULIC_MS),
            "spray_in_rtl": _Condition(_PLACE_MS),
            "spray_outside_field": _Condition(_PLACE_MS),
        }

    def note_place(self, latitude_deg: float, longitude_deg: float, moment_ms: int) -> None:
        """Set the place of the vehicle."""
        self._place, self._place_ms = (latitude_deg, longitude_deg), moment_ms

    def check(self, spray: Spray, mode: str | None, moment_ms: int) -> list[EventBody]:
        """Return the events of warnings that begin (`active` true) or end.

        Without a change of the state, conditions are checked at most five times a second.
        """
        state = (spray.pump_on, spray.flow_l_min, spray.mass_flow_kg_min, mode)
        if state == self._last_state and (self._is_quiet or 0 <= moment_ms - self._checked_ms < _CHECK_MS):
            return []
        self._last_state, self._checked_ms = state, moment_ms
        flows = _flows(spray)
        sprays = flows if flows is not None else spray.pump_on
        inside = self._is_inside(moment_ms)
        holds: dict[str, bool | None] = {
            "pump_without_flow": None if flows is None or spray.pump_on is None else spray.pump_on and not flows,
            "flow_without_pump": None if flows is None or spray.pump_on is None else flows and not spray.pump_on,
            "spray_in_rtl": None if sprays is None or mode is None else sprays and "RTL" in mode,
            "spray_outside_field": None if sprays is None or inside is None else sprays and not inside,
        }
        events: list[EventBody] = []
        for kind, condition in self._conditions.items():
            change = condition.update(holds[kind], moment_ms)
            if change is not None:
                events.append(EventBody(kind, self._data(spray, active=change)))
        self._is_quiet = not self._fields and all(condition.since_ms is None for condition in self._conditions.values())
        return events

    def _data(self, spray: Spray, *, active: bool) -> dict[str, Scalar]:
        data: dict[str, Scalar] = {"active": active, "pump_on": spray.pump_on}
        if spray.profile.machine == "spreader":
            data["mass_flow_kg_min"] = spray.mass_flow_kg_min
        else:
            data["flow_l_min"] = spray.flow_l_min
        if self._place is not None:
            data["latitude_deg"], data["longitude_deg"] = self._place
        return data

    def _is_inside(self, moment_ms: int) -> bool | None:
        """Return whether the vehicle is in a field; None where none is declared or its place is not known."""
        place = self._place
        if not self._fields or place is None or not 0 <= moment_ms - self._place_ms <= _PLACE_AGE_MS:
            return None
        return any(is_inside(ring, *place) for ring in self._fields)


def is_inside(ring: Sequence[tuple[float, float]], latitude_deg: float, longitude_deg: float) -> bool:
    """Return whether a point is inside a ring of [latitude, longitude] (even-odd rule); fields span no date line."""
    inside = False
    before_lat, before_lon = ring[-1]
    for lat, lon in ring:
        if (lat > latitude_deg) != (before_lat > latitude_deg):
            crossing = lon + (latitude_deg - lat) / (before_lat - lat) * (before_lon - lon)
            if longitude_deg < crossing:
                inside = not inside
        before_lat, before_lon = lat, lon
    return inside


def _flows(spray: Spray) -> bool | None:
    """Return whether product flows, by a sensor in its stream; None where there is none or it has no value."""
    if spray.profile.machine == "spreader":
        flow = spray.mass_flow_kg_min
        return None if flow is None else flow >= DRY_KG_MIN
    return None if spray.flow_l_min is None else spray.flow_l_min >= DRY_L_MIN
