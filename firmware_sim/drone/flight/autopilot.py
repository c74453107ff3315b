"""Autopilot with ArduCopter's behaviour: modes, arming, take-off, missions, guided flight, return and landing."""

from __future__ import annotations

from typing import Final

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.flight.failsafes import Failsafes
from firmware_sim.drone.flight.fence import Fence
from firmware_sim.drone.flight.guided import Reference, SpeedLimits, Target
from firmware_sim.drone.flight.mission.commands import LOITER_TURNS, RETURN, TAKEOFFS
from firmware_sim.drone.flight.mission.items import Item, height_of
from firmware_sim.drone.flight.mission_flight import MissionFlight
from firmware_sim.drone.flight.modes import (
    DRIFTING,
    MISSION_MODES,
    NOT_ENTERABLE,
    RETURNING,
    WITHOUT_POSITION,
    Mode,
    Stage,
)
from firmware_sim.drone.flight.traits import COPTER, Traits
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.physics.path import Height, Waypoint
from firmware_sim.drone.physics.vehicle_body import Body, BodyCommand

#: A take-off is complete this far below its height, and the flight continues without a stop.
_NEARLY_UP_M: Final = 0.5
#: Least height of a take-off before a mission that has none.
_MIN_TAKE_OFF_M: Final = 2.5
#: Circles that are planned at once in CIRCLE.
_TURNS: Final = 20


class Autopilot(MissionFlight):
    """Flight logic of a vehicle. Commands return whether they are executed; the reason of a refusal is a text."""

    def __init__(self, body: Body, parameters: Parameters, traits: Traits = COPTER, speed: float = 1.0) -> None:
        super().__init__(body, parameters, traits)
        self.fence = Fence(body.frame, parameters)
        self.failsafes = Failsafes(self, traits, speed)

    @property
    def landed_state(self) -> int:
        """MAVLink's MAV_LANDED_STATE."""
        if self.body.landed and self.stage is not Stage.TAKE_OFF:
            return 1
        return {Stage.TAKE_OFF: 3, Stage.DESCEND: 4}.get(self.stage, 2)

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
        if reason is None and self.mode not in self.traits.armable:
            reason = f"Arm: {self.mode.name} mode not armable"
        if reason is not None:
            self.send_text(2, reason)
            return False
        self.armed, self.stage = True, Stage.IDLE
        self.failsafes.stay_idle()
        motion = self.body.motion
        if not self.home_set:
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
        self._restart_mission()
        return True

    def set_mode(self, number: int) -> bool:
        """Change the mode where it exists and can be entered."""
        if number not in set(Mode):
            return False
        mode = Mode(number)
        reason = self._mode_refusal(mode)
        if reason is not None:
            self.send_text(4, reason)
            return False
        changed = mode is not self.mode
        self.mode = mode
        if changed and self.armed:
            self._enter()
        return True

    def take_off(self, height_m: float) -> bool:
        """Climb to a height above home; requires GUIDED, armed, on the ground."""
        if self.traits.drives or not (self.mode is Mode.GUIDED and self.armed and self.body.landed):
            return False
        if not 0 < height_m < 1000:
            return False
        self._climb_to(height_m)
        return True

    def fly_to(self, place: Place | None, height: Height | None) -> bool:
        """Fly to a place and height in GUIDED; None means the current one."""
        if not self.takes_targets:
            return False
        self._fly([Waypoint(place or self._navigator.place(), height or self._navigator.up, self._speed_m_s, self.seq)])
        return True

    @property
    def takes_targets(self) -> bool:
        """Whether a ground station's targets are followed: in GUIDED, in the air."""
        return self.mode is Mode.GUIDED and self.armed and (self.traits.drives or self.stage is not Stage.IDLE)

    def follow(self, target: Target) -> None:
        """Follow a target that a ground station streams, for GUID_TIMEOUT, where it is followed at all."""
        if not self.takes_targets:
            return
        parameters = self.parameters
        limits = SpeedLimits(
            self._speed_m_s, parameters["WPNAV_SPEED_UP"] / 100, max(0.1, parameters["WPNAV_SPEED_DN"] / 100)
        )
        until_ms = self._now_ms + int(max(0.1, min(60.0, parameters["GUID_TIMEOUT"])) * 1000)
        self._navigator.follow(Reference(target, self._navigator.reference(), limits, until_ms))
        self.stage, self._wait_ms = Stage.STREAM, 0

    def stop_here(self) -> None:
        """Stop and hold in GUIDED, as after a target that is not valid."""
        if self.takes_targets:
            self._hold_position()

    def pause(self, paused: bool) -> bool:
        """Stop the mission or the guided flight where it is, or continue the mission; return whether it could."""
        if not self.armed or self.mode not in {Mode.AUTO, Mode.GUIDED} or self.stage is Stage.IDLE:
            return False
        if paused:
            self._hold_position()
        elif self.mode is Mode.AUTO:
            self._start_item(max(1, self.seq))
        return True

    def change_speed(self, speed_m_s: float) -> bool:
        """Change the speed, also of the current path."""
        if not 0 < speed_m_s <= 50:
            return False
        self._speed_m_s = speed_m_s
        if self.stage is Stage.PATH and self.mode in MISSION_MODES:
            self._fly_items(self.seq, self._navigator.pace_m_s)
        return True

    def restart(self) -> None:
        """Restart: on the ground disarmed in STABILIZE, in the air the flight continues; the sprayer is off."""
        self.sprayer.run(False)
        self.outputs.restart()
        self.camera.restart()
        self.failsafes.restart()
        if self.body.landed:
            self.disarm()
            self.mode = Mode.STABILIZE
        self.send_text(4, "Watchdog reset" if self.armed else "ArduPilot Ready")

    def step(self, now_ms: int) -> BodyCommand:
        """Return the command to the body for one step."""
        self._now_ms = now_ms
        self.failsafes.step(now_ms)
        if self.armed and self.stage is not Stage.IDLE:
            self._continue()
        flying = self.armed and self.stage is not Stage.IDLE
        motion = self.body.motion
        self.sprayer.step(motion.speed_m_s if flying else 0.0)
        self.camera.step(now_ms, (motion.east_m, motion.north_m), self.body.receiver.has_fix)
        pump, spinner = self.sprayer.shares()
        aim = None if self.stage is Stage.DRIFT else self._navigator.aim()
        on_ground = self.traits.drives or self.stage is Stage.DESCEND
        up_m = self.body.ground_m if on_ground else self._navigator.up_m()
        return BodyCommand(self.armed, flying, aim, up_m, pump, spinner)

    def _mode_refusal(self, mode: Mode) -> str | None:
        """Return the reason why a mode cannot be entered, None where it can."""
        if self.armed and mode not in WITHOUT_POSITION and not self.body.receiver.has_fix:
            return f"Mode change to {mode.name} failed: requires position"
        if mode in NOT_ENTERABLE or (mode is Mode.THROW and self.armed):
            return f"Mode change to {mode.name} failed: init failed"
        if mode is Mode.AUTO_RTL and (self.landing_start() is None or not self.armed or not self.airborne):
            return "Mode change to AUTO_RTL failed: No landing sequence found"
        if mode is not Mode.AUTO:
            return None
        if len(self.items) < 2:
            return "Mode change to AUTO failed: no mission"
        return "Auto: Missing Takeoff Cmd" if self.armed and self._lacks_take_off() else None

    def _lacks_take_off(self) -> bool:
        """Return whether the mission would start on the ground without a take-off that it needs."""
        traits, first = self.traits, self._first_flown()
        return (
            not (traits.drives or traits.takes_off_itself or self.airborne)
            and (first is None or first.command not in TAKEOFFS)
        )  # fmt: skip

    def _enter(self) -> None:
        """Start the behaviour of the new mode."""
        if not self.airborne and self.mode is not Mode.AUTO:
            self.stage = Stage.IDLE
            return
        self._speed_m_s = self._cruise_m_s()
        if self.stage in {Stage.TAKE_OFF, Stage.RETURN, Stage.DESCEND}:
            self._navigator.keep_height()
        if self.mode is Mode.AUTO:
            first = self._first_flown()
            if self.traits.takes_off_itself and not self.airborne and first and first.command not in TAKEOFFS:
                self._climb_to(max(_MIN_TAKE_OFF_M, height_of(first, self.body.scenario).height_m))
            else:
                self._start_item(max(1, self.seq))
        elif self.mode is Mode.AUTO_RTL:
            self._start_item(self.landing_start() or 1)
        elif self.mode in RETURNING:
            self._return()
        elif self.mode is Mode.LAND:
            self._descend()
        elif self.mode is Mode.CIRCLE:
            self._circle_ahead()
        elif self.mode in DRIFTING:
            self._hold_position()
            self.stage = Stage.DRIFT
        else:
            self._hold_position()

    def _circle_ahead(self) -> None:
        """Circle around the point CIRCLE_RADIUS ahead; a negative CIRCLE_RATE turns the other way."""
        self._hold_position()
        circle, motion = self._circle(), self.body.motion
        ahead = motion.ahead(circle.radius_m)
        item = Item(LOITER_TURNS, param1=_TURNS, param3=circle.radius_m * (-1 if circle.rate_deg_s < 0 else 1))
        height = self._navigator.up
        self._fly(circle.turns(item, ahead, height, self._speed_m_s, self.seq))

    def _continue(self) -> None:
        body = self.body
        if self.stage is Stage.TAKE_OFF:
            if body.motion.up_m >= self._navigator.up.height_m - _NEARLY_UP_M:
                self._arrive()
        elif self.stage in {Stage.PATH, Stage.RETURN}:
            self._navigator.step(self._now_ms)
            if self.stage is Stage.PATH and self.mode in MISSION_MODES and self._navigator.seq is not None:
                self._pass_items(self._navigator.seq)
            if self._navigator.arrived:
                self._arrive()
        elif self.stage is Stage.STREAM:
            self._navigator.step(self._now_ms)
        elif self._is_due():
            self._continue_after_wait()
        elif self.stage is Stage.DESCEND and body.landed:
            self.send_text(6, f"Landed, {body.machine.left:.1f} {body.machine.unit} left")
            self.disarm()

    def _arrive(self) -> None:
        """Continue after a take-off or a path."""
        if self.stage is Stage.RETURN:
            self._hold_position()
            self._wait(self.parameters["RTL_LOIT_TIME"] / 1000)
        elif self.mode is Mode.CIRCLE:
            self._circle_ahead()
        else:
            item = self._item()
            if item is None:
                self._hold_position()
            elif self.stage is Stage.TAKE_OFF and item.command not in TAKEOFFS:
                self._start_item(max(1, self.seq))
            else:
                self._finish_item(item)

    def _continue_after_wait(self) -> None:
        item = self._item()
        if self.mode in RETURNING or (item is not None and item.command == RETURN):
            # One that drives is at its home and stays there.
            self.mission_complete = self.traits.drives
            self.stage = Stage.HOLD if self.traits.drives else Stage.DESCEND
        elif self.mode in MISSION_MODES:
            self._start_item(self.seq + 1)
