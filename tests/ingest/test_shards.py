"""Two workers over static shards on one store, and a worker's memory while the store is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from headland.contract.topics import shard_of
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import MarkState, SeriesFilter, Store
from ingest.service import IngestService
from ingest.settings import ALL_SHARDS, IngestSettings
from tests.broker import Broker
from tests.ingest.brittle_store import BrittleStore, count_points, is_away
from tests.ingest.conftest import StartIngest
from tests.ingest.gateway import T0_MS, Gateway, batch_of, block_of, properties_of, topic_and_payload
from tests.waiting import wait_until

pytestmark = pytest.mark.services("mosquitto")

LOW = frozenset(range(8))
RECORDS = 60
NAMES = [f"gw-{number}" for number in range(40)]
OF_LOW = [name for name in NAMES if shard_of(name) in LOW][:3]
OF_HIGH = [name for name in NAMES if shard_of(name) not in LOW][:3]

StartWorker = Callable[[Store, frozenset[int]], IngestService]


@pytest.fixture
def start_worker(start_ingest: StartIngest, tmp_path: Path) -> StartWorker:
    """A function that starts the worker of some shards."""

    def start(store: Store, shards: frozenset[int]) -> IngestService:
        name = f"ingest-{min(shards)}"
        return start_ingest(store, client_id=name, shards=shards, quarantine_path=tmp_path / f"{name}.sqlite")

    return start


@pytest.fixture
def gateways(mosquitto: Broker) -> Iterator[dict[str, Gateway]]:
    """Three connected gateways of each half."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(Gateway(mosquitto.host, mosquitto.port, name)) for name in (*OF_LOW, *OF_HIGH)}


def send(gateways: dict[str, Gateway], seqs: range) -> None:
    for seq in seqs:
        for name, gateway in gateways.items():
            block = block_of({"air_temperature_degc": [20.0, 20.5]}, T0_MS + seq * 1000, device=f"gh-{name}")
            topic, payload = topic_and_payload(batch_of(seq, block, gateway=name))
            gateway.publish_soon(topic, payload, properties_of("e1", seq))


def acked(gateway: Gateway) -> int:
    return max((ack.seq for ack in gateway.acks), default=0)


def test_a_worker_that_is_stopped_and_started_loses_nothing_and_delays_no_other(
    start_worker: StartWorker, gateways: dict[str, Gateway], tmp_path: Path
) -> None:
    store = DuckDBStore(tmp_path / "farm.duckdb")
    try:
        low, high = start_worker(store, LOW), start_worker(store, ALL_SHARDS - LOW)
        send(gateways, range(1, 21))
        wait_until(lambda: all(acked(gateway) >= 1 for gateway in gateways.values()))
        low.stop()
        send(gateways, range(21, RECORDS + 1))
        wait_until(lambda: all(acked(gateways[name]) == RECORDS for name in OF_HIGH))
        assert all(acked(gateways[name]) < RECORDS for name in OF_LOW)
        low = start_worker(store, LOW)
        wait_until(lambda: all(acked(gateways[name]) == RECORDS for name in OF_LOW))
        assert store.marks() == {(name, "e1"): MarkState(RECORDS) for name in gateways}
        samples = store.raw(SeriesFilter("local"), 0, 2**60)
        assert [len(each.time_ms) for each in samples] == [2 * RECORDS] * len(gateways)
        assert (low.names(), high.names()) == (sorted(OF_LOW), sorted(OF_HIGH))
        for worker, names in ((low, OF_LOW), (high, OF_HIGH)):
            for report in worker.deliveries(names):
                assert (report.epochs[0].stored, report.missing, report.loss) == (RECORDS, (), 0)
            # On a server a worker sees the marks of the others as they were when it opened the store.
            others = [name for name in gateways if name not in names]
            assert worker.deliveries(others) == []
            assert worker.accept_loss(others[0]) is None
    finally:
        for worker in (low, high):
            worker.stop()
        store.close()


def test_memory_stays_bounded_while_the_store_is_away_and_all_is_stored_when_it_is_back(
    ingest_settings: IngestSettings, gateways: dict[str, Gateway]
) -> None:
    limit = 30
    store = BrittleStore()
    service = IngestService(replace(ingest_settings, receive_maximum=limit, batch_messages=10), store)
    service.start()
    try:
        wait_until(lambda: service.health().ok)
        store.check = is_away
        send(gateways, range(1, 51))
        wait_until(lambda: store.tries >= 4)
        counters = service.counters()
        assert 0 < counters["received"] + counters["waiting"] <= limit
        assert counters["inbox_dropped"] == 0
        store.check = lambda _: None
        wait_until(lambda: all(acked(gateway) == 50 for gateway in gateways.values()))
        assert count_points(store) == 2 * 50 * len(gateways)
    finally:
        service.stop()
