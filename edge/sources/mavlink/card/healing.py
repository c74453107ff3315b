"""Healing of flights over one link: after landing, what is missing is read from the vehicles' cards.

flights with gaps --> [ landed, disarmed ] --> a log's bytes, on the gateway's disk --> its samples in the gaps --> sink

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
from edge.sources.mavlink.card.flights import Flight, Gap
from edge.sources.mavlink.card.gateway_flights import GatewayFlights
from edge.sources.mavlink.card.healed_rows import HealedRows
from edge.sources.mavlink.card.log_transfer import LogTransfer
from edge.sources.mavlink.card.span_reader import HistorySink, LogFormats, SpanResult, SpanRun
from edge.sources.mavlink.card.sparse_file import Range, SparseFile
from edge.sources.mavlink.card.transfer import CardTransfer, LogEntry, NotAnswered
from edge.sources.mavlink.output.device_output import KIND
from edge.sources.mavlink.protocol.encoder import Outgoing
from edge.sources.mavlink.protocol.frame import RawFrame
from edge.sources.mavlink.settings import HealSettings
from edge.sources.source import DeviceId
from headland.contract.records import ChannelInfo

_LOGGER = logging.getLogger(__name__)

#: How long a vehicle is disarmed before its card is read.
_SETTLE_S: Final = 5.0
#: Attempts for one flight, and the wait after the first; each further one is four times as long.
_ATTEMPTS: Final = 4
_RETRY_S: Final = 30.0
#: What the other protocol may be able to do.
_OTHER_PROTOCOL: Final = ("no_answer", "no_logs", "no_data")
#: How often the parts of a log are written to the disk.
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
    """A vehicle where it is received now, and whether its motors are armed."""

    key: Key
    armed: bool | None


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
    """Reads the cards of one source's vehicles. `history` is where healed samples go: behind the live ones' checks."""

    def __init__(
        self,
        settings: HealSettings,
        flights: GatewayFlights,
        source: str,
        *,
        max_bytes_s: float,
        formats: LogFormats,
        may_send: bool = True,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._flights = flights
        self._source = source
        self._max_bytes_s = max_bytes_s
        self._formats = formats
        self._channels: list[tuple[Key, Mapping[str, ChannelInfo]]] = []
        self._may_read = may_send and settings.enabled and bool(formats)
        self._least_ms = round(settings.least_gap_s * 1000)
        self._wait_until_s: dict[str, float] = {}
        #: The protocol of the next attempt.
        self._protocols: dict[str, str] = {}
        #: Why the first protocol failed, where the second is tried.
        self._reasons: dict[str, str] = {}
        self._job: _Job | None = None
        self._yield_until_s = 0.0
        self._parts_save_s = 0.0
        flights.add_reader(source, may_read=self._may_read)

    # What comes by link

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

    def step(self, vehicles: Mapping[str, CardVehicle], history: HistorySink, now_s: float) -> Sends:
        """Do what is due; return what to send. `vehicles` are those that are received now, by device."""
        sends: Sends = []
        job = self._job
        if job is not None:
            vehicle = vehicles.get(job.flight.device)
            if vehicle is None or vehicle.key != job.key or vehicle.armed is not False or now_s < self._yield_until_s:
                if vehicle is not None:
                    sends += _to(job, job.transfer.stop())
                self._drop_job()
        if self._job is None and self._may_read and now_s >= self._yield_until_s:
            self._choose(vehicles, now_s)
        if self._job is not None:
            sends += self._advance(self._job, history, now_s)
        job = self._job
        if job is not None and job.file is not None and now_s - self._parts_save_s >= _SAVE_PARTS_S:
            self._parts_save_s = now_s
            job.file.save()
        return sends

    def take_channels(self) -> list[tuple[Key, Mapping[str, ChannelInfo]]]:
        """Return the channels of the logs that were read since the last call, by vehicle."""
        channels, self._channels = self._channels, []
        return channels

    def close(self) -> None:
        """Write what was read to the disk; the source stops."""
        self._drop_job()

    def counters(self) -> Counter[str]:
        """Return what was read from cards, by name."""
        total = self.counts.copy()
        if self._job is not None:
            total += Counter(self._job.transfer.counts)
        return total

    # The card

    def _choose(self, vehicles: Mapping[str, CardVehicle], now_s: float) -> None:
        """Begin with the oldest flight of a vehicle that has landed and is there."""
        landed = [device for device, vehicle in vehicles.items() if vehicle.armed is False]
        for flight in self._flights.claim(self._source, landed, now_s, _SETTLE_S):
            if now_s < self._wait_until_s.get(flight.key, 0.0):
                continue
            key, protocol = vehicles[flight.device].key, self._protocol(flight)
            self._job = _Job(flight, key, self._new_transfer(protocol, key), protocol)
            self._flights.begin_reading(flight, self._source)
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
        self._flights.note_change()

    def _finish(self, job: _Job) -> None:
        """End with a flight: nothing of it is to be read any more, so the parts are removed."""
        self._close_file(job)
        for path in self._flights.folder.glob(f"{job.flight.key}-*"):
            path.unlink(missing_ok=True)
        self.counts += Counter(job.transfer.counts)
        self._flights.end_reading(job.flight)
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
        self._flights.note_change()
        self._drop_job()

    def _drop_job(self) -> None:
        """Stop reading; what is on the gateway's disk stays there."""
        if self._job is not None:
            self.counts += Counter(self._job.transfer.counts)
            self._close_file(self._job)
            self._flights.end_reading(self._job.flight)
            self._job = None

    def _close_file(self, job: _Job) -> None:
        if job.run is not None:
            job.run.close()
        if job.file is not None:
            job.file.close()
        job.file = job.run = None

    def _path(self, flight: Flight, log: LogEntry) -> Path:
        self._flights.folder.mkdir(parents=True, exist_ok=True)
        return self._flights.folder / f"{flight.key}-{log.key}.part"

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
