"""A command of a ground station, and its MAV_RESULT."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from firmware_sim.drone.mavlink.encoder import Message

ACCEPTED: Final = 0
DENIED: Final = 2
UNSUPPORTED: Final = 3
FAILED: Final = 4

#: MAV_RESULT and the messages besides the acknowledgement.
Outcome = tuple[int, list[Message]]


@dataclass(frozen=True, slots=True)
class Command:
    """A COMMAND_LONG or COMMAND_INT: parameters, a place in degrees (0 for none), and the frame of `z`."""

    number: int
    params: tuple[float, float, float, float]
    latitude_deg: float
    longitude_deg: float
    z: float
    frame: int

    @classmethod
    def read(cls, message: Any) -> Command:
        """Return the command of a message."""
        params = (message.param1, message.param2, message.param3, message.param4)
        if message.get_type() == "COMMAND_INT":
            return cls(message.command, params, message.x / 1e7, message.y / 1e7, message.z, message.frame)
        return cls(message.command, params, message.param5, message.param6, message.param7, 3)

    @property
    def is_placed(self) -> bool:
        """Whether latitude and longitude are a place."""
        return abs(self.latitude_deg) <= 90 and abs(self.longitude_deg) <= 180


#: A command's execution.
Execute = Callable[[Command], Outcome]


def done(success: bool) -> int:
    """Return ACCEPTED or FAILED."""
    return ACCEPTED if success else FAILED


def whole(number: float) -> int:
    """Return a float parameter as an integer, -1 where it is not finite."""
    return int(number) if math.isfinite(number) else -1
