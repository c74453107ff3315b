"""Autopilot with ArduCopter's behaviour: modes, arming, take-off, missions, return and landing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.flight.mission import (
    COMMAND_DELAY,
    COMMAND_LAND,
    COMMAND_LOITER,
    COMMAND_RETURN,
    COMMAND_SPEED,
    COMMAND_SPRAYER,
    COMMAND_TAKEOFF,
    DO_COMMANDS,
    Item,
    height_of,
    list_waypoints,
)
from firmware_sim.drone.flight.modes import Mode, Stage, Text
from firmware_sim.drone.flight.navigator import Navigator
from firmware_sim.drone.flight.sprayer_control import AcSprayer
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.physics.path import Height, Waypoint
from firmware_sim.drone.physics.vehicle_body import STEP_MS, STEP_S, Body, BodyCommand

#: A take-off is complete this far below its height, and the flight continues without a stop.
_NEARLY_UP_M: Final = 0.5
#: Maximum number of texts and reached items in the queues to the encoder.
_MAX_QUEUED: Final = 40
#: Minimum of WPNAV_SPEED.
_MIN_SPEED_M_S: Final = 0.2
_ARMABLE: Final = frozenset({Mode.STABILIZE, Mode.GUIDED, Mode.LOITER})


class Autopilot:
    """Flight logic of a vehicle. Commands return whether they are executed; the reason of a refusal is a text."""

    def __init__(self, body: Body, parameters: Parameters) -> None:
        self.body = body
        self.parameters = parameters
        self.sprayer = AcSprayer(parameters, STEP_S)
        self.mode = Mode.STABILIZE
        self.armed = False
        self.stage = Stage.IDLE
        self.items: tuple[Item, ...] = ()
        self.seq = 0
        self.mission_complete = False
        self.home: Place = (body.motion.east_m, body.motion.north_m)
        self.texts: deque[Text] = deque(maxlen=_MAX_QUEUED)
        #: Mission items reached and not reported yet.
        self.reached: deque[int] = deque(maxlen=_MAX_QUEUED)
        self._navigator = Navigator(body)
        self._speed_m_s = self._cruise_m_s()
        self._wait_ms = 0
        self._idle_ms = 0
        self._now_ms = body.start_ms

    @property
    def landed_state(self) -> int:
        """MAVLink's MAV_LANDED_STATE."""
        if self.body.landed and self.stage is not Stage.TAKE_OFF:
            return 1
        return {Stage.TAKE_OFF: 3, Stage.DESCEND: 4}.get(self.stage, 2)

    @property
    def mission_state(self) -> int:
        """MAVLink's MISSION_STATE: none, not started, active, paused, complete."""
        if len(self.items) < 2:
            return 1
        if self.mission_complete:
            return 5
        if self.mode is Mode.AUTO and self.armed:
            return 3
        return 4 if self.seq > 1 else 2

    def send_text(self, severity: int, text: str) -> None:
        """Send a STATUSTEXT."""
        self.texts.append(Text(severity, text))

    def arming_refusal(self) -> str | None:
        """Return the reason why the pre-arm checks refuse arming, None where they pass."""
        parameters, battery = self.parameters, self.body.battery
        if not parameters["ARMING_CHECK"]:
            return None
        if not self.body.receiver.has_fix:
            return "PreArm: GPS 1: Bad fix"
        if battery.voltage_v < parameters["BATT_ARM_VOLT"]:
            return "PreArm: Battery 1 below minimum arming voltage"
        if battery.airframe.capacity_mah - battery.consumed_mah < parameters["BATT_LOW_MAH"]:
            return "PreArm: Battery 1 low capacity failsafe"
        return None

    def arm(self, force: bool = False) -> bool:
        """Arm unless a check refuses it; `force` skips the checks, not the mode."""
        if self.armed:
            return True
        reason = None if force else self.arming_refusal()
        if reason is None and self.mode not in _ARMABLE:
            reason = f"Arm: {self.mode.name} mode not armable"
        if reason is not None:
            self.send_text(2, reason)
            return False
        self.armed, self.stage, self._idle_ms = True, Stage.IDLE, 0
        motion = self.body.motion
        self.home = (motion.east_m, motion.north_m)
        self.send_text(6, "Arming motors")
        return True

    def disarm(self, force: bool = False) -> bool:
        """Stop the motors; in the air only with `force`."""
        if self.armed and not self.body.landed and not force:
            return False
        if self.armed:
            self.send_text(6, "Disarming motors")
        self.armed, self.stage = False, Stage.IDLE
        self._navigator.hold(self._navigator.place())
        self.seq = 0
        self.mission_complete = False
        return True

    def set_mode(self, number: int) -> bool:
        """Change the mode where it exists and can be entered."""
        if number not in set(Mode):
            return False
        mode = Mode(number)
        needs_position = mode is not Mode.STABILIZE and mode is not Mode.LAND
        if self.armed and needs_position and not self.body.receiver.has_fix:
            self.send_text(4, f"Mode change to {mode.name} failed: requires position")
            return False
        if mode is Mode.AUTO and not self._can_auto():
            return False
        changed = mode is not self.mode
        self.mode = mode
        if changed and self.armed:
            self._enter()
        return True

    def take_off(self, height_m: float) -> bool:
        """Climb to a height above home; requires GUIDED, armed, on the ground."""
        if not (self.mode is Mode.GUIDED and self.armed and self.body.landed) or not 0 < height_m < 1000:
            return False
        self._take_off(height_m)
        return True

    def fly_to(self, place: Place | None, height: Height | None) -> bool:
        """Fly to a place and height in GUIDED; None means the current one."""
        if self.mode is not Mode.GUIDED or not self.armed or self.stage is Stage.IDLE:
            return False
        self._fly([Waypoint(place or self._navigator.place(), height or self._navigator.up, self._speed_m_s, self.seq)])
        return True

    def change_speed(self, speed_m_s: float) -> bool:
        """Change the speed, also of the current path."""
        if not 0 < speed_m_s <= 50:
            return False
        self._speed_m_s = speed_m_s
        if self.stage is Stage.PATH and self.mode is Mode.AUTO:
            self._fly_items(self.seq, self._navigator.pace_m_s)
        return True

    def load(self, items: Sequence[Item]) -> None:
        """Load a mission; item 0 is home. A running mission ends with a hover."""
        self.items = tuple(items)
        self.seq, self.mission_complete = 0, False
        if self.mode is Mode.AUTO and self.armed and not self.body.landed:
            self._hold_position()

    def set_current(self, seq: int) -> bool:
        """Continue the mission at another item."""
        if not 0 <= seq < len(self.items):
            return False
        self.seq, self.mission_complete = seq, False
        if self.mode is Mode.AUTO and self.armed and not self.body.landed:
            self._start_item(max(1, seq))
        return True

    def restart(self) -> None:
        """Restart: on the ground disarmed in STABILIZE, in the air the flight continues; the sprayer is off."""
        self.sprayer.run(False)
        if self.body.landed:
            self.disarm()
            self.mode = Mode.STABILIZE
        self.send_text(4, "Watchdog reset" if self.armed else "ArduPilot Ready")

    def step(self, now_ms: int) -> BodyCommand:
        """Return the command to the body for one step."""
        self._now_ms = now_ms
        self._check_failsafes()
        if self.armed and self.stage is not Stage.IDLE:
            self._continue()
        flying = self.armed and self.stage is not Stage.IDLE
        motion = self.body.motion
        self.sprayer.step(motion.speed_m_s if flying else 0.0)
        pump, spinner = self.sprayer.shares()
        aim = None if self.stage is Stage.DRIFT else self._navigator.aim()
        up_m = self.body.ground_m if self.stage is Stage.DESCEND else self._navigator.up_m()
        return BodyCommand(self.armed, flying, aim, up_m, pump, spinner)

    def _can_auto(self) -> bool:
        if len(self.items) < 2:
            self.send_text(4, "Mode change to AUTO failed: no mission")
            return False
        first = next((item for item in self.items[max(1, self.seq) :] if item.command not in DO_COMMANDS), None)
        if self.armed and self.body.landed and (first is None or first.command != COMMAND_TAKEOFF):
            self.send_text(4, "Auto: Missing Takeoff Cmd")
            return False
        return True

    def _check_failsafes(self) -> None:
        """Disarm after idle time on the ground; return with a low battery."""
        battery, parameters = self.body.battery, self.parameters
        if not self.armed:
            return
        if self.stage is Stage.IDLE:
            self._idle_ms += STEP_MS
            if parameters["DISARM_DELAY"] and self._idle_ms >= parameters["DISARM_DELAY"] * 1000:
                self.disarm()
            return
        left_mah = battery.airframe.capacity_mah - battery.consumed_mah
        if (
            left_mah < parameters["BATT_LOW_MAH"]
            and parameters["BATT_FS_LOW_ACT"] == 2
            and self.mode not in {Mode.RTL, Mode.LAND}
        ):
            self.send_text(3, "Battery 1 is low")
            if not self.set_mode(Mode.RTL):
                self.set_mode(Mode.LAND)

    def _enter(self) -> None:
        """Start the behaviour of the new mode."""
        if self.body.landed and self.mode is not Mode.AUTO:
            self.stage = Stage.IDLE
            return
        self._speed_m_s = self._cruise_m_s()
        if self.stage in {Stage.TAKE_OFF, Stage.RETURN, Stage.DESCEND}:
            self._navigator.keep_height()
        if self.mode is Mode.AUTO:
            self._start_item(max(1, self.seq))
        elif self.mode is Mode.RTL:
            self._return()
        elif self.mode is Mode.LAND:
            self._hold_position()
            self.stage = Stage.DESCEND
        elif self.mode is Mode.STABILIZE:
            self._hold_position()
            self.stage = Stage.DRIFT
        else:
            self._hold_position()

    def _continue(self) -> None:
        body = self.body
        if self.stage is Stage.TAKE_OFF:
            if body.motion.up_m >= self._navigator.up.height_m - _NEARLY_UP_M:
                self._arrive()
        elif self.stage in {Stage.PATH, Stage.RETURN}:
            self._navigator.step()
            if self.stage is Stage.PATH and self.mode is Mode.AUTO and self._navigator.seq is not None:
                self._pass_items(self._navigator.seq)
            if self._navigator.arrived:
                self._arrive()
        elif self.stage is Stage.HOLD and self._wait_ms and self._now_ms >= self._wait_ms:
            self._wait_ms = 0
            self._continue_after_wait()
        elif self.stage is Stage.DESCEND and body.landed:
            self.send_text(6, f"Landed, {body.machine.left:.1f} {body.machine.unit} left")
            self.disarm()

    def _arrive(self) -> None:
        """Continue after a take-off or a path."""
        if self.stage is Stage.RETURN:
            self._hold_position()
            self._wait(self.parameters["RTL_LOIT_TIME"] / 1000)
            return
        item = self.items[self.seq] if self.mode is Mode.AUTO and self.seq < len(self.items) else None
        if item is None:
            self._hold_position()
            return
        self.reached.append(self.seq)
        if item.command == COMMAND_LOITER:
            self._hold_position()
        elif item.command == COMMAND_LAND:
            self._hold_position()
            self.stage = Stage.DESCEND
        elif item.command != COMMAND_TAKEOFF and item.param1 > 0:
            self._hold_position()
            self._wait(item.param1)
        else:
            self._start_item(self.seq + 1)

    def _continue_after_wait(self) -> None:
        returning = self.mode is Mode.RTL or (
            self.mode is Mode.AUTO and self.seq < len(self.items) and self.items[self.seq].command == COMMAND_RETURN
        )
        if returning:
            self.stage = Stage.DESCEND
        elif self.mode is Mode.AUTO:
            self._start_item(self.seq + 1)

    def _pass_items(self, seq: int) -> None:
        """Record the waypoints passed without a stop and execute the DO items after them."""
        while self.seq < seq:
            self.reached.append(self.seq)
            self.seq = self._do_from(self.seq + 1)

    def _do_from(self, seq: int) -> int:
        """Execute the DO items from `seq` on; return the next item."""
        while seq < len(self.items) and self.items[seq].command in DO_COMMANDS:
            item = self.items[seq]
            if item.command == COMMAND_SPRAYER:
                self.sprayer.run(item.param1 >= 0.5)
            elif item.command == COMMAND_SPEED and item.param2 > 0:
                self._speed_m_s = item.param2
            seq += 1
        return seq

    def _start_item(self, seq: int) -> None:
        """Start item `seq`, or the item after the DO items at `seq`."""
        seq = self._do_from(seq)
        if seq >= len(self.items):
            self.mission_complete = True
            self.send_text(6, "Mission complete")
            self._hold_position()
            return
        self.seq = seq
        item = self.items[seq]
        if item.command == COMMAND_TAKEOFF:
            self._take_off(height_of(item, self.body.scenario).height_m)
        elif item.command == COMMAND_RETURN:
            self._return()
        elif item.command == COMMAND_DELAY:
            self._hold_position()
            self._wait(item.param1)
        else:
            self._fly_items(seq)

    def _fly_items(self, first: int, pace_m_s: float = 0.0) -> None:
        """Fly the waypoints from `first` up to the next stop."""
        here, up = self._navigator.place(), self._navigator.up
        self._fly(list_waypoints(self.items, first, self.body.scenario, here, up, self._speed_m_s), pace_m_s)

    def _fly(self, waypoints: Sequence[Waypoint], pace_m_s: float = 0.0) -> None:
        self._navigator.fly(waypoints, pace_m_s)
        self.stage, self._wait_ms = Stage.PATH, 0

    def _take_off(self, height_m: float) -> None:
        self.home = self.home if not self.body.landed else self._navigator.place()
        self._hold_position()
        self._navigator.up, self.stage = Height(height_m), Stage.TAKE_OFF

    def _return(self) -> None:
        """Fly home at RTL_ALT or higher; at the current height where RTL_ALT is 0."""
        up_m = max(self.body.motion.up_m, self.parameters["RTL_ALT"] / 100)
        self._fly([Waypoint(self.home, Height(up_m), self._cruise_m_s(), self.seq)])
        self.stage = Stage.RETURN
        self.send_text(6, "Returning home")

    def _hold_position(self) -> None:
        """Hold the position where the vehicle stops."""
        self._navigator.stop()
        self.stage, self._wait_ms = Stage.HOLD, 0

    def _cruise_m_s(self) -> float:
        return max(_MIN_SPEED_M_S, self.parameters["WPNAV_SPEED"] / 100)

    def _wait(self, wait_s: float) -> None:
        self._wait_ms = self._now_ms + int(min(wait_s, 86_400) * 1000)
