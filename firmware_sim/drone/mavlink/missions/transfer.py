"""Mission protocol as ArduPilot speaks it: uploads of whole plans and of parts, downloads, clearing, time-outs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission.commands import has_degrees
from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.mavlink.missions import result
from firmware_sim.drone.mavlink.missions.plans import MISSION, PlanKind

Message = Any
Responses = list[Message]
Sender = tuple[int, int]

_REPEAT_MS: Final = 1000
_GIVE_UP_MS: Final = 8000
#: MAV_MISSION_TYPE_ALL, of MISSION_CLEAR_ALL.
_ALL: Final = 255


@dataclass(slots=True)
class _Upload:
    """A running upload: its sender, the next and the last item, and the plan so far; `seq` counts from `first`."""

    sender: Sender
    seq: int
    last: int
    now_ms: int
    items: list[Item] = field(default_factory=list)
    is_part: bool = False
    asked_ms: int = 0
    first: int = 0

    def __post_init__(self) -> None:
        self.asked_ms, self.first = self.now_ms, self.seq


class MissionTransfer:
    """Transfer of one kind of plan. An upload that ends early changes nothing.

    A ground station responds in real time: at a simulation `speed` the time limits are multiplied by it.
    """

    repeat_ms = _REPEAT_MS
    give_up_ms = _GIVE_UP_MS

    def __init__(self, plan: PlanKind, send_text: Callable[[int, str], None], speed: float = 1.0) -> None:
        self._plan = plan
        self._send_text = send_text
        self._repeat_ms = self.repeat_ms * speed
        self._give_up_ms = self.give_up_ms * speed
        self._upload: _Upload | None = None

    def count(self, message: Message, now_ms: int) -> Responses:
        """Start an upload (MISSION_COUNT), or start it again for the same sender: request the first item."""
        sender = sender_of(message)
        if self._is_taken(sender):
            return [self._ack(sender, result.DENIED)]
        self._upload = None
        if message.count > self._plan.max_items:
            self._send_text(4, f"Only {self._plan.max_items} items are supported")
            return [self._ack(sender, result.NO_SPACE)]
        if message.count == 0:
            return [self._ack(sender, self._plan.store(()))]
        return self._begin(_Upload(sender, 0, message.count - 1, now_ms))

    def write_part(self, message: Message, now_ms: int) -> Responses:
        """Start an upload of some items (MISSION_WRITE_PARTIAL_LIST); the last one may be the one after the end."""
        sender, count = sender_of(message), len(self._plan.items)
        if self._is_taken(sender):
            return [self._ack(sender, result.DENIED)]
        if not 0 <= message.start_index <= message.end_index <= count:
            self._send_text(4, "Flight plan update rejected")
            return [self._ack(sender, result.ERROR)]
        before = list(self._plan.items[: message.start_index])
        return self._begin(_Upload(sender, message.start_index, message.end_index, now_ms, before, is_part=True))

    def item(self, message: Message, now_ms: int) -> Responses:
        """Process MISSION_ITEM_INT or MISSION_ITEM: request the next, acknowledge the last, or refuse the upload."""
        upload, sender = self._upload, sender_of(message)
        if upload is None:
            return [self._ack(sender, result.ERROR)]
        if sender == upload.sender and upload.first <= message.seq == upload.seq - 1:
            # Our request was lost and the item was repeated.
            return [self._request(upload)]
        if message.seq != upload.seq:
            return [self._ack(sender, result.INVALID_SEQUENCE)]
        if sender != upload.sender:
            return [self._ack(sender, result.DENIED)]
        item, refusal = self._plan.read(message, upload.last)
        if item is None:
            self._upload = None
            return [self._ack(sender, refusal)]
        upload.items.append(item)
        upload.seq += 1
        upload.asked_ms = upload.now_ms = now_ms
        if upload.seq <= upload.last:
            return [self._request(upload)]
        self._upload = None
        kept = self._plan.items[upload.seq :] if upload.is_part else ()
        return [self._ack(sender, self._plan.store([*upload.items, *kept]))]

    def step(self, now_ms: int) -> Responses:
        """Repeat the request for a missing item; cancel the upload after the time limit."""
        upload = self._upload
        if upload is None or now_ms < upload.asked_ms + self._repeat_ms:
            return []
        if now_ms >= upload.now_ms + self._give_up_ms:
            self._upload = None
            self._send_text(4, f"{self._plan.name} upload timeout")
            return [self._ack(upload.sender, result.CANCELLED)]
        upload.asked_ms = now_ms
        return [self._request(upload)]

    def list(self, message: Message) -> Responses:
        """Respond to MISSION_REQUEST_LIST; not during an upload."""
        sender = sender_of(message)
        if self._upload is not None:
            return [self._ack(sender, result.DENIED)]
        return [self._count(sender)]

    def send(self, message: Message) -> Responses:
        """Respond to MISSION_REQUEST_INT with integers and to MISSION_REQUEST with floats; not during an upload."""
        sender, seq, items = sender_of(message), message.seq, self._plan.items
        if self._upload is not None:
            return [self._ack(sender, result.DENIED)]
        if not 0 <= seq < len(items):
            told = [self._count(sender)] if self._plan.kind == MISSION else []
            return [*told, self._ack(sender, self._plan.refuse_item(seq))]
        return [encode_item(message, items[seq], seq == self._plan.current, self._plan.kind)]

    def clear(self, message: Message) -> Responses:
        """Respond to MISSION_CLEAR_ALL; not during an upload, nor while the mission is flown."""
        done = self._upload is None and self._plan.clear()
        return [self._ack(sender_of(message), result.ACCEPTED if done else result.ERROR)]

    def cancel(self, _message: Message) -> None:
        """Go on: ArduPilot does not let a station cancel its upload."""

    def _is_taken(self, sender: Sender) -> bool:
        return self._upload is not None and self._upload.sender != sender

    def _begin(self, upload: _Upload) -> Responses:
        self._upload = upload
        return [self._request(upload)]

    def _ack(self, target: Sender, value: int) -> Message:
        return dialect.MAVLink_mission_ack_message(*target, value, self._plan.kind)

    def _count(self, target: Sender) -> Message:
        return dialect.MAVLink_mission_count_message(*target, len(self._plan.items), self._plan.kind)

    def _request(self, upload: _Upload) -> Message:
        return dialect.MAVLink_mission_request_int_message(*upload.sender, upload.seq, self._plan.kind)


class MissionTransfers:
    """Transfers of all kinds of plans; a message names its kind."""

    def __init__(
        self,
        plans: Sequence[PlanKind],
        send_text: Callable[[int, str], None],
        speed: float,
        mavlink_version: int,
        protocol: type[MissionTransfer] = MissionTransfer,
    ) -> None:
        self._send_text = send_text
        self._has_kinds = mavlink_version > 1
        self._transfers = {plan.kind: protocol(plan, send_text, speed) for plan in plans}

    def count(self, message: Message, now_ms: int) -> Responses:
        """Respond to MISSION_COUNT."""
        return self._with(message, lambda transfer: transfer.count(message, now_ms))

    def write_part(self, message: Message, now_ms: int) -> Responses:
        """Respond to MISSION_WRITE_PARTIAL_LIST."""
        return self._with(message, lambda transfer: transfer.write_part(message, now_ms))

    def item(self, message: Message, now_ms: int) -> Responses:
        """Respond to MISSION_ITEM_INT and MISSION_ITEM."""
        return self._with(message, lambda transfer: transfer.item(message, now_ms))

    def list(self, message: Message) -> Responses:
        """Respond to MISSION_REQUEST_LIST."""
        return self._with(message, lambda transfer: transfer.list(message))

    def send(self, message: Message) -> Responses:
        """Respond to MISSION_REQUEST_INT and MISSION_REQUEST."""
        return self._with(message, lambda transfer: transfer.send(message))

    def cancel(self, message: Message) -> Responses:
        """Process MISSION_ACK: where the protocol lets a station cancel its upload, it does."""
        if message.type == result.CANCELLED and message.mission_type in self._transfers:
            self._transfers[message.mission_type].cancel(message)
        return []

    def clear(self, message: Message) -> Responses:
        """Respond to MISSION_CLEAR_ALL: one acknowledgement for each kind."""
        if message.mission_type == _ALL:
            return [answer for transfer in self._transfers.values() for answer in transfer.clear(message)]
        return self._with(message, lambda transfer: transfer.clear(message))

    def step(self, now_ms: int) -> Responses:
        """Return what is due at this step."""
        due: Responses = []
        for transfer in self._transfers.values():
            due += transfer.step(now_ms)
        return due

    def _with(self, message: Message, answer: Callable[[MissionTransfer], Responses]) -> Responses:
        kind = message.mission_type
        transfer = self._transfers.get(kind)
        if transfer is not None and kind != MISSION and not self._has_kinds:
            self._send_text(4, "Need mavlink2 for item transfer")
            transfer = None
        if transfer is None:
            return [dialect.MAVLink_mission_ack_message(*sender_of(message), result.UNSUPPORTED, kind)]
        return answer(transfer)


def encode_item(request: Message, item: Item, current: bool, kind: int) -> Message:
    """Return the item as the message that was requested."""
    params = (item.param1, item.param2, item.param3, item.param4)
    head = (*sender_of(request), request.seq, item.frame, item.command, int(current), 1, *params)
    if request.get_type() == "MISSION_REQUEST":
        scale = 1e7 if has_degrees(item.command) else 1.0
        return dialect.MAVLink_mission_item_message(*head, item.x / scale, item.y / scale, item.z, kind)
    return dialect.MAVLink_mission_item_int_message(*head, item.x, item.y, item.z, kind)


def sender_of(message: Message) -> Sender:
    """Return system and component of a message's sender."""
    return message.get_srcSystem(), message.get_srcComponent()
