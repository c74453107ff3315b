"""One, two and four ingest workers on VictoriaMetrics and PostgreSQL: shards move, each record is stored once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from headland.contract.topics import data_topic, shard_of
from headland.store.port import SeriesFilter
from headland.store.victoria.store import open_victoria
from tests.ingest.gateway import T0_MS, Gateway, batch_of, block_of, properties_of, topic_and_payload
from tests.services.sharded_farm import ShardedFarm, Spools
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.long,
    pytest.mark.services("mosquitto", "postgresql", "victoria-metrics"),
    pytest.mark.timeout(900),
]

ROUNDS: Final = (1, 2, 4, 1)
RECORDS: Final = 30
#: Of so many records one cannot be read, and goes to quarantine.
BAD_EACH: Final = 10
Record = tuple[int, str, bytes, dict[str, str]]


def one_of_each_shard(count: int) -> list[str]:
    """Return gateways whose shards are spread over all: every worker has the same number."""
    names = {shard_of(f"gw-{number}"): f"gw-{number}" for number in range(200)}
    return [names[shard] for shard in range(0, 16, 16 // count)]


GATEWAYS: Final = one_of_each_shard(8)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[ShardedFarm]:
    made = ShardedFarm(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


def records_of(name: str, seqs: range) -> list[Record]:
    """Return records of a gateway with two samples each, of which every tenth is no batch at all."""
    records: list[Record] = []
    for seq in seqs:
        block = block_of({"air_temperature_degc": [20.0, 20.5]}, T0_MS + seq * 1000, device=f"gh-{name}")
        topic, payload = topic_and_payload(batch_of(seq, block, gateway=name))
        assert topic == data_topic(name)
        records.append((seq, topic, b"not a batch" if seq % BAD_EACH == 0 else payload, properties_of("e1", seq)))
    return records


def test_each_record_is_stored_once_while_shards_move_between_one_two_and_four_workers(farm: ShardedFarm) -> None:
    with ExitStack() as stack:
        gateways = [stack.enter_context(Gateway(farm.broker.host, farm.broker.port, name)) for name in GATEWAYS]
        spools, key, sent = Spools(gateways), "", 0
        for turn, workers in enumerate(ROUNDS):
            # In turn as a service is told to stop, and as a machine that is cut off.
            farm.shard(workers, signal.SIGKILL if turn % 2 else signal.SIGTERM)
            before, sent = sent, sent + RECORDS
            spools.send_until_committed({name: records_of(name, range(before + 1, sent + 1)) for name in GATEWAYS})
            farm.start_api()
            key = key or farm.make_key()
            listed = farm.get("/v1/gateways", key)["items"]
            assert [(each["id"], each["loss"]) for each in listed] == [(name, 0) for name in sorted(GATEWAYS)]
            bad = sent // BAD_EACH
            for name in GATEWAYS:
                delivery = farm.get(f"/v1/gateways/{name}/delivery", key)
                totals = delivery["totals"]
                assert totals["accounted"] == sent, (workers, name, totals)
                assert (totals["stored"], totals["quarantined"]) == (sent - bad, bad), (workers, name)
                assert (totals["missing"], totals["lost"], delivery["loss"]) == (0, 0, 0), (workers, name)
            refused = farm.get("/v1/quarantine?limit=1000", key)["items"]
            assert len(refused) == len(GATEWAYS) * bad
            assert len({each["id"] for each in refused}) == len(refused)
        farm.stop_workers()
    store = open_victoria(farm.store_url)
    try:
        samples = wait_until(lambda: store.raw(SeriesFilter("local"), 0, 2**60))
        stored = {each.key.device: each.time_ms.tolist() for each in samples}
        expected = [T0_MS + seq * 1000 + row for seq in range(1, sent + 1) if seq % BAD_EACH for row in (0, 100)]
        assert stored == {f"gh-{name}": expected for name in GATEWAYS}
        assert store.conflicts("local", 0, 2**60) == []
    finally:
        store.close()
