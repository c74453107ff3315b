"""A writer with a real inbox and store, and recorded acknowledgements, without a broker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from headland.clock import MachineClock
from headland.contract.codec import encode_batch, encode_record
from headland.contract.content_sums import read_sums
from headland.contract.delivery import Delivery
from headland.contract.records import Ack, Batch, Descriptor, GatewayStatus
from headland.contract.topics import data_topic, meta_topic, status_topic
from ingest.machine import IngestMachine
from ingest.mqtt.inbox import InboundMessage, Inbox
from ingest.service import IngestService
from ingest.settings import IngestSettings
from ingest.writer import IngestWriter
from tests.ingest.brittle_store import BrittleStore
from tests.ingest.gateway import T0_MS, properties_of
from tests.waiting import wait_until


class RecordedAcks:
    """Records the acknowledgements that the writer sends; `sums` are the content sums of each of `acks`."""

    def __init__(self) -> None:
        self.mids: list[int] = []
        self.acks: list[tuple[str, Ack]] = []
        self.sums: list[dict[int, int]] = []
        self.connected = True
        self.redeliveries = 0

    def redeliver(self) -> None:
        self.redeliveries += 1

    def acknowledge(self, messages: Sequence[InboundMessage]) -> None:
        self.mids += [message.mid for message in messages]

    def publish_ack(self, gateway: str, ack: Ack) -> bool:
        if self.connected:
            self.acks.append((gateway, msgspec.structs.replace(ack, sums="")))
            self.sums.append(read_sums(ack.sums, ack.seq))
        return self.connected


class Bench:
    """A writer and everything around it: started as a thread, or driven by `settle` in the test's own."""

    def __init__(self, folder: Path, store: BrittleStore | None = None, **settings: Any) -> None:
        self.store = BrittleStore() if store is None else store
        self.now_ms = T0_MS + 1000
        self.inbox = Inbox(1000)
        self.acks = RecordedAcks()
        self.settings = IngestSettings(
            quarantine_path=folder / "quarantine.sqlite", batch_wait_s=0.001, **{"batch_messages": 100, **settings}
        )
        clock = MachineClock(now_ms=lambda: self.now_ms)
        self.service = IngestService(self.settings, self.store, machine=IngestMachine(clock=clock))
        self.writer = IngestWriter(self.settings, self.store, self.inbox, self.acks, IngestMachine(clock=clock))
        self.service._writer = self.writer  # reports of this writer, without a broker
        self._mid = 0

    def put(self, batch: Batch, payload: bytes | None = None, base: int | None = None) -> int:
        body = encode_batch(batch) if payload is None else payload
        properties = properties_of(batch.epoch, batch.seq, batch.first)
        if base is not None:
            properties["base"] = str(base)
        return self._receive(data_topic(batch.gw), body, properties=properties)

    def say(self, status: GatewayStatus) -> None:
        self.inbox.put(InboundMessage(1, 0, 1, status_topic(status.gw), encode_record(status), False, {}))

    def describe(self, gateway: str, descriptor: Descriptor, *, retained: bool = False) -> int:
        return self._receive(meta_topic(gateway, descriptor.device), encode_record(descriptor), retained=retained)

    def settle(self) -> None:
        """Handle everything that was put, in this thread."""
        while len(self.inbox):
            self.writer.turn()
        self.writer.turn()

    def delivery(self, gateway: str) -> Delivery:
        report = self.service.delivery(gateway)
        assert report is not None
        return report

    def wait_for_start(self, batch: Batch, mids: list[int]) -> None:
        self.put(batch)
        self.writer.start()
        self.wait_for_mids(mids)

    def wait_for_mids(self, mids: list[int]) -> None:
        wait_until(lambda: self.acks.mids == mids)

    def _receive(
        self, topic: str, payload: bytes, *, retained: bool = False, properties: dict[str, str] | None = None
    ) -> int:
        self._mid += 1
        self.inbox.put(InboundMessage(1, self._mid, 1, topic, payload, retained, properties or {}))
        return self._mid
