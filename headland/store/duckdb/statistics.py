"""What lies in a DuckDB store's file, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb

from headland.store.core.rollup import ALWAYS_MS, TIERS, Retention
from headland.store.duckdb.compaction import count_free
from headland.store.duckdb.rollups import load_kept, load_retention
from headland.store.duckdb.state_loader import count

_ENDS: Final = "SELECT min(ts), max(ts) FROM points"
_ROWS: Final = "SELECT count(*) FROM {table}"


@dataclass(frozen=True, slots=True)
class FileFigures:
    """Counts of rows, bytes, and from when on what is there; `samples_since_ms` is set once samples were let go."""

    schema: int
    oldest_ms: int | None
    newest_ms: int | None
    rollup_rows: dict[str, int]
    stale_hours: int
    free_bytes: int
    retention: Retention
    samples_since_ms: int | None
    size_bytes: int = 0


def read_figures(cursor: duckdb.DuckDBPyConnection) -> FileFigures:
    """Return the figures of an open file but for its size."""
    ((oldest_ms, newest_ms),) = cursor.execute(_ENDS).fetchall()
    kept_ms = load_kept(cursor).raw_ms
    return FileFigures(
        schema=count(cursor, "SELECT max(version) FROM schema_version"),
        oldest_ms=oldest_ms,
        newest_ms=newest_ms,
        rollup_rows={
            tier.table.removeprefix("rollup_"): count(cursor, _ROWS.format(table=tier.table)) for tier in TIERS
        },
        stale_hours=count(cursor, _ROWS.format(table="dirty")),
        free_bytes=count_free(cursor)[0],
        retention=load_retention(cursor),
        samples_since_ms=None if kept_ms == ALWAYS_MS else kept_ms,
    )
