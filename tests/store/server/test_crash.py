"""kill -9 of a writer to a server: nothing acknowledged is lost, and sending again completes the rest."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headland.store.port import MarkState, WriteResult
from station.server.storage.stores import open_store
from tests.store.batches import EVERYTHING, ORG, batch, key, rows_of
from tests.store.crash_writer import EACH, POINTS, SERIES, numbered_batch

ROOT = Path(__file__).parents[3]
SERVERS = [
    pytest.param("influx_server", marks=pytest.mark.services("influxdb", "nginx"), id="influxdb"),
    pytest.param("victoria_server", marks=pytest.mark.services("victoria-metrics"), id="victoriametrics"),
]


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store on a real server."""
    return str(request.getfixturevalue(request.param).url_of(tmp_path))


def kill_after(url: str, first: int, acknowledged: int) -> int:
    """Write from batch `first` on and kill the writer; return the last batch that it acknowledged."""
    command = [sys.executable, "-m", "tests.store.server_writer", url, str(first)]
    writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    last = 0
    for seen, line in enumerate(writer.stdout, start=1):
        last = int(line)
        if seen == acknowledged:
            writer.send_signal(signal.SIGKILL)
    writer.wait(120)
    writer.stdout.close()
    return last


def test_a_killed_writer_loses_nothing_acknowledged_and_doubles_nothing(url: str) -> None:
    first = 1
    for acknowledged in (1, 6):
        last = kill_after(url, first, acknowledged)
        store = open_store(url)
        marked = store.marks()["gw", "e"].high_water
        # The batch under way when it died may be there in part, with its mark or without.
        assert marked >= last
        for samples in store.raw(EVERYTHING, 0, 2**60):
            assert set(range(EACH, (marked + 1) * EACH)) <= set(samples.time_ms.tolist())
        resent = store.write(numbered_batch(last + 1))
        assert (resent.accepted + resent.duplicate, resent.conflicting) == (POINTS, 0)
        complete = max(marked, last + 1)
        assert store.info().points == complete * POINTS
        assert len(store.raw(EVERYTHING, 0, 2**60)) == SERIES
        assert store.marks() == {("gw", "e"): MarkState(complete)}
        assert [event.t for event in store.events(ORG, 0, 2**60)] == list(range(1, complete + 1))
        assert store.write(numbered_batch(1)) == WriteResult(0, duplicate=POINTS)
        store.close()
        first = complete + 1


def test_threads_that_write_at_once_each_get_their_own_result(url: str) -> None:
    store = open_store(url)
    results: dict[int, WriteResult] = {}

    def write(number: int) -> None:
        mine = key(f"channel_{number}_m")
        rows = [(mine, time_ms, float(number)) for time_ms in range(1, 2 + number)]
        results[number] = store.write(batch(*rows, (key("shared_m"), 7, 1.0)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.duplicate for result in results.values()) == 5
    assert [results[number].accepted + results[number].duplicate for number in range(6)] == [2 + n for n in range(6)]
    assert len(rows_of(store)) == store.info().points == sum(range(1, 7)) + 1
    store.close()
