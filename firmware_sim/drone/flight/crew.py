"""Crew of a simulated vehicle: loads the mission, starts it, refills at home and continues the work.

It uses only what a ground station can do, and stops controlling the vehicle once a ground station takes over.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from firmware_sim.drone.flight.autopilot import Autopilot
from firmware_sim.drone.flight.mission.field_rows import list_items, row_start_seq, rows_done
from firmware_sim.drone.flight.modes import Mode, Stage
from firmware_sim.drone.physics.vehicle_body import STEP_MS, Battery, Body

#: Minimum amount relative to that of the next row, and minimum charge, to continue with a row.
_RESERVE: Final = 1.05
_MIN_CHARGE_PCT: Final = 30
_CHANGE_PACK_PCT: Final = 95


class CrewPlan(Enum):
    """Next action of the crew."""

    READY = "take off"
    RISE = "climb, then resume the work"
    WORK = "finish the rows"


class Crew:
    """Operators of a vehicle; `flies` is False after a ground station has taken over, or for an idle vehicle."""

    def __init__(self, body: Body, autopilot: Autopilot, *, flies: bool, delay_s: float = 0.0) -> None:
        self.flies = flies
        self._body = body
        self._autopilot = autopilot
        self._rows = body.scenario.rows()
        self._items = list_items(body.scenario)
        self._plan = CrewPlan.READY
        self._next_row = 0
        self._ready_ms = body.start_ms + int(delay_s * 1000)
        self._full = True
        self._was_armed = False
        autopilot.load(self._items)

    @property
    def is_at_first_row(self) -> bool:
        """Whether the next row is the field's first: before a treatment, and after it."""
        return self._next_row == 0

    def hand_over(self) -> None:
        """Leave the control to a ground station."""
        self.flies = False

    def step(self, now_ms: int) -> None:
        """Do the next action for the state of the vehicle."""
        armed = self._autopilot.armed
        if self._was_armed and not armed:
            self._ready_ms = now_ms + int(self._body.scenario.pause_s * 1000)
            self._plan = CrewPlan.READY
            if self._next_row >= len(self._rows):
                self._next_row = 0
        self._was_armed = armed
        if not armed:
            self._service(now_ms)
        elif self.flies:
            self._fly()

    def _service(self, now_ms: int) -> None:
        """Refill and change the battery of a disarmed vehicle; then take off where permitted."""
        body = self._body
        self._full = body.machine.refill()
        if body.battery.remaining_pct < _CHANGE_PACK_PCT and now_ms + STEP_MS >= self._ready_ms:
            body.battery = Battery(body.scenario.airframe)
        if self.flies and self._full and now_ms >= self._ready_ms and body.receiver.has_fix:
            self._take_off()

    def _take_off(self) -> None:
        autopilot = self._autopilot
        autopilot.set_mode(Mode.GUIDED)
        if not autopilot.arm():
            # Retry later: otherwise the reason would be sent at every step.
            self._ready_ms += 5000
            return
        if self._next_row == 0 or autopilot.traits.drives:
            autopilot.set_current(row_start_seq(self._next_row) if self._next_row else 0)
            autopilot.set_mode(Mode.AUTO)
            self._plan = CrewPlan.WORK
        else:
            autopilot.take_off(self._body.scenario.height_m)
            self._plan = CrewPlan.RISE

    def _fly(self) -> None:
        autopilot = self._autopilot
        if autopilot.traits.drives and autopilot.stage is Stage.HOLD and autopilot.mission_complete:
            autopilot.disarm()
            return
        if self._plan is CrewPlan.RISE and autopilot.stage is Stage.HOLD:
            autopilot.set_current(row_start_seq(self._next_row))
            autopilot.set_mode(Mode.AUTO)
            self._plan = CrewPlan.WORK
        elif self._plan is CrewPlan.WORK and autopilot.mode is Mode.AUTO and autopilot.seq > 1:
            done = min(rows_done(autopilot.seq), len(self._rows))
            if done <= self._next_row:
                return
            self._next_row = done
            if done < len(self._rows) and not self._has_enough(done):
                autopilot.send_text(6, f"Refill after row {done}")
                autopilot.set_mode(Mode.RTL)

    def _has_enough(self, row: int) -> bool:
        body = self._body
        needed = body.scenario.row_amount(self._rows[row]) * _RESERVE
        return body.machine.left >= needed and body.battery.remaining_pct > _MIN_CHARGE_PCT
