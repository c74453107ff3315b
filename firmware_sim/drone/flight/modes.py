"""Modes and stages of the autopilot, and its status texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Mode(IntEnum):
    """ArduCopter's custom modes."""

    STABILIZE = 0
    AUTO = 3
    GUIDED = 4
    LOITER = 5
    RTL = 6
    LAND = 9
    BRAKE = 17


class Stage(Enum):
    """Stage of a flight within a mode."""

    IDLE = "on the ground"
    TAKE_OFF = "taking off"
    PATH = "under way"
    HOLD = "holding"
    DRIFT = "without position hold"
    RETURN = "returning"
    DESCEND = "landing"


@dataclass(frozen=True, slots=True)
class Text:
    """A STATUSTEXT: MAV_SEVERITY and text."""

    severity: int
    text: str
