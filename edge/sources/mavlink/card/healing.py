"""Healing of one link's flights: watches them, and after landing reads what is missing from the vehicles' cards.

rows, armed or not --> flights with gaps --> [ landed, disarmed ] --> a log's bytes --> its samples in the gaps --> sink

Pure but for the files on the gateway's disk: times come with every call, frames go in, requests are returned. One
vehicle is read at a time, never while its motors are armed; what was read stays on the disk until its flight is done.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.sources.mavlink.card.file_transfer import FileTransfer
from edge.sources.mavlink.card.flight_file import FlightFile
from edge.sources.mavlink.card.flights import Edge, Flight, FlightWatch, Gap
from edge.sources.mavlink.card.healed_rows import HealedRows
from edge.sources.mavlink.card.log_transfer import LogTransfer
from edge.sources.mavlink.card.span_reader import HistorySink, LogFormats, SpanResult, SpanRun
from edge.sources.mavlink.card.sparse_file import Range, SparseFile
from edge.sources.mavlink.card.transfer import CardTransfer, LogEntry, NotAnswered
from edge.sources.mavlink.output.device_output import KIND
from edge.sources.mavlink.protocol.encoder import Outgoing
from edge.sources.mavlink.protocol.frame import RawFrame
from edge.sources.mavlink.settings import HealSettings
from edge.sources.source import DeviceId, Readings, Sink
from headland.contract.records import ChannelInfo, Clock, Event

_LOGGER = logging.getLogger(__name__)

#: How long a vehicle is disarmed before its card is read.
_SETTLE_S: Final = 5.0
#: Attempts for one flight, and the wait after the first; each further one is four times as long.
_ATTEMPTS: Final = 4
_RETRY_S: Final = 30.0
#: What the other protocol may be able to do.
_OTHER_PROTOCOL: Final = ("no_answer", "no_logs", "no_data")
#: How often the file of flights is written while one is under way; what is not noted in it counts as not received.
_SAVE_S: Final = 1.0
_SAVE_PARTS_S: Final = 5.0
#: Bytes of a log that are decoded in one step of the link's thread.
_STEP_BYTES: Final = 32_768
#: A ground station's own transfer from a card: how long nothing is requested after its last message.
_YIELD_S: Final = 60.0
#: Logs of a card that are looked into for one gap.
_MOST_LOGS: Final = 12
#: The begin of a log, by which its format is known, and how much is compared of one that was read in part before.
_START_BYTES: Final = 8192
_WITNESS_BYTES: Final = 90
#: A smaller log holds nothing.
_LEAST_LOG_BYTES: Final = 1024

Key = tuple[str, int, int, int]
Sends = list[tuple[str, Outgoing]]


@dataclass(frozen=True, slots=True)
class CardVehicle:
    """A vehicle as it is now: where it is received, its device, and whether its motors are armed."""

    key: Key
    device: str
    armed: bool | None
    offset_ms: int | None
    clock: Clock
    run: str


@dataclass(slots=True)
class _Job:
    """What is being read: a gap of a flight, from one log after the other."""

    flight: Flight
    key: Key
    transfer: CardTransfer
    protocol: str
    logs: list[LogEntry] = field(default_factory=list)
    untried: list[LogEntry] = field(default_factory=list)
    gap: Gap | None = None
    rows: HealedRows | None = None
    log: LogEntry | None = None
    file: SparseFile | None = None
    run: SpanRun | None = None
    need: Range = (0, 0)
    #: Bytes that an earlier attempt read: they are read again and compared, before the others are relied on.
    witness: bytes = b""
    verified: set[str] = field(default_factory=set)
    last_used: str = ""
    asked: tuple[str, Range] | None = None
    #: What ends transfers of logs that are done, to be sent.
    ending: list[Outgoing] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


class Healing:
    """The flights of one source. `history` is where healed samples go: behind the checks of the live ones."""

    def __init__(
        self,
        settings: HealSettings,
        folder: Path,
        source: str,
        *,
        max_bytes_s: float,
        formats: LogFormats,
        may_send: bool = True,
        clock: Clock = Clock.RTC,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._folder = folder
        self._file = FlightFile(folder / f"{source}.json")
        self._max_bytes_s = max_bytes_s
        self._formats = formats
        self._channels: list[tuple[Key, Mapping[str, ChannelInfo]]] = []
        self._off = "" if may_send and settings.enabled and formats else "off"
        self._clock = clock
        self._least_ms = round(settings.least_gap_s * 1000)
        self._watches: dict[str, FlightWatch] = {}
        self._devices: dict[str, DeviceId] = {}
        self._disarmed_s: dict[str, float] = {}
        self._wait_until_s: dict[str, float] = {}
        #: The protocol of the next attempt.
        self._protocols: dict[str, str] = {}
        #: Why the first protocol failed, where the second is tried.
        self._reasons: dict[str, str] = {}
        self._job: _Job | None = None
        self._yield_until_s = 0.0
        self._save_s = 0.0
        self._parts_save_s = 0.0
        self._is_changed = True
        for flight in self._file.flights:
            self._switch(flight)

    # What comes by link

    def note_rows(self, vehicle: CardVehicle, runs: Sequence[Readings], now_s: float) -> None:
        """Note rows of a vehicle that were just received; call it also without rows, when it is armed or disarmed."""
        for run in runs:
            if run.source.device == vehicle.device:
                self._devices[vehicle.device] = run.source
                break
        watch = self._watches.get(vehicle.device)
        if watch is None:
            if vehicle.armed is None or vehicle.offset_ms is None:
                return
            watch = self._watches[vehicle.device] = self._new_watch(vehicle.device)
        own = [run for run in runs if run.source.device == vehicle.device]
        time_ms = own[-1].times_ms[-1] if own else 0
        edge = Edge(time_ms, time_ms - (vehicle.offset_ms or 0), vehicle.clock.value, vehicle.run)
        was_flying = watch.flight is not None
        ended = watch.note(own, edge, armed=vehicle.armed)
        if vehicle.armed or vehicle.device not in self._disarmed_s:
            self._disarmed_s[vehicle.device] = now_s
        if ended is not None:
            self._end_flight(ended, vehicle.device)
        elif watch.flight is not None and not was_flying:
            self._file.add(watch.flight)
            self._is_changed = True

    def take(self, key: Key, frame: RawFrame, now_s: float) -> None:
        """Read a frame that may answer a request."""
        job = self._job
        if job is None or job.key[:3] != key[:3]:
            self.counts["card_unrequested"] += 1
            return
        try:
            job.transfer.take(frame, now_s)
        except OSError as error:
            _LOGGER.warning("parts of a log cannot be written (%s)", error)
            self._fail("disk", now_s)

    def note_other_transfer(self, now_s: float) -> None:
        """Note that a ground station reads a card over this link: it goes first."""
        self._yield_until_s = now_s + _YIELD_S

    # Step

    def step(
        self, vehicles: Mapping[str, CardVehicle], sink: Sink, history: HistorySink, now_s: float, now_ms: int
    ) -> Sends:
        """Do what is due; return what to send. `vehicles` are those that are received now, by device."""
        sends: Sends = []
        job = self._job
        if job is not None:
            vehicle = vehicles.get(job.flight.device)
            if vehicle is None or vehicle.key != job.key or vehicle.armed is not False or now_s < self._yield_until_s:
                if vehicle is not None:
                    sends += _to(job, job.transfer.stop())
                self._drop_job()
        if self._job is None and not self._off and now_s >= self._yield_until_s:
            self._choose(vehicles, now_s)
        if self._job is not None:
            sends += self._advance(self._job, history, now_s)
        for flight in self._file.flights:
            self._report(flight, sink, now_ms)
        self._save(now_s)
        return sends

    def take_channels(self) -> list[tuple[Key, Mapping[str, ChannelInfo]]]:
        """Return the channels of the logs that were read since the last call, by vehicle."""
        channels, self._channels = self._channels, []
        return channels

    def close(self) -> None:
        """Write everything to the disk; the gateway stops."""
        self._drop_job()
        for watch in self._watches.values():
            watch.snapshot()
        self._file.write(is_clean=True)

    def counters(self) -> Counter[str]:
        """Return what was read from cards, by name."""
        total = self.counts.copy()
        if self._job is not None:
            total += Counter(self._job.transfer.counts)
        return total

    def flights(self) -> list[Flight]:
        """Return the flights that are remembered, the oldest first."""
        return list(self._file.flights)

    # Flights

    def _new_watch(self, device: str) -> FlightWatch:
        watch = FlightWatch(device, self._least_ms)
        unfinished = [flight for flight in self._file.flights if flight.device == device and flight.end_ms is None]
        for flight in unfinished[:-1]:
            flight.end_ms = flight.until_ms
        if unfinished:
            watch.resume(unfinished[-1], 0 if self._file.was_clean else round(2 * _SAVE_S * 1000))
        return watch

    def _end_flight(self, flight: Flight, device: str) -> None:
        source = self._devices.get(device)
        if source is not None:
            flight.site, flight.simulated = source.site, source.simulated
        self._switch(flight)
        self._is_changed = True

    def _switch(self, flight: Flight) -> None:
        """Leave open gaps where nothing is read from cards; open them again where that was the reason."""
        for gap in flight.gaps:
            if self._off and gap.state == "open" and flight.end_ms is not None:
                gap.state, gap.reason = "left", self._off
            elif not self._off and gap.reason == "off":
                gap.state, gap.reason = "open", ""

    def _report(self, flight: Flight, sink: Sink, now_ms: int) -> None:
        """Send the coverage of a flight that has ended, where it is another than the one sent last."""
        if flight.end_ms is None:
            return
        live_ms, healed_ms, left_ms = flight.coverage_ms()
        state = "open" if flight.is_open else "left" if left_ms > 0 else "complete"
        report = [flight.start_ms, flight.end_ms, live_ms, healed_ms, left_ms, int(flight.is_open)]
        if report == flight.reported or not flight.site:
            return
        flight.reported = report
        reasons = sorted({gap.reason for gap in flight.gaps if gap.reason})
        sink.event(
            Event(
                t=now_ms,
                device=flight.device,
                kind="flight_coverage",
                device_kind=KIND,
                site=flight.site,
                clock=self._clock,
                data={
                    "start_ms": flight.start_ms,
                    "end_ms": flight.end_ms,
                    "live_s": live_ms / 1000,
                    "healed_s": healed_ms / 1000,
                    "remaining_s": left_ms / 1000,
                    "gaps": len(flight.gaps),
                    "state": state,
                    "reason": ", ".join(reasons) or None,
                },
                simulated=flight.simulated,
            )
        )
        self._is_changed = True

    def _save(self, now_s: float) -> None:
        job = self._job
        if job is not None and job.file is not None and now_s - self._parts_save_s >= _SAVE_PARTS_S:
            self._parts_save_s = now_s
            job.file.save()
        is_flying = any(watch.flight is not None for watch in self._watches.values())
        if not (self._is_changed or is_flying) or now_s - self._save_s < _SAVE_S:
            return
        for watch in self._watches.values():
            watch.snapshot()
        self._save_s, self._is_changed = now_s, False
        self._file.write()

    # The card

    def _choose(self, vehicles: Mapping[str, CardVehicle], now_s: float) -> None:
        """Begin with the oldest flight of a vehicle that has landed and is there."""
        for flight in self._file.flights:
            vehicle = vehicles.get(flight.device)
            if vehicle is None or vehicle.armed is not False or flight.end_ms is None or not flight.is_open:
                continue
            if now_s - self._disarmed_s.get(flight.device, now_s) < _SETTLE_S:
                continue
            if now_s < self._wait_until_s.get(flight.key, 0.0):
                continue
            protocol = self._protocol(flight)
            self._job = _Job(flight, vehicle.key, self._new_transfer(protocol, vehicle.key), protocol)
            self.counts["card_jobs"] += 1
            return

    def _protocol(self, flight: Flight) -> str:
        chosen = self._settings.protocol
        return self._protocols.get(flight.device, "log") if chosen == "auto" else chosen

    def _new_transfer(self, protocol: str, key: Key) -> CardTransfer:
        make = FileTransfer if protocol == "ftp" else LogTransfer
        return make(key[1], key[2], self._max_bytes_s)

    def _advance(self, job: _Job, history: HistorySink, now_s: float) -> Sends:
        try:
            if not job.logs:
                logs = job.transfer.logs()
                if logs is None:
                    return _to(job, job.transfer.due(now_s))
                job.logs = _readable(logs)
            self._read_on(job, history)
            ending, job.ending = job.ending, []
            if self._job is None:
                return _to(job, ending + job.transfer.stop())
            return _to(job, ending + job.transfer.due(now_s))
        except NotAnswered as failure:
            self._fail(failure.reason, now_s)
        except OSError as error:
            _LOGGER.warning("the parts of a log cannot be kept (%s)", error)
            self._fail("disk", now_s)
        return _to(job, job.transfer.stop())

    def _read_on(self, job: _Job, history: HistorySink) -> None:
        """Decode what is there, at most `_STEP_BYTES`; request what is needed next."""
        done = 0
        while done < _STEP_BYTES:
            if job.gap is None and not self._next_gap(job, history):
                return
            if job.file is None and not self._next_log(job, history):
                continue
            file, log = job.file, job.log
            if file is None or log is None:
                return
            data = file.read(*job.need)
            if data is None:
                if file.total_bytes > self._settings.max_mb * 1_000_000:
                    self._end_log(job, SpanResult(False, "too_large"))
                    continue
                if job.asked != (log.key, job.need):
                    job.asked = (log.key, job.need)
                    job.transfer.request(log, file, *job.need)
                return
            done += max(1024, len(data))
            self._take(job, file, log, data)

    def _next_gap(self, job: _Job, history: HistorySink) -> bool:
        job.gap = next((gap for gap in job.flight.gaps if gap.state == "open"), None)
        if job.gap is None:
            self._finish(job)
            return False
        job.rows = HealedRows(job.gap, self._least_ms, history)
        job.reasons = []
        last = [log for log in job.logs if log.name == job.last_used]
        job.untried = [*last, *(log for log in job.logs if log.name != job.last_used)]
        return True

    def _next_log(self, job: _Job, history: HistorySink) -> bool:
        """Open the next log for the gap; the gap is done where there is none, or where nothing remains of it."""
        if not job.untried:
            self._end_gap(job, history)
            return False
        log = job.log = job.untried.pop(0)
        file = job.file = SparseFile(self._path(job.flight, log))
        file.end = log.size_bytes
        job.run, job.witness = None, b""
        job.need = (0, _START_BYTES)
        if log.key not in job.verified:
            begin, end = file.last_part(_START_BYTES, _WITNESS_BYTES)
            job.witness = file.take_out(begin, end)
            job.need = (begin, end) if job.witness else job.need
            job.verified.add(log.key)
        if job.rows is not None:
            job.rows.begin_log()
        return True

    def _take(self, job: _Job, file: SparseFile, log: LogEntry, data: bytes) -> None:
        """Take the bytes that were needed: the witness, the beginning, then what the reader asked for."""
        gap, rows = job.gap, job.rows
        if job.witness:
            if data != job.witness:  # another log has that place in the list now
                self.counts["card_other_log"] += 1
                job.ending += job.transfer.stop()
                file.delete()
                job.asked = None
                job.file = file = SparseFile(self._path(job.flight, log))
                file.end = log.size_bytes
            job.witness, job.need = b"", (0, _START_BYTES)
            return
        try:
            if job.run is not None:
                job.need = job.run.send(data)
                return
            reader = next((each for each in self._formats if data.startswith(each.start)), None)
            source = self._source_of(job.flight)
            if reader is None or gap is None or rows is None:
                self._end_log(job, SpanResult(False, "unknown_format"))
                return
            job.run = reader.read(log.size_bytes, gap, source, rows)
            job.need = next(job.run)
        except StopIteration as stop:
            self._end_log(job, stop.value)
        except Exception:  # of a log that nobody has seen yet: it must not end the link
            self.counts["card_unreadable"] += 1
            _LOGGER.warning("%s of %s cannot be read", log.name, job.flight.device, exc_info=True)
            self._end_log(job, SpanResult(False, "unreadable"))

    def _end_log(self, job: _Job, result: SpanResult) -> None:
        gap, rows, log = job.gap, job.rows, job.log
        job.ending += job.transfer.stop()  # of the file, which is complete as far as it was needed
        if job.file is not None:
            job.file.close()
        job.file, job.run, job.asked = None, None, None
        if gap is None or rows is None or log is None:
            return
        if result.reason:
            job.reasons.append(result.reason)
        if result.is_of_flight:
            job.last_used = log.name
            self._channels.append((job.key, rows.channels))
            if gap.is_one_boot or gap.duration_ms - rows.covered_ms <= self._least_ms:
                job.untried.clear()

    def _end_gap(self, job: _Job, history: HistorySink) -> None:
        gap, rows = job.gap, job.rows
        if gap is None or rows is None:
            return
        history.finish()
        gap.covered_ms = rows.covered_ms
        is_whole = gap.covered_ms >= gap.duration_ms
        gap.state = "healed" if is_whole else "left"
        gap.reason = "" if is_whole else (job.reasons[-1] if job.reasons else "not_logged")
        self.counts["healed_gaps"] += is_whole
        self.counts["healed_samples"] += rows.samples
        job.gap = job.rows = None
        self._is_changed = True

    def _finish(self, job: _Job) -> None:
        """End with a flight: nothing of it is to be read any more, so the parts are removed."""
        self._close_file(job)
        for path in self._folder.glob(f"{job.flight.key}-*"):
            path.unlink(missing_ok=True)
        self._job = None

    def _fail(self, reason: str, now_s: float) -> None:
        """End an attempt; after the last one what is missing remains so."""
        job = self._job
        if job is None:
            return
        flight = job.flight
        self.counts["card_failures"] += 1
        if self._settings.protocol == "auto" and reason in _OTHER_PROTOCOL:
            other = "log" if job.protocol == "ftp" else "ftp"
            self._protocols[flight.device] = other
            if reason == "no_answer":  # to neither: what the first one said is the reason
                reason = self._reasons.pop(flight.device, reason)
            if other == "ftp":  # the same attempt
                self._reasons[flight.device] = reason
                self._wait_until_s[flight.key] = now_s
                self._drop_job()
                return
        flight.attempts += 1
        if flight.attempts >= _ATTEMPTS:
            for gap in flight.gaps:
                if gap.state == "open":
                    gap.state, gap.reason = "left", reason
        self._wait_until_s[flight.key] = now_s + _RETRY_S * 4.0 ** (flight.attempts - 1)
        self._is_changed = True
        self._drop_job()

    def _drop_job(self) -> None:
        """Stop reading; what is on the gateway's disk stays there."""
        if self._job is not None:
            self.counts += Counter(self._job.transfer.counts)
            self._close_file(self._job)
            self._job = None

    def _close_file(self, job: _Job) -> None:
        if job.run is not None:
            job.run.close()
        if job.file is not None:
            job.file.close()
        job.file = job.run = None

    def _path(self, flight: Flight, log: LogEntry) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{flight.key}-{log.key}.part"

    @staticmethod
    def _source_of(flight: Flight) -> DeviceId:
        return DeviceId(flight.device, KIND, flight.site, flight.simulated)


def _to(job: _Job, requests: Sequence[Outgoing]) -> Sends:
    """Return requests with the link on which they go."""
    return [(job.key[0], request) for request in requests]


def _readable(logs: Sequence[LogEntry]) -> list[LogEntry]:
    """Return the logs that are long enough to be one; raises NotAnswered where there is none."""
    readable = [log for log in logs if log.size_bytes > _LEAST_LOG_BYTES]
    if not readable:
        raise NotAnswered("no_logs")
    return readable[:_MOST_LOGS]
