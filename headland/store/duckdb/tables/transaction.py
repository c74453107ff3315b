"""Transactions of the DuckDB engine: a group of batches is stored, the change of the state is returned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from headland.contract.records import Descriptor
from headland.store.core.batch_rows import Rows, count_results, join_batches
from headland.store.core.dedup import Positions, deduplicate, split_windows
from headland.store.core.selection import pack_event
from headland.store.core.stale_rollups import DirtyHours, TouchedHours
from headland.store.core.state import Source, StateChange, StoreState
from headland.store.duckdb import sql
from headland.store.duckdb.tables.marks_table import add_marks, count_rows, write_marks
from headland.store.port import Index, MarkState, SeriesKey, Times, Values, WriteBatch
from headland.units_of_time import MINUTE_MS

#: Gap above which late samples are looked up in separate windows: one gateway's back-fill must not make the others'
#: look-ups search all time.
_WINDOW_GAP_MS = 15 * MINUTE_MS
_MOST_WINDOWS = 8


_IN_COMMIT: Final = "raised by COMMIT"


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit everything that the block does, or nothing.

    Where the commit itself raises, it may be in the log nevertheless: `is_outcome_unknown` is true of the exception.
    """
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
        _commit(connection)
    except BaseException:
        # After a failed commit there is no transaction left to roll back.
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise


def _commit(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("COMMIT")
    except BaseException as error:
        error.add_note(_IN_COMMIT)
        raise


def is_outcome_unknown(error: BaseException) -> bool:
    """Return whether an exception came from a commit: DuckDB moves the log into the file after it has written it."""
    return _IN_COMMIT in getattr(error, "__notes__", ())


def count(connection: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, object] | None = None) -> int:
    """Return the single number of a statement's result; for a change, the number of rows."""
    return int(connection.execute(statement, values).fetchall()[0][0])


def commit_group(
    connection: duckdb.DuckDBPyConnection,
    state: StoreState,
    dirty: DirtyHours,
    batches: Sequence[WriteBatch],
    seen_ms: int,
) -> tuple[StateChange, TouchedHours]:
    """Store a group in one transaction; `state` and `dirty` are only read.

    `seen_ms` is the present, with which conflicts and samples that are ahead are recorded. Returns the change of the
    state, and the written hours.
    """
    rows, new_series = join_batches(state.catalog, batches)
    surely_new = state.frontier.surely_new(rows.sid, rows.time_ms)
    with transaction(connection):
        dedup = deduplicate(
            rows.sid, rows.time_ms, rows.value, surely_new, lambda sid, time_ms: _look_up(connection, sid, time_ms)
        )
        if new_series:
            _add_series(connection, len(state.catalog), new_series)
        seen = np.array([seen_ms if batch.seen_ms is None else batch.seen_ms for batch in batches], np.int64)
        touched = _add_points(connection, rows, dedup.accepted, seen, dirty)
        conflicts = _add_conflicts(connection, rows, dedup.conflicting, seen[rows.owner])
        events = _add_events(connection, batches)
        marks = add_marks(connection, state, batches)
    results = count_results(rows, dedup, batches)
    return StateChange(results, new_series, rows, dedup.accepted, marks, events, conflicts), touched


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
    connection: duckdb.DuckDBPyConnection, rows: Rows, accepted: NDArray[np.bool_], seen_ms: Times, dirty: DirtyHours
) -> TouchedHours:
    """Add the accepted samples, and record the hours whose rollups are stale now; return these.

    `seen_ms` is when each batch came.
    """
    if not accepted.any():
        return dirty.find(rows.sid[:0], rows.time_ms[:0])
    sid, time_ms, value, quality = rows.sid, rows.time_ms, rows.value, rows.quality
    if not accepted.all():
        sid, time_ms, value, quality = sid[accepted], time_ms[accepted], value[accepted], quality[accepted]
    second_s, part_ms = split_instants(time_ms)
    _insert_points(connection, {"sid": sid, "second_s": second_s, "part_ms": part_ms, "v": value, "q": quality})
    ahead = accepted & ~rows.may_be_latest
    if ahead.any():
        columns = {"sid": rows.sid[ahead], "ts": rows.time_ms[ahead], "q": rows.own_quality[ahead]}
        connection.register("ahead_in", {**columns, "seen_ms": seen_ms[rows.owner[ahead]]})
        connection.execute(sql.ADD_NEVER_LATEST)
    touched = dirty.find(sid, time_ms)
    add_dirty(connection, touched)
    return touched


def split_instants(time_ms: Times) -> tuple[Times, NDArray[np.int16]]:
    """Return instants as seconds and the rest in milliseconds, both rounded towards zero as DuckDB divides.

    Rounded down, the seconds of the least of 64 bits would exceed them when they are milliseconds again.
    """
    second_s = time_ms // 1000
    part_ms = time_ms - second_s * 1000
    if len(time_ms) and int(time_ms.min()) < 0:
        below = (time_ms < 0) & (part_ms > 0)
        second_s[below] += 1
        part_ms[below] -= 1000
    return second_s, part_ms.astype(np.int16)


def add_dirty(connection: duckdb.DuckDBPyConnection, touched: TouchedHours) -> None:
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


def prune_marks(connection: duckdb.DuckDBPyConnection, marks: Mapping[Source, MarkState]) -> None:
    """Replace the many rows of marks by as few as they take."""
    if count(connection, sql.COUNT_MARKS) > count_rows(marks):
        with transaction(connection):
            connection.execute(sql.CLEAR_MARKS)
            write_marks(connection, marks)


def _text(words: Iterable[str]) -> NDArray[np.object_]:
    return np.array(list(words), dtype=object)


def put_device(connection: duckdb.DuckDBPyConnection, organisation: str, gateway: str, descriptor: Descriptor) -> None:
    """Replace a device's descriptor."""
    device = {"organisation": organisation, "device": descriptor.device}
    body = msgspec.json.encode(descriptor).decode()
    with transaction(connection):
        connection.execute(sql.DROP_DEVICE, device)
        connection.execute(sql.ADD_DEVICE, {**device, "gateway": gateway, "descriptor": body})
