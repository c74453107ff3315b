"""The intruder's view of the quarantine file."""

import sqlite3
from contextlib import closing
from pathlib import Path

from ingest.quarantine.quarantine_file import QuarantineFile
from station.chaos.traffic.unauthorised_client import read_quarantine


def test_a_quarantine_that_ingest_is_just_making_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.sqlite"
    assert read_quarantine(path) == {}
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        assert read_quarantine(path) == {}
    QuarantineFile(path).close()
    assert read_quarantine(path) == {}
