"""Batch builder: judges messages in order against the committed state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import Final

import msgspec

from headland.contract.codec import MAX_SEQ
from headland.contract.content_sums import UNKNOWN, content_sum
from headland.contract.records import SPOOL_DROPPED, SPOOL_SHORTENED, Block, Clock, Descriptor, Event, is_name
from headland.contract.refusals import Reason, Refused
from headland.contract.topics import parse_topic, shard_of
from headland.store.number_sets import Ranges, count, intersect, subtract
from headland.store.port import (
    DeviceRecord,
    Mark,
    MarkState,
    SeriesKey,
    StoredEvent,
)
from headland.store.record_book import DROPPED, GONE, QUARANTINED, day_of, event_entry, is_content
from ingest.accounting.ledger import Disposition, DispositionEntry
from ingest.accounting.record_digests import ContentSums, RecordDigests, digest_of
from ingest.accounting.spool_reports import reports_in
from ingest.admission.admit import Admitted, admit, deleted_before, mark_of_properties
from ingest.admission.columns import SampleColumns
from ingest.admission.device_owners import DeviceOwners
from ingest.admission.gateway_notes import GatewayNotes
from ingest.admission.ingest_clock import IngestClock
from ingest.admission.quotas import NO_QUOTAS, GatewayBudgets, Quotas
from ingest.commit.commit_batch import CommitBatch, Epoch, Origin
from ingest.mqtt.inbox import HANDED_OVER, InboundMessage
from ingest.quarantine.refused_messages import QuarantinedMessage, RefusedMessage
from ingest.quarantine.replays import mark_of_replay, replay_numbers, spool_marks

_NONE = MarkState()

#: Limit of separate ranges ahead of a gateway's high-water mark: above it, newer records are refused until gaps close.
MAX_AHEAD: Final = 256


class _MarkResult(Enum):
    """Result of accounting for a mark."""

    NEW = auto()
    DUPLICATE = auto()
    TOO_FAR_AHEAD = auto()


def _never(_gateway: str) -> bool:
    return False


class CommitBatchBuilder:
    """Judges messages in order against the state of the store.

    `marks` and `descriptors` are the committed state; the writer advances them after each commit. `committing` is the
    batch that is being committed meanwhile: the next batch is built on top of it.
    """

    def __init__(
        self,
        organisation: str,
        shards: frozenset[int],
        quotas: Quotas = NO_QUOTAS,
        clock: IngestClock | None = None,
        look_up: Callable[[], Iterable[DeviceRecord]] | None = None,
        is_full: Callable[[str], bool] = _never,
    ) -> None:
        self._organisation = organisation
        self._shards = shards
        self._clock = IngestClock() if clock is None else clock
        self._now_ms = self._clock.now_ms
        self._is_full = is_full
        self.owners = DeviceOwners(quotas, look_up)
        self._budgets = GatewayBudgets(quotas)
        self._digests = RecordDigests()
        self.sums = ContentSums()
        self._notes = GatewayNotes()
        self.marks: dict[Epoch, MarkState] = {}
        self._replay_numbers: dict[str, int] = {}
        self.descriptors: dict[tuple[str, str], Descriptor] = {}
        self._replaced: dict[Epoch, Ranges] = {}
        self.committing: CommitBatch | None = None

    def load_marks(self, marks: Mapping[Epoch, MarkState]) -> None:
        """Set the marks that the store has."""
        self.marks = spool_marks(marks)
        self._replay_numbers = replay_numbers(marks)

    def load(self, owners: Mapping[str, str], records: Sequence[DeviceRecord], series: Sequence[SeriesKey]) -> None:
        """Set the committed devices: their saved owners, and what the store has of them."""
        self.owners.load(owners, records, series)
        self.update_devices(records)

    def update_devices(self, records: Sequence[DeviceRecord]) -> None:
        """Set the owners and descriptors of devices as the store has them, while nothing is being committed."""
        moved = self.owners.update(records)
        for gateway, device in [key for key in self.descriptors if key[1] in moved]:
            del self.descriptors[gateway, device]
        for record in records:
            if record.gateway:
                self.descriptors[record.gateway, record.descriptor.device] = record.descriptor

    def find_replaced(self, former: Mapping[Epoch, int]) -> dict[Epoch, Ranges]:
        """Return the records that were committed once, up to the numbers in `former`, and that the store lacks."""
        replaced = {}
        for epoch, last in former.items():
            state = self.marks.get(epoch, _NONE)
            if last > state.high_water and shard_of(epoch[0]) in self._shards:
                replaced[epoch] = subtract(((1, last),), state.accounted)
        return replaced

    def load_replaced(self, replaced: Mapping[Epoch, Ranges], digests: Mapping[Epoch, bytes]) -> None:
        """Set the records that a replaced store had, and the digests by which they are known again."""
        self._replaced = {epoch: ranges for epoch, ranges in replaced.items() if ranges}
        for epoch in self._replaced:
            self._digests.load(epoch, digests.get(epoch, b""))

    def dump_digests(self, epochs: Sequence[Epoch]) -> dict[Epoch, bytes]:
        """Return the digests of the newest records of these epochs, to save them."""
        return {epoch: self._digests.dump(epoch) for epoch in epochs}

    def new_batch(self) -> CommitBatch:
        """Return a batch without messages."""
        batch = CommitBatch(self._organisation, SampleColumns(self._organisation), claims=dict(self.owners.unsaved))
        batch.notes = self._notes.pending()
        return batch

    def add(self, batch: CommitBatch, message: InboundMessage) -> None:
        """Judge a message and add its content to the batch."""
        batch.messages.append(message)
        topic = parse_topic(message.topic)
        if topic is not None and shard_of(topic.gateway) not in self._shards:
            batch.counts["ignored_other_shard"] += 1
        elif message.retained and (topic is None or topic.kind in ("data", "senml")):
            # A retained sample is a copy of unknown age, sent at each subscription.
            batch.counts["ignored_retained"] += 1
        else:
            if topic is not None and topic.kind in ("data", "senml"):
                batch.activity.counts[topic.gateway, "received"] += 1
            admitted = self.admit(batch, message)
            if message.retained and admitted.foreign:
                # A descriptor that the broker still has of the gateway to which the device belonged before.
                batch.counts["ignored_retained"] += 1
            else:
                self._add(batch, message, admitted)
        if self.owners.unsaved:
            batch.claims.update(self.owners.unsaved)

    def add_refused(self, batch: CommitBatch, message: InboundMessage, why: Refused) -> None:
        """Add a message that is quarantined whole; its mark is accounted for nevertheless."""
        batch.messages.append(message)
        topic = parse_topic(message.topic)
        mark = None if topic is None else mark_of_properties(topic.gateway, message.properties)
        self._add(batch, message, Admitted(topic, mark, refused=(why,)))

    def replay(self, batch: CommitBatch, message: QuarantinedMessage) -> Sequence[Refused]:
        """Add the parts of a quarantined message that are accepted now; return the refusals of the rest.

        Its records were accounted for when it was refused first, so no mark changes. A gateway status in it, and the
        descriptor of a device that has one by now, are out of date and left out.
        """

        parsed = self._parse(batch, message.topic, message.payload, message.properties)
        admitted = self.owners.restrict(parsed, self._clock.limits())
        topic = admitted.topic
        if topic is not None and self._descriptor(batch, (topic.gateway, topic.device or "")) is not None:
            admitted = replace(admitted, descriptor=None)
        records = message.records
        self._fill(batch, records, admitted)
        self._add_content(batch, replace(admitted, status=None))
        if records is not None and not batch.is_empty:
            number = self._replay_numbers.get(records.gateway, 0) + 1
            self._replay_numbers[records.gateway] = batch.replay_number = number
            batch.new_marks.append(mark_of_replay(records.gateway, number))
        return admitted.refused

    def commit(self, batch: CommitBatch) -> None:
        """Advance the committed state by a batch that the store holds now."""
        self.marks.update(batch.marks)
        self.descriptors.update(batch.descriptors)
        self.owners.saved(batch.claims)
        self._notes.committed(batch.notes)
        for epoch, seq, sum_ in batch.sums:
            self.sums.put(epoch, seq, sum_)
        for (epoch, seq), digest in batch.digests.items():
            self._digests.put(epoch, seq, digest)
        for mark in batch.other_content:
            batch.counts["other_content"] += 1
            self._notes.other_content(mark, self._now_ms())

    def admit(self, batch: CommitBatch, message: InboundMessage) -> Admitted:
        """Return the accepted content of a message, given the known descriptors and owners of devices."""
        if message.refused:
            return Admitted(parse_topic(message.topic), refused=message.refused)
        parsed = self._parse(batch, message.topic, message.payload, message.properties)
        if not message.retained:
            # Heard before anything of it is judged by the clock that it may contradict.
            self._clock.hear(parsed)
        return self.owners.restrict(parsed, self._clock.limits())

    def _parse(self, batch: CommitBatch, topic: str, payload: bytes, properties: Mapping[str, str]) -> Admitted:
        def descriptor_of(gateway: str, device: str) -> Descriptor | None:
            return self._descriptor(batch, (gateway, device))

        return admit(topic, payload, properties, descriptor_of)

    def _descriptor(self, batch: CommitBatch, key: tuple[str, str]) -> Descriptor | None:
        for planned in (batch, self.committing):
            if planned is not None and key in planned.descriptors:
                return planned.descriptors[key]
        return self.descriptors.get(key)

    def _mark_state(self, batch: CommitBatch, epoch: Epoch) -> MarkState:
        for planned in (batch, self.committing):
            if planned is not None and epoch in planned.marks:
                return planned.marks[epoch]
        return self.marks.get(epoch, _NONE)

    def _add(self, batch: CommitBatch, message: InboundMessage, admitted: Admitted) -> None:
        mark = admitted.mark
        if mark is not None:
            if admitted.foreign and self._must_wait(batch, mark, admitted):
                # What an administrator may allow by moving a device waits on the gateway's disk rather than be evicted.
                batch.counts["refused_quarantine_full"] += 1
                batch.activity.counts[mark.gateway, "refused_quarantine_full"] += 1
                return
            self._account_for_deleted(batch, mark, message)
            before = self._mark_state(batch, (mark.gateway, mark.epoch))
            result = self._advance(batch, mark)
            if result is not _MarkResult.NEW:
                # A record too far ahead is not accounted for: its gateway sends it again after the missing ones.
                name = "duplicate" if result is _MarkResult.DUPLICATE else "refused_too_far_ahead"
                batch.counts[name] += 1
                batch.activity.counts[mark.gateway, name] += 1
                if result is _MarkResult.DUPLICATE:
                    self._compare(batch, message, admitted)
                return
            self._note_sum(batch, mark, message, admitted)
            admitted = self._within_budget(message, admitted)
            if not admitted.is_reduced:
                digest = digest_of(message.payload, admitted.blocks, len(admitted.events))
                if (mark.gateway, mark.epoch) in self._replaced:
                    self._compare_with_replaced(batch, mark, digest)
                batch.digests[(mark.gateway, mark.epoch), mark.last] = digest
            disposition, records = _disposition_of(admitted), ((mark.first, mark.last),)
            fresh = (
                records if mark.first > before.high_water and not before.ahead else subtract(records, before.accounted)
            )
            if disposition is not None:
                batch.dispositions.append(DispositionEntry(mark.gateway, mark.epoch, disposition, fresh))
            elif fresh != records:
                self._fill(batch, mark, admitted)
            batch.new_marks[-1] = _with_entry(mark, admitted, len(batch.origins))
        else:
            admitted = self._within_budget(message, admitted)
        self._quarantine(batch, message, admitted)
        self._add_content(batch, admitted, message)
        batch.counts["stored"] += bool(admitted.blocks or admitted.events)
        if admitted.topic is not None and admitted.blocks:
            batch.activity.newest_ms.append(
                (admitted.topic.gateway, max(_newest_ms(block) for block in admitted.blocks))
            )

    def _is_same(self, batch: CommitBatch, epoch: Epoch, seq: int, digest: int) -> bool | None:
        """Return whether a record has the content that is committed, or will be; None where that is not known.

        A batch that fails is built again: what it held of a record must not count as arrived then.
        """
        for planned in (batch, self.committing):
            if planned is not None and (epoch, seq) in planned.digests:
                return planned.digests[epoch, seq] == digest
        return self._digests.is_same(epoch, seq, digest)

    def _compare_with_replaced(self, batch: CommitBatch, mark: Mark, digest: int) -> None:
        """Compare a record with what a replaced store had under its number: only a proven match is no loss."""
        epoch, records = (mark.gateway, mark.epoch), ((mark.first, mark.last),)
        if not intersect(self._replaced[epoch], records):
            return
        is_same = self._is_same(batch, epoch, mark.last, digest)
        if is_same:
            batch.stored_again.append(DispositionEntry(*epoch, Disposition.REPLACED, records))
        elif is_same is False:
            batch.other_content.append(mark)

    def _compare(self, batch: CommitBatch, message: InboundMessage, admitted: Admitted) -> None:
        """Compare a record that is accounted for with what arrived under its number before.

        Where the digests do not prove that the content is the same, it goes the way of a new record once more: the
        store and quarantine have it, or two spools use one identity, and what nobody had before is kept nevertheless.
        Of a record that the gateway has reduced no digest is known.
        """
        mark = admitted.mark
        if mark is None:
            return
        self._note_sum(batch, mark, message, admitted)
        is_same = None
        if not admitted.is_reduced:
            epoch = (mark.gateway, mark.epoch)
            digest = digest_of(message.payload, admitted.blocks, len(admitted.events))
            is_same = self._is_same(batch, epoch, mark.last, digest)
            if is_same:
                return
            batch.digests[epoch, mark.last] = digest
        batch.counts["compared"] += 1
        admitted = self._within_budget(message, admitted)
        self._quarantine(batch, message, admitted)
        self._fill(batch, mark, admitted)
        self._add_content(batch, admitted, message, is_again=True)
        # A digest is of what was accepted: where something is refused now, it may differ for that alone.
        if is_same is False and not (admitted.blocks or admitted.refused):
            batch.other_content.append(mark)

    def _fill(self, batch: CommitBatch, mark: Mark | None, admitted: Admitted) -> None:
        """Note that the records of a mark, which are accounted for, have a content in the batch; before it is added."""
        if mark is not None:
            filled = _with_entry(mark, admitted, len(batch.origins))
            if filled.entry is not None and is_content(filled.entry):
                batch.filled.append(filled)

    def _quarantine(self, batch: CommitBatch, message: InboundMessage, admitted: Admitted) -> None:
        """Add a message of which something is refused to those for quarantine."""
        self._note_foreign(batch, admitted)
        if not admitted.refused:
            return
        topic = admitted.topic
        batch.refusals.append(
            RefusedMessage(message.topic, message.payload, admitted.refused, message.properties, topic, admitted.mark)
        )
        batch.counts.update(f"quarantined_{reason}" for reason in _reasons(admitted))
        if topic is not None:
            batch.activity.counts[topic.gateway, "quarantined"] += 1

    def _note_sum(self, batch: CommitBatch, mark: Mark, message: InboundMessage, admitted: Admitted) -> None:
        """Note the content sum of a record for its ack; of a range, or what cannot be read, none is known."""
        is_known = mark.first == mark.last and not admitted.is_reduced and (admitted.blocks or admitted.events)
        sum_ = content_sum(message.payload) if is_known else UNKNOWN
        batch.sums.append(((mark.gateway, mark.epoch), mark.last, sum_))

    def _must_wait(self, batch: CommitBatch, mark: Mark, admitted: Admitted) -> bool:
        """Return whether a new record is all about others' devices, and its gateway's share of quarantine is full."""
        if admitted.events or any(block.c for block in admitted.blocks) or not self._is_full(mark.gateway):
            return False
        return not self._mark_state(batch, (mark.gateway, mark.epoch)).covers(mark)

    def _within_budget(self, message: InboundMessage, admitted: Admitted) -> Admitted:
        """Return the content as far as the gateway's quotas of bytes and events allow."""
        topic = admitted.topic
        if topic is None or not (admitted.blocks or admitted.events or admitted.descriptor or admitted.status):
            return admitted
        short_of = self._budgets.take(topic.gateway, len(message.payload), len(admitted.events), self._now_ms())
        if not short_of:
            return admitted
        why = Refused(Reason.OVER_QUOTA, f"{topic.gateway} has sent more {short_of} than its quota of a day")
        if short_of == "events":
            reports = (*admitted.refused_reports, *admitted.events)
            return replace(admitted, events=(), refused_reports=reports, refused=(*admitted.refused, why))
        return Admitted(topic, admitted.mark, refused=(*admitted.refused, why), is_reduced=admitted.is_reduced)

    def _note_foreign(self, batch: CommitBatch, admitted: Admitted) -> None:
        """Count a message about devices of other gateways, and report these."""
        topic = admitted.topic
        if topic is None or not admitted.foreign:
            return
        batch.activity.counts[topic.gateway, "foreign"] += 1
        batch.lasting[topic.gateway, "foreign"] += 1
        batch.activity.refused_devices += ((topic.gateway, refused) for refused in admitted.foreign)
        for refused in admitted.foreign:
            self._notes.refused_device(topic.gateway, refused, self._now_ms())

    def _add_content(
        self, batch: CommitBatch, admitted: Admitted, message: InboundMessage | None = None, *, is_again: bool = False
    ) -> None:
        """Add the samples, events and records of an accepted message."""
        topic = admitted.topic
        origin = len(batch.origins)
        if topic is not None and admitted.blocks:
            is_handed_over = message is not None and message.generation == HANDED_OVER
            samples = sum(map(_samples_of, admitted.blocks)) if is_handed_over else 0
            batch.origins.append(Origin(topic.gateway, admitted.mark, message, is_again, samples))
        for block in admitted.blocks:
            batch.columns.add(block, origin)
            if topic is not None and not is_again:
                self._note_clock(batch, (topic.gateway, block.device), block.clock)
        batch.events += (StoredEvent(self._organisation, event) for event in admitted.events)
        reports = (*admitted.events, *admitted.refused_reports)
        if topic is not None and reports:
            batch.dispositions += _shortened(topic.gateway, reports)
            batch.spool_reports += reports_in(topic.gateway, reports)
        if admitted.descriptor is not None and topic is not None:
            self._describe(batch, topic.gateway, admitted.descriptor)
        if admitted.status is not None:
            batch.activity.all_statuses.append(admitted.status)
            told_ms = min(admitted.status.t, self._now_ms())
            batch.activity.statuses[admitted.status.gw] = msgspec.structs.replace(admitted.status, t=told_ms)
            batch.counts["statuses"] += 1

    def _advance(self, batch: CommitBatch, mark: Mark) -> _MarkResult:
        """Account for a mark, unless every record of it was accounted for before, in this batch or in the store."""
        epoch = (mark.gateway, mark.epoch)
        state = self._mark_state(batch, epoch)
        result = _MarkResult.DUPLICATE
        if not state.covers(mark):
            after = state.add(mark)
            if len(after.ahead) > max(MAX_AHEAD, len(state.ahead)):
                result = _MarkResult.TOO_FAR_AHEAD
            else:
                batch.new_marks.append(mark)
                state, result = after, _MarkResult.NEW
        batch.marks.pop(epoch, None)  # so that the epoch touched last comes last
        batch.marks[epoch] = state
        return result

    def _account_for_deleted(self, batch: CommitBatch, mark: Mark, message: InboundMessage) -> None:
        """Account for records that the gateway deleted and this store never received."""
        deleted = deleted_before(mark.gateway, message.properties)
        if deleted is None or deleted.epoch != mark.epoch or deleted.last >= mark.first:
            return
        unseen = subtract(((1, deleted.last),), self._mark_state(batch, (mark.gateway, mark.epoch)).accounted)
        if unseen and self._advance(batch, replace(deleted, entry=GONE)) is _MarkResult.NEW:
            batch.counts["records_gone_unseen"] += count(unseen)
            batch.dispositions.append(DispositionEntry(mark.gateway, mark.epoch, Disposition.GONE, unseen))

    def _describe(self, batch: CommitBatch, gateway: str, descriptor: Descriptor) -> None:
        key = (gateway, descriptor.device)
        batch.counts["descriptors"] += 1
        known = self._descriptor(batch, key)
        if known is not None and descriptor.clock is None:
            descriptor = msgspec.structs.replace(descriptor, clock=known.clock)
        if known != descriptor:
            batch.descriptors[key] = descriptor

    def _note_clock(self, batch: CommitBatch, key: tuple[str, str], clock: Clock) -> None:
        """Set a device's clock in its descriptor to that of its samples."""
        known = self._descriptor(batch, key)
        if known is not None and known.clock is not clock:
            batch.descriptors[key] = msgspec.structs.replace(known, clock=clock)


def _reasons(admitted: Admitted) -> set[Reason]:
    return {refused.reason for refused in admitted.refused}


def _disposition_of(admitted: Admitted) -> Disposition | None:
    """Return why a message's records have no samples in the store; None where they have samples or events."""
    if any(block.c for block in admitted.blocks):
        return None
    if admitted.refused:
        return None if admitted.events else Disposition.QUARANTINED
    return Disposition.DROPPED if all(event.kind == SPOOL_DROPPED for event in admitted.events) else None


def _with_entry(mark: Mark, admitted: Admitted, origin: int) -> Mark:
    """Return a mark with the entry of its records in the store's book; `origin` is that of the samples."""
    disposition = _disposition_of(admitted)
    if disposition is not None:
        return replace(mark, entry=QUARANTINED if disposition is Disposition.QUARANTINED else DROPPED)
    blocks = [block for block in admitted.blocks if block.c]
    if admitted.events or not blocks:
        instants_ms = [*(event.t for event in admitted.events), *map(_newest_ms, blocks)]
        return replace(mark, entry=event_entry(max(instants_ms, default=0)))
    return replace(mark, entry=day_of(max(map(_newest_ms, blocks))), origin=origin)


def _shortened(gateway: str, events: Sequence[Event]) -> list[DispositionEntry]:
    """Return the records that a gateway reports as accepted and no longer in its spool."""
    entries = []
    for event in events:
        data = event.data
        epoch, first, last = data.get("epoch"), data.get("first_seq"), data.get("last_seq")
        if event.kind != SPOOL_SHORTENED or not isinstance(epoch, str) or not is_name(epoch):
            continue
        if isinstance(first, int) and isinstance(last, int) and 0 < first <= last <= MAX_SEQ:
            entries.append(DispositionEntry(gateway, epoch, Disposition.SHORTENED, ((first, last),)))
    return entries


def _samples_of(block: Block) -> int:
    return sum(len(column) - column.count(None) for column in block.c.values())


def _newest_ms(block: Block) -> int:
    return block.t0 + (block.dt[-1] if block.dt else 0)
