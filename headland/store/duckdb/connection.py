"""Connections to DuckDB: the one place that opens them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

#: Values of DuckDB's settings by name.
ConnectionSettings = Mapping[str, str | bool | int | float | list[str]]


def open_database(
    path: Path | None, settings: ConnectionSettings | None = None, *, read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, or a database in memory (None), that prints nothing; raises `duckdb.Error`.

    In an interpreter without a script, as of `python -c`, DuckDB prints a progress bar on standard output after two
    seconds of a statement: in front of whatever the program prints there. Cursors of a connection have none.
    """
    where = ":memory:" if path is None else str(path)
    connection = duckdb.connect(where, read_only=read_only, config=dict(settings or {}))
    try:
        # It belongs to a connection and is refused among `settings`.
        connection.execute("SET enable_progress_bar = false")
    except duckdb.Error:
        connection.close()
        raise
    return connection
