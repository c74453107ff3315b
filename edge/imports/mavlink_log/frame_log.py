"""Recording of a link as a source: the common part of a .tlog and a dump without stamps, and their report.

The file is read twice: first for its hash, the vehicles in it and whether their UTC ever becomes known, then for
the rows. The same file gives the same rows, so that importing it again adds nothing.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.imports.mavlink_log.first_pass import FirstPass
from edge.imports.sentences import Sentence
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.frame import RawFrame
from edge.sources.mavlink.protocol.messages import MESSAGE_BY_ID
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.vehicle.device_naming import SourceContext
from edge.sources.mavlink.vehicle.device_output import Output, deliver
from edge.sources.mavlink.vehicle.fleet import Fleet
from edge.sources.source import Readings, Sink
from headland.contract.records import Clock, Descriptor, Event

_CHUNK_BYTES: Final = 64 * 1024
_LINK: Final = "log"
#: Senders whose messages were set aside that the report names, the most messages first.
_NAMED_ASIDE: Final = 5


@dataclass(slots=True)
class DeviceReport:
    """Rows and events of one vehicle in a file."""

    device: str
    model: str = ""
    rows: int = 0
    events: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    clocks: dict[Clock, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FrameLogReport:
    """What a file held, and what was left out, by reason.

    `recorder_first_ms`, `recorder_last_ms`: the span by the recorder's clock, which may be seconds away from the
    vehicles'; None where it wrote no stamps. `left_out` counts frames, bytes and rows under the names of `counters`,
    `notes` are sentences: whose messages were set aside, and why.
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
    notes: tuple[str, ...] = ()


class FrameLogSource(ABC):
    """A recording as a Source: `run` reads the whole file and returns."""

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
        self._first_pass = FirstPass()
        self._devices: dict[str, DeviceReport] = {}
        self._complete = False
        self._said: list[str] = []

    @property
    def position_bytes(self) -> int:
        """How much of `size_bytes` is done; the two passes over the file count half each."""
        return self._read_bytes // 2

    def run(self, sink: Sink) -> None:
        """Read the file into `sink` to its end, or until `stop`.

        Raises DataDamaged when no MAVLink frame is in it.
        """
        self._read_bytes, first_pass = 0, FirstPass()
        self._first_pass = first_pass
        for chunk in self._chunks():
            first_pass.read(chunk)
            self._inspect(chunk)
        if self._stop.is_set():
            return
        now_ms = self._begin()
        context = SourceContext(f"log-{first_pass.sha256[:12]}", self._site, self._simulated)
        fleet = self._fleet = Fleet(context, self._sprayer, first_pass.policy, first_pass.known_devices)
        for chunk in self._chunks():
            now_ms, outputs = self._read(self._decoder.read(chunk), fleet, now_ms)
            self._deliver(outputs, sink)
        if self._stop.is_set():
            return
        begun_bytes, junk_bytes = self._decoder.begun_bytes, self._decoder.counters().get("junk_bytes", 0)
        now_ms, outputs = self._read(self._decoder.finish(), fleet, now_ms)
        is_left = self._decoder.begun_bytes or self._decoder.counters().get("junk_bytes", 0) > junk_bytes
        if begun_bytes and is_left:
            self._said.append(Sentence("cut", bytes=str(begun_bytes)))
        self._deliver(outputs + fleet.finish(now_ms), sink)
        self._end()
        self._complete = True

    def stop(self) -> None:
        """Make `run` return after the chunk under way."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return what was read and left out, by name."""
        fleet = self._fleet
        autopilots = set() if fleet is None else fleet.autopilots(_LINK)
        total = self._counts.copy() + Counter(self._decoder.counters(autopilots))
        if fleet is not None:
            total += fleet.counters()
        return dict(total)

    def report(self) -> FrameLogReport:
        """Return what the file held so far."""
        counters = self.counters()
        not_left_out = ("bytes", "frames", "rows", "events")
        return FrameLogReport(
            path=self._path,
            sha256=self._first_pass.sha256,
            size_bytes=self.size_bytes,
            complete=self._complete,
            frames=counters.get("frames", 0),
            rows=counters.get("rows", 0),
            recorder_first_ms=self.recorder_first_ms,
            recorder_last_ms=self.recorder_last_ms,
            devices=tuple(self._devices.values()),
            left_out={name: count for name, count in counters.items() if count and name not in not_left_out},
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        aside = [] if self._fleet is None else self._fleet.set_aside()
        return (*self._said, *(entry.sentence() for entry in aside[:_NAMED_ASIDE]))

    def _inspect(self, chunk: bytes) -> None:  # noqa: B027 - only stamps need it
        """Read a piece of the file in the first pass."""

    @abstractmethod
    def _begin(self) -> int:
        """Return the time at which the recording begins; the first pass has ended."""

    @abstractmethod
    def _arrivals_ms(self, frames: Sequence[RawFrame], now_ms: int) -> list[int]:
        """Return the arrival of each frame; `now_ms` is that of the last one before them."""

    def _end(self) -> None:  # noqa: B027 - only a dump needs it
        """Check the file at its end."""

    def _read(self, frames: Sequence[RawFrame], fleet: Fleet, now_ms: int) -> tuple[int, list[Output]]:
        """Return the arrival of the last frame, and the outputs of all."""
        if not frames:
            return now_ms, []
        arrivals_ms = self._arrivals_ms(frames, now_ms)
        return arrivals_ms[-1], fleet.read(_LINK, frames, arrivals_ms)

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
