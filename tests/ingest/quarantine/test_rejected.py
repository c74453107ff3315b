"""Samples that the store never accepts are quarantined with their message; all others are stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.clock import wall_clock_ms
from headland.store.influx.store import open_influx
from headland.store.port import MarkState, SeriesFilter
from headland.store.server.store import ServerStore
from tests.influx_server import InfluxServer
from tests.ingest.gateway import batch_of, block_of
from tests.ingest.writer_bench import Bench
from tests.waiting import wait_until

pytestmark = pytest.mark.services("influxdb", "nginx")

NOW_MS = wall_clock_ms()
OLD_MS = NOW_MS - 90 * 86_400_000
LOCAL = SeriesFilter("local")


@pytest.fixture
def short(influx_server: InfluxServer, tmp_path: Path) -> Iterator[ServerStore]:
    """A store that keeps thirty days."""
    store = open_influx(influx_server.url_of(tmp_path) + "?retention=30d")
    yield store
    store.close()


def stored(store: ServerStore) -> list[int]:
    return [time_ms for samples in store.raw(LOCAL, 0, 2**60) for time_ms in samples.time_ms.tolist()]


def test_a_message_with_rejected_samples_is_quarantined_and_the_rest_of_it_stored(
    short: ServerStore, influx_server: InfluxServer, tmp_path: Path
) -> None:
    bench = Bench(tmp_path)
    bench.writer._store = short
    old = block_of({"air_temperature_degc": [20.0, None, 21.0], "co2_ppm": [400.0, 401.0, 402.0]}, OLD_MS)
    new = block_of({"air_temperature_degc": [22.0]}, NOW_MS)
    bench.wait_for_start(batch_of(1, old, new), [1])
    bench.put(batch_of(2, block_of({"air_temperature_degc": [23.0]}, NOW_MS + 50)))
    bench.wait_for_mids([1, 2])
    assert stored(short) == [NOW_MS, NOW_MS + 50]
    assert short.marks() == {("gw-1", "e1"): MarkState(2)}
    wait_until(lambda: bench.acks.acks and bench.acks.acks[-1][1].seq == 2)
    (quarantined,) = bench.writer.quarantine.list()
    assert (quarantined.gateway, quarantined.seq, quarantined.reason) == ("gw-1", 1, "store_refused")
    assert "5 samples: its time is outside the retention of the store" in quarantined.detail
    assert (bench.writer.counts["points_rejected"], bench.writer.counts["quarantined_store_refused"]) == (5, 1)
    assert bench.writer.counts["points"] == 2
    # Tried again it is refused again; once the store keeps longer, what was missing comes in, once.
    bench.writer.quarantine.request_replay(quarantined.id, NOW_MS)
    bench.writer.replay_soon()
    wait_until(lambda: bench.writer.counts["replayed_in_vain"] == 1)
    longer = open_influx(influx_server.url_of(tmp_path) + "?retention=400d")
    bench.writer._store = longer
    bench.writer.quarantine.request_replay(quarantined.id, NOW_MS)
    bench.writer.replay_soon()
    wait_until(lambda: bench.writer.counts["replayed"] == 1)
    wait_until(lambda: bench.writer.quarantine.count() == 0)
    assert sorted(stored(longer)) == sorted(
        [OLD_MS, OLD_MS + 200, OLD_MS, OLD_MS + 100, OLD_MS + 200, NOW_MS, NOW_MS + 50]
    )
    bench.writer.stop()
    longer.close()
