"""kill -9 at any step of a compaction, a back-up or an upgrade: nothing acknowledged is lost, doubled or torn."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from headland.store.duckdb import sql
from headland.store.duckdb.copies.backup import restore
from headland.store.duckdb.paths import copy_of
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables.compaction import no_progress
from headland.store.port import MarkState
from headland.units_of_time import HOUR_MS
from tests.store.batches import EVERYTHING, ORG
from tests.store.crash_maintenance import AFTER_RENAMING
from tests.store.crash_writer import POINTS, SERIES, numbered_batch
from tests.store.earlier_schema import write_as_schema

ROOT = Path(__file__).parents[3]
FILLED = 12


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some batches, as the newest schema keeps them."""
    path = tmp_path_factory.mktemp("filled") / "store.duckdb"
    store = DuckDBStore(path)
    for number in range(1, FILLED + 1):
        store.write(numbered_batch(number))
    store.close()
    return path


@pytest.fixture(scope="module")
def released(filled: Path) -> Path:
    """The same store as the first released schema kept it."""
    path = filled.with_name("released.duckdb")
    write_as_schema(1, filled, path)
    return path


def work(path: Path, what: str, step: int) -> tuple[int, int]:
    """Let a child work; return the last batch it acknowledged, and how many steps it took where it lived."""
    command = [sys.executable, "-m", "tests.store.crash_maintenance", str(path), what, str(step)]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, -9), done.stderr
    words = done.stdout.split()
    steps = int(words.pop()) if done.returncode == 0 else 0
    numbers = [int(word) for word in words if word.isdigit()]
    return max(numbers, default=FILLED), steps


def assert_whole(path: Path, acknowledged: int) -> None:
    store = DuckDBStore(path)
    found = store.raw(EVERYTHING, 0, 2**60)
    lengths = {len(samples.time_ms) for samples in found}
    assert (len(found), len(lengths)) == (SERIES, 1), "a batch is torn"
    batches = lengths.pop() * SERIES // POINTS
    assert batches >= acknowledged
    assert store.info().points == batches * POINTS
    assert store.marks() == {("gw", "e"): MarkState(batches)}
    assert [event.t for event in store.events(ORG, 0, 2**60)] == list(range(1, batches + 1))
    assert sum(int(each.count.sum()) for each in store.buckets(EVERYTHING, 0, HOUR_MS, HOUR_MS)) == batches * POINTS
    assert store.write(numbered_batch(batches)).accepted == 0
    store.close()
    assert not copy_of(path).exists()


@pytest.mark.parametrize("what", ["compact", "backup"])
@pytest.mark.long
def test_kill_9_at_any_step_of_long_work_beside_writes_loses_and_doubles_nothing(
    filled: Path, tmp_path: Path, what: str
) -> None:
    path, backup = tmp_path / "store.duckdb", tmp_path / "backup.duckdb"
    shutil.copyfile(filled, path)
    acknowledged, steps = work(path, what, 0)
    assert_whole(path, acknowledged)
    assert steps > 10
    for step in (AFTER_RENAMING, *(max(1, number * steps // 6) for number in range(1, 6))):
        for each in tmp_path.iterdir():
            each.unlink()
        shutil.copyfile(filled, path)
        acknowledged, _ = work(path, what, step)
        assert_whole(path, acknowledged)
        if backup.exists():
            restored = tmp_path / "restored.duckdb"
            restore(backup, restored, no_progress)
            assert_whole(restored, FILLED)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_kill_9_in_the_middle_of_an_upgrade_leaves_the_old_or_the_new_store(
    released: Path, tmp_path: Path, step: int
) -> None:
    path = tmp_path / "store.duckdb"
    shutil.copyfile(released, path)
    work(path, "upgrade", step)
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() in ([(1,)], [(len(sql.MIGRATIONS),)])
    assert_whole(path, FILLED)
