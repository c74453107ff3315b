"""Targets of SET_POSITION_TARGET_LOCAL_NED and SET_POSITION_TARGET_GLOBAL_INT, as ArduCopter reads them in GUIDED."""

from __future__ import annotations

import math
from typing import Any, Final

from firmware_sim.drone.flight.guided import Target, Vector
from firmware_sim.drone.flight.mission.items import FRAME_GLOBAL, FRAME_TERRAIN, FRAMES
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.physics.path import Height

Message = Any

#: POSITION_TARGET_TYPEMASK. One ignored part of a vector makes ArduCopter ignore all of it.
_NO_PLACE, _NO_VELOCITY, _NO_ACCELERATION, _FORCE = 7, 7 << 3, 7 << 6, 1 << 9
_LOCAL_NED, _LOCAL_OFFSET_NED, _BODY_NED, _BODY_OFFSET_NED = 1, 7, 8, 9
_BODY: Final = frozenset({_BODY_NED, _BODY_OFFSET_NED})
_OFFSETS: Final = _BODY | {_LOCAL_OFFSET_NED}
#: Larger speeds and accelerations are not believed.
_MAX_SIZE: Final = 1000.0
#: Larger distances from the field are not believed.
_MAX_PLACE_M: Final = 1e7


class GuidedTargets:
    """Follows targets on a vehicle. One that is not valid stops it; outside of GUIDED they have no effect."""

    def __init__(self, vehicle: SimulatedVehicle) -> None:
        self._vehicle = vehicle
        self._autopilot = vehicle.autopilot

    def local(self, message: Message) -> None:
        """Follow SET_POSITION_TARGET_LOCAL_NED: metres north, east and down of the home or of the vehicle."""
        frame = message.coordinate_frame
        if frame not in _OFFSETS | {_LOCAL_NED}:
            self._autopilot.stop_here()
            return
        place: tuple[float, float] | None = None
        up_m: float | None = None
        if not message.type_mask & _NO_PLACE:
            north, east = self._turned(message.x, message.y, frame)
            motion = self._vehicle.body.motion
            base = (motion.east_m, motion.north_m, motion.up_m) if frame in _OFFSETS else (*self._autopilot.home, 0.0)
            place, up_m = (base[0] + east, base[1] + north), base[2] - message.z
        self._follow(message, place, up_m, turned=frame)

    def global_int(self, message: Message) -> None:
        """Follow SET_POSITION_TARGET_GLOBAL_INT; heights above sea, home or ground by the frame."""
        if message.type_mask & _NO_PLACE:
            self._follow(message, None, None)
            return
        frame = FRAMES.get(message.coordinate_frame)
        if frame is None or abs(message.lat_int) > 900_000_000 or abs(message.lon_int) > 1_800_000_000:
            self._autopilot.stop_here()
            return
        body = self._vehicle.body
        place = body.frame.to_east_north(message.lat_int / 1e7, message.lon_int / 1e7)
        if frame == FRAME_TERRAIN:
            # Velocities need a height that does not depend on the place.
            if message.type_mask & _NO_VELOCITY and message.type_mask & _NO_ACCELERATION and math.isfinite(message.alt):
                self._autopilot.fly_to(place, Height(message.alt, over_ground=True))
            else:
                self._autopilot.stop_here()
            return
        self._follow(message, place, message.alt - (body.scenario.altitude_m if frame == FRAME_GLOBAL else 0.0))

    def _follow(
        self, message: Message, place: tuple[float, float] | None, up_m: float | None, turned: int = _LOCAL_NED
    ) -> None:
        mask = message.type_mask
        has_place, has_velocity = not mask & _NO_PLACE, not mask & _NO_VELOCITY
        has_acceleration = not mask & _NO_ACCELERATION
        velocity = self._vector(message.vx, message.vy, message.vz, turned) if has_velocity else (0.0, 0.0, 0.0)
        acceleration = (
            self._vector(message.afx, message.afy, message.afz, turned) if has_acceleration else (0.0, 0.0, 0.0)
        )
        values = (*(place or ()), *(() if up_m is None else (up_m,)))
        if (
            velocity is None
            or acceleration is None
            or not all(abs(value) < _MAX_PLACE_M for value in values)
            or (mask & _FORCE and has_acceleration)
        ):
            self._autopilot.stop_here()
        elif place is not None and up_m is not None and not has_velocity and not has_acceleration:
            self._autopilot.fly_to(place, Height(up_m))
        elif has_velocity or (has_acceleration and not has_place):
            self._autopilot.follow(Target(place, up_m, velocity, acceleration))
        else:
            self._autopilot.stop_here()

    def _vector(self, north: float, east: float, down: float, frame: int) -> Vector | None:
        """Return a vector as east, north and up; None where it is not believed."""
        if not all(abs(value) <= _MAX_SIZE for value in (north, east, down)):
            return None
        north, east = self._turned(north, east, frame)
        return east, north, -down

    def _turned(self, forward: float, right: float, frame: int) -> tuple[float, float]:
        """Return north and east of a vector that counts from the nose in a body frame."""
        if frame not in _BODY:
            return forward, right
        sine, cosine = math.sin(self._vehicle.body.motion.yaw_rad), math.cos(self._vehicle.body.motion.yaw_rad)
        return forward * cosine - right * sine, forward * sine + right * cosine
