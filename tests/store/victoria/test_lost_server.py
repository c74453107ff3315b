"""A server that was emptied, or restored from an older backup, is noticed, and what it lost is counted as lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.clock import wall_clock_ms
from headland.store.port import Mark
from headland.store.record_book import SERVER_LOST, day_of
from headland.store.server.store import ServerStore
from headland.store.victoria.store import open_victoria
from headland.units_of_time import MINUTE_MS
from tests.store.batches import batch, key, rows_of
from tests.victoria_server import VictoriaServer

pytestmark = pytest.mark.services("victoria-metrics")

A = key()
NOW_MS = wall_clock_ms() - 5 * MINUTE_MS


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VictoriaServer]:
    made = VictoriaServer(tmp_path / "server")
    made.start()
    yield made
    made.kill()


def write(store: ServerStore, epoch: str, first: int, last: int) -> None:
    for number in range(first, last + 1):
        at_ms = NOW_MS + number * 1000 + sum(map(ord, epoch))
        marks = [Mark("gw", epoch, number, number, day_of(at_ms))]
        store.write(batch((A, at_ms, float(number)), marks=marks))


def stored_of(store: ServerStore) -> int:
    return sum(state.book.count(lambda entry: entry >= 0) for state in store.marks().values())


def lost_of(store: ServerStore, epoch: str) -> tuple[tuple[int, int], ...]:
    return store.marks()["gw", epoch].book.ranges(lambda entry: entry == SERVER_LOST)


def let_look(store: ServerStore) -> None:
    """Let it look for a loss at the next call, as after its interval."""
    store._looked_s = time.monotonic() - 3600


@pytest.mark.parametrize("running", [True, False], ids=["running", "at the start"])
@pytest.mark.parametrize("is_older", [True, False], ids=["older", "emptied"])
def test_what_a_server_lost_is_counted_as_lost(
    running: bool, is_older: bool, server: VictoriaServer, tmp_path: Path
) -> None:
    data, copy = tmp_path / "server" / "data", tmp_path / "copy"
    url = server.url(tmp_path / "side.sqlite")
    store = open_victoria(url)
    write(store, "ended", 1, 5)
    write(store, "e", 1, 3)
    server.kill()
    shutil.copytree(data, copy)
    server.start()
    write(store, "e", 4, 7)
    assert (stored_of(store), store.info().damage) == (12, ())
    server.kill()
    shutil.rmtree(data)
    if is_older:
        shutil.copytree(copy, data)
    server.start()
    if running:
        let_look(store)
    else:
        store.close()
        store = open_victoria(url)
    assert stored_of(store) == len(rows_of(store)) == (8 if is_older else 0)
    assert lost_of(store, "e") == ((4 if is_older else 1, 7),)
    assert lost_of(store, "ended") == (() if is_older else ((1, 5),))
    (sentence,) = store.info().damage
    assert f"{4 if is_older else 7} of gw (e)" in sentence
    assert len(store.acknowledge_damage(NOW_MS, "admin")) == 1
    assert store.info().damage == ()
    # It goes on, and says nothing more.
    write(store, "e", 8, 9)
    let_look(store)
    assert (stored_of(store), store.info().damage) == (len(rows_of(store)), ())
    store.close()
    again = open_victoria(url)
    assert (stored_of(again), again.info().damage) == (len(rows_of(again)), ())
    again.close()


def test_a_server_that_has_everything_is_not_suspected(server: VictoriaServer, tmp_path: Path) -> None:
    store = open_victoria(server.url(tmp_path / "side.sqlite"))
    for number in (1, 2, 3, 9, 8, 5):
        write(store, "e", number, number)
        let_look(store)
        assert store.info().damage == ()
    server.kill()
    server.start()
    let_look(store)
    assert (stored_of(store), store.info().damage) == (6, ())
    store.close()
