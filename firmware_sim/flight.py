"""Kinematics of a multirotor: a reference that runs along the path and a point mass that is steered after it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from firmware_sim.mission import PLANNED_ACCELERATION_M_S2, Leg, Sortie

MAX_ACCELERATION_M_S2 = 2.0
_GRAVITY_M_S2 = 9.80665
#: Poles of the tracking controller: critically damped at 2 rad/s.
_STIFFNESS = 4.0
_DAMPING = 4.0
_CLIMB_M_S = 2.0
_SINK_M_S = 1.2
_TOUCHDOWN_M_S = 0.5
_TURN_RAD_S = math.radians(90)


@dataclass(slots=True)
class Motion:
    """Where the vehicle truly is: metres east, north, up of the field's frame, m/s, m/s2; yaw from true north."""

    east_m: float
    north_m: float
    up_m: float = 0.0
    east_m_s: float = 0.0
    north_m_s: float = 0.0
    up_m_s: float = 0.0
    east_m_s2: float = 0.0
    north_m_s2: float = 0.0
    yaw_rad: float = 0.0
    yaw_rad_s: float = 0.0

    @property
    def speed_m_s(self) -> float:
        """Horizontal speed."""
        return math.hypot(self.east_m_s, self.north_m_s)

    def tilt_rad(self) -> tuple[float, float]:
        """Return roll and pitch that give the horizontal acceleration, for a level-thrust multirotor."""
        sine, cosine = math.sin(self.yaw_rad), math.cos(self.yaw_rad)
        forward = self.north_m_s2 * cosine + self.east_m_s2 * sine
        right = self.east_m_s2 * cosine - self.north_m_s2 * sine
        return math.atan2(right, _GRAVITY_M_S2), -math.atan2(forward, _GRAVITY_M_S2)


class Follower:
    """The reference point that runs along a sortie's legs within its speeds."""

    def __init__(self, sortie: Sortie) -> None:
        self._sortie = sortie
        self._index = 0
        self._along_m = 0.0
        self._speed_m_s = 0.0
        self.done = False

    @property
    def leg(self) -> Leg:
        """The leg under way, the last one when done."""
        return self._sortie.legs[self._index]

    @property
    def returning(self) -> bool:
        """Whether only the leg home is left."""
        return self._index == len(self._sortie.legs) - 1

    def step(self, step_s: float) -> None:
        """Run on for `step_s`."""
        if self.done:
            return
        leg = self.leg
        left_m = leg.length_m - self._along_m
        exit_m_s = self._sortie.entry_m_s[self._index + 1]
        allowed = math.sqrt(exit_m_s**2 + 2 * PLANNED_ACCELERATION_M_S2 * max(0.0, left_m))
        faster = self._speed_m_s + PLANNED_ACCELERATION_M_S2 * step_s
        self._speed_m_s = min(leg.cap_m_s, allowed, faster)
        self._along_m += self._speed_m_s * step_s
        while self._along_m >= self.leg.length_m:
            if self.returning:
                self._along_m, self._speed_m_s, self.done = self.leg.length_m, 0.0, True
                return
            self._along_m -= self.leg.length_m
            self._index += 1

    def aim(self) -> tuple[float, float, float, float]:
        """Return the reference's east, north and velocity east, north."""
        leg = self.leg
        share = self._along_m / leg.length_m
        east, north = leg.end[0] - leg.start[0], leg.end[1] - leg.start[1]
        pace = self._speed_m_s / leg.length_m
        return leg.start[0] + share * east, leg.start[1] + share * north, pace * east, pace * north


def steer(motion: Motion, aim: tuple[float, float, float, float], gust: tuple[float, float], step_s: float) -> None:
    """Advance the horizontal motion after the reference; the whole acceleration, gusts included, is limited."""
    east_m, north_m, east_m_s, north_m_s = aim
    east = _STIFFNESS * (east_m - motion.east_m) + _DAMPING * (east_m_s - motion.east_m_s) + gust[0]
    north = _STIFFNESS * (north_m - motion.north_m) + _DAMPING * (north_m_s - motion.north_m_s) + gust[1]
    size = math.hypot(east, north)
    if size > MAX_ACCELERATION_M_S2:
        east *= MAX_ACCELERATION_M_S2 / size
        north *= MAX_ACCELERATION_M_S2 / size
    motion.east_m_s2, motion.north_m_s2 = east, north
    motion.east_m += motion.east_m_s * step_s + east * step_s**2 / 2
    motion.north_m += motion.north_m_s * step_s + north * step_s**2 / 2
    motion.east_m_s += east * step_s
    motion.north_m_s += north * step_s


def climb(motion: Motion, target_m: float, step_s: float) -> None:
    """Advance the height towards `target_m`, gently near the ground."""
    gap_m = target_m - motion.up_m
    sink = _TOUCHDOWN_M_S if target_m <= 0 and motion.up_m < 1 else _SINK_M_S
    wanted = max(-sink, min(_CLIMB_M_S, 1.5 * gap_m))
    change = max(-MAX_ACCELERATION_M_S2 * step_s, min(MAX_ACCELERATION_M_S2 * step_s, wanted - motion.up_m_s))
    motion.up_m_s += change
    motion.up_m += motion.up_m_s * step_s
    if target_m <= 0 and motion.up_m < 0.02:
        motion.up_m = motion.up_m_s = 0.0


def turn_nose(motion: Motion, aim: tuple[float, float, float, float], step_s: float) -> None:
    """Turn the nose towards where the reference goes, at a limited rate; a standing reference leaves it."""
    wanted = motion.yaw_rad
    if math.hypot(aim[2], aim[3]) > 0.3:
        wanted = math.atan2(aim[2], aim[3])
    gap = math.remainder(wanted - motion.yaw_rad, math.tau)
    motion.yaw_rad_s = max(-_TURN_RAD_S, min(_TURN_RAD_S, 3 * gap))
    motion.yaw_rad = math.remainder(motion.yaw_rad + motion.yaw_rad_s * step_s, math.tau)


def hold(motion: Motion) -> None:
    """Stop on the ground."""
    motion.east_m_s = motion.north_m_s = motion.up_m_s = motion.up_m = 0.0
    motion.east_m_s2 = motion.north_m_s2 = motion.yaw_rad_s = 0.0
