"""A record's trace, through a real broker: the gateway's spans and those of ingest are one trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.record_traces import RecordTraces
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.contract.trace_context import context_of_record
from headland.runtime.tracing.exporter import TraceExporter
from headland.runtime.tracing.settings import TraceSettings
from headland.store.memory import MemoryStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.broker import Broker
from tests.edge.contents import content
from tests.runtime.tracing.receiver import Receiver
from tests.waiting import wait_until


@pytest.mark.services
def test_a_record_is_one_trace_from_the_gateway_to_its_commit(mosquitto: Broker, tmp_path: Path) -> None:
    with Receiver() as receiver:
        settings = TraceSettings(receiver.url)
        at_gateway = TraceExporter(settings, "headland-gateway", "gw-1")
        at_station = TraceExporter(settings, "headland-station", "ingest-0")
        spool = Spool(tmp_path / "spool.sqlite", SpoolOwner("gw-1", "home"), 50_000_000)
        traces = RecordTraces("gw-1", at_gateway)
        spool.on_append = traces.appended
        broker = BrokerSettings(host=mosquitto.host, port=mosquitto.port, resend_s=5)
        uplink = Uplink(broker, "gw-1", spool, traces=traces)
        store = MemoryStore()
        ingest = IngestService(
            IngestSettings(quarantine_path=tmp_path / "q.sqlite", host=mosquitto.host, port=mosquitto.port),
            store,
            spans=at_station,
        )
        parts = (at_gateway, at_station, ingest, uplink)
        for part in parts:
            part.start()
        try:
            wait_until(lambda: ingest.health().ok)
            assert spool.append([content(1), content(2)])
            uplink.wake()
            wait_until(lambda: spool.acked_seq == 2)
            wait_until(lambda: len(receiver.named("gateway batch")) == 2 and len(receiver.named("ingest record")) >= 2)
        finally:
            for part in reversed(parts):
                part.stop()
            spool.close()
    for seq in (1, 2):
        trace_id = context_of_record("gw-1", spool.epoch, seq).trace_id.to_bytes(16, "big")
        trace = [(service, span) for service, span in receiver.spans if span.trace_id == trace_id]
        (batch,) = (span for _, span in trace if span.name == "gateway batch")
        publishes = {span.span_id: span for _, span in trace if span.name == "gateway publish"}
        records = [(service, span) for service, span in trace if span.name == "ingest record"]
        assert not batch.parent_span_id
        assert {span.parent_span_id for span in publishes.values()} == {batch.span_id}
        assert records
        for service, span in records:
            assert service == "headland-station"
            assert span.parent_span_id in publishes
            below = {inner.name for _, inner in trace if inner.parent_span_id == span.span_id}
            assert below == {"ingest decode", "ingest commit"}
        by_id = {span.span_id for _, span in trace}
        assert all(span.parent_span_id in by_id for _, span in trace if span is not batch)
