"""The SQL tables beside an engine, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headland.errors import RetryLater
from headland.store.port import Mark, MarkState
from headland.store.server.ports import NewConflict
from headland.store.server.sql_metadata import SqlMetadata
from headland.store.server.sql_tables import _METADATA, MARKS, SqlTables
from tests.postgres import Postgres
from tests.store.batches import ORG, event, key
from tests.store.test_events_and_devices import HOUSE


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services("postgresql"))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'side.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


def open_ledger(url: str, store: str = "farm") -> tuple[SqlTables, SqlMetadata]:
    tables = SqlTables(url, store)
    tables.open()
    return tables, SqlMetadata(tables)


def test_stored_rows_come_back_and_repeats_add_nothing(url: str) -> None:
    _, ledger = open_ledger(url)
    marks = {("gw", "e"): MarkState(3, ((5, 6),)), ("gw", "f"): MarkState(1)}
    one = NewConflict(key(), 10, 0.1, 3, 77)
    for turn in range(2):
        ledger.put_marks(marks, {})
        ledger.put_device(ORG, "gw", HOUSE)
        assert ledger.add_events([event(5, text="喷雾 'q' \"z\""), event(5), event(5)]) == (0 if turn else 2)
        assert ledger.add_conflicts([one, one._replace(value=0.2)]) == (0 if turn else 2)
        ledger.add_never_latest([(key(), 10), (key(), 20)])
    ledger.put_marks({("gw", "e"): MarkState(3, ((5, 6),)).add(Mark("gw", "e", 4, 4))}, {})
    ledger.close()
    _, ledger = open_ledger(url)
    held = ledger.load()
    assert held.marks == {("gw", "e"): MarkState(6), ("gw", "f"): MarkState(1)}
    assert held.devices == {(ORG, "gh-1"): ("gw", HOUSE)}
    assert sorted(held.never_latest[key()]) == [10, 20]
    assert (held.events, held.conflicts) == (2, 2)
    assert ledger.conflicts(ORG, 10, 11, "gh-1") == [one, one._replace(value=0.2)]
    assert {found.data.get("text") for found in ledger.events(ORG, 5, 6, None, 9)} == {"喷雾 'q' \"z\"", None}
    assert ledger.event_organisations() == {ORG}
    ledger.close()


def test_stores_in_one_database_do_not_see_each_other(url: str) -> None:
    _, mine = open_ledger(url)
    _, theirs = open_ledger(url, "other")
    mine.put_marks({("gw", "e"): MarkState(3)}, {})
    mine.add_events([event(5)])
    assert theirs.load().marks == {}
    theirs.delete_before(ORG, 99)
    assert mine.load().events == 1
    mine.close()
    theirs.close()


def test_more_rows_than_fit_a_statement_are_added(url: str) -> None:
    tables, ledger = open_ledger(url)
    assert ledger.add_events([event(number) for number in range(1201)]) == 1201
    assert len(ledger.events(ORG, 0, 9999, None, 10_000)) == 1201
    assert tables.count(MARKS) == 0
    ledger.close()


def test_a_database_that_is_away_is_waited_for() -> None:
    tables = SqlTables("postgresql://nobody:secret@127.0.0.1:1/none", "farm")
    with pytest.raises(RetryLater, match="side tables at") as told:
        tables.open()
    assert "secret" not in str(told.value)
    tables.close()


def test_workers_that_start_at_once_make_the_tables_of_a_new_database_together(url: str) -> None:
    for number in range(10):
        together = threading.Barrier(6)

        def open_one(together: threading.Barrier = together, store: str = f"farm-{number}") -> None:
            tables = SqlTables(url, store)
            together.wait(120)
            tables.open()
            tables.close()

        with ThreadPoolExecutor(6) as pool:
            for opened in [pool.submit(open_one) for _ in range(6)]:
                opened.result()
        emptied = SqlTables(url, "any")
        with emptied._connected() as connection:
            _METADATA.drop_all(connection)
        emptied.close()
