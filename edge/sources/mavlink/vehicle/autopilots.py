"""Recognition of autopilots by what a sender says about itself, and why the messages of others are set aside.

An autopilot is told by HEARTBEAT.autopilot, whatever its system and component: Betaflight is component 200 of system 0,
iNav component 250. Cameras, companions and ground stations name no autopilot, or are of a type that none is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.protocol.enum_names import AUTOPILOT_INVALID, NO_VEHICLES, TYPE_GENERIC, type_name
from edge.sources.mavlink.protocol.frame import AUTOPILOT

#: Component ids from here on are MAVLink's for cameras, servos, gimbals, batteries, companions and the like; below are
#: the autopilot's and those that a user may give away. Betaflight and iNav use ids from here on, and name their type.
_FIRST_PERIPHERAL: Final = 100


def is_autopilot(kind: int, autopilot: int, component: int) -> bool:
    """Return whether a sender of this MAV_TYPE, MAV_AUTOPILOT and component is an autopilot."""
    if autopilot == AUTOPILOT_INVALID or kind in NO_VEHICLES:
        return False
    return component == AUTOPILOT or component < _FIRST_PERIPHERAL or kind != TYPE_GENERIC


#: For so long a sender may be without a HEARTBEAT before anybody is told.
_PATIENCE_S: Final = 5.0
#: Why messages were set aside.
NO_HEARTBEAT: Final = "it sent no HEARTBEAT, so nothing says what it is"


@dataclass(slots=True)
class SetAside:
    """Messages of one sender that were not stored, and why."""

    system: int
    component: int
    messages: int
    why: str

    def sentence(self) -> str:
        """Return the sentence for a person."""
        plural = "" if self.messages == 1 else "s"
        sender = f"system {self.system}, component {self.component}"
        return f"{self.messages:,} message{plural} of {sender} set aside: {self.why}"


class SendersWithoutHeartbeat:
    """Senders of which nobody knows what they are, told once they had time for five HEARTBEATs (MAVLink: one a second).

    Whoever joins a link hears other messages first: these wait for the HEARTBEAT, and are nothing to warn of.
    """

    def __init__(self) -> None:
        self._since_s: dict[tuple[int, int], float] = {}

    def sentences(self, aside: Iterable[SetAside], now_s: float) -> list[str]:
        """Return a sentence for each sender that has been without a HEARTBEAT for long; `now_s` is monotonic."""
        silent = {(entry.system, entry.component): entry for entry in aside if entry.why == NO_HEARTBEAT}
        self._since_s = {sender: self._since_s.get(sender, now_s) for sender in silent}
        return [entry.sentence() for sender, entry in silent.items() if now_s - self._since_s[sender] >= _PATIENCE_S]


def why_no_autopilot(kind: int) -> str:
    """Return why the messages of a sender of this MAV_TYPE, which is no autopilot, are set aside."""
    return f"its HEARTBEAT says {type_name(kind)}, which is no autopilot"
