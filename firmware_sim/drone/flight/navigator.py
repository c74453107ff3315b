"""Reference position of the autopilot: on a path, at a fixed place and height, or as a ground station streams it."""

from __future__ import annotations

from collections.abc import Sequence

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.flight.guided import Reference
from firmware_sim.drone.physics.kinematics import MAX_ACCELERATION_M_S2, Aim, Follower
from firmware_sim.drone.physics.path import Height, Waypoint, plan_path
from firmware_sim.drone.physics.vehicle_body import STEP_S, Body


class Navigator:
    """Current path or fixed place, and height; `up` is the height without a path."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._follower: Follower | None = None
        self._reference: Reference | None = None
        self._fixed: Place = self.place()
        self.up = Height(0.0)

    @property
    def seq(self) -> int | None:
        """Mission item of the current leg, None without a path."""
        return None if self._follower is None else self._follower.leg.seq

    @property
    def pace_m_s(self) -> float:
        """Speed of the aim along its path."""
        return 0.0 if self._follower is None else self._follower.speed_m_s

    @property
    def arrived(self) -> bool:
        """Whether the vehicle has stopped at the end of the path."""
        return self._follower is not None and self._follower.done and self._body.motion.speed_m_s < 0.2

    def step(self, now_ms: int) -> None:
        """Advance along the path, or with the streamed reference."""
        if self._reference is not None:
            self._reference.step(now_ms, STEP_S)
        elif self._follower is not None:
            self._follower.step(STEP_S)

    def fly(self, waypoints: Sequence[Waypoint], pace_m_s: float = 0.0) -> None:
        """Fly through waypoints from the current aim, at their heights."""
        aim = self.aim()
        self._reference = None
        self._follower = Follower(plan_path((aim.east_m, aim.north_m), waypoints), pace_m_s)

    def reference(self) -> tuple[Place, float]:
        """Return the place and height of the streamed reference; those of the vehicle without one."""
        if self._reference is None:
            return self.place(), self._body.motion.up_m
        aim = self._reference.aim()
        return (aim.east_m, aim.north_m), self._reference.up_m

    def follow(self, reference: Reference) -> None:
        """Follow a streamed reference."""
        self._follower, self._reference = None, reference

    def stop(self) -> None:
        """Hold the place where the vehicle stops, at the height of its path."""
        motion = self._body.motion
        stop_s = motion.speed_m_s / (2 * MAX_ACCELERATION_M_S2)
        if self._follower is not None and self._follower.done:
            self.hold(self._follower.leg.end)
        else:
            self.hold((motion.east_m + stop_s * motion.east_m_s, motion.north_m + stop_s * motion.north_m_s))

    def hold(self, place: Place) -> None:
        """Hold a place at the height of the path."""
        self._fixed = place
        if self._reference is not None:
            self.up, self._reference = Height(self._body.motion.up_m), None
        if self._follower is not None:
            self.up = self._follower.leg.height
            self._follower = None

    def keep_height(self) -> None:
        """Hold the current height."""
        self.up = Height(self._body.motion.up_m)

    def place(self) -> Place:
        """Return the place of the vehicle."""
        return self._body.motion.east_m, self._body.motion.north_m

    def aim(self) -> Aim:
        """Return the reference position and velocity."""
        if self._reference is not None:
            return self._reference.aim()
        return Aim(*self._fixed) if self._follower is None else self._follower.aim()

    def up_m(self) -> float:
        """Return the reference height above home."""
        if self._reference is not None:
            return self._reference.up_m
        up = self.up if self._follower is None else self._follower.leg.height
        return up.height_m + (self._body.ground_m if up.over_ground else 0.0)
