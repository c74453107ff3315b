"""Port of the readers of a log's format: which bytes of it they need next, and the samples of a gap that they hold.

A reader is a generator: it yields the range of the log that it needs and gets its bytes, fewer where the log ends. All
that it does follows from those bytes, so after a restart it asks for the same ranges, which are on the gateway's disk
already, and passes on the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.sources.mavlink.card.flight import Gap
from edge.sources.mavlink.card.gateway_flights import GatewayFlights
from edge.sources.mavlink.card.transfer.sparse_file import Range
from edge.sources.source import DeviceId, Sink


@dataclass(frozen=True, slots=True)
class SpanResult:
    """Whether a log is of the gap's flight; `reason` says why not, or why something remains."""

    is_of_flight: bool
    reason: str = ""


SpanRun = Generator[Range, bytes, SpanResult]


class SpanReader(Protocol):
    """Reads the span of a gap from a log of a known size into a sink."""

    def __call__(self, size_bytes: int, gap: Gap, device: DeviceId, sink: Sink) -> SpanRun:
        """Begin."""
        ...


@dataclass(frozen=True, slots=True)
class LogFormat:
    """A format of logs: how its files begin, and its reader."""

    start: bytes
    read: SpanReader


#: The formats that can be read; without any nothing is fetched.
LogFormats = Sequence[LogFormat]


class HistorySink(Sink, Protocol):
    """Receiver of samples of the past."""

    def finish(self) -> None:
        """Pass on what waits for a next row: a gap has ended."""
        ...


@dataclass(frozen=True, slots=True)
class CardParts:
    """What healing needs of the gateway: a folder, the formats that it can read, and where samples of the past go.

    `flights` are those of all sources of the gateway.
    """

    folder: Path
    formats: LogFormats
    history: Callable[[], HistorySink]
    flights: GatewayFlights | None = None
