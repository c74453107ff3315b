"""A DataFlash log (.BIN) as a source: `run` puts the whole of it through and returns.

The file is read twice: first for its hash, for who wrote it and for what UTC its clock means, then for the rows. The
same file gives the same rows, so that importing it again adds nothing.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.imports.dataflash.columns import PULSES, RULES
from edge.imports.dataflash.event_mapper import TOLD, EventMapper
from edge.imports.dataflash.first_pass import Survey, TimeField
from edge.imports.dataflash.reader import LogReader, Message
from edge.imports.log_clock import OwnTime
from edge.imports.log_output import LogOutlet, LogReport, read_chunks
from edge.sources.mavlink.output.device_ids import SourceContext
from edge.sources.mavlink.output.output import VehicleInfo
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.source import Sink
from headland.errors import DataDamaged

_WANTED: Final = frozenset((*RULES, *PULSES, *TOLD))


class DataflashSource:
    """A .BIN as a Source."""

    def __init__(self, path: Path, settings: MavlinkSettings | None, site: str) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self._path = path
        self._site = (settings.site if settings is not None else None) or site
        self._sprayer = settings.sprayer if settings is not None else None
        self._simulated = settings.simulated if settings is not None else False
        self._stop = threading.Event()
        self._read_bytes = 0
        self._survey = Survey(_WANTED)
        self._reader = LogReader(_WANTED)
        self._outlet: LogOutlet | None = None
        self._story: EventMapper | None = None
        self._counts: Counter[str] = Counter()
        self._notes: list[str] = []

    @property
    def position_bytes(self) -> int:
        """How much of `size_bytes` is done; the two readings of the file count half each."""
        return self._read_bytes // 2

    def run(self, sink: Sink) -> None:
        """Put the file through `sink` to its end, or until `stop`. Raises DataDamaged when no message is in it."""
        self._each_chunk(self._survey.take)
        if self._stop.is_set():
            return
        clock = self._survey.finish()
        kinds = self._survey.kinds
        if not kinds.total() or set(kinds) <= {"FMT"}:
            raise DataDamaged(f"{self.name} holds no DataFlash message: is it a .BIN log of an ArduPilot?")
        if not clock.known:
            self._notes.append(
                "no satellite fix with a time is in it, so nothing in it can be dated and all of it is left out"
            )
        if self._survey.steps:
            self._notes.append(f"the receiver's UTC stepped, and rows with it (steps: {self._survey.steps})")
        vehicle = self._survey.vehicle()
        prefix = f"log-{self._survey.sha256[:12]}"
        outlet = self._outlet = LogOutlet(clock, SourceContext(prefix, self._site, self._simulated), sink)
        if clock.known:
            plate = VehicleInfo(vehicle.model, vehicle.system, vehicle.software)
            outlet.name(vehicle.device or f"{prefix}.sys{vehicle.system}", plate, simulated=vehicle.simulated)
        story = self._story = EventMapper(vehicle, self._sprayer, kinds, self._survey.parameters, outlet)
        times, own = TimeField(), OwnTime()
        self._each_chunk(lambda data: self._tell(self._reader.read(data), story, times, own))
        if not self._stop.is_set():
            self._tell(self._reader.finish(), story, times, own)
        outlet.flush()

    def stop(self) -> None:
        """Make `run` return after the chunk under way."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return what was read and left out, by name."""
        total = Counter(self._reader.counters()) + self._counts
        if self._outlet is not None:
            total += self._outlet.counts
            total["rows"] = self._outlet.rows
        if self._story is not None:
            total["dropped_by_logger"] = self._story.dropped
        return dict(total)

    def report(self) -> LogReport:
        """Return what the file held so far."""
        counters, outlet = self.counters(), self._outlet
        taken = ("bytes", "messages", "rows")
        notes = list(self._notes)
        if self._story is not None and self._story.left_out:
            notes.append(f"in units that were not understood: {', '.join(sorted(self._story.left_out))}")
        return LogReport(
            messages=counters.get("messages", 0),
            rows=0 if outlet is None else outlet.rows,
            devices=() if outlet is None else tuple(outlet.devices),
            first_ms=None if outlet is None else outlet.first_ms,
            last_ms=None if outlet is None else outlet.last_ms,
            left_out={name: count for name, count in counters.items() if count and name not in taken},
            notes=tuple(notes),
        )

    def _each_chunk(self, take: Callable[[bytes], None]) -> None:
        for chunk in read_chunks(self._path):
            if self._stop.is_set():
                return
            self._read_bytes += len(chunk)
            take(chunk)

    def _tell(self, messages: list[Message], story: EventMapper, times: TimeField, own: OwnTime) -> None:
        for found, raw in messages:
            raw_us = times.raw_us(found, raw)
            if raw_us is None:
                own_us = own.last_us if own.last_us is not None else self._survey.first_us
            else:
                session = own.session
                own_us = own.observe(raw_us)
                if own_us is None:
                    self._counts["odd_time"] += 1
                    continue
                if own.session != session:
                    story.restart(own_us, own.session)
            story.take(found, raw, own_us or 0)
