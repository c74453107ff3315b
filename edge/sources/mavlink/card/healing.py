"""Healing of flights over one link: after landing, what is missing is read from the vehicles' cards.

flights with gaps --> [ landed, disarmed ] --> a log's bytes, on the gateway's disk --> its samples in the gaps --> sink

Pure but for the files on the gateway's disk: times come with every call, frames go in, requests are returned. One
vehicle is read at a time, never while its motors are armed; what was read stays on the disk until its flight is done.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.card.card_reading import CardReading
from edge.sources.mavlink.card.gateway_flights import GatewayFlights
from edge.sources.mavlink.card.span_reader import HistorySink, LogFormats
from edge.sources.mavlink.card.transfer.file_transfer import FileTransfer
from edge.sources.mavlink.card.transfer.log_transfer import LogTransfer
from edge.sources.mavlink.card.transfer.port import NotAnswered
from edge.sources.mavlink.protocol.encoder import Outgoing
from edge.sources.mavlink.protocol.frame import RawFrame
from edge.sources.mavlink.settings import HealSettings
from headland.contract.records import ChannelInfo

_LOGGER = logging.getLogger(__name__)

#: How long a vehicle is disarmed before its card is read.
_SETTLE_S: Final = 5.0
#: Attempts for one flight, and the wait after the first; each further one is four times as long.
_ATTEMPTS: Final = 4
_RETRY_S: Final = 30.0
#: What the other protocol may be able to do.
_OTHER_PROTOCOL: Final = ("no_answer", "no_logs", "no_data", "endless_list")
#: How often the parts of a log are written to the disk.
_SAVE_PARTS_S: Final = 5.0
#: How long the list of a card's logs may take, and one attempt in all; a slow one goes on after the others' turns.
_LIST_S: Final = 300.0
_MOST_ATTEMPT_S: Final = 1800.0
#: The share of the allowed rate that an attempt must have had by its end, or the vehicle holds up the others.
_LEAST_SHARE: Final = 1 / 16
#: A ground station's own transfer from a card: how long nothing is requested after its last message.
_YIELD_S: Final = 60.0

Key = tuple[str, int, int, int]
Sends = list[tuple[str, Outgoing]]


@dataclass(frozen=True, slots=True)
class CardVehicle:
    """A vehicle where it is received now, and whether its motors are armed."""

    key: Key
    armed: bool | None


@dataclass(frozen=True, slots=True)
class _Job:
    """What is read now, where, by which protocol, and since when."""

    reading: CardReading
    key: Key
    protocol: str
    began_s: float


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
            job.reading.transfer.take(frame, now_s)
        except OSError as error:
            _LOGGER.warning("parts of a log cannot be written (%s)", error)
            self._fail(job, "disk", now_s)
        except Exception as error:
            self._note_unreadable(job, error, now_s)

    def note_other_transfer(self, now_s: float) -> None:
        """Note that a ground station reads a card over this link: it goes first."""
        self._yield_until_s = now_s + _YIELD_S

    def step(self, vehicles: Mapping[str, CardVehicle], history: HistorySink, now_s: float) -> Sends:
        """Do what is due; return what to send. `vehicles` are those that are received now, by device."""
        sends: Sends = []
        job = self._job
        if job is not None:
            vehicle = vehicles.get(job.reading.flight.device)
            if vehicle is None or vehicle.key != job.key or vehicle.armed is not False or now_s < self._yield_until_s:
                if vehicle is not None:
                    sends += _to(job, job.reading.transfer.stop())
                self._end_job(job)
        if self._job is None and self._may_read and now_s >= self._yield_until_s:
            self._choose(vehicles, now_s)
        if self._job is not None:
            sends += self._advance(self._job, history, now_s)
        return sends

    def take_channels(self) -> list[tuple[Key, Mapping[str, ChannelInfo]]]:
        """Return the channels of the logs that were read since the last call, by vehicle."""
        channels, self._channels = self._channels, []
        return channels

    def close(self) -> None:
        """Write what was read to the disk; the source stops."""
        if self._job is not None:
            self._end_job(self._job)

    def counters(self) -> Counter[str]:
        """Return what was read from cards, by name."""
        job = self._job
        return self.counts.copy() if job is None else self.counts + Counter(job.reading.counters())

    def _choose(self, vehicles: Mapping[str, CardVehicle], now_s: float) -> None:
        """Begin with the oldest flight of a vehicle that has landed and is there."""
        landed = [device for device, vehicle in vehicles.items() if vehicle.armed is False]
        for flight in self._flights.claim(self._source, landed, now_s, _SETTLE_S):
            if now_s < self._wait_until_s.get(flight.key, 0.0):
                continue
            key, chosen = vehicles[flight.device].key, self._settings.protocol
            protocol = self._protocols.get(flight.device, "log") if chosen == "auto" else chosen
            make = FileTransfer if protocol == "ftp" else LogTransfer
            reading = CardReading(
                flight,
                make(key[1], key[2], self._max_bytes_s),
                self._flights.folder,
                self._formats,
                least_gap_ms=self._least_ms,
                most_bytes=self._settings.max_mb * 1_000_000,
            )
            self._job = _Job(reading, key, protocol, now_s)
            self._flights.begin_reading(flight, self._source)
            self.counts["card_jobs"] += 1
            return

    def _advance(self, job: _Job, history: HistorySink, now_s: float) -> Sends:
        """Do the next step of a reading; end it where it is done or fails."""
        reading = job.reading
        try:
            sends = _to(job, reading.step(history, now_s))
            if now_s - self._parts_save_s >= _SAVE_PARTS_S:
                self._parts_save_s = now_s
                reading.save()
        except NotAnswered as failure:
            self._fail(job, failure.reason, now_s)
            return _to(job, reading.transfer.stop())
        except OSError as error:
            _LOGGER.warning("the parts of a log cannot be kept (%s)", error)
            self._fail(job, "disk", now_s)
            return _to(job, reading.transfer.stop())
        except Exception as error:
            self._note_unreadable(job, error, now_s)
            return _to(job, reading.transfer.stop())
        if reading.is_done:
            self._end_job(job)
        elif self._is_too_long(job, now_s):
            sends += _to(job, reading.transfer.stop())
        return sends

    def _is_too_long(self, job: _Job, now_s: float) -> bool:
        """End an attempt whose time is over: in vain where the vehicle sent little, else until its next turn."""
        reading, took_s = job.reading, now_s - job.began_s
        if not reading.is_listed:
            if took_s < _LIST_S:
                return False
            _LOGGER.warning("the list of logs on the card of %s does not end", reading.flight.device)
            self._fail(job, "endless_list", now_s)
            return True
        if took_s < _MOST_ATTEMPT_S:
            return False
        if reading.received_bytes < _LEAST_SHARE * took_s * self._max_bytes_s:
            self._fail(job, "no_data", now_s)
        else:
            self._end_job(job)
            self._wait_until_s[reading.flight.key] = now_s + _RETRY_S
        return True

    def _note_unreadable(self, job: _Job, error: Exception, now_s: float) -> None:
        """Fail an attempt on what nobody has foreseen: it is this vehicle's, and ends neither the link nor others'."""
        _LOGGER.warning("what the card of %s sends cannot be read", job.reading.flight.device, exc_info=error)
        self._fail(job, "unreadable", now_s)

    def _fail(self, job: _Job, reason: str, now_s: float) -> None:
        """End an attempt; after the last one what is missing remains so."""
        flight = job.reading.flight
        self.counts["card_failures"] += 1
        self._end_job(job)
        if self._settings.protocol == "auto" and reason in _OTHER_PROTOCOL:
            other = "log" if job.protocol == "ftp" else "ftp"
            self._protocols[flight.device] = other
            if reason == "no_answer":  # to neither: what the first one said is the reason
                reason = self._reasons.pop(flight.device, reason)
            if other == "ftp":  # the same attempt
                self._reasons[flight.device] = reason
                self._wait_until_s[flight.key] = now_s
                return
        flight.attempts += 1
        if flight.attempts >= _ATTEMPTS:
            for gap in flight.gaps:
                if gap.state == "open":
                    gap.state, gap.reason = "left", reason
        self._wait_until_s[flight.key] = now_s + _RETRY_S * 4.0 ** (flight.attempts - 1)
        self._flights.note_change()

    def _end_job(self, job: _Job) -> None:
        """Stop reading; what is on the gateway's disk stays there until the flight is done."""
        reading = job.reading
        self.counts += Counter(reading.counters())
        if reading.channels:
            self._channels.append((job.key, reading.channels))
        reading.close()
        self._flights.end_reading(reading.flight)
        self._job = None


def _to(job: _Job, requests: Sequence[Outgoing]) -> Sends:
    """Return requests with the link on which they go."""
    return [(job.key[0], request) for request in requests]
