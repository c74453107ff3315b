"""DataFlash log (.BIN, or its text) as a source: `run` reads the whole file and returns.

The file is read twice: first for its hash, its vehicle and the UTC of its clock, then for the rows. The same
file gives the same rows, so that importing it again adds nothing.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.imports.dataflash.columns import PULSES, RULES
from edge.imports.dataflash.event_mapper import EVENT_MESSAGES, EventMapper
from edge.imports.dataflash.first_pass import FirstPass, TimeField
from edge.imports.dataflash.reader import LogReader, Message
from edge.imports.dataflash.text_reader import TextLogReader
from edge.imports.log_clock import BootTime
from edge.imports.log_output import LogOutput, LogReport, date_log, read_chunks
from edge.imports.sentences import Sentence
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.vehicle.device_naming import DeviceName, SourceContext, VehicleInfo
from edge.sources.source import Sink
from headland.errors import DataDamaged

_WANTED: Final = frozenset((*RULES, *PULSES, *EVENT_MESSAGES))


class DataflashSource:
    """A .BIN as a Source, or with `is_text` a text that was made of one.

    `start_ms` is the UTC of the first message of a log that has no satellite's.
    """

    def __init__(
        self,
        path: Path,
        settings: MavlinkSettings | None,
        site: str,
        *,
        start_ms: int | None = None,
        is_text: bool = False,
    ) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self._path = path
        self._site = (settings.site if settings is not None else None) or site
        self._sprayer = settings.sprayer if settings is not None else None
        self._simulated = settings.simulated if settings is not None else False
        self._stop = threading.Event()
        self._read_bytes = 0
        self._start_ms = start_ms
        self._first_pass = FirstPass(_WANTED, is_text=is_text)
        self._reader = (TextLogReader if is_text else LogReader)(_WANTED)
        self._output: LogOutput | None = None
        self._mapper: EventMapper | None = None
        self._counts: Counter[str] = Counter()
        self._notes: list[str] = []

    @property
    def position_bytes(self) -> int:
        """How much of `size_bytes` is done; the two passes over the file count half each."""
        return self._read_bytes // 2

    def run(self, sink: Sink) -> None:
        """Read the file into `sink` to its end, or until `stop`. Raises DataDamaged when no message is in it."""
        first_pass = self._first_pass
        self._each_chunk(first_pass.read)
        if self._stop.is_set():
            return
        clock = first_pass.finish()
        kinds = first_pass.kinds
        if not kinds.total() or set(kinds) <= {"FMT"}:
            raise DataDamaged(Sentence("no_dataflash", name=self.name))
        clock = date_log(clock, self._start_ms, first_pass.date_by_start, self._notes)
        if first_pass.steps:
            self._notes.append(Sentence("utc_stepped", count=str(first_pass.steps)))
        vehicle = first_pass.vehicle()
        prefix = f"log-{first_pass.sha256[:12]}"
        output = self._output = LogOutput(clock, SourceContext(prefix, self._site, self._simulated), sink)
        if clock.known:
            device = vehicle.device or f"{prefix}.sys{vehicle.system}"
            info = VehicleInfo(vehicle.model, vehicle.system, vehicle.software)
            output.set_name(DeviceName(device, info, vehicle.simulated))
        mapper = self._mapper = EventMapper(vehicle, self._sprayer, kinds, first_pass.parameters, output)
        times, boot_time = TimeField(), BootTime()
        self._each_chunk(lambda data: self._map(self._reader.read(data), mapper, times, boot_time))
        if not self._stop.is_set():
            self._map(self._reader.finish(), mapper, times, boot_time)
        output.flush()

    def stop(self) -> None:
        """Make `run` return after the chunk under way."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return what was read and left out, by name."""
        total = Counter(self._reader.counters()) + self._counts
        if self._output is not None:
            total += self._output.counts
            total["rows"] = self._output.rows
        if self._mapper is not None:
            total["dropped_by_logger"] = self._mapper.dropped
        return dict(total)

    def report(self) -> LogReport:
        """Return what the file held so far."""
        counters, output = self.counters(), self._output
        not_left_out = ("bytes", "messages", "rows")
        notes = list(self._notes)
        if self._mapper is not None and self._mapper.left_out:
            notes.append(Sentence("unknown_units", columns=", ".join(sorted(self._mapper.left_out))))
        if self._mapper is not None and self._mapper.doubted:
            notes.append(Sentence("doubted_units", columns=", ".join(sorted(self._mapper.doubted))))
        if self._reader.cut_bytes:
            notes.append(Sentence("cut", bytes=str(self._reader.cut_bytes)))
        return LogReport(
            messages=counters.get("messages", 0),
            rows=0 if output is None else output.rows,
            devices=() if output is None else tuple(output.devices),
            first_ms=None if output is None else output.first_ms,
            last_ms=None if output is None else output.last_ms,
            left_out={name: count for name, count in counters.items() if count and name not in not_left_out},
            notes=tuple(notes),
        )

    def _each_chunk(self, take: Callable[[bytes], None]) -> None:
        for chunk in read_chunks(self._path):
            if self._stop.is_set():
                return
            self._read_bytes += len(chunk)
            take(chunk)

    def _map(self, messages: list[Message], mapper: EventMapper, times: TimeField, boot_time: BootTime) -> None:
        for fmt, raw in messages:
            raw_us = times.raw_us(fmt, raw)
            if raw_us is None:
                boot_us = boot_time.last_us if boot_time.last_us is not None else self._first_pass.first_us
            else:
                session = boot_time.session
                boot_us = boot_time.observe(raw_us)
                if boot_us is None:
                    self._counts["odd_time"] += 1
                    continue
                if boot_time.session != session:
                    mapper.restart(boot_us, boot_time.session)
            mapper.map(fmt, raw, boot_us or 0)
