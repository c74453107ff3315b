"""What flight logs have in common once their bytes are read: rows and events get UTC, a device, and are counted.

The same file gives the same rows. What the log's clock cannot date is left out and counted, never dated otherwise.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.imports.log_clock import LogClock
from edge.imports.report import Gaps
from edge.sources.mavlink.mapping.rows import RowKind, kind_of_values
from edge.sources.mavlink.output.device_ids import SourceContext
from edge.sources.mavlink.output.output import DeviceOutput, EventBody, Output, VehicleInfo, deliver
from edge.sources.source import Sink
from headland.contract.records import Clock, Descriptor, Evidence, Scalar

#: A row may be moved by so much to keep the times of a family apart; what comes later than that is left out.
_MOST_MOVED_MS: Final = 20
_CHUNK_BYTES: Final = 256 * 1024
#: Rows leave together, when they are so many.
_GATHERED_ROWS: Final = 2000


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a log held. `left_out` counts by reason, `dropouts` are what its own logger lost, `notes` are sentences."""

    messages: int
    rows: int
    devices: tuple[str, ...]
    first_ms: int | None
    last_ms: int | None
    left_out: Mapping[str, int]
    dropouts: Gaps = field(default_factory=Gaps)
    notes: tuple[str, ...] = ()


def hash_file(path: Path, progress: Callable[[int], bool]) -> str:
    """Return the SHA-256 of a file, hex; `progress` is told of the bytes of each piece and ends it by False."""
    digest = hashlib.sha256()
    for chunk in read_chunks(path):
        digest.update(chunk)
        if not progress(len(chunk)):
            break
    return digest.hexdigest()


def read_chunks(path: Path) -> Iterator[bytes]:
    """Read a file piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


@dataclass(slots=True)
class _Track:
    """The last times of one family, and its rows that have not left yet."""

    kind: RowKind
    own_us: int = -1
    time_ms: int = -1
    times_ms: list[int] = field(default_factory=list)
    rows: list[Mapping[str, float | None]] = field(default_factory=list)


class LogOutlet:
    """Dates the rows and events of one vehicle and sends them to a sink."""

    def __init__(self, clock: LogClock, surroundings: SourceContext, sink: Sink) -> None:
        self.counts: Counter[str] = Counter()
        self.rows = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self.devices: list[str] = []
        self._clock = clock
        self._sink = sink
        self._out: list[Output] = []
        self._outlet = DeviceOutput(self._out, surroundings, 0)
        self._tracks: dict[str, _Track] = {}
        self._gathered = 0

    def name(self, device: str, nameplate: VehicleInfo, *, simulated: bool) -> None:
        """Say whose all that follows is."""
        self.flush()
        self._outlet.name(device, nameplate, simulated=simulated)
        self._send()

    def learn_evidence(self, evidence: Mapping[str, Evidence]) -> None:
        """Take how channels come about."""
        self._outlet.learn_evidence(evidence)
        self._send()

    def take_row(self, family: str, own_us: int, values: Mapping[str, float | None]) -> None:
        """Take a row of a family at an own time; its time is unique within the family."""
        time_ms = self._clock.utc_ms(own_us)
        if time_ms is None:
            self.counts["undated_rows"] += 1
            return
        track = self._tracks.get(family)
        if track is None:
            track = self._tracks[family] = _Track(kind_of_values(family))
        if own_us == track.own_us:
            self.counts["repeated"] += 1
            return
        if time_ms <= track.time_ms:
            if track.time_ms - time_ms >= _MOST_MOVED_MS:
                self.counts["late_rows"] += 1
                return
            time_ms = track.time_ms + 1
        track.own_us, track.time_ms = own_us, time_ms
        self.rows += 1
        self._note(time_ms)
        track.times_ms.append(time_ms)
        track.rows.append(values)
        self._gathered += 1
        if self._gathered >= _GATHERED_ROWS:
            self.flush()

    def take_event(self, kind: str, own_us: int, data: dict[str, Scalar]) -> None:
        """Take an event at an own time."""
        time_ms = self._clock.utc_ms(own_us)
        if time_ms is None:
            self.counts["undated_events"] += 1
            return
        self._outlet.take_event(Clock.GPS, time_ms, EventBody(kind, data))
        self._note(time_ms)
        self._send()

    def flush(self) -> None:
        """Let all rows leave; call it at the end of the log."""
        for track in self._tracks.values():
            if track.rows:
                self._outlet.take_rows(Clock.GPS, track.kind, track.times_ms, track.rows)
                track.times_ms, track.rows = [], []
        self._gathered = 0
        self._send()

    def _note(self, time_ms: int) -> None:
        if self.first_ms is None or time_ms < self.first_ms:
            self.first_ms = time_ms
        if self.last_ms is None or time_ms > self.last_ms:
            self.last_ms = time_ms

    def _send(self) -> None:
        for output in self._out:
            if isinstance(output, Descriptor) and output.device not in self.devices:
                self.devices.append(output.device)
        deliver(self._out, self._sink)
        self._out.clear()
