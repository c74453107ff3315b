"""A .tlog (the recording of a link by a ground station) as a source, and the report of what it held.

The file is read twice: first for its hash and for who is in it and whether their UTC ever becomes known, then for the
rows. The same file gives the same rows, so that importing it again adds nothing.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.mavlink.clock import UTC_FROM_US, UTC_UNTIL_US
from edge.mavlink.columns import FIX_3D
from edge.mavlink.fleet import Fleet
from edge.mavlink.frame import AUTOPILOT, MAX_FRAME_BYTES, FrameDecoder, RawFrame, find_frames
from edge.mavlink.identity import Surroundings
from edge.mavlink.messages import MESSAGE_BY_ID, AutopilotVersion, GpsRawInt, SystemTime, decode_message
from edge.mavlink.outlet import Output
from edge.mavlink.settings import MavlinkSettings
from edge.mavlink.timeline import Patience
from edge.mavlink.vehicle import Foreknowledge
from edge.reading import Reading, Sink
from headland.contract.records import Clock, Descriptor, Event
from headland.errors import DataDamaged

_CHUNK_BYTES: Final = 64 * 1024
#: Rows that may wait for a SYSTEM_TIME that the first look saw: an hour of a vehicle that sends 50 rows a second.
_HELD_ROWS: Final = 200_000
#: A recorder's clock does not jump further than this between two frames that are read one after the other.
_MAX_JUMP_MS: Final = 86_400_000
#: SYSTEM_TIME, GPS_RAW_INT, AUTOPILOT_VERSION.
_SURVEYED_IDS: Final = (2, 24, 148)


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
class TlogReport:
    """What a file held, what became of it, and what was left out, by reason.

    `recorder_first_ms`, `recorder_last_ms`: the span by the recorder's clock, which may be seconds away from the
    vehicles'. `left_out` counts frames, bytes and rows under the names of `TlogSource.counters`.
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


@dataclass(slots=True)
class _System:
    """What the first look saw of one system."""

    versions: list[AutopilotVersion] = field(default_factory=list)
    utc: bool = False
    fix: bool = False


@dataclass(slots=True)
class _Survey:
    """The first look at a file."""

    sha256: str = ""
    first_ms: int | None = None
    systems: dict[int, _System] = field(default_factory=dict)

    def take(self, frame: RawFrame) -> None:
        """Note what a frame tells beforehand."""
        system = self.systems.setdefault(frame[1], _System())
        message = decode_message(frame)
        if isinstance(message, SystemTime):
            system.utc = system.utc or UTC_FROM_US < message.time_unix_usec < UTC_UNTIL_US
        elif isinstance(message, GpsRawInt):
            system.fix = system.fix or message.fix_type >= FIX_3D
        elif isinstance(message, AutopilotVersion) and message not in system.versions[-1:]:
            system.versions.append(message)


class TlogSource:
    """A .tlog as a Source: `run` puts the whole file through and returns."""

    def __init__(self, path: Path, settings: MavlinkSettings | None, gateway_id: str, site: str) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self._path = path
        self._gateway_id = gateway_id
        self._site = (settings.site if settings is not None else None) or site
        self._sprayer = settings.sprayer if settings is not None else None
        self._simulated = settings.simulated if settings is not None else False
        self._stop = threading.Event()
        self._read_bytes = 0
        self._decoder = FrameDecoder(stamped=True, wanted=MESSAGE_BY_ID)
        self._fleet: Fleet | None = None
        self._counts: Counter[str] = Counter()
        self._survey = _Survey()
        self._devices: dict[str, DeviceReport] = {}
        self._last_ms: int | None = None
        self._odd_ms = 0  # the last stamp that was more than a day away
        self._complete = False

    @property
    def position_bytes(self) -> int:
        """How much of `size_bytes` is done; the two readings of the file count half each."""
        return self._read_bytes // 2

    def run(self, sink: Sink) -> None:
        """Put the file through `sink` to its end, or until `stop`.

        Raises DataDamaged when no MAVLink frame is in it.
        """
        self._read_bytes = 0
        self._survey = self._look()
        if self._survey.first_ms is None and not self._stop.is_set():
            raise DataDamaged(
                f"{self._path.name} holds no MAVLink frame with a time stamp: is it a .tlog of a ground station?"
            )
        fleet = self._fleet = self._muster()
        now_ms = self._survey.first_ms or 0
        for chunk in self._chunks():
            now_ms = self._take(self._decoder.read(chunk), fleet, now_ms)
            self._deliver(fleet.drain(), sink)
        if self._stop.is_set():
            return
        now_ms = self._take(self._decoder.finish(), fleet, now_ms)
        fleet.finish(now_ms)
        self._deliver(fleet.drain(), sink)
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

    def report(self) -> TlogReport:
        """Return what the file held so far."""
        counters = self.counters()
        taken = ("bytes", "frames", "rows", "events")
        return TlogReport(
            path=self._path,
            sha256=self._survey.sha256,
            size_bytes=self.size_bytes,
            complete=self._complete,
            frames=counters.get("frames", 0),
            rows=counters.get("rows", 0),
            recorder_first_ms=self._survey.first_ms,
            recorder_last_ms=self._last_ms,
            devices=tuple(self._devices.values()),
            left_out={name: count for name, count in counters.items() if count and name not in taken},
        )

    def _look(self) -> _Survey:
        survey, digest, probe, rest = _Survey(), hashlib.sha256(), FrameDecoder(stamped=True), b""
        for chunk in self._chunks():
            digest.update(chunk)
            if survey.first_ms is None:
                known = (_recorded_ms(frame) for frame in probe.read(chunk))
                survey.first_ms = next((time_ms for time_ms in known if time_ms is not None), None)
            buffer = rest + chunk
            for message_id in _SURVEYED_IDS:
                for frame in find_frames(buffer, message_id, AUTOPILOT):
                    survey.take(frame)
            rest = buffer[-MAX_FRAME_BYTES:]
        survey.sha256 = digest.hexdigest()
        return survey

    def _muster(self) -> Fleet:
        systems = self._survey.systems
        prefix = f"log-{self._survey.sha256[:12]}"
        known = {system: Foreknowledge(tuple(seen.versions), complete=True) for system, seen in systems.items()}

        def patience(system: int) -> Patience:
            seen = systems.get(system, _System())
            return Patience(wait_ms=None, rows=_HELD_ROWS, utc=seen.utc, fix=seen.fix)

        everyone = {system: known.get(system, Foreknowledge(complete=True)) for system in range(256)}
        return Fleet(Surroundings(prefix, self._site, self._simulated), self._sprayer, patience, everyone)

    def _chunks(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while not self._stop.is_set() and (chunk := file.read(_CHUNK_BYTES)):
                self._read_bytes += len(chunk)
                yield chunk

    def _take(self, frames: Sequence[RawFrame], fleet: Fleet, now_ms: int) -> int:
        """Put frames into the fleet; a frame without a credible stamp has the time of the one before.

        A jump of more than a day is credible when the next stamp agrees with it: the recording went on another day.
        """
        arrivals_ms: list[int] = []
        for frame in frames:
            stamp_us = frame[6]
            if stamp_us is not None and abs(stamp_us // 1000 - now_ms) < _MAX_JUMP_MS:
                now_ms = stamp_us // 1000
            else:
                now_ms = self._judge(frame, now_ms)
            arrivals_ms.append(now_ms)
        fleet.take_all("log", frames, now_ms, arrivals_ms)
        self._last_ms = now_ms
        return now_ms

    def _judge(self, frame: RawFrame, now_ms: int) -> int:
        """Return the time of a frame whose stamp is missing or far from the one before."""
        recorded_ms = _recorded_ms(frame)
        if recorded_ms is None:
            self._counts["without_stamp"] += 1
        elif abs(recorded_ms - self._odd_ms) < _MAX_JUMP_MS:
            return recorded_ms
        else:
            self._counts["odd_stamp"] += 1
            self._odd_ms = recorded_ms
        return now_ms

    def _deliver(self, outputs: list[Output], sink: Sink) -> None:
        times_ms: dict[tuple[str, Clock], list[int]] = {}
        for output in outputs:
            if isinstance(output, Reading):
                sink.reading(output)
                key = (output.source.device, output.clock)
                if key in times_ms:
                    times_ms[key].append(output.time_ms)
                else:
                    times_ms[key] = [output.time_ms]
            elif isinstance(output, Event):
                sink.event(output)
                self._device(output.device).events += 1
            elif isinstance(output, Descriptor):
                sink.describe(output)
                self._device(output.device).model = output.model
        for (name, clock), times in times_ms.items():
            self._note_rows(name, clock, times)

    def _note_rows(self, name: str, clock: Clock, times_ms: list[int]) -> None:
        device = self._device(name)
        device.rows += len(times_ms)
        device.clocks[clock] = device.clocks.get(clock, 0) + len(times_ms)
        first_ms, last_ms = min(times_ms), max(times_ms)
        device.first_ms = first_ms if device.first_ms is None else min(device.first_ms, first_ms)
        device.last_ms = last_ms if device.last_ms is None else max(device.last_ms, last_ms)

    def _device(self, name: str) -> DeviceReport:
        report = self._devices.get(name)
        if report is None:
            report = self._devices[name] = DeviceReport(name)
        return report


def _recorded_ms(frame: RawFrame) -> int | None:
    """Return the recorder's time of a frame, None where it is missing or cannot be."""
    stamp_us = frame[6]
    return stamp_us // 1000 if stamp_us is not None and UTC_FROM_US - 10**15 < stamp_us < UTC_UNTIL_US else None
