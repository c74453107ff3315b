"""Simulated stores: an engine whose contents survive crashes, and that fails before or after a write.

The reference engine is kept in memory. DuckDB is the real engine on real files: a kill leaves the files as they are, or
as they are within a commit, and the next process opens a copy of them.
"""

from __future__ import annotations

import random
import shutil
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Protocol

from headland.contract.records import Descriptor
from headland.store.core.rollup import Retention, reject_expired
from headland.store.core.state import expire_books
from headland.store.duckdb.paths import size_of, wal_of
from headland.store.duckdb.store import DuckDBStore
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord, Store, WriteBatch, WriteResult
from headland.units_of_time import DAY_MS
from station.simulation.agenda import SimulatedClock
from station.simulation.machines.disk import ProcessKilled, unavailable

StoreFault = Literal["", "refuses", "refuses after storing", "killed before storing", "killed after storing"]
StoreEngine = Literal["memory", "duckdb"]

_ALWAYS_MS: Final = -(2**53)


@dataclass(frozen=True, slots=True)
class _Deletion:
    """Deletion of all samples before a midnight, by the retention."""

    cut_ms: int


#: A write to a store: samples and marks, a descriptor with its organisation and gateway, or a deletion.
StoreWrite = WriteBatch | tuple[str, str, Descriptor] | _Deletion


class SimulatedStore(Store, Protocol):
    """A store whose contents survive the process; it keeps every write, so that an older state can be restored."""

    fault: StoreFault
    #: Samples before this time are refused for ever; None for none.
    refuses_before_ms: int | None
    #: What is older was deleted, and is refused as well.
    cut_ms: int

    @abstractmethod
    def writes(self) -> tuple[StoreWrite, ...]:
        """Return the writes so far: they, or the first of them, are a state that can be restored."""

    @abstractmethod
    def restored(self, writes: Sequence[StoreWrite]) -> SimulatedStore:
        """Return a store that had these writes alone; they need not be of this one's past."""

    @abstractmethod
    def expire_before(self, cut_ms: int) -> None:
        """Delete the samples before a midnight, and refuse such from now on."""

    @abstractmethod
    def crashed(self) -> SimulatedStore:
        """Return the store that the next process finds after a kill."""

    @abstractmethod
    def end(self) -> None:
        """End the store for good."""


class _History:
    """The writes of a store."""

    def __init__(self) -> None:
        self.all: list[StoreWrite] = []

    @staticmethod
    def repeat(store: SimulatedStore, writes: Sequence[StoreWrite]) -> None:
        for write in writes:
            if isinstance(write, WriteBatch):
                store.write(write)
            elif isinstance(write, _Deletion):
                store.expire_before(write.cut_ms)
            else:
                store.describe(*write)


class SimulatedMemoryStore(MemoryStore):
    """The reference engine with faults."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__(clock.now_ms)
        self._clock = clock
        self._history = _History()
        self._devices: tuple[int, list[DeviceRecord]] = (-1, [])
        self.fault: StoreFault = ""
        self.refuses_before_ms: int | None = None
        self.cut_ms = _ALWAYS_MS

    def writes(self) -> tuple[StoreWrite, ...]:
        """Return the writes so far."""
        return tuple(self._history.all)

    def restored(self, writes: Sequence[StoreWrite]) -> SimulatedStore:
        """Return a store that had these writes alone."""
        store = SimulatedMemoryStore(self._clock)
        _History.repeat(store, writes)
        return store

    def crashed(self) -> SimulatedStore:
        """Return the store that the next process finds after a kill."""
        return self

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch, or fail as `fault` says."""
        fault = self.fault
        if fault == "refuses":
            raise unavailable("the store refuses")
        if fault == "killed before storing":
            self.fault = ""
            raise ProcessKilled
        batch, rejections, refused = reject_expired(batch, _oldest_ms(self))
        result = super().write(batch)
        result = replace(result, rejected=len(rejections), rejections=rejections, refused=refused)
        self._history.all.append(batch)
        self._clock.agenda.note("store", f"{fault} {len(batch.points)} {[*batch.marks]}")
        _fail_after(self)
        return result

    def expire_before(self, cut_ms: int) -> None:
        """Delete the samples before a midnight, and refuse such from now on."""
        contents = self._open_contents()
        for samples in contents.samples.values():
            for time_ms in [time_ms for time_ms in samples if time_ms < cut_ms]:
                del samples[time_ms]
        contents.newest_ms = {key: newest_ms for key, newest_ms in contents.newest_ms.items() if newest_ms >= cut_ms}
        contents.conflicts = {row: seen for row, seen in contents.conflicts.items() if row[1] >= cut_ms}
        contents.marks.update(expire_books(contents.marks, cut_ms))
        self._history.all.append(_Deletion(cut_ms))
        self.cut_ms = max(self.cut_ms, cut_ms)

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a descriptor."""
        super().describe(organisation, gateway, descriptor, unmark=unmark)
        self._history.all.append((organisation, gateway, descriptor))

    def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
        """Return the devices of the only organisation; asked often, and changed by writes alone."""
        if device is not None:
            return super().devices(organisation, device)
        writes = len(self._history.all)
        if self._devices[0] != writes:
            self._devices = (writes, super().devices(organisation))
        return list(self._devices[1])

    def close(self) -> None:
        """Keep the contents: they are on the disk."""

    def end(self) -> None:
        """Do nothing: there is no file."""


class SimulatedDuckDBStore(DuckDBStore):
    """The embedded engine with faults; each process has a copy of the files of the one before."""

    def __init__(self, clock: SimulatedClock, folder: Path, number: int = 0) -> None:
        self._path = folder / f"store-{number}.duckdb"
        self._number = number
        self._clock = clock
        self._history = _History()
        #: Bytes of the log that a kill within a commit leaves; None for all.
        self._left_of_log: int | None = None
        self.fault: StoreFault = ""
        self.refuses_before_ms: int | None = None
        self.cut_ms = _ALWAYS_MS
        super().__init__(self._path, threads=1)

    def writes(self) -> tuple[StoreWrite, ...]:
        """Return the writes so far."""
        return tuple(self._history.all)

    def restored(self, writes: Sequence[StoreWrite]) -> SimulatedStore:
        """Return a store that had these writes alone."""
        store = SimulatedDuckDBStore(self._clock, self._path.parent, self._number + 1)
        _History.repeat(store, writes)
        return store

    def crashed(self) -> SimulatedStore:
        """Return the store that the next process finds after a kill: it opens the files as they are now."""
        target = self._path.with_name(f"store-{self._number + 1}.duckdb")
        self._writer.run(lambda: _copy_files(self._path, target, self._left_of_log))
        self.end()
        store = SimulatedDuckDBStore(self._clock, self._path.parent, self._number + 1)
        store._history = self._history
        store.fault = self.fault
        store.refuses_before_ms = self.refuses_before_ms
        store.cut_ms = self.cut_ms
        return store

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch, or fail as `fault` says."""
        fault = self.fault
        if fault == "refuses":
            raise unavailable("the store refuses")
        if fault == "killed before storing":
            self.fault = ""
            self._left_of_log = self._write_in_part(batch)
            raise ProcessKilled
        batch, rejections, refused = reject_expired(batch, _oldest_ms(self))
        result = super().write(batch)
        result = replace(result, rejected=len(rejections), rejections=rejections, refused=refused)
        self._history.all.append(batch)
        self._clock.agenda.note("store", f"{fault} {len(batch.points)} {[*batch.marks]}")
        _fail_after(self)
        return result

    def _write_in_part(self, batch: WriteBatch) -> int | None:
        """Write a batch; return how much of the log a kill within its transaction leaves."""
        log = wal_of(self._path)
        before = size_of(log)
        super().write(batch)
        # The log was moved into the file, or nothing new was in the batch: all is as after a whole commit.
        if size_of(log) <= before:
            self._history.all.append(batch)
            return None
        chance = random.Random(f"{self._number} {len(self._history.all)}")  # noqa: S311 - repeatable chance is the point
        return chance.randrange(before, size_of(log))

    def expire_before(self, cut_ms: int) -> None:
        """Delete the samples before a midnight, and refuse such from now on."""
        self.set_retention(Retention(1, 1, 1))
        self.expire(cut_ms + DAY_MS)
        self._history.all.append(_Deletion(cut_ms))
        self.cut_ms = max(self.cut_ms, cut_ms)

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a descriptor."""
        super().describe(organisation, gateway, descriptor, unmark=unmark)
        self._history.all.append((organisation, gateway, descriptor))

    def close(self) -> None:
        """Keep the file open: the next process is simulated as well."""

    def end(self) -> None:
        """Close the file and delete it."""
        super().close()
        for each in self._path.parent.glob(f"{self._path.name}*"):
            each.unlink()


def make_store(engine: StoreEngine, clock: SimulatedClock, folder: Path) -> SimulatedStore:
    """Return an empty store of an engine."""
    if engine == "memory":
        return SimulatedMemoryStore(clock)
    folder.mkdir(parents=True, exist_ok=True)
    return SimulatedDuckDBStore(clock, folder)


def _oldest_ms(store: SimulatedStore) -> int:
    """Return the time before which samples are refused."""
    refused_ms = store.refuses_before_ms
    return store.cut_ms if refused_ms is None else max(store.cut_ms, refused_ms)


def _fail_after(store: SimulatedMemoryStore | SimulatedDuckDBStore) -> None:
    """Fail after a write as the store's fault says."""
    if store.fault == "refuses after storing":
        raise unavailable("the store's answer was lost")
    if store.fault == "killed after storing":
        store.fault = ""
        raise ProcessKilled


def _copy_files(path: Path, target: Path, left_of_log: int | None) -> None:
    shutil.copyfile(path, target)
    if wal_of(path).exists():
        log = wal_of(path).read_bytes()
        wal_of(target).write_bytes(log if left_of_log is None else log[:left_of_log])
