"""Commit batch: messages that were judged, and everything that their commit writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from headland.clock.station_clock.record import TimeLimits
from headland.contract.records import Descriptor, Event
from headland.store.port import (
    Mark,
    MarkState,
    Points,
    Rejection,
    StoredEvent,
    WriteBatch,
    WriteResult,
)
from ingest.accounting.gateway_stats import GatewayActivity
from ingest.accounting.ledger import DispositionEntry
from ingest.accounting.spool_reports import GatewayReport
from ingest.admission.columns import SampleColumns
from ingest.commit.traces import DecodedRecord
from ingest.mqtt.inbox import InboundMessage
from ingest.quarantine.refused_messages import RefusedMessage

Epoch = tuple[str, str]
_NO_POINTS = Points((), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8))


class Origin(NamedTuple):
    """A message whose samples are counted apart: its gateway and records.

    `is_again`: the records were accounted for before, so that nothing of the message should be new. `samples` are those
    of a message that was handed over in this process.
    """

    gateway: str
    mark: Mark | None = None
    message: InboundMessage | None = None
    is_again: bool = False
    samples: int = 0


@dataclass(slots=True)
class CommitBatch:
    """Messages and everything that their commit writes.

    `marks` are the states after the commit of the (gateway, epoch) pairs that the batch touches, the last touched last.
    `counts` and `activity` are added to the counters only after the commit. `dispositions` are the records that are
    accounted for without samples, `claims` the owners of devices to save, `lasting` counts that outlive the process,
    `spool_reports` what gateways say about their spools; with `refusals` they go to the quarantine's file, where they
    are already if `is_quarantined`. `filled` are records that were accounted for before and whose content is in the
    batch. `origins` are the messages by which the store counts samples; `result` is what it answered, `rejections` are
    samples that it will never accept, and `rejected` their messages. `notes` are events of ingest itself;
    `other_content` are records that arrived with another content than before, `stored_again` those of a replaced store
    that arrived again with the same, `sums` those whose content an ack may show: spool, record and content sum.
    `digests` are those of the records whose content it has, by which ingest knows them again after the commit.
    `owed_refusals`, `owed_dispositions` and `owed_counts` are what the quarantine did not take after the store had the
    batch. `replay_number` is that of a quarantined message that the batch replays, 0 for none. `traced` are the
    messages to be traced, and `store_ns` is when the store had the batch, where traces are on.
    """

    organisation: str
    columns: SampleColumns
    messages: list[InboundMessage] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    new_marks: list[Mark] = field(default_factory=list)
    filled: list[Mark] = field(default_factory=list)
    marks: dict[Epoch, MarkState] = field(default_factory=dict)
    refusals: list[RefusedMessage] = field(default_factory=list)
    descriptors: dict[tuple[str, str], Descriptor] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    activity: GatewayActivity = field(default_factory=GatewayActivity)
    dispositions: list[DispositionEntry] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)
    lasting: Counter[tuple[str, str]] = field(default_factory=Counter)
    spool_reports: list[GatewayReport] = field(default_factory=list)
    notes: Sequence[Event] = ()
    other_content: list[Mark] = field(default_factory=list)
    stored_again: list[DispositionEntry] = field(default_factory=list)
    sums: list[tuple[Epoch, int, int]] = field(default_factory=list)
    digests: dict[tuple[Epoch, int], int] = field(default_factory=dict)
    replay_number: int = 0
    origins: list[Origin] = field(default_factory=list)
    is_quarantined: bool = False
    owed_refusals: list[RefusedMessage] = field(default_factory=list)
    owed_dispositions: list[DispositionEntry] = field(default_factory=list)
    owed_counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    result: WriteResult | None = None
    rejections: Sequence[Rejection] = ()
    rejected: list[RefusedMessage] = field(default_factory=list)
    traced: list[DecodedRecord] = field(default_factory=list)
    store_ns: tuple[int, int] = (0, 0)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing for the store to write."""
        return not (len(self.columns) or self.events or self.new_marks or self.notes)

    @property
    def needs_quarantine(self) -> bool:
        """Whether something of a message must be in the quarantine's file before it is acknowledged."""
        return bool(self.refusals or self.dispositions or self.lasting or self.spool_reports)

    @property
    def is_owed(self) -> bool:
        """Whether the quarantine lacks something of it."""
        return bool(self.owed_refusals or self.owed_dispositions or self.owed_counts)

    def to_write_batch(self, limits: TimeLimits) -> WriteBatch:
        """Return the store transaction of this batch."""
        points = self.columns.points(limits.flag_after_ms) if len(self.columns) else _NO_POINTS
        notes = (StoredEvent(self.organisation, event) for event in self.notes)
        events = [*self.events, *notes]
        until_ms, seen_ms = limits.latest_until_ms, limits.now_ms
        return WriteBatch(points, events, self.new_marks, until_ms, seen_ms, filled=self.filled)
