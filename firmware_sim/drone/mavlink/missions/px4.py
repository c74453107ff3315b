"""Mission protocol as PX4 speaks it: no home item, no parts, and silence where it does not expect an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from firmware_sim.drone.flight.mission import commands
from firmware_sim.drone.flight.mission.items import FRAME_GLOBAL, FRAME_TERRAIN, FRAMES, Item
from firmware_sim.drone.mavlink.missions import result
from firmware_sim.drone.mavlink.missions.plans import MissionPlan, Read, read_item
from firmware_sim.drone.mavlink.missions.transfer import MissionTransfer, Responses, sender_of

Message = Any

_REPEAT_MS: Final = 250
_GIVE_UP_MS: Final = 5000
#: Mission commands of ArduPilot that PX4 has not.
_MISSING: Final = frozenset(
    {
        commands.LOITER_TURNS, commands.SPLINE, commands.PAYLOAD_PLACE, commands.SPRAYER, commands.FENCE_ENABLE,
        commands.JUMP_TAG, commands.JUMP_TO_TAG, 30, 83, 92, 115, 181, 182, 184, 188, 193, 194, 202, 208, 210, 213, 215,
        217, 218, 222, 223, 42702, 42703,
    }
)  # fmt: skip


class Px4MissionPlan(MissionPlan):
    """A mission whose first item is the first that is flown; the flight core's item 0 is put before it."""

    max_items = 2000

    @property
    def items(self) -> Sequence[Item]:
        """Items of the mission."""
        return [_shifted(item, -1) for item in self._autopilot.items[1:]]

    @property
    def current(self) -> int | None:
        """Current item."""
        return max(0, self._autopilot.seq - 1)

    def read(self, message: Message, last_seq: int, /) -> Read:
        """Return an item; heights above the ground are not supported, a jump leads to one of the mission's items."""
        if message.command in _MISSING:
            return None, result.UNSUPPORTED
        if FRAMES.get(message.frame) == FRAME_TERRAIN:
            return None, result.UNSUPPORTED_FRAME
        item, reason = read_item(message)
        if item is not None and item.command == commands.JUMP and not 0 <= item.param1 <= last_seq:
            return None, result.INVALID_PARAM
        return item, reason

    def store(self, items: Sequence[Item]) -> int:
        """Load the mission, also while one is flown."""
        home = Item(commands.WAYPOINT, FRAME_GLOBAL, z=self._autopilot.body.scenario.altitude_m)
        self._autopilot.load([home, *(_shifted(item, 1) for item in items)] if items else ())
        return result.ACCEPTED

    def clear(self) -> bool:
        """Remove the mission, also while it is flown."""
        self._autopilot.load(())
        return True


class Px4MissionTransfer(MissionTransfer):
    """Transfer that ignores, with a text, what comes out of turn; an upload may be cancelled."""

    repeat_ms = _REPEAT_MS
    give_up_ms = _GIVE_UP_MS

    def count(self, message: Message, now_ms: int) -> Responses:
        """Start an upload; while one runs, its first request is repeated where no item has come."""
        upload = self._upload
        if upload is None:
            return super().count(message, now_ms)
        if upload.seq == 0 and upload.sender == sender_of(message):
            return [self._request(upload)]
        self._send_text(2, "WPM: REJ. CMD: Busy")
        return []

    def write_part(self, _message: Message, _now_ms: int) -> Responses:
        """Ignore MISSION_WRITE_PARTIAL_LIST, which PX4 does not know."""
        return []

    def item(self, message: Message, now_ms: int) -> Responses:
        """Process an item of the upload's sender in turn; ignore others."""
        upload = self._upload
        if upload is None:
            self._send_text(2, "IGN MISSION_ITEM: No transfer")
            return []
        if upload.sender != sender_of(message):
            self._send_text(2, "REJ. WP CMD: partner id mismatch")
            return []
        return super().item(message, now_ms) if message.seq == upload.seq else []

    def cancel(self, message: Message) -> None:
        """End the upload of the sender of a MISSION_ACK that cancels it."""
        if self._upload is not None and self._upload.sender == sender_of(message):
            self._upload = None

    def list(self, message: Message) -> Responses:
        """Respond to MISSION_REQUEST_LIST; not during an upload."""
        if self._upload is None:
            return super().list(message)
        self._send_text(2, "WPM: REJ. CMD: Busy")
        return []


def _shifted(item: Item, by: int) -> Item:
    """Return an item with its jump counted from another item."""
    return replace(item, param1=item.param1 + by) if item.command == commands.JUMP else item
