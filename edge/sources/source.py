"""What a source says: readings, events and descriptors, and the port it says them to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

from headland.contract.records import Clock, Descriptor, Event


@dataclass(frozen=True, slots=True)
class DeviceId:
    """Which device a reading is of; the same object may be shared by all its readings."""

    device: str
    kind: str
    site: str
    simulated: bool = False


#: What a row has that is all good.
NO_FLAGS: Final[Mapping[str, int]] = MappingProxyType({})


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One row: what a device measured at one instant, in the units its channel names end in.

    A value is None where the wire carried its sentinel for "invalid". `quality` holds QARTOD flags only for channels
    that are not good. A fleet makes tens of thousands a second: a named tuple costs three times as much to make, a
    frozen dataclass twelve times. It holds no cycle, so the garbage collector need not look at it.
    """

    source: DeviceId
    clock: Clock
    time_ms: int
    values: Mapping[str, float | None]
    quality: Mapping[str, int] = NO_FLAGS


class Readings(msgspec.Struct, frozen=True, gc=False):
    """Many rows of one device with one clock and the same channels, by column, in the order they came; all are good.

    What a fleet says is handed on so: a dict and a reading for each row cost more than decoding it.
    """

    source: DeviceId
    clock: Clock
    times_ms: Sequence[int]
    columns: Mapping[str, Sequence[float | None]]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.times_ms)

    def rows(self) -> Iterator[Reading]:
        """Yield the rows one by one."""
        channels = tuple(self.columns)
        for time_ms, values in zip(self.times_ms, zip(*self.columns.values(), strict=True), strict=True):
            yield Reading(self.source, self.clock, time_ms, dict(zip(channels, values, strict=True)))


class Sink(Protocol):
    """Where sources put what they have; safe to call from any thread, blocks while the queue behind it is full."""

    def reading(self, reading: Reading) -> None:
        """Take a row."""
        ...

    def runs(self, runs: Sequence[Readings]) -> None:
        """Take rows that were read in one go: each run is in order, the runs are beside each other in time."""
        ...

    def event(self, event: Event) -> None:
        """Take an event; events are never thinned."""
        ...

    def describe(self, descriptor: Descriptor) -> None:
        """Take what is known of a device; repeat it when it changes."""
        ...


class Source(Protocol):
    """Something that reads hardware (or a file). One thread, named by the agent, runs it."""

    name: str

    def run(self, sink: Sink) -> None:
        """Read until `stop` is called or, for a file, to its end; never ends because a device was lost.

        Raises HeadlandError only for what no retry can mend.
        """
        ...

    def stop(self) -> None:
        """Make `run` return within a second; callable from any thread, more than once."""
        ...

    def counters(self) -> Mapping[str, int]:
        """Return what was read, refused and lost so far, by name."""
        ...
