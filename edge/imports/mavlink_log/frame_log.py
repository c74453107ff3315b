"""A recording of a link as a source: what a .tlog and a dump without stamps have in common, and the report of either.

The file is read twice: first for its hash and for who is in it and whether their UTC ever becomes known, then for the
rows. The same file gives the same rows, so that importing it again adds nothing.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.imports.mavlink_log.first_pass import Survey
from edge.sources.mavlink.output.device_ids import SourceContext
from edge.sources.mavlink.output.output import Output, deliver
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.frame import RawFrame
from edge.sources.mavlink.protocol.messages import MESSAGE_BY_ID
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.vehicle.vehicles import Fleet
from edge.sources.source import Readings, Sink
from headland.contract.records import Clock, Descriptor, Event

_CHUNK_BYTES: Final = 64 * 1024


@dataclass(slots=True)
class DeviceReport:
    """What one vehicle left in a file."""

    device: str
    model: str = ""
    rows: int = 0
    events: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    clocks: dict[Clock, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FrameLogReport:
    """What a file held, what became of it, and what was left out, by reason.

    `recorder_first_ms`, `recorder_last_ms`: the span by the recorder's clock, which may be seconds away from the
    vehicles'; None where it wrote no stamps. `left_out` counts frames, bytes and rows under the names of `counters`.
    """

    path: Path
    sha256: str
    size_bytes: int
    complete: bool
    frames: int
    rows: int
    recorder_first_ms: int | None
    recorder_last_ms: int | None
    devices: tuple[DeviceReport, ...]
    left_out: Mapping[str, int]


class FrameLogSource(ABC):
    """A recording as a Source: `run` puts the whole file through and returns."""

    def __init__(
        self, path: Path, settings: MavlinkSettings | None, gateway_id: str, site: str, *, stamped: bool
    ) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self.recorder_first_ms: int | None = None
        self.recorder_last_ms: int | None = None
        self._path = path
        self._gateway_id = gateway_id
        self._site = (settings.site if settings is not None else None) or site
        self._sprayer = settings.sprayer if settings is not None else None
        self._simulated = settings.simulated if settings is not None else False
        self._stop = threading.Event()
        self._read_bytes = 0
        self._decoder = FrameDecoder(stamped=stamped, wanted=MESSAGE_BY_ID)
        self._fleet: Fleet | None = None
        self._counts: Counter[str] = Counter()
        self._survey = Survey()
        self._devices: dict[str, DeviceReport] = {}
        self._complete = False

    @property
    def position_bytes(self) -> int:
        """How much of `size_bytes` is done; the two readings of the file count half each."""
        return self._read_bytes // 2

    def run(self, sink: Sink) -> None:
        """Put the file through `sink` to its end, or until `stop`.

        Raises DataDamaged when no MAVLink frame is in it.
        """
        self._read_bytes, self._survey = 0, Survey()
        for chunk in self._chunks():
            self._survey.take(chunk)
            self._look(chunk)
        if self._stop.is_set():
            return
        now_ms = self._begin()
        prefix = f"log-{self._survey.sha256[:12]}"
        surroundings = SourceContext(prefix, self._site, self._simulated)
        fleet = self._fleet = Fleet(surroundings, self._sprayer, self._survey.patience, self._survey.known())
        for chunk in self._chunks():
            now_ms = self._take(self._decoder.read(chunk), fleet, now_ms)
            self._deliver(fleet.drain(), sink)
        if self._stop.is_set():
            return
        now_ms = self._take(self._decoder.finish(), fleet, now_ms)
        fleet.finish(now_ms)
        self._deliver(fleet.drain(), sink)
        self._end()
        self._complete = True

    def stop(self) -> None:
        """Make `run` return after the chunk under way."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return what was read and left out, by name."""
        total = self._counts.copy() + Counter(self._decoder.counters())
        if self._fleet is not None:
            total += self._fleet.counters()
        return dict(total)

    def report(self) -> FrameLogReport:
        """Return what the file held so far."""
        counters = self.counters()
        taken = ("bytes", "frames", "rows", "events")
        return FrameLogReport(
            path=self._path,
            sha256=self._survey.sha256,
            size_bytes=self.size_bytes,
            complete=self._complete,
            frames=counters.get("frames", 0),
            rows=counters.get("rows", 0),
            recorder_first_ms=self.recorder_first_ms,
            recorder_last_ms=self.recorder_last_ms,
            devices=tuple(self._devices.values()),
            left_out={name: count for name, count in counters.items() if count and name not in taken},
        )

    def _look(self, chunk: bytes) -> None:  # noqa: B027 - only stamps need it
        """See a piece of the file the first time."""

    @abstractmethod
    def _begin(self) -> int:
        """Return the time at which the recording begins; the first look has ended."""

    @abstractmethod
    def _arrivals_ms(self, frames: Sequence[RawFrame], now_ms: int) -> list[int]:
        """Return when each of the frames was heard; `now_ms` is when the last one before them was."""

    def _end(self) -> None:  # noqa: B027 - only a dump needs it
        """See that the file has ended."""

    def _take(self, frames: Sequence[RawFrame], fleet: Fleet, now_ms: int) -> int:
        if not frames:
            return now_ms
        arrivals_ms = self._arrivals_ms(frames, now_ms)
        fleet.take_all("log", frames, arrivals_ms)
        return arrivals_ms[-1]

    def _chunks(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while not self._stop.is_set() and (chunk := file.read(_CHUNK_BYTES)):
                self._read_bytes += len(chunk)
                yield chunk

    def _deliver(self, outputs: list[Output], sink: Sink) -> None:
        runs = deliver(outputs, sink)
        for output in outputs:
            if isinstance(output, Event):
                self._device(output.device).events += 1
            elif isinstance(output, Descriptor):
                self._device(output.device).model = output.model
        for run in runs:
            self._note_rows(run)

    def _note_rows(self, run: Readings) -> None:
        device, clock = self._device(run.source.device), run.clock
        device.rows += len(run)
        device.clocks[clock] = device.clocks.get(clock, 0) + len(run)
        first_ms, last_ms = min(run.times_ms), max(run.times_ms)
        device.first_ms = first_ms if device.first_ms is None else min(device.first_ms, first_ms)
        device.last_ms = last_ms if device.last_ms is None else max(device.last_ms, last_ms)

    def _device(self, name: str) -> DeviceReport:
        report = self._devices.get(name)
        if report is None:
            report = self._devices[name] = DeviceReport(name)
        return report
