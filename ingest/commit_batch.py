"""One flush: what many messages come to before it is committed. Pure but for the lists it fills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

import msgspec
import numpy as np

from headland.contract.records import Block, Clock, Descriptor
from headland.contract.refusals import Reason, Refused
from headland.contract.topics import parse_topic, shard_of
from headland.store.port import Mark, MarkState, Points, Rejection, StoredEvent, WriteBatch
from ingest.accounting.gateway_stats import GatewayActivity
from ingest.accounting.ledger import Disposition, Entry
from ingest.accounting.ranges import accounted_in, count, subtract
from ingest.admit import Admitted, admit, gone_before, mark_of_properties
from ingest.columns import FUTURE_MS, Columns
from ingest.mqtt.inbox import Message
from ingest.quarantine import QuarantinedMessage, Refusal

Epoch = tuple[str, str]
_NONE = MarkState()
_NO_POINTS = Points((), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8))


#: A gateway whose records come with more holes than this has the newest refused until it fills the oldest.
MAX_AHEAD: Final = 256
#: The event by which a gateway's spool says that it dropped the records it stands for.
_SPOOL_DROPPED: Final = "spool_dropped"


class _Turn(Enum):
    """What accounting for a mark came to."""

    NEW = auto()
    DUPLICATE = auto()
    TOO_FAR_AHEAD = auto()


@dataclass(slots=True)
class CommitBatch:
    """Messages, and everything their commit has to do.

    `marks` are the states that hold once the flush is committed, of the (gateway, epoch) pairs it touches, the last
    touched last. `counts`, and `of_gateways` by gateway and name, are added to the counters after the commit only.
    `newest_ms` holds the time of the newest sample of each message, by gateway; `fates` the records that are accounted
    for without samples. `is_kept` says that refusals and fates are on the quarantine's disk; `rejections` are samples
    that the store will never take.
    """

    organisation: str
    columns: Columns
    messages: list[Message] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    new_marks: list[Mark] = field(default_factory=list)
    marks: dict[Epoch, MarkState] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    descriptors: dict[tuple[str, str], Descriptor] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    activity: GatewayActivity = field(default_factory=GatewayActivity)
    fates: list[Entry] = field(default_factory=list)
    is_kept: bool = False
    rejections: Sequence[Rejection] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing for the store to write."""
        return not (len(self.columns) or self.events or self.new_marks)

    def batch(self, now_ms: int) -> WriteBatch:
        """Return the one transaction of this flush."""
        points = self.columns.points(now_ms) if len(self.columns) else _NO_POINTS
        return WriteBatch(points, self.events, self.new_marks, latest_until_ms=now_ms + FUTURE_MS)


class CommitBatchBuilder:
    """Judges messages one after the other against what is already in the store.

    `marks` and `descriptors` are the committed state; the writer advances them after each commit. `ahead` is the flush
    that is being committed meanwhile: what is planned now counts on it.
    """

    def __init__(self, organisation: str, shards: frozenset[int]) -> None:
        self._organisation = organisation
        self._shards = shards
        self.marks: dict[Epoch, MarkState] = {}
        self.descriptors: dict[tuple[str, str], Descriptor] = {}
        self.ahead: CommitBatch | None = None

    def open(self) -> CommitBatch:
        """Return a flush without messages."""
        return CommitBatch(self._organisation, Columns(self._organisation))

    def add(self, flush: CommitBatch, message: Message) -> None:
        """Judge a message and put what it brings into the flush."""
        flush.messages.append(message)
        topic = parse_topic(message.topic)
        if topic is not None and shard_of(topic.gateway) not in self._shards:
            flush.counts["ignored_other_shard"] += 1
        elif message.retained and (topic is None or topic.kind in ("data", "senml")):
            # A retained sample is a copy of unknown age, sent at each subscription.
            flush.counts["ignored_retained"] += 1
        else:
            if topic is not None and topic.kind in ("data", "senml"):
                flush.activity.counts[topic.gateway, "received"] += 1
            self._add(flush, message, self.admit(flush, message))

    def add_refused(self, flush: CommitBatch, message: Message, why: Refused) -> None:
        """Put a message into the flush that is to be quarantined whole; its mark is accounted for all the same."""
        flush.messages.append(message)
        topic = parse_topic(message.topic)
        mark = None if topic is None else mark_of_properties(topic.gateway, message.properties)
        self._add(flush, message, Admitted(topic, mark, refused=(why,)))

    def replay(self, flush: CommitBatch, kept: QuarantinedMessage) -> Sequence[Refused]:
        """Put what may enter now of a message from quarantine into the flush; return why the rest may not.

        Its records are accounted for since it was first refused: no mark is touched. What it says of the present, its
        gateway's status or a device that is described by now, is out of date.
        """

        def descriptor_of(gateway: str, device: str) -> Descriptor | None:
            return self._descriptor(flush, (gateway, device))

        admitted = admit(kept.topic, kept.payload, kept.properties, descriptor_of)
        topic = admitted.topic
        if topic is not None and descriptor_of(topic.gateway, topic.device or "") is not None:
            admitted = replace(admitted, descriptor=None)
        self._take(flush, replace(admitted, status=None))
        return admitted.refused

    def commit(self, flush: CommitBatch) -> None:
        """Advance the committed state: the store holds the flush now."""
        self.marks.update(flush.marks)
        self.descriptors.update(flush.descriptors)

    def admit(self, flush: CommitBatch, message: Message) -> Admitted:
        """Return what a message brings, by what is known of its devices."""

        def descriptor_of(gateway: str, device: str) -> Descriptor | None:
            return self._descriptor(flush, (gateway, device))

        return admit(message.topic, message.payload, message.properties, descriptor_of)

    def _descriptor(self, flush: CommitBatch, key: tuple[str, str]) -> Descriptor | None:
        for planned in (flush, self.ahead):
            if planned is not None and key in planned.descriptors:
                return planned.descriptors[key]
        return self.descriptors.get(key)

    def _mark_state(self, flush: CommitBatch, epoch: Epoch) -> MarkState:
        for planned in (flush, self.ahead):
            if planned is not None and epoch in planned.marks:
                return planned.marks[epoch]
        return self.marks.get(epoch, _NONE)

    def _add(self, flush: CommitBatch, message: Message, admitted: Admitted) -> None:
        mark = admitted.mark
        if mark is not None:
            self._close_gap(flush, mark, message)
            before = self._mark_state(flush, (mark.gateway, mark.epoch))
            turn = self._advance(flush, mark)
            if turn is not _Turn.NEW:
                # What is too far ahead is not accounted for, so its gateway sends it again behind what is missing.
                name = "duplicate" if turn is _Turn.DUPLICATE else "refused_too_far_ahead"
                flush.counts[name] += 1
                flush.activity.counts[mark.gateway, name] += 1
                return
            fate = _fate_of(admitted)
            if fate is not None:
                fresh = subtract(((mark.first, mark.last),), accounted_in(before))
                flush.fates.append(Entry(mark.gateway, mark.epoch, fate, fresh))
        if admitted.refused:
            flush.refusals.append(
                Refusal(message.topic, message.payload, admitted.refused, message.properties, admitted.topic, mark)
            )
            flush.counts.update(f"quarantined_{reason}" for reason in _reasons(admitted))
            if admitted.topic is not None:
                flush.activity.counts[admitted.topic.gateway, "quarantined"] += 1
        self._take(flush, admitted)
        flush.counts["stored"] += bool(admitted.blocks or admitted.events)
        if admitted.topic is not None and admitted.blocks:
            flush.activity.newest_ms.append(
                (admitted.topic.gateway, max(_newest_ms(block) for block in admitted.blocks))
            )

    def _take(self, flush: CommitBatch, admitted: Admitted) -> None:
        """Put the samples, events and records of an admitted message into the flush."""
        topic = admitted.topic
        for block in admitted.blocks:
            flush.columns.add(block)
            if topic is not None:
                self._note_clock(flush, (topic.gateway, block.device), block.clock)
        flush.events += (StoredEvent(self._organisation, event) for event in admitted.events)
        if admitted.descriptor is not None and topic is not None:
            self._describe(flush, topic.gateway, admitted.descriptor)
        if admitted.status is not None:
            flush.activity.statuses[admitted.status.gw] = admitted.status
            flush.counts["statuses"] += 1

    def _advance(self, flush: CommitBatch, mark: Mark) -> _Turn:
        """Account for a mark, unless every record of it was accounted for before, here or in the store."""
        epoch = (mark.gateway, mark.epoch)
        state = self._mark_state(flush, epoch)
        turn = _Turn.DUPLICATE
        if not state.covers(mark):
            after = state.add(mark)
            if len(after.ahead) > max(MAX_AHEAD, len(state.ahead)):
                turn = _Turn.TOO_FAR_AHEAD
            else:
                flush.new_marks.append(mark)
                state, turn = after, _Turn.NEW
        flush.marks.pop(epoch, None)  # so that the epoch touched last comes last
        flush.marks[epoch] = state
        return turn

    def _close_gap(self, flush: CommitBatch, mark: Mark, message: Message) -> None:
        """Account for records that the gateway no longer has and this store never saw: said, not waited for."""
        gone = gone_before(mark.gateway, message.properties)
        if gone is None or gone.epoch != mark.epoch or gone.last >= mark.first:
            return
        unseen = subtract(((1, gone.last),), accounted_in(self._mark_state(flush, (mark.gateway, mark.epoch))))
        if unseen and self._advance(flush, gone) is _Turn.NEW:
            flush.counts["records_gone_unseen"] += count(unseen)
            flush.fates.append(Entry(mark.gateway, mark.epoch, Disposition.GONE, unseen))

    def _describe(self, flush: CommitBatch, gateway: str, descriptor: Descriptor) -> None:
        key = (gateway, descriptor.device)
        flush.counts["descriptors"] += 1
        known = self._descriptor(flush, key)
        if known is not None and descriptor.clock is None:
            descriptor = msgspec.structs.replace(descriptor, clock=known.clock)
        if known != descriptor:
            flush.descriptors[key] = descriptor

    def _note_clock(self, flush: CommitBatch, key: tuple[str, str], clock: Clock) -> None:
        """Keep with a described device which clock its samples were stamped by."""
        known = self._descriptor(flush, key)
        if known is not None and known.clock is not clock:
            flush.descriptors[key] = msgspec.structs.replace(known, clock=clock)


def _reasons(admitted: Admitted) -> set[Reason]:
    return {refused.reason for refused in admitted.refused}


def _fate_of(admitted: Admitted) -> Disposition | None:
    """Return why a message's records have no samples in the store; None where they have, or have events."""
    if any(block.c for block in admitted.blocks):
        return None
    if admitted.refused:
        return None if admitted.events else Disposition.QUARANTINED
    return Disposition.DROPPED if all(event.kind == _SPOOL_DROPPED for event in admitted.events) else None


def _newest_ms(block: Block) -> int:
    return block.t0 + (block.dt[-1] if block.dt else 0)
