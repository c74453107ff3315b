"""A damaged file of ingest never ends the process, whatever SQLite reads of it."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headland.contract.delivery import SpoolReport
from headland.contract.refusals import Reason, Refused
from headland.store.port import Mark
from ingest.accounting.ledger import Disposition, DispositionEntry
from ingest.quarantine.quarantine import Quarantine
from ingest.quarantine.refused_messages import RefusedMessage
from tests.examples import some_long

WHY = (Refused(Reason.NOT_JSON, "no JSON"),)


def filled(path: Path) -> None:
    """Write a file with rows in its tables."""
    quarantine = Quarantine(path, 1024 * 1024, 1000)
    for number in range(1, 40):
        gateway, epoch = f"gw-{number % 5}", f"e{number}"
        message = RefusedMessage(
            "headland/v1/data/1/gw", b"x" * 90, WHY, {"epoch": epoch}, mark=Mark(gateway, epoch, 1, 3)
        )
        quarantine.add(
            [message],
            number,
            [DispositionEntry(gateway, epoch, Disposition.QUARANTINED, ((1, 3),))],
            {f"drone-{number}": gateway},
            reports=[(gateway, SpoolReport(number, "spool_damaged", {"file": "spool.sqlite"}))],
        )
        quarantine.save_marks({(gateway, epoch): number}, {(gateway, epoch): bytes(16)})
        quarantine.add_counts({(gateway, "conflicting"): number})
    quarantine.close()


def read_all(path: Path) -> None:
    """Open the file as a starting ingest does, ask it all that is asked of it, and add a message."""
    quarantine = Quarantine(path, 1024 * 1024, 1000)
    for name, gateway in quarantine.device_owners().items():
        assert (type(name), type(gateway)) == (str, str)
    for (name, epoch), high_water in quarantine.marks().items():
        assert (type(name), type(epoch), type(high_water)) == (str, str, int)
    assert all(isinstance(saved, bytes) for saved in quarantine.digests().values())
    quarantine.add([RefusedMessage("headland/v1/data/1/gw", b"new", WHY)], 100)
    quarantine.disposition_counts()
    quarantine.gateway_counts()
    quarantine.spool_reports()
    quarantine.replay_requests(10)
    assert b"new" in {message.payload for message in quarantine.list(1000)}
    quarantine.close()


@pytest.mark.parametrize("seed", some_long(range(40)))
def test_no_damage_of_a_page_ends_a_starting_ingest(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "quarantine.sqlite"
    filled(path)
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 3, 30))):
        at, length = chance.randrange(100, len(content)), chance.choice((1, 2, 8, 64))
        part = bytes(chance.randrange(256) for _ in range(length)) if chance.random() < 0.5 else bytes(length)
        content[at : at + length] = part[: len(content) - at]
    path.write_bytes(content)
    read_all(path)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("device_owners", "gateway = 7"),
        ("device_owners", "device = NULL"),
        ("spool_marks", "high_water = 'x'"),
        ("spool_digests", "digests = 4"),
        ("fates", "ranges = '[[1,'"),
        ("gateway_counts", "count = x'00'"),
        ("spool_reports", "data = '{'"),
        ("refused", "properties = ']'"),
        ("refused", "seq = 'seven'"),
    ],
)
def test_a_row_that_no_statement_wrote_is_left_out_and_the_others_are_kept(
    tmp_path: Path, table: str, change: str
) -> None:
    path = tmp_path / "quarantine.sqlite"
    filled(path)
    # a column without a type keeps what it is given, as a damaged page does
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = 1")
        schema = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        loose = schema.replace(" NOT NULL", "").replace("INTEGER", "BLOB").replace("TEXT", "BLOB")
        loose = loose.replace("id BLOB PRIMARY KEY", "id INTEGER PRIMARY KEY")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (loose, table))
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        connection.execute(f"UPDATE {table} SET {change} WHERE rowid = 3")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (schema, table))
    quarantine = Quarantine(path, 1024 * 1024, 1000)
    quarantine.device_owners()
    assert quarantine.damaged_files == 1
    quarantine.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= rows - 1
    read_all(path)
