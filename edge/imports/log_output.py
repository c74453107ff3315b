"""Output of flight logs: rows and events of one vehicle get their UTC and device, are counted, and go to a sink.

The same file gives the same rows. What the log's clock cannot date is left out and counted, never dated otherwise.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.imports.log_clock import UTC_FROM_US, UTC_UNTIL_US, LogClock
from edge.imports.report import Gaps
from edge.imports.sentences import Sentence
from edge.sources.mavlink.mapping.rows import RowKind, kind_of_values
from edge.sources.mavlink.timing.pending import EventBody, StampedEvent, StampedRows
from edge.sources.mavlink.vehicle.device_naming import DeviceName, SourceContext
from edge.sources.mavlink.vehicle.device_output import DeviceOutput, Output, deliver
from edge.sources.source import Sink
from headland.contract.records import Descriptor, Evidence

#: A row may be moved by so much to keep the times of a series apart; what comes later than that is left out.
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
    """Return the SHA-256 of a file, hex; `progress` gets the bytes of each piece and ends the reading by False."""
    digest = hashlib.sha256()
    for chunk in read_chunks(path):
        digest.update(chunk)
        if not progress(len(chunk)):
            break
    return digest.hexdigest()


def date_log(clock: LogClock, start_ms: int | None, by_start: Callable[[int], LogClock], notes: list[str]) -> LogClock:
    """Return the clock of a log: `clock` where it is known, else that of its declared start; add what is to be said."""
    if clock.known:
        if start_ms is not None:
            notes.append(Sentence("start_not_used"))
        return clock
    if start_ms is None:
        notes.append(Sentence("undated"))
        return clock
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    notes.append(Sentence("dated_by_start", start=start.strftime("%Y-%m-%d %H:%M:%S")))
    return by_start(start_ms)


def read_chunks(path: Path) -> Iterator[bytes]:
    """Read a file piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


@dataclass(slots=True)
class _Series:
    """The last times of one series, and its rows that have not left yet."""

    kind: RowKind
    boot_us: int = -1
    time_ms: int = -1
    times_ms: list[int] = field(default_factory=list)
    rows: list[Mapping[str, float | None]] = field(default_factory=list)


class LogOutput:
    """Dates the rows and events of one vehicle by the log's clock and passes them to a sink."""

    def __init__(self, clock: LogClock, context: SourceContext, sink: Sink) -> None:
        self.counts: Counter[str] = Counter()
        self.rows = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self.devices: list[str] = []
        self._clock = clock
        self._sink = sink
        self._output = DeviceOutput(context, 0)
        self._series: dict[str, _Series] = {}
        self._gathered = 0

    def set_name(self, name: DeviceName) -> None:
        """Set the device of all that follows."""
        self.flush()
        self._deliver(self._output.set_name(name))

    def set_evidence(self, evidence: Mapping[str, Evidence]) -> None:
        """Set how channels were measured."""
        self._deliver(self._output.set_evidence(evidence))

    def add_row(self, name: str, boot_us: int, values: Mapping[str, float | None]) -> None:
        """Add a row of the series `name` at a time since boot; its UTC is unique within the series."""
        time_ms = self._utc_ms(boot_us, "undated_rows")
        if time_ms is None:
            return
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = _Series(kind_of_values(name))
        if boot_us == series.boot_us:
            self.counts["repeated"] += 1
            return
        if time_ms <= series.time_ms:
            if series.time_ms - time_ms >= _MOST_MOVED_MS:
                self.counts["late_rows"] += 1
                return
            time_ms = series.time_ms + 1
        series.boot_us, series.time_ms = boot_us, time_ms
        self.rows += 1
        self._note_time(time_ms)
        series.times_ms.append(time_ms)
        series.rows.append(values)
        self._gathered += 1
        if self._gathered >= _GATHERED_ROWS:
            self.flush()

    def add_event(self, event: EventBody, boot_us: int) -> None:
        """Add an event at a time since boot."""
        time_ms = self._utc_ms(boot_us, "undated_events")
        if time_ms is None:
            return
        self._note_time(time_ms)
        self._deliver(self._output.convert((StampedEvent(self._clock.source, time_ms, event),)))

    def flush(self) -> None:
        """Pass all gathered rows to the sink; call it at the end of the log."""
        stamped: list[StampedRows] = []
        for series in self._series.values():
            if series.rows:
                stamped.append(StampedRows(self._clock.source, series.kind, series.times_ms, series.rows))
                series.times_ms, series.rows = [], []
        self._gathered = 0
        self._deliver(self._output.convert(stamped))

    def _utc_ms(self, boot_us: int, undated: str) -> int | None:
        """Return the UTC of a time since boot; None, and a count, where there is none or a damaged one."""
        time_ms = self._clock.utc_ms(boot_us)
        if time_ms is None:
            self.counts[undated] += 1
        elif not UTC_FROM_US < time_ms * 1000 < UTC_UNTIL_US:
            self.counts["odd_time"] += 1
        else:
            return time_ms
        return None

    def _note_time(self, time_ms: int) -> None:
        if self.first_ms is None or time_ms < self.first_ms:
            self.first_ms = time_ms
        if self.last_ms is None or time_ms > self.last_ms:
            self.last_ms = time_ms

    def _deliver(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, Descriptor) and output.device not in self.devices:
                self.devices.append(output.device)
        deliver(outputs, self._sink)
