"""Camera with a trigger, as ArduPilot's: single pictures, series, and a picture each so many metres."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.parameters import Parameters

#: Pictures that wait to be reported, at most; the oldest is dropped.
_MAX_QUEUED: Final = 40
#: Shortest time between two pictures of a series.
_MIN_INTERVAL_MS: Final = 100
_MAX_INTERVAL_S: Final = 86_400.0
_NO_LIMIT: Final = -1


@dataclass(frozen=True, slots=True)
class CameraShot:
    """A picture by its number, from 1, and its time."""

    number: int
    time_ms: int


class Camera:
    """Trigger of a camera; none where CAM1_TYPE is 0."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self.taken = 0
        self.pictures: deque[CameraShot] = deque(maxlen=_MAX_QUEUED)
        self.distance_m = 0.0
        self._last_place: Place | None = None
        self._left = 0
        self._interval_ms = 0
        self._next_ms = 0
        self._now_ms = 0

    @property
    def exists(self) -> bool:
        """Whether the vehicle has a camera."""
        return self._parameters["CAM1_TYPE"] > 0

    def take(self) -> bool:
        """Take a picture; return whether there is a camera."""
        if not self.exists:
            return False
        self.taken += 1
        self.pictures.append(CameraShot(self.taken, self._now_ms))
        return True

    def trigger_each(self, distance_m: float) -> None:
        """Take a picture each so many metres from here; 0 stops it."""
        self.distance_m = max(0.0, distance_m) if math.isfinite(distance_m) else 0.0
        self._last_place = None

    def take_series(self, interval_s: float, count: int) -> bool:
        """Take `count` pictures at an interval, without end where it is 0; return whether there is a camera."""
        if not self.exists:
            return False
        self._interval_ms = max(_MIN_INTERVAL_MS, round(min(interval_s, _MAX_INTERVAL_S) * 1000))
        self._left, self._next_ms = count or _NO_LIMIT, self._now_ms
        return True

    def stop(self) -> None:
        """End a series."""
        self._left = 0

    def restart(self) -> None:
        """Forget what was asked for, as at a reboot."""
        self.stop()
        self.trigger_each(0.0)
        self.taken = 0

    def step(self, now_ms: int, place: Place, has_fix: bool) -> None:
        """Take the pictures that are due at this step."""
        self._now_ms = now_ms
        if self._left and now_ms >= self._next_ms:
            self.take()
            self._left -= self._left > 0
            self._next_ms = now_ms + self._interval_ms
        if not self.distance_m or not has_fix:
            return
        if self._last_place is None:
            self._last_place = place
        elif math.dist(self._last_place, place) >= self.distance_m:
            self.take()
            self._last_place = place
