"""One transaction of the DuckDB engine: a group of batches goes in, what changed in memory comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from headland.contract.records import Descriptor
from headland.store.core.batch_rows import Rows, count_results, join_batches
from headland.store.core.dedup import Positions, judge, split_windows
from headland.store.core.selection import pack_event
from headland.store.core.stale_rollups import DirtyHours, Touched
from headland.store.core.state import Change, StoreState, advance_marks
from headland.store.duckdb import sql
from headland.store.port import Index, MarkState, SeriesKey, Times, Values, WriteBatch
from headland.units_of_time import MINUTE_MS

#: Late samples whose times lie further apart than this are looked up in separate windows, so that one gateway's
#: back-fill does not make a search through everything of the others'.
_WINDOW_GAP_MS = 15 * MINUTE_MS
_MOST_WINDOWS = 8


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block does, or nothing of it."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After a failed commit there is no transaction left to roll back.
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise


def count(connection: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, object] | None = None) -> int:
    """Return the one number that a statement answers with: for one that changes rows, how many."""
    return int(connection.execute(statement, values).fetchall()[0][0])


def commit_group(
    connection: duckdb.DuckDBPyConnection,
    state: StoreState,
    dirty: DirtyHours,
    batches: Sequence[WriteBatch],
    seen_ms: int,
) -> tuple[Change, Touched]:
    """Store a group in one transaction; `state` and `dirty` are only read.

    `seen_ms` is now, for the conflict record. Returns what changes in memory, and which hours were written to.
    """
    rows, new_series = join_batches(state.catalog, batches)
    surely_new = state.frontier.surely_new(rows.sid, rows.time_ms)
    with transaction(connection):
        verdict = judge(
            rows.sid, rows.time_ms, rows.value, surely_new, lambda sid, time_ms: _look_up(connection, sid, time_ms)
        )
        if new_series:
            _add_series(connection, len(state.catalog), new_series)
        touched = _add_points(connection, rows, verdict.accepted, dirty)
        seen = np.array([seen_ms if batch.seen_ms is None else batch.seen_ms for batch in batches], np.int64)
        conflicts = _add_conflicts(connection, rows, verdict.conflicting, seen[rows.owner])
        events = _add_events(connection, batches)
        marks = _add_marks(connection, state, batches)
    results = count_results(rows, verdict, len(batches))
    return Change(results, new_series, rows, verdict.accepted, marks, events, conflicts), touched


def _look_up(connection: duckdb.DuckDBPyConnection, sid: Index, time_ms: Times) -> tuple[Positions, Values]:
    """Return which of these samples are stored, and the stored values."""
    positions, values = [], []
    for low, high in split_windows(time_ms, _WINDOW_GAP_MS, _MOST_WINDOWS):
        inside = np.flatnonzero((time_ms >= low) & (time_ms <= high))
        connection.register("late_in", {"position": inside, "sid": sid[inside], "ts": time_ms[inside]})
        found = connection.execute(sql.LOOK_UP, {"low": low, "high": high}).fetchnumpy()
        positions.append(found["position"])
        values.append(found["v"])
    return np.concatenate(positions), np.concatenate(values)


def _add_series(connection: duckdb.DuckDBPyConnection, first_sid: int, keys: Sequence[SeriesKey]) -> None:
    connection.register(
        "series_in",
        {
            "sid": np.arange(first_sid, first_sid + len(keys), dtype=np.int32),
            "organisation": _text(key.organisation for key in keys),
            "site": _text(key.site for key in keys),
            "kind": _text(key.kind for key in keys),
            "device": _text(key.device for key in keys),
            "channel": _text(key.channel for key in keys),
            "simulated": np.array([key.simulated for key in keys], np.bool_),
        },
    )
    connection.execute(sql.ADD_SERIES)


def _add_points(
    connection: duckdb.DuckDBPyConnection, rows: Rows, accepted: NDArray[np.bool_], dirty: DirtyHours
) -> Touched:
    """Add the accepted samples, and record the hours that their rollups do not know any more; return those."""
    if not accepted.any():
        return dirty.find(rows.sid[:0], rows.time_ms[:0])
    columns: dict[str, NDArray[Any]] = {"sid": rows.sid, "ts": rows.time_ms, "v": rows.value, "q": rows.quality}
    if not accepted.all():
        columns = {name: column[accepted] for name, column in columns.items()}
    _insert_points(connection, columns)
    ahead = accepted & ~rows.may_be_latest
    if ahead.any():
        connection.register("ahead_in", {"sid": rows.sid[ahead], "ts": rows.time_ms[ahead]})
        connection.execute(sql.ADD_NEVER_LATEST)
    touched = dirty.find(columns["sid"], columns["ts"])
    add_dirty(connection, touched)
    return touched


def add_dirty(connection: duckdb.DuckDBPyConnection, touched: Touched) -> None:
    """Record newly dirty hours, inside the caller's transaction."""
    if len(touched.new_sid):
        connection.register("dirty_in", {"sid": touched.new_sid, "hour": touched.new_hour})
        connection.execute(sql.ADD_DIRTY)


def _insert_points(
    connection: duckdb.DuckDBPyConnection,
    points_in: Mapping[str, NDArray[Any]],  # noqa: ARG001 - DuckDB finds it by this name in this frame: 1 ms less than a view
) -> None:
    connection.execute(sql.ADD_POINTS)


def _add_conflicts(
    connection: duckdb.DuckDBPyConnection, rows: Rows, conflicting: NDArray[np.bool_], seen_ms: Times
) -> int:
    """Record the conflicts not recorded yet; return how many."""
    at = np.flatnonzero(conflicting)
    if not len(at):
        return 0
    once: dict[tuple[int, int, float], int] = {}
    columns = (rows.sid[at].tolist(), rows.time_ms[at].tolist(), rows.value[at].tolist(), at.tolist())
    for sid, at_ms, value, position in zip(*columns, strict=True):
        once.setdefault((sid, at_ms, value), position)
    at = np.array(list(once.values()), np.intp)
    time_ms = rows.time_ms[at]
    connection.register(
        "conflicts_in",
        {
            "sid": rows.sid[at],
            "ts": time_ms,
            "v": rows.value[at],
            "q": rows.quality[at],
            "seen_ms": seen_ms[at],
        },
    )
    window = {"low": int(time_ms.min()), "high": int(time_ms.max())}
    return count(connection, sql.ADD_CONFLICTS, window)


def _add_events(connection: duckdb.DuckDBPyConnection, batches: Sequence[WriteBatch]) -> int:
    """Add the events not stored yet; return how many."""
    once = {(stored.organisation, pack_event(stored.event)): stored for batch in batches for stored in batch.events}
    if not once:
        return 0
    events = [stored.event for stored in once.values()]
    times = [event.t for event in events]
    connection.register(
        "events_in",
        {
            "organisation": _text(organisation for organisation, _ in once),
            "ts": np.array(times, np.int64),
            "device": _text(event.device for event in events),
            "body": _text(body.decode() for _, body in once),
        },
    )
    return count(connection, sql.ADD_EVENTS, {"low": min(times), "high": max(times)})


def _add_marks(
    connection: duckdb.DuckDBPyConnection, state: StoreState, batches: Sequence[WriteBatch]
) -> dict[tuple[str, str], MarkState]:
    """Write the new states of the sources that the batches mark; return them."""
    changed = advance_marks(state.marks, batches)
    if changed:
        _insert_marks(connection, changed)
    return changed


def prune_marks(connection: duckdb.DuckDBPyConnection, marks: Mapping[tuple[str, str], MarkState]) -> None:
    """Leave one row of each source, `marks`, of the many that were added."""
    if count(connection, sql.COUNT_MARKS) > len(marks):
        with transaction(connection):
            connection.execute(sql.CLEAR_MARKS)
            _insert_marks(connection, marks)


def _insert_marks(connection: duckdb.DuckDBPyConnection, marks: Mapping[tuple[str, str], MarkState]) -> None:
    rows: list[object] = []
    for (gateway, epoch), mark in marks.items():
        rows += (gateway, epoch, mark.high_water, msgspec.json.encode(mark.ahead).decode())
    connection.execute(sql.ADD_MARKS + ", ".join(["(?, ?, ?, ?)"] * len(marks)), rows)


def _text(words: Iterable[str]) -> NDArray[np.object_]:
    return np.array(list(words), dtype=object)


def put_device(connection: duckdb.DuckDBPyConnection, organisation: str, gateway: str, descriptor: Descriptor) -> None:
    """Replace what is stored of a device."""
    device = {"organisation": organisation, "device": descriptor.device}
    body = msgspec.json.encode(descriptor).decode()
    with transaction(connection):
        connection.execute(sql.DROP_DEVICE, device)
        connection.execute(sql.ADD_DEVICE, {**device, "gateway": gateway, "descriptor": body})
