"""Reads of past days from memory: decoding them again takes DuckDB ten times as long as the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from numpy.typing import NDArray

from headland.errors import RetryLater
from headland.store.core.columns import parts_of, put_in_order
from headland.store.core.packed_samples import PackedSamples, Piece, pack, wrap
from headland.store.core.sample_cache import Found, ReadInProgress, SampleCache
from headland.store.duckdb import sql
from headland.store.duckdb.file import DuckDBFile
from headland.units_of_time import DAY_MS

#: Days times series of an answer: each costs some microseconds, and its first reading a tenth of a millisecond.
_MOST_PARTS: Final = 4000
#: Samples that one statement is expected to read, and those that it reads at most.
_EXPECTED_ROWS: Final = 500_000
_MOST_ROWS: Final = 1_000_000


class CachedReads:
    """Answers about series of which days are in memory, or are brought there."""

    def __init__(self, file: DuckDBFile, cache: SampleCache) -> None:
        self._file = file
        self._cache = cache

    def note(self, sids: Sequence[int], start_ms: int, end_ms: int, samples: int) -> None:
        """Remember that a window of series was read from the file, and its number of samples."""
        self._cache.note(sids, end_ms - start_ms, samples)

    def read(
        self, organisation: str, sids: Sequence[int], start_ms: int, end_ms: int, limit: int | None = None
    ) -> dict[int, list[Piece]] | None:
        """Return the samples of an organisation in [start_ms, end_ms), of one instant, in pieces of each series.

        Series without any are left out. None where that is to be read from the file: days are brought into memory only
        for what is asked again, and not where a `limit` for each series leaves most of a window out.
        """
        days = range(start_ms // DAY_MS, -(-end_ms // DAY_MS))
        if end_ms <= start_ms or not sids or len(days) * len(sids) > _MOST_PARTS:
            return None
        expected = self._cache.admit(sids, end_ms - start_ms)
        if expected is None or (limit is not None and expected > 2 * limit * len(sids)):
            return None
        with self._cache.reading() as reading:
            found = self._cache.find(sids, days)
            closed = set(days).difference(found.open_days)
            if found.missing and not self._cache.has_room(organisation):
                return None
            try:
                if not closed or not self._fill(
                    reading, organisation, found, expected * DAY_MS / (end_ms - start_ms) / len(sids)
                ):
                    return None
                self._read_open(sids, found, start_ms, end_ms)
            except RetryLater:
                # Whole days took too much memory or time: the window alone may not.
                return None
            # Of one instant: nothing changed between what was in memory and what was read.
            if not reading.is_unchanged(closed):
                return None
        self._cache.count_answer()
        return _choose(sids, days, found.parts, start_ms, end_ms)

    def _fill(self, reading: ReadInProgress, organisation: str, found: Found, density: float) -> bool:
        """Read what is missing, and keep it; return whether it is in `found` now. `density`: of a series and day."""
        for days, sids in _runs(found.missing):
            sids_at_once = max(1, int(_EXPECTED_ROWS / max(1.0, density)))
            days_at_once = max(1, int(_EXPECTED_ROWS / max(1.0, density * len(sids))))
            for day in range(days[0], days[-1] + 1, days_at_once):
                some_days = range(day, min(day + days_at_once, days[-1] + 1))
                for begin in range(0, len(sids), sids_at_once):
                    parts = self._read_days(some_days, sids[begin : begin + sids_at_once])
                    if parts is None:
                        return False
                    self._cache.put(reading, organisation, parts)
                    found.parts.update(parts)
        return True

    def _read_days(self, days: range, sids: Sequence[int]) -> dict[tuple[int, int], PackedSamples] | None:
        """Return days of series, packed; None where they have too many samples."""
        window = {"start": days[0] * DAY_MS, "end": (days[-1] + 1) * DAY_MS}
        values = {"sids": list(sids), **window, "limit": _MOST_ROWS}
        columns = self._file.query(lambda cursor: cursor.execute(sql.RAW_IF_FEW, values).fetchnumpy())
        if len(columns["sid"]) > _MOST_ROWS:
            self._cache.note(sids, len(days) * DAY_MS, len(columns["sid"]))
            return None
        columns = put_in_order(columns)
        time_ms, value, quality = (columns[name] for name in ("ts", "v", "q"))
        parts = {(day, sid): pack(day * DAY_MS, time_ms[:0], value[:0], quality[:0]) for day in days for sid in sids}
        for sid, of_series in parts_of(columns["sid"]).items():
            for day, of_day in parts_of(time_ms[of_series] // DAY_MS).items():
                part = slice(of_series.start + of_day.start, of_series.start + of_day.stop)
                parts[day, sid] = pack(day * DAY_MS, time_ms[part], value[part], quality[part])
        return parts

    def _read_open(self, sids: Sequence[int], found: Found, start_ms: int, end_ms: int) -> None:
        """Read from the first to the last open day into `found`, as parts of the first; those between are not kept."""
        if not found.open_days:
            return
        first, last = found.open_days[0], found.open_days[-1]
        for place in [place for place in found.parts if first <= place[0] <= last]:
            del found.parts[place]
        window = {"start": max(start_ms, first * DAY_MS), "end": min(end_ms, (last + 1) * DAY_MS)}
        values = {"sids": list(sids), **window}
        columns = put_in_order(self._file.query(lambda cursor: cursor.execute(sql.RAW, values).fetchnumpy()))
        for sid, part in parts_of(columns["sid"]).items():
            found.parts[first, sid] = wrap(*(columns[name][part] for name in ("ts", "v", "q")))


def _runs(missing: Mapping[int, list[int]]) -> Iterator[tuple[range, list[int]]]:
    """Yield runs of days of which the same series are missing."""
    begin: int | None = None
    for day, sids in missing.items():
        if begin is None:
            begin = day
        if missing.get(day + 1) != sids:
            yield range(begin, day + 1), sids
            begin = None


def _choose(
    sids: Sequence[int], days: range, parts: Mapping[tuple[int, int], PackedSamples], start_ms: int, end_ms: int
) -> dict[int, list[Piece]]:
    """Return the samples of a window as pieces of each series with any, in the order of `sids`."""
    pieces_of: dict[int, list[Piece]] = {}
    bounds_of: dict[tuple[int, int, str], NDArray[Any]] = {}
    for sid in sids:
        pieces = []
        for day in days:
            packed = parts.get((day, sid))
            if packed is None:
                continue
            if day in (days[0], days[-1]):
                like = (packed.start_ms, packed.step_ms, packed.step.dtype.char)
                if like not in bounds_of:
                    bounds_of[like] = packed.bounds_of(start_ms, end_ms)
                first, end = packed.find(bounds_of[like])
            else:
                first, end = 0, len(packed)
            if first < end:
                pieces.append(Piece(packed, first, end))
        if pieces:
            pieces_of[sid] = pieces
    return pieces_of
