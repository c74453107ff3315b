"""Modes and stages of the autopilot, and its status texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final


class Mode(IntEnum):
    """ArduCopter's custom modes."""

    STABILIZE = 0
    ACRO = 1
    ALT_HOLD = 2
    AUTO = 3
    GUIDED = 4
    LOITER = 5
    RTL = 6
    CIRCLE = 7
    LAND = 9
    DRIFT = 11
    SPORT = 13
    FLIP = 14
    AUTOTUNE = 15
    POSHOLD = 16
    BRAKE = 17
    THROW = 18
    AVOID_ADSB = 19
    GUIDED_NOGPS = 20
    SMART_RTL = 21
    FLOWHOLD = 22
    FOLLOW = 23
    ZIGZAG = 24
    SYSTEMID = 25
    AUTO_RTL = 27
    TURTLE = 28


#: Modes that fly by themselves; MAV_MODE_FLAG_GUIDED_ENABLED in the heartbeat.
SELF_FLYING: Final = frozenset(
    {Mode.AUTO, Mode.GUIDED, Mode.RTL, Mode.CIRCLE, Mode.LAND, Mode.AVOID_ADSB, Mode.SMART_RTL, Mode.FOLLOW,
     Mode.AUTO_RTL}
)  # fmt: skip
#: Modes without position hold: without a pilot the vehicle drifts with the wind.
DRIFTING: Final = frozenset({Mode.STABILIZE, Mode.ACRO, Mode.ALT_HOLD, Mode.SPORT, Mode.GUIDED_NOGPS})
#: Modes that work without a position.
WITHOUT_POSITION: Final = DRIFTING | {Mode.LAND, Mode.TURTLE, Mode.FLIP}
#: Modes of ArduCopter that cannot be entered as this vehicle is equipped, or without a pilot.
NOT_ENTERABLE: Final = frozenset({Mode.FLIP, Mode.AUTOTUNE, Mode.FLOWHOLD, Mode.FOLLOW, Mode.SYSTEMID, Mode.TURTLE})
#: Modes in which a ground station may arm.
ARMABLE: Final = frozenset(
    {Mode.STABILIZE, Mode.ACRO, Mode.ALT_HOLD, Mode.GUIDED, Mode.LOITER, Mode.DRIFT, Mode.SPORT, Mode.POSHOLD,
     Mode.GUIDED_NOGPS, Mode.ZIGZAG}
)  # fmt: skip
#: Modes that return home.
RETURNING: Final = frozenset({Mode.RTL, Mode.SMART_RTL})
#: Modes that fly the mission.
MISSION_MODES: Final = frozenset({Mode.AUTO, Mode.AUTO_RTL})


class Stage(Enum):
    """Stage of a flight within a mode."""

    IDLE = "on the ground"
    TAKE_OFF = "taking off"
    PATH = "under way"
    HOLD = "holding"
    STREAM = "following targets"
    DRIFT = "without position hold"
    RETURN = "returning"
    DESCEND = "landing"


@dataclass(frozen=True, slots=True)
class Text:
    """A STATUSTEXT: MAV_SEVERITY and text."""

    severity: int
    text: str
