"""Actions of the autopilot that its modes and missions consist of: hold, fly, climb, return, descend, wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.flight.modes import Mode, Stage, Text
from firmware_sim.drone.flight.navigator import Navigator
from firmware_sim.drone.flight.traits import Traits
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.physics.path import Height, Waypoint
from firmware_sim.drone.physics.vehicle_body import Body

#: Maximum number of texts and reached items in the queues to the encoder.
MAX_QUEUED: Final = 40
#: Minimum of WPNAV_SPEED.
_MIN_SPEED_M_S: Final = 0.2
_MAX_WAIT_S: Final = 86_400


class Steering:
    """State of a flight and its actions; `stage` says which one is under way."""

    def __init__(self, body: Body, parameters: Parameters, traits: Traits) -> None:
        self.body = body
        self.traits = traits
        self.parameters = parameters
        self.mode = Mode.STABILIZE
        self.armed = False
        self.stage = Stage.IDLE
        self.home: Place = (body.motion.east_m, body.motion.north_m)
        #: Whether a ground station set the home: arming then leaves it.
        self.home_set = False
        self.texts: deque[Text] = deque(maxlen=MAX_QUEUED)
        self._navigator = Navigator(body)
        self._speed_m_s = self._cruise_m_s()
        self._wait_ms = 0
        self._now_ms = body.start_ms

    @property
    def airborne(self) -> bool:
        """Whether the vehicle flies; one that drives, whether it is under way or holds."""
        return self.stage is not Stage.IDLE if self.traits.drives else not self.body.landed

    def reference(self) -> tuple[float, float, float]:
        """Return the place and height, east, north and up, to which the vehicle is steered."""
        aim = self._navigator.aim()
        return aim.east_m, aim.north_m, self._navigator.up_m()

    def send_text(self, severity: int, text: str) -> None:
        """Send a STATUSTEXT."""
        self.texts.append(Text(severity, text))

    def set_home(self, place: Place | None) -> bool:
        """Set the home to a place, the current one for None; return whether there is a position."""
        if not self.body.receiver.has_fix:
            return False
        self.home, self.home_set = place or self._navigator.place(), True
        return True

    def _fly(self, waypoints: Sequence[Waypoint], pace_m_s: float = 0.0) -> None:
        self._navigator.fly(waypoints, pace_m_s)
        self.stage, self._wait_ms = Stage.PATH, 0

    def _climb_to(self, height_m: float) -> None:
        """Take off; on the ground the place becomes the home."""
        if not self.airborne and not self.home_set:
            self.home = self._navigator.place()
        self._hold_position()
        self._navigator.up, self.stage = Height(height_m), Stage.TAKE_OFF

    def _return(self) -> None:
        """Fly home at RTL_ALT or higher; at the current height where RTL_ALT is 0."""
        up_m = max(self.body.motion.up_m, self.parameters["RTL_ALT"] / 100)
        self._fly([Waypoint(self.home, Height(up_m), self._cruise_m_s(), 0)])
        self.stage = Stage.RETURN
        self.send_text(6, "Returning home")

    def _descend(self) -> None:
        self._hold_position()
        self.stage = Stage.DESCEND

    def _hold_position(self) -> None:
        """Hold the position where the vehicle stops."""
        self._navigator.stop()
        self.stage, self._wait_ms = Stage.HOLD, 0

    def _cruise_m_s(self) -> float:
        return max(_MIN_SPEED_M_S, self.parameters["WPNAV_SPEED"] / 100)

    def _wait(self, wait_s: float) -> None:
        self._wait_ms = self._now_ms + int(min(wait_s, _MAX_WAIT_S) * 1000)
