"""Port of sources: readings, the `Sink` that receives them, and the `Source` protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

import msgspec

from headland.contract.records import Clock, Descriptor, Event


@dataclass(frozen=True, slots=True)
class DeviceId:
    """Identity of the device of a reading; all readings of a device may share one object."""

    device: str
    kind: str
    site: str
    simulated: bool = False


#: The flags of a row whose values are all good.
NO_FLAGS: Final[Mapping[str, int]] = MappingProxyType({})


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One row: the values of a device at one instant, in the units at the end of their channel names.

    A value is None where the device sent its sentinel for "invalid". `quality` holds QARTOD flags of the channels that
    are not good. A fleet makes tens of thousands of rows a second: making a named tuple takes three times as long, a
    frozen dataclass twelve times. A row holds no cycle, so the garbage collector need not track it.
    """

    source: DeviceId
    clock: Clock
    time_ms: int
    values: Mapping[str, float | None]
    quality: Mapping[str, int] = NO_FLAGS


class Readings(msgspec.Struct, frozen=True, gc=False):
    """Rows of one device with one clock and the same channels, by column, in the order of arrival; all are good.

    A fleet's rows are passed on in this form: a dict and a reading for each row cost more than decoding it.
    """

    source: DeviceId
    clock: Clock
    times_ms: Sequence[int]
    columns: Mapping[str, Sequence[float | None]]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.times_ms)

    def rows(self) -> Iterator[Reading]:
        """Yield the rows one by one."""
        channels = tuple(self.columns)
        for time_ms, values in zip(self.times_ms, zip(*self.columns.values(), strict=True), strict=True):
            yield Reading(self.source, self.clock, time_ms, dict(zip(channels, values, strict=True)))


class Sink(Protocol):
    """Receiver of the sources' data; safe to call from any thread, blocks while the queue behind it is full."""

    def reading(self, reading: Reading) -> None:
        """Accept a row."""
        ...

    def runs(self, runs: Sequence[Readings]) -> None:
        """Accept rows that were read together: each run is in order, the runs overlap in time."""
        ...

    def event(self, event: Event) -> None:
        """Accept an event; events are never thinned."""
        ...

    def describe(self, descriptor: Descriptor) -> None:
        """Accept a device's descriptor; the source repeats it when it changes."""
        ...


class Source(Protocol):
    """Reader of hardware or of a file. One thread, named by the agent, runs it."""

    name: str

    def run(self, sink: Sink) -> None:
        """Read until `stop` is called or, for a file, to its end; never ends because a device was lost.

        Raises HeadlandError only where no retry can help.
        """
        ...

    def stop(self) -> None:
        """Make `run` return within a second; callable from any thread, more than once."""
        ...

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of read, refused and lost items so far, by name."""
        ...


@runtime_checkable
class NotingSource(Protocol):
    """A source that has something to say to a person beyond its counters."""

    def notes(self) -> Sequence[str]:
        """Return sentences about what is as it should be, but worth knowing; callable from any thread."""
        ...

    def warnings(self) -> Sequence[str]:
        """Return sentences about what a person should look at; callable from any thread."""
        ...
