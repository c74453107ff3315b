"""Commands to the vehicle's equipment: sprayer, servo outputs, camera, fence; and the checks before arming."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.commands.command import ACCEPTED, DENIED, FAILED, UNSUPPORTED, Command, done, whole
from firmware_sim.drone.mavlink.missions.plans import FencePlan

_FENCE_OFF, _FENCE_ON = 0, 1
#: DO_DIGICAM_CONTROL's parameter 5 that takes a picture.
_SHOOT: Final = 1

#: Commands that PX4 does not execute; it has actuators in place of servo outputs.
PX4_LACKS: Final = (
    dialect.MAV_CMD_DO_SPRAYER,
    dialect.MAV_CMD_DO_SET_SERVO,
    dialect.MAV_CMD_DO_DIGICAM_CONFIGURE,
    dialect.MAV_CMD_DO_FENCE_ENABLE,
)


class Equipment:
    """Commands to the equipment; they leave the flight to its crew."""

    def __init__(self, vehicle: SimulatedVehicle, fence: FencePlan) -> None:
        self._vehicle = vehicle
        self._autopilot = vehicle.autopilot
        self._fence = fence
        self.table: dict[int, Callable[[Command], int]] = {
            dialect.MAV_CMD_DO_SPRAYER: self._spray,
            dialect.MAV_CMD_DO_SET_SERVO: self._set_servo,
            dialect.MAV_CMD_DO_SET_CAM_TRIGG_DIST: self._trigger,
            dialect.MAV_CMD_IMAGE_START_CAPTURE: self._take_pictures,
            dialect.MAV_CMD_IMAGE_STOP_CAPTURE: self._stop_pictures,
            dialect.MAV_CMD_DO_DIGICAM_CONTROL: self._digicam,
            dialect.MAV_CMD_DO_DIGICAM_CONFIGURE: lambda _: ACCEPTED if self._autopilot.camera.exists else UNSUPPORTED,
            dialect.MAV_CMD_DO_FENCE_ENABLE: self._enable_fence,
            dialect.MAV_CMD_RUN_PREARM_CHECKS: self._check,
        }

    def _spray(self, command: Command) -> int:
        if command.params[0] not in {0.0, 1.0}:
            return FAILED
        self._autopilot.sprayer.run(command.params[0] == 1.0)
        return ACCEPTED

    def _set_servo(self, command: Command) -> int:
        reason = self._autopilot.outputs.set(command.params[0], command.params[1])
        if reason is not None:
            self._autopilot.send_text(6, reason)
        return done(reason is None)

    def _trigger(self, command: Command) -> int:
        camera = self._autopilot.camera
        if not camera.exists:
            return UNSUPPORTED
        camera.trigger_each(command.params[0])
        if command.params[2] == 1:
            camera.take()
        return ACCEPTED

    def _take_pictures(self, command: Command) -> int:
        number, interval_s, count = command.params[:3]
        if not self._autopilot.camera.exists or not 0 <= number <= 1 or not count >= 0 or not math.isfinite(count):
            return UNSUPPORTED
        return done(self._autopilot.take_pictures(interval_s if math.isfinite(interval_s) else 0.0, count))

    def _stop_pictures(self, command: Command) -> int:
        if not self._autopilot.camera.exists or not 0 <= command.params[0] <= 1:
            return UNSUPPORTED
        self._autopilot.camera.stop()
        return ACCEPTED

    def _digicam(self, command: Command) -> int:
        if not self._autopilot.camera.exists:
            return UNSUPPORTED
        if command.latitude_deg in {_SHOOT, _SHOOT / 1e7}:
            self._autopilot.camera.take()
        return ACCEPTED

    def _enable_fence(self, command: Command) -> int:
        wish = whole(command.params[0])
        if wish not in {_FENCE_OFF, _FENCE_ON}:
            return FAILED if wish != -1 else DENIED
        if wish == _FENCE_ON and not self._fence.items:
            return FAILED
        self._vehicle.parameters.put("FENCE_ENABLE", wish)
        return ACCEPTED

    def _check(self, _: Command) -> int:
        reason = self._autopilot.arming_refusal()
        if reason is not None:
            self._autopilot.send_text(2, reason)
        return ACCEPTED
