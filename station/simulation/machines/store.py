"""Simulated store: the reference engine with contents that survive crashes, and failures before or after a write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from headland.contract.records import Descriptor, Event
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord, Mark, WriteBatch, WriteResult
from station.simulation.agenda import SimulatedClock
from station.simulation.machines.disk import ProcessKilled, unavailable

StoreFault = Literal["", "refuses", "refuses after storing", "killed before storing", "killed after storing"]


class SimulatedStore(MemoryStore):
    """A store whose contents survive the process; it keeps every write, so that an older state can be restored."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__(clock.now_ms)
        self._clock = clock
        self._writes: list[WriteBatch | tuple[str, str, Descriptor]] = []
        self._devices: tuple[int, list[DeviceRecord]] = (-1, [])
        self.fault: StoreFault = ""

    @property
    def writes(self) -> int:
        """The number of writes so far: a state that can be restored."""
        return len(self._writes)

    def records_of(self, is_asked: Callable[[Event], bool]) -> dict[tuple[str, int], set[Mark]]:
        """Return the marks of the writes that held such events of gateways, by their (device, time)."""
        found: dict[tuple[str, int], set[Mark]] = {}
        for write in self._writes:
            if isinstance(write, WriteBatch):
                for stored in write.events:
                    event = stored.event
                    if is_asked(event):
                        marks = {mark for mark in write.marks if mark.gateway == event.device}
                        found.setdefault((event.device, event.t), set()).update(marks)
        return found

    def older(self, writes: int) -> SimulatedStore:
        """Return a store as this one was after `writes` writes."""
        store = SimulatedStore(self._clock)
        for write in self._writes[:writes]:
            if isinstance(write, WriteBatch):
                store.write(write)
            else:
                store.describe(*write)
        return store

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch, or fail as `fault` says."""
        fault = self.fault
        if fault == "refuses":
            raise unavailable("the store refuses")
        if fault == "killed before storing":
            self.fault = ""
            raise ProcessKilled
        result = super().write(batch)
        self._writes.append(batch)
        self._clock.agenda.note("store", f"{fault} {len(batch.points)} {[*batch.marks]}")
        if fault == "refuses after storing":
            raise unavailable("the store's answer was lost")
        if fault == "killed after storing":
            self.fault = ""
            raise ProcessKilled
        return result

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a descriptor."""
        super().describe(organisation, gateway, descriptor, unmark=unmark)
        self._writes.append((organisation, gateway, descriptor))

    def devices(self, organisation: str) -> list[DeviceRecord]:
        """Return the devices of the only organisation; asked often, and changed by writes alone."""
        if self._devices[0] != self.writes:
            self._devices = (self.writes, super().devices(organisation))
        return list(self._devices[1])

    def close(self) -> None:
        """Keep the contents: they are on the disk."""
