"""Targets that a ground station streams in GUIDED: position, velocity and acceleration of a moving reference."""

from __future__ import annotations

import math
from dataclasses import dataclass

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.physics.kinematics import Aim

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Target:
    """A target: place and height above home (None for the current ones), velocity and acceleration east, north, up."""

    place: Place | None = None
    up_m: float | None = None
    velocity_m_s: Vector = (0.0, 0.0, 0.0)
    acceleration_m_s2: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class SpeedLimits:
    """Largest speeds of a reference: horizontal, up and down."""

    level_m_s: float
    up_m_s: float
    down_m_s: float


class Reference:
    """A reference that moves as its target says; after `until_ms` without another target it stops."""

    def __init__(self, target: Target, here: tuple[Place, float], limits: SpeedLimits, until_ms: int) -> None:
        (self._east_m, self._north_m) = here[0] if target.place is None else target.place
        self.up_m = here[1] if target.up_m is None else target.up_m
        self._velocity = target.velocity_m_s
        self._acceleration = target.acceleration_m_s2
        self._limits = limits
        self._until_ms = until_ms

    def step(self, now_ms: int, step_s: float) -> None:
        """Advance by one step."""
        if now_ms >= self._until_ms:
            self._velocity = self._acceleration = (0.0, 0.0, 0.0)
        east, north, up = (v + a * step_s for v, a in zip(self._velocity, self._acceleration, strict=True))
        limits = self._limits
        share = min(1.0, limits.level_m_s / max(limits.level_m_s, math.hypot(east, north)))
        self._velocity = (share * east, share * north, max(-limits.down_m_s, min(limits.up_m_s, up)))
        self._east_m += self._velocity[0] * step_s
        self._north_m += self._velocity[1] * step_s
        self.up_m += self._velocity[2] * step_s

    def aim(self) -> Aim:
        """Return the reference position and velocity."""
        return Aim(self._east_m, self._north_m, self._velocity[0], self._velocity[1])
