"""Progress of the making of greenhouses' past: how much is written and stored, and how long the rest takes.

Days are written, then stored in tables, one of each compartment. What is said of the time that is left is by what this
run has measured, and nothing is said before that is a quarter of the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from headland.clock import wall_clock_ms
from headland.contract.file_imports import PastProgress
from headland.units_of_time import DAY_MS
from station.local.folder import FarmFolder
from station.local.past.plan import HouseJob, read_plan
from station.server.files import write_whole

_FILE: Final = "past-progress.json"
_EVERY_S: Final = 0.5
#: What is told is renewed twice a second: after so long the making has stopped.
_STOPPED_MS: Final = 15_000
#: The pace of writing is that of the present part from so much of it on; before, of the last one.
_OWN_PACE_FROM: Final = 0.1
#: So much of what was and is to be written must be measured: a farm that starts is slower than it will be.
_MEASURED_FROM: Final = 0.25


@dataclass(frozen=True, slots=True)
class PastPart:
    """Days of a house: `days` of each of its compartments, which have a table each."""

    name: str
    days: float
    tables: int

    @property
    def table_days(self) -> float:
        """The days of all its tables."""
        return self.days * self.tables


class PastMeter:
    """Measures the parts of a past as they are made; those of `done` were made by earlier runs and have no pace."""

    def __init__(self, parts: Sequence[PastPart], done: Collection[str]) -> None:
        self._parts = parts
        self._done = {part.name for part in parts if part.name in done}
        self._part: PastPart | None = None
        self._began_s = self._now_s = 0.0
        self._share = 0.0
        self._stored: int | None = None
        self._written_here = 0.0
        self._writing_s_day: float | None = None
        self._tables: list[tuple[float, float]] = []

    @property
    def phase(self) -> Literal["writing", "storing"]:
        """What is being done: writing or storing."""
        return "writing" if self._stored is None else "storing"

    def begin(self, name: str, now_s: float) -> None:
        """Begin to write a part."""
        self._part = next(part for part in self._parts if part.name == name)
        self._began_s = self._now_s = now_s
        self._share, self._stored = 0.0, None

    def note_written(self, share: float, now_s: float) -> None:
        """Note the share of the part that is written, 0 to 1."""
        self._share, self._now_s = min(1.0, max(self._share, share)), now_s

    def note_stored(self, tables: int, now_s: float) -> None:
        """Note how many tables of the part are stored: 0 once it is written."""
        part, took_s = self._present(), now_s - self._began_s
        if tables == 0:
            self._writing_s_day = took_s / part.table_days
            self._written_here += part.table_days
        else:
            self._tables.append((part.days, took_s))
        self._share, self._stored, self._began_s, self._now_s = 1.0, tables, now_s, now_s

    def note_waiting(self, now_s: float) -> None:
        """Note that the present table is not stored yet."""
        self._now_s = now_s

    def end(self) -> None:
        """Note that the part is whole."""
        self._done.add(self._present().name)
        self._part, self._stored = None, None

    def is_whole(self) -> bool:
        """Return whether all parts are made."""
        return len(self._done) == len(self._parts)

    def total(self) -> float:
        """Return the days of all tables."""
        return sum(part.table_days for part in self._parts)

    def written(self) -> float:
        """Return the days of tables that are written."""
        return self.total() - self._to_write()

    def fraction(self) -> float:
        """Return the share that is made, 0 to 1: half of it is to write, half to store."""
        left = sum(part.table_days for part in self._left())
        if self._part is not None and self._stored is not None:
            left -= self._part.days * self._stored
        return 1.0 - (self._to_write() + left) / (2 * self.total())

    def left_s(self) -> float | None:
        """Return how long the rest takes by the pace of this run; None before that is known."""
        to_write, pace = self._to_write(), self._writing_pace()
        measured = self._written_here
        if self._part is not None and self._stored is None:
            measured += self._part.table_days * self._share
        if pace is None or not self._tables or measured < _MEASURED_FROM * (measured + to_write):
            return None
        left_s = to_write * pace + sum(part.tables * self._table_s(part.days) for part in self._left())
        if self._part is not None and self._stored is not None:
            table_s = self._table_s(self._part.days)
            left_s -= self._stored * table_s + min(table_s, self._now_s - self._began_s)
        return max(0.0, left_s)

    def _present(self) -> PastPart:
        if self._part is None:
            raise ValueError("no part has begun")
        return self._part

    def _left(self) -> list[PastPart]:
        return [part for part in self._parts if part.name not in self._done]

    def _to_write(self) -> float:
        left = sum(part.table_days for part in self._left())
        return left if self._part is None else left - self._part.table_days * self._share

    def _writing_pace(self) -> float | None:
        """Return the seconds of a day of a table."""
        if self._part is not None and self._stored is None and self._share >= _OWN_PACE_FROM:
            return (self._now_s - self._began_s) / (self._part.table_days * self._share)
        return self._writing_s_day

    def _table_s(self, days: float) -> float:
        """Return how long a table takes to be stored: by those of its length, else by all."""
        alike = [took_s for of_days, took_s in self._tables if of_days == days]
        known = alike or [took_s for _, took_s in self._tables]
        return sum(known) / len(known)


class PastTeller:
    """Tells in the farm's folder how far the houses of a past are, twice a second."""

    def __init__(
        self,
        folder: FarmFolder,
        jobs: Sequence[HouseJob],
        done: Collection[str],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._meter = PastMeter(_parts(jobs), done)
        self._path, self._clock_s = _path(folder), clock_s
        self._start_ms = min((job.start_ms for job in jobs), default=0)
        self._told_s: float | None = None

    def begin(self, name: str) -> None:
        """Begin to write a part."""
        self._meter.begin(name, self._clock_s())
        self._tell()

    def note_written(self, share: float) -> None:
        """Note the share of the part that is written, 0 to 1."""
        self._meter.note_written(share, self._clock_s())
        self._tell()

    def note_stored(self, tables: int) -> None:
        """Note how many tables of the part are stored: 0 once it is written."""
        self._meter.note_stored(tables, self._clock_s())
        self._tell()

    def note_waiting(self) -> None:
        """Note that the present table is not stored yet."""
        self._meter.note_waiting(self._clock_s())
        self._tell()

    def end(self) -> None:
        """Note that the part is whole; with the last of them nothing more is told."""
        self._meter.end()
        if self._meter.is_whole():
            self._path.unlink(missing_ok=True)

    def _tell(self) -> None:
        now_s = self._clock_s()
        if self._told_s is not None and now_s - self._told_s < _EVERY_S:
            return
        self._told_s = now_s
        told = PastProgress(
            phase=self._meter.phase,
            fraction=round(self._meter.fraction(), 4),
            left_s=self._meter.left_s(),
            told_ms=wall_clock_ms(),
            start_ms=self._start_ms,
            days_written=round(self._meter.written(), 2),
            days_total=round(self._meter.total(), 2),
        )
        write_whole(self._path, msgspec.json.encode(told))


def read_progress(folder: FarmFolder, now_ms: int) -> PastProgress | None:
    """Return how far the greenhouses' past of a farm is; None where nothing of it is being made.

    Where its making has stopped, nothing is said of the time that is left.
    """
    told = None
    with suppress(OSError, msgspec.MsgspecError):
        told = msgspec.json.decode(_path(folder).read_bytes(), type=PastProgress)
    if told is None:
        return _planned(folder, now_ms)
    if now_ms - told.told_ms > _STOPPED_MS:
        return msgspec.structs.replace(told, phase="stopped", left_s=None)
    return told


def _planned(folder: FarmFolder, now_ms: int) -> PastProgress | None:
    """Return a past whose making has not begun; None where nothing of the houses is to be made."""
    plan = read_plan(folder)
    if plan is None or plan.finished_ms is not None:
        return None
    jobs = plan.house_jobs()
    if all(job.name in plan.done for job in jobs):
        return None
    meter = PastMeter(_parts(jobs), plan.done)
    return PastProgress(
        phase="waiting",
        fraction=round(meter.fraction(), 4),
        left_s=None,
        told_ms=now_ms,
        start_ms=min(job.start_ms for job in jobs),
        days_written=round(meter.written(), 2),
        days_total=round(meter.total(), 2),
    )


def _parts(jobs: Sequence[HouseJob]) -> list[PastPart]:
    return [PastPart(job.name, (job.end_ms - job.start_ms) / DAY_MS, job.house.compartments) for job in jobs]


def _path(folder: FarmFolder) -> Path:
    return folder.root / _FILE
