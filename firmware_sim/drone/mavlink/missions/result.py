"""MAV_MISSION_RESULT: results of the mission protocol."""

from __future__ import annotations

from typing import Final

ACCEPTED: Final = 0
ERROR: Final = 1
UNSUPPORTED_FRAME: Final = 2
UNSUPPORTED: Final = 3
NO_SPACE: Final = 4
#: Parameter 1; the next three numbers are parameters 2 to 4.
INVALID_PARAM: Final = 6
INVALID_X: Final = 10
INVALID_Y: Final = 11
INVALID_Z: Final = 12
INVALID_SEQUENCE: Final = 13
DENIED: Final = 14
CANCELLED: Final = 15
