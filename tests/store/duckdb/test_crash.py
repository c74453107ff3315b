"""kill -9 and a full disk during writes: every acknowledged sample is there once, and nothing is torn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headland.store.duckdb.store import DuckDBStore
from headland.store.port import MarkState, WriteResult
from tests.store.batches import EVERYTHING, ORG
from tests.store.crash_writer import POINTS, SERIES, numbered_batch

ROOT = Path(__file__).parents[3]


def start_writer(path: Path, first: int, limit_bytes: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.crash_writer", str(path), str(first), str(limit_bytes)]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)


def acknowledged(writer: subprocess.Popen[str], kill_after: int) -> int:
    """Kill the writer once it has acknowledged that many; return the last number it acknowledged."""
    assert writer.stdout is not None
    last = 0
    for seen, line in enumerate(writer.stdout, start=1):
        last = int(line)
        if seen == kill_after:
            os.kill(writer.pid, signal.SIGKILL)
    writer.wait(120)
    writer.stdout.close()
    return last


def test_kill_9_loses_nothing_acknowledged_and_tears_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    first = 1
    for kill_after in (1, 7, 40):
        last = acknowledged(start_writer(path, first), kill_after)
        store = DuckDBStore(path)
        found = store.raw(EVERYTHING, 0, 2**60)
        lengths = {len(samples.time_ms) for samples in found}
        assert len(found) == SERIES
        assert len(lengths) == 1, "a batch is torn"
        batches = lengths.pop() * SERIES // POINTS
        assert batches >= last
        assert store.info().points == batches * POINTS
        assert store.marks() == {("gw", "e"): MarkState(batches)}
        assert [event.t for event in store.events(ORG, 0, 2**60)] == list(range(1, batches + 1))
        assert store.write(numbered_batch(last)) == WriteResult(0, duplicate=POINTS)
        store.close()
        first = batches + 1


@pytest.mark.parametrize("limit_kib", [200, pytest.param(3000, marks=pytest.mark.long)])
def test_a_full_disk_refuses_writes_until_there_is_space_again(tmp_path: Path, limit_kib: int) -> None:
    path = tmp_path / "store.duckdb"
    writer = start_writer(path, 1, limit_kib * 1024)
    watchdog = threading.Timer(300, writer.kill)
    watchdog.start()
    told, _ = writer.communicate()
    watchdog.cancel()
    assert writer.returncode == 0, told
    *numbers, refused, went_on = told.split()
    assert refused == "refused"
    assert went_on == "went-on"
    store = DuckDBStore(path)
    assert store.info().points == (int(numbers[-1]) + 1) * POINTS
    assert store.marks() == {("gw", "e"): MarkState(int(numbers[-1]) + 1)}
    store.close()
