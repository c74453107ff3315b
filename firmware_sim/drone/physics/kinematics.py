"""Kinematics of a multirotor: a reference point on the path, and a point mass that tracks it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.physics.path import PLANNED_ACCELERATION_M_S2, FlightPath, Leg

MAX_ACCELERATION_M_S2 = 2.0
_GRAVITY_M_S2 = 9.80665
#: Poles of the tracking controller: critically damped at 2 rad/s.
_STIFFNESS = 4.0
_DAMPING = 4.0
_CATCH_UP_M_S = 2.0
_CLIMB_M_S = 2.0
_SINK_M_S = 1.2
_TOUCHDOWN_M_S = 0.5
_TURN_RAD_S = math.radians(90)
#: Distance at which a path counts as complete: speed decreases towards its end.
_ARRIVED_M = 1e-3


@dataclass(slots=True)
class Motion:
    """True position [m], velocity [m/s] and acceleration [m/s2] east, north and up; yaw from true north."""

    east_m: float
    north_m: float
    up_m: float = 0.0
    east_m_s: float = 0.0
    north_m_s: float = 0.0
    up_m_s: float = 0.0
    east_m_s2: float = 0.0
    north_m_s2: float = 0.0
    up_m_s2: float = 0.0
    yaw_rad: float = 0.0
    yaw_rad_s: float = 0.0

    @property
    def speed_m_s(self) -> float:
        """Horizontal speed."""
        return math.hypot(self.east_m_s, self.north_m_s)

    def ahead(self, distance_m: float) -> Place:
        """Return the place at a distance in the direction of the nose."""
        return self.east_m + distance_m * math.sin(self.yaw_rad), self.north_m + distance_m * math.cos(self.yaw_rad)

    def tilt_rad(self, drag_east_m_s2: float = 0.0, drag_north_m_s2: float = 0.0) -> tuple[float, float]:
        """Return the roll and pitch for the horizontal acceleration against a drag."""
        sine, cosine = math.sin(self.yaw_rad), math.cos(self.yaw_rad)
        east, north = self.east_m_s2 - drag_east_m_s2, self.north_m_s2 - drag_north_m_s2
        forward = north * cosine + east * sine
        right = east * cosine - north * sine
        return math.atan2(right, _GRAVITY_M_S2), -math.atan2(forward, _GRAVITY_M_S2)


@dataclass(frozen=True, slots=True)
class Aim:
    """Reference position and velocity, east and north of the field's frame."""

    east_m: float
    north_m: float
    east_m_s: float = 0.0
    north_m_s: float = 0.0


class Follower:
    """Reference point that moves along a path within its speed limits, starting at `speed_m_s`."""

    def __init__(self, path: FlightPath, speed_m_s: float = 0.0) -> None:
        self._path = path
        self._index = 0
        self._along_m = 0.0
        self.speed_m_s = speed_m_s
        self.done = False

    @property
    def leg(self) -> Leg:
        """Current leg; the last one at the end."""
        return self._path.legs[self._index]

    def step(self, step_s: float) -> None:
        """Advance by `step_s`."""
        if self.done:
            return
        leg = self.leg
        left_m = leg.length_m - self._along_m
        exit_m_s = self._path.entry_m_s[self._index + 1]
        allowed = math.sqrt(exit_m_s**2 + 2 * PLANNED_ACCELERATION_M_S2 * max(0.0, left_m))
        faster = self.speed_m_s + PLANNED_ACCELERATION_M_S2 * step_s
        self.speed_m_s = min(leg.cap_m_s, allowed, faster)
        self._along_m += self.speed_m_s * step_s
        while self._along_m >= self.leg.length_m - _ARRIVED_M:
            if self._index == len(self._path.legs) - 1:
                self._along_m, self.speed_m_s, self.done = self.leg.length_m, 0.0, True
                return
            self._along_m = max(0.0, self._along_m - self.leg.length_m)
            self._index += 1

    def aim(self) -> Aim:
        """Return the reference position and velocity."""
        leg = self.leg
        length_m = leg.length_m
        if length_m <= 0:
            return Aim(*leg.end)
        share = self._along_m / length_m
        east, north = leg.end[0] - leg.start[0], leg.end[1] - leg.start[1]
        pace = self.speed_m_s / length_m
        return Aim(leg.start[0] + share * east, leg.start[1] + share * north, pace * east, pace * north)


def steer(motion: Motion, aim: Aim, push_m_s2: Place, step_s: float) -> None:
    """Advance the horizontal motion towards the aim; the total acceleration, including the wind's, is limited."""
    pull = _STIFFNESS / _DAMPING
    catch_up = (pull * (aim.east_m - motion.east_m), pull * (aim.north_m - motion.north_m))
    # Far behind, after a change of the plan, it is faster than the aim, but limited.
    share = min(1.0, _CATCH_UP_M_S / max(_CATCH_UP_M_S, math.hypot(*catch_up)))
    east = _DAMPING * (aim.east_m_s + share * catch_up[0] - motion.east_m_s) + push_m_s2[0]
    north = _DAMPING * (aim.north_m_s + share * catch_up[1] - motion.north_m_s) + push_m_s2[1]
    size = math.hypot(east, north)
    if size > MAX_ACCELERATION_M_S2:
        east *= MAX_ACCELERATION_M_S2 / size
        north *= MAX_ACCELERATION_M_S2 / size
    motion.east_m_s2, motion.north_m_s2 = east, north
    motion.east_m += motion.east_m_s * step_s + east * step_s**2 / 2
    motion.north_m += motion.north_m_s * step_s + north * step_s**2 / 2
    motion.east_m_s += east * step_s
    motion.north_m_s += north * step_s


def climb(motion: Motion, target_m: float, floor_m: float, step_s: float) -> None:
    """Advance the height towards `target_m`, slowly near the ground at `floor_m` and never below it."""
    over_m = motion.up_m - floor_m
    landing = target_m <= floor_m
    sink = _TOUCHDOWN_M_S if landing and over_m < 1 else _SINK_M_S
    target_m_s = max(-sink, min(_CLIMB_M_S, 1.5 * (target_m - motion.up_m)))
    change = max(-MAX_ACCELERATION_M_S2 * step_s, min(MAX_ACCELERATION_M_S2 * step_s, target_m_s - motion.up_m_s))
    motion.up_m_s2 = change / step_s
    motion.up_m_s += change
    motion.up_m += motion.up_m_s * step_s
    if motion.up_m < floor_m + (0.02 if landing else 0.0):
        motion.up_m, motion.up_m_s = floor_m, 0.0


def fall(motion: Motion, floor_m: float, step_s: float) -> None:
    """Advance in free fall, down to the ground at `floor_m`."""
    motion.east_m_s2 = motion.north_m_s2 = 0.0
    motion.up_m_s -= _GRAVITY_M_S2 * step_s
    motion.east_m += motion.east_m_s * step_s
    motion.north_m += motion.north_m_s * step_s
    motion.up_m += motion.up_m_s * step_s
    if motion.up_m <= floor_m:
        hold(motion, floor_m)


def turn_nose(motion: Motion, aim: Aim, step_s: float) -> None:
    """Turn the yaw towards the direction of the aim, at a limited rate; a stationary aim changes nothing."""
    target_rad = motion.yaw_rad
    if math.hypot(aim.east_m_s, aim.north_m_s) > 0.3:
        target_rad = math.atan2(aim.east_m_s, aim.north_m_s)
    gap = math.remainder(target_rad - motion.yaw_rad, math.tau)
    motion.yaw_rad_s = max(-_TURN_RAD_S, min(_TURN_RAD_S, 3 * gap))
    motion.yaw_rad = math.remainder(motion.yaw_rad + motion.yaw_rad_s * step_s, math.tau)


def hold(motion: Motion, floor_m: float) -> None:
    """Stop on the ground at `floor_m`."""
    motion.east_m_s = motion.north_m_s = motion.up_m_s = 0.0
    motion.up_m = floor_m
    motion.east_m_s2 = motion.north_m_s2 = motion.up_m_s2 = motion.yaw_rad_s = 0.0
